"""What would decide a cause that is unknown, and how to get it. Pure."""

from collections.abc import Sequence

from tui.diagnosis.causes_events import recovery_window
from tui.diagnosis.sample import Parsed

_SCREEN = (
    "the recovery screen's code or detail line: on Windows 11 24H2 and later press Alt at the prompt and read it out"
)
_SYSTEM_LOG = (
    "the System event log of the recovery boot (BitLocker-Driver 24652, 24705-24708, 24635-24658): "
    "run the collector after the unlock"
)
_OLDER_LOG = "the System log of the boot in question: the one given holds no use of a recovery key"
_BOOT_LOGS = "two measured-boot logs, from before and after the prompt: C:\\Windows\\Logs\\MeasuredBoot, older first"
_PROTECTORS = "the PCRs of the TPM protector: manage-bde -protectors -get C:"
_MISMATCH_BUILD = "events 24705-24708, which Windows 11 24H2 and later write to the System log"


def missing_facts(inputs: Sequence[Parsed]) -> tuple[str, ...]:
    """Sentences, the most telling fact first; what was given and holds nothing is not asked for again."""
    kinds = {parsed.kind for parsed in inputs}
    screens = [parsed for parsed in inputs if parsed.kind == "recovery-screen"]
    window = recovery_window(inputs)
    asked: list[str] = []
    if not any(parsed.facts.get("code") or parsed.facts.get("detail_line") for parsed in screens):
        asked.append(_SCREEN)
    if window is None:
        asked.append(_SYSTEM_LOG)
    elif not window.recovery:
        asked.append(_OLDER_LOG)
    else:
        asked.append(_MISMATCH_BUILD)
    if "tcg-pair" not in kinds:
        asked.append(_BOOT_LOGS)
    if "manage-bde-protectors" not in kinds:
        asked.append(_PROTECTORS)
    return tuple(asked)
