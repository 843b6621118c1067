"""What was collected from a device as facts of source `disk`, named as the cloud's so that they stand side by side."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tui.diagnosis.kb_device import LocalDevice, local_device
from tui.diagnosis.report import Report, scrubbed
from tui.diagnosis.sample import Parsed
from tui.model.cause import CauseCode
from tui.model.fact import Fact, Source
from tui.text import clean_line

_NAMES = (
    ("collector-facts", "computer", "name"),
    ("msinfo32", "system_name", "name"),
    ("msinfo32", "model", "system-model"),
    ("msinfo32", "bios", "firmware"),
    ("dsregcmd", "join_state", "join"),
    ("dsregcmd", "device_id", "device-id"),
    ("intune-zip", "computer_from_name", "name"),
)
"""Kind, field, and the fact's name: the cloud's own where both write the value in one form, else another."""

_MOST_VOLUMES = 8


def local_facts(inputs: Sequence[Parsed], report: Report, now: datetime) -> tuple[Fact, ...]:
    """Facts of the disk, each once; `now` stands where the collector does not say when it looked."""
    device, seen = local_device(inputs), _collected(inputs, now)
    told = [*_named(inputs), *_state(device), *_sealing(device), *_conclusions(report)]
    unique = dict.fromkeys((name, clean_line(scrubbed(value)[0], 200)) for name, value in told if value)
    return tuple(Fact(name, value, Source.DISK, seen) for name, value in unique if value)


def _collected(inputs: Sequence[Parsed], now: datetime) -> datetime:
    """When the collector ran; a device's clock that is ahead of ours is not believed."""
    for parsed in inputs:
        written = parsed.facts.get("collected") if parsed.kind == "collector-facts" else None
        try:
            moment = datetime.fromisoformat(written) if isinstance(written, str) else None
        except ValueError:
            continue
        if moment is not None:
            return min(moment if moment.tzinfo else moment.replace(tzinfo=UTC), now)
    return now


def _named(inputs: Sequence[Parsed]) -> Iterator[tuple[str, str]]:
    for kind, field, name in _NAMES:
        for parsed in inputs:
            value = parsed.facts.get(field) if parsed.kind == kind else None
            if isinstance(value, str):
                yield name, value


def _state(device: LocalDevice) -> Iterator[tuple[str, str]]:
    yield "os-build", device.os_build
    yield "encrypted", _yes_no(device.os_encrypted)
    yield "protection", {True: "on", False: "off", None: ""}[device.os_protected]
    yield "secure-boot", {True: "on", False: "off", None: ""}[device.secure_boot]
    yield "pcr7", (device.pcr7 or "").replace("_", " ")
    for volume in device.volumes[:_MOST_VOLUMES]:
        if volume.is_os is False:
            yield "volume", f"{volume.mount} {volume.status} {volume.protection}".strip()


def _sealing(device: LocalDevice) -> Iterator[tuple[str, str]]:
    if device.tpm_pcrs is not None:
        yield "sealed-to", "PCR " + ", ".join(map(str, device.tpm_pcrs))
    if device.policy_pcrs is not None:
        yield "pcr-policy", "PCR " + ", ".join(map(str, device.policy_pcrs)) if device.policy_pcrs else "not set"
    kinds = dict.fromkeys(protector.kind for protector in device.protectors if protector.kind)
    yield "protectors", ", ".join(kinds)
    for protector in device.protectors[:_MOST_VOLUMES]:
        if protector.kind == "RecoveryPassword" and protector.key_id:
            yield "key-id", f"{protector.mount} {protector.key_id}".strip()


def _conclusions(report: Report) -> Iterator[tuple[str, str]]:
    cause = report.cause
    if cause.code is not CauseCode.UNKNOWN:
        register = f" PCR {cause.pcr}" if cause.pcr is not None else ""
        yield "cause", f"{cause.code}{register} {cause.event or ''}".strip()
    if report.update.kb:
        yield "update", f"{report.update.kb} ({report.update.confidence})"


def _yes_no(value: bool | None) -> str:
    return {True: "yes", False: "no", None: ""}[value]
