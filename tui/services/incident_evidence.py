"""What is known of an incident beyond its ticket, as far as grouping and its facets ask. Pure.

The update that matters is the one in the device's own window: between the boot before and the boot that asked for the
key. What Intune and Entra ID report is the build at the last check-in, which on a patch night is the one before the
update; so it is a facet and never the trigger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

from msgspec import structs

from tui.diagnosis.causes import name_cause
from tui.diagnosis.causes_events import Window, recovery_window
from tui.diagnosis.causes_names import event_name
from tui.diagnosis.causes_sources import witnesses
from tui.diagnosis.causes_witness import Trust
from tui.diagnosis.kb import kb_of_build, parse_build
from tui.diagnosis.kb_device import LocalDevice, local_device
from tui.diagnosis.kb_issues import known_issues_for
from tui.diagnosis.sample import Parsed
from tui.model.cause import Cause, CauseCode
from tui.model.dossier import Dossier, Verdict
from tui.model.group import NONE_CAME

NETWORK_UNLOCK_EVENT = "/24645"
"""BitLocker-Driver: Bootmgr failed to obtain the volume master key from the network key protector."""

UNLOCKED_IN_WINRE = "/805"
"""BitLocker-API: the volume was unlocked in the Windows Recovery Environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What a device is, not what happened to it; empty when not known. Never deciding, only compared with the fleet."""

    model: str = ""
    firmware: str = ""
    build: str = ""
    policy: str = ""
    site: str = ""
    join: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvidence:
    """Evidence of one incident.

    Of `kb` (an update), `firmware` (model and version), `servicing` (the Secure Boot variable that Windows itself
    changed) and `predicate` (the known issue whose conditions all hold) each is empty when not known and `none` when it
    is known that there was none.
    """

    cause: Cause | None = None
    kb: str = ""
    firmware: str = ""
    servicing: str = ""
    predicate: str = ""
    clone: bool = False
    """The key ID read out belongs to another device."""
    network_unlock: bool = False
    winre: bool = False
    facets: Facets = field(default_factory=Facets)


def evidence_of_inputs(inputs: Sequence[Parsed], facets: Facets | None = None) -> IncidentEvidence:
    """Read what was collected from one device; `facets` are what directories say about it."""
    window, device = recovery_window(inputs), local_device(inputs)
    cause = _with_register(name_cause(inputs), inputs, device)
    known = facets or Facets()
    kb = _update(window)
    return IncidentEvidence(
        cause=cause,
        kb=kb,
        firmware=_firmware(inputs, known),
        servicing=_servicing(inputs, window),
        predicate=_predicate(cause, kb, device),
        network_unlock=cause.code is CauseCode.NETWORK_UNLOCK or _network_unlock(window),
        winre=_winre(inputs, cause, window),
        facets=replace(
            known,
            policy=known.policy or _policy(device),
            build=known.build or (window.build if window is not None else ""),
        ),
    )


def with_dossier(evidence: IncidentEvidence | None, dossier: Dossier) -> IncidentEvidence:
    """Add what Entra ID and Intune say about the device."""
    before, known = evidence or IncidentEvidence(), dossier.evidence
    device, managed = known.device, known.managed
    facets = replace(
        before.facets,
        model=f"{managed.manufacturer} {managed.model}".strip() if managed else before.facets.model,
        build=before.facets.build or (managed.os_version if managed else device.os_version if device else ""),
        site=known.units[0].name if len(known.units) == 1 else before.facets.site,
        join=str(device.join) if device else before.facets.join,
    )
    clone = before.clone or dossier.verdict is Verdict.KEY_OF_ANOTHER_MACHINE
    return replace(before, clone=clone, facets=facets)


def with_collected(before: IncidentEvidence | None, collected: IncidentEvidence) -> IncidentEvidence:
    """Add what was collected from the device itself, which goes before what directories say."""
    if before is None:
        return collected
    told = {name: value for name in _FACETS if (value := getattr(collected.facets, name))}
    return replace(collected, clone=before.clone or collected.clone, facets=replace(before.facets, **told))


_FACETS = tuple(each.name for each in fields(Facets))
_NOISE = frozenset({1, 11, 12, 13, 14})
"""PCRs that differ at every boot, or that no change of the platform explains."""


def _with_register(cause: Cause, inputs: Sequence[Parsed], device: LocalDevice) -> Cause:
    """Where Windows says that some PCR differed, two measured-boot logs may leave only one that it can have been."""
    if cause.code is not CauseCode.PCR_MISMATCH or cause.pcr is not None:
        return cause
    told = [parsed.facts for parsed in inputs if parsed.kind == "tcg-pair"]
    changed = {pcr for facts in told for pcr in facts.get("changed_pcrs") or ()} - _NOISE
    if device.tpm_pcrs is not None:
        changed &= set(device.tpm_pcrs)
    if len(changed) != 1:
        return cause
    pcr = changed.pop()
    sides = [each.get("b") or {} for facts in told for each in facts.get("per_pcr") or () if each.get("pcr") == pcr]
    event = event_name(pcr, sides[0].get("event_type"), sides[0].get("variable")) if sides else None
    says = f"of the PCRs that the protector watches only PCR {pcr} differs between the two measured-boot logs"
    return structs.replace(cause, pcr=pcr, event=cause.event or event, because=(*cause.because, says))


def _update(window: Window | None) -> str:
    """The update that came with the boot in question."""
    if window is None or not window.recovery:
        return ""
    before, now = parse_build(window.build_before), parse_build(window.build)
    if before is not None and before == now:
        return NONE_CAME
    if before is not None and now is not None:
        row = kb_of_build(*now)
        return row.kb if row is not None and row.exact else ""
    return window.installed[0] if len(window.installed) == 1 else ""


def _servicing(inputs: Sequence[Parsed], window: Window | None) -> str:
    if window is None or not window.recovery or not window.build_before:
        return ""  # without the boot before, the run before it is not whole
    named = {witness.event for witness in witnesses(inputs) if witness.trust is Trust.SERVICING and witness.event}
    return NONE_CAME if not named else named.pop() if len(named) == 1 else ""


def _firmware(inputs: Sequence[Parsed], facets: Facets) -> str:
    """Two measured-boot logs tell whether the firmware changed: PCR 0 holds its code (TCG PC Client profile)."""
    pairs = [parsed.facts.get("changed_pcrs") for parsed in inputs if parsed.kind == "tcg-pair"]
    told = {0 in changed for changed in pairs if isinstance(changed, list)}
    if told == {False}:
        return NONE_CAME
    return f"{facets.model} {facets.firmware}" if told == {True} and facets.model and facets.firmware else ""


def _predicate(cause: Cause, kb: str, device: LocalDevice) -> str:
    """The known issue that holds; `none` where the catalogue has no issue with conditions left for this update."""
    matches = known_issues_for(cause, kb, device) if kb and kb != NONE_CAME else ()
    asked = [match for match in matches if match.issue.conditions]
    holding = [match.issue.id for match in asked if match.holds]
    if len(holding) == 1:
        return holding[0]
    return "" if asked or not kb else NONE_CAME


def _policy(device: LocalDevice) -> str:
    pcrs = device.tpm_pcrs
    return "" if pcrs is None else "PCR " + ", ".join(map(str, pcrs))


def _winre(inputs: Sequence[Parsed], cause: Cause, window: Window | None) -> bool:
    """Windows failed to boot and its recovery environment came up, whether it asked for a key or not."""
    shown = any(parsed.kind == "recovery-screen" for parsed in inputs) and cause.code is CauseCode.NOT_BITLOCKER
    during = window.during if window is not None else ()
    unlocked = any(str(entry.get("event", "")).endswith(UNLOCKED_IN_WINRE) for entry in during)
    return shown or unlocked or cause.code is CauseCode.WINRE_BOOT_FAILURE


def _network_unlock(window: Window | None) -> bool:
    during = window.during if window is not None else ()
    return any(str(entry.get("event", "")).endswith(NETWORK_UNLOCK_EVENT) for entry in during)
