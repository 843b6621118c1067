"""From evidence to one verdict. Pure; every branch ends in words and a next step."""

from dataclasses import dataclass

from tui.model.device import Join
from tui.model.dossier import Evidence, Verdict
from tui.model.fact import SourceState
from tui.model.recovery_key import RecoveryKey, Volume

ESCROW_LIMIT = 200
"""Keys that Entra ID keeps for one device (Microsoft Intune documentation, "Encrypt devices")."""

ESCROW_FULL = 195
"""From here on the next backup is likely to fail."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`key` is the one key that may be disclosed, or None."""

    verdict: Verdict
    headline: str
    next_step: str
    key: RecoveryKey | None = None


def judge(evidence: Evidence) -> Judgement:
    """Name the verdict that the evidence supports."""
    if evidence.pending:
        return Judgement(Verdict.FACTS_TOO_OLD, "Asking Entra ID and Intune ...", "Wait for the sources to answer.")
    if len({key.id for key in evidence.matches}) > 1:
        return _several_keys(evidence)
    if evidence.matches:
        return _one_key(evidence, evidence.matches[0])
    return _source_silent(evidence) or _no_key(evidence)


def _several_keys(evidence: Evidence) -> Judgement:
    count = len({key.id for key in evidence.matches})
    return Judgement(
        Verdict.SEVERAL_MATCHES,
        f"{count} keys begin with {evidence.query.term}. Nothing is selected.",
        "Ask for the whole recovery key ID: all 32 characters on the blue screen.",
    )


def _one_key(evidence: Evidence, key: RecoveryKey) -> Judgement:
    named_ids = {device.device_id for device in evidence.named}
    owner = evidence.matched_device.name if evidence.matched_device else key.device_id
    if named_ids and key.device_id not in named_ids:
        return Judgement(
            Verdict.KEY_OF_ANOTHER_MACHINE,
            f"This key ID belongs to {owner}, not to {evidence.query.device_name}. No disclosure.",
            "Cloned or swapped disk, or the wrong machine in the ticket: see the machine before anything else.",
        )
    if key.volume in (Volume.FIXED_DATA, Volume.REMOVABLE):
        return Judgement(
            Verdict.DATA_VOLUME,
            f"This key ID is of a {key.volume.replace('-', ' ')} volume of {owner}.",
            "Ask which screen the caller sees: this key does not open the system drive.",
            key,
        )
    return Judgement(
        Verdict.ONE_MATCH,
        f"One key fits: {owner}, backed up {_day(key)}.",
        "Verify the caller, then press R.",
        key,
    )


def _source_silent(evidence: Evidence) -> Judgement | None:
    states = {evidence.sources[name].state for name in ("entra-keys", "entra") if name in evidence.sources}
    failed = states - {SourceState.OK, SourceState.NOT_FOUND}
    if not failed:
        return None
    if SourceState.FORBIDDEN in failed:
        return Judgement(
            Verdict.HIDDEN_BY_SCOPE,
            "Entra ID refused: a key may exist that your role or its scope does not reach.",
            "Ask a colleague whose role is not scoped to an administrative unit, or activate the role that reads keys.",
        )
    return Judgement(
        Verdict.FACTS_TOO_OLD,
        f"Entra ID did not answer ({', '.join(sorted(failed))}): what is known may be too old to decide.",
        "Wait and press enter again; do not tell the caller that there is no key.",
    )


def _no_key(evidence: Evidence) -> Judgement:
    query = evidence.query
    if query.not_bitlocker and query.term is None:
        return Judgement(
            Verdict.NOT_BITLOCKER,
            "The ticket does not describe a BitLocker prompt.",
            "Ask whether a recovery key ID is on the screen. Without one this is another playbook (WinRE, firmware).",
        )
    if not evidence.named:
        return _nothing_named(evidence)
    if len(evidence.named) > 1 and query.term is None:
        return Judgement(
            Verdict.SEVERAL_MATCHES,
            f"{len(evidence.named)} device objects are named {query.device_name}. None is selected.",
            "Ask for the first 8 characters of the recovery key ID: it decides, the name does not.",
        )
    return _device_without_match(evidence)


def _nothing_named(evidence: Evidence) -> Judgement:
    query = evidence.query
    if query.term is not None:
        return Judgement(
            Verdict.NOT_FOUND,
            f"No escrowed key begins with {query.term}.",
            "Read the ID back character by character; then ask for the device's name and its owner.",
        )
    asked = query.device_name or query.device_id or query.user or "an unnamed device"
    return Judgement(
        Verdict.NOT_FOUND,
        f"Entra ID knows no device for {asked}.",
        "Ask for the recovery key ID on the blue screen: 8 characters are enough to begin.",
    )


def _device_without_match(evidence: Evidence) -> Judgement:
    query, device = evidence.query, evidence.named[0]
    if not evidence.keys:
        return _no_escrow(device.name, device.join)
    if len(evidence.keys) >= ESCROW_FULL:
        return Judgement(
            Verdict.ESCROW_CAP_REACHED,
            f"{device.name} holds {len(evidence.keys)} of {ESCROW_LIMIT} keys; the newest may not be among them.",
            "Look in AD DS, MBAM or a printout; afterwards delete old keys and back up again.",
        )
    if query.term is None:
        return Judgement(
            Verdict.ONE_MATCH,
            f"{device.name}: {len(evidence.keys)} escrowed key{'s' if len(evidence.keys) > 1 else ''}.",
            "Ask for the first 8 characters of the recovery key ID; then press R.",
        )
    newest = max(evidence.keys, key=lambda key: (key.created is not None, key.created))
    return Judgement(
        Verdict.NOT_FOUND,
        f"{device.name} has no key {query.term}; its current one is {newest.id[:8].upper()} of {_day(newest)}.",
        "The ID may be from an old mail or printout, or misread: have the blue screen read out again.",
    )


def _no_escrow(name: str, join: Join) -> Judgement:
    if join is Join.HYBRID:
        return Judgement(
            Verdict.AD_ONLY,
            f"{name} is hybrid joined and has no key in Entra ID: its keys are in Active Directory, if anywhere.",
            "Look in Active Directory (BitLocker Recovery tab of the computer object), or ask the AD team.",
        )
    return Judgement(
        Verdict.NEVER_ESCROWED,
        f"{name} has never backed up a key to Entra ID.",
        "Look for AD DS, MBAM, a printout or a data recovery agent. After the unlock: back the key up.",
    )


def _day(key: RecoveryKey) -> str:
    return key.created.strftime("%Y-%m-%d") if key.created else "an unknown day"
