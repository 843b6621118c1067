"""Verdicts that turn on Active Directory: its key, its silence, and what its silence is not. Pure."""

from tui.model.device import EntraDevice, Join
from tui.model.dossier import Evidence, Verdict
from tui.model.fact import SourceState
from tui.model.on_prem import OnPremKey
from tui.services.judgement import Judgement, day, newest_key, owner_of

_UNASKED = (None, SourceState.OFF)


def on_several_computers(evidence: Evidence) -> Judgement:
    """One key ID, kept at more than one computer object."""
    places = " and ".join(dict.fromkeys(owner_of(evidence, key) for key in evidence.matches[:4]))
    return Judgement(
        Verdict.KEY_OF_ANOTHER_MACHINE,
        f"Active Directory keeps this key ID at {len(evidence.matches)} computers: {places}. No disclosure.",
        "A disk was cloned, or moved with its key: see the machine, then rotate the key on each of them.",
    )


def unreadable(evidence: Evidence, key: OnPremKey) -> Judgement:
    """The object is there, and its password is not for this account."""
    return Judgement(
        Verdict.HIDDEN_BY_SCOPE,
        f"Active Directory holds this key of {owner_of(evidence, key)}, and your account may not read its password.",
        "Ask the AD team for Control Access on msFVE-RecoveryPassword, or a colleague who has it.",
        reason="ad-confidential",
    )


def on_prem_silence(evidence: Evidence) -> Judgement | None:
    """Active Directory did not answer, or hides what it has: no ground for saying that there is no key."""
    health = evidence.sources.get("ad")
    if health is None or health.state in (SourceState.OK, SourceState.NOT_FOUND, SourceState.OFF):
        return None
    elsewhere = bool(evidence.named) and all(one.join is not Join.HYBRID for one in evidence.named)
    if elsewhere or (evidence.query.term is None and evidence.keys):
        return None
    if health.state is SourceState.FORBIDDEN:
        step = health.next_step or "Ask the AD team; do not tell the caller that there is no key."
        return Judgement(
            Verdict.HIDDEN_BY_SCOPE, f"{health.detail.partition('. ')[0]}: a key may exist.", step, reason="ad-hidden"
        )
    return Judgement(
        Verdict.FACTS_TOO_OLD,
        f"Active Directory did not answer ({health.state}): what is known may be too old to decide.",
        "Wait and press enter again; do not tell the caller that there is no key.",
    )


def no_key_on_prem(evidence: Evidence, device: EntraDevice) -> Judgement | None:
    """A hybrid device without a key in Entra ID; None when Active Directory was not asked."""
    health = evidence.sources.get("ad")
    if device.join is not Join.HYBRID or (health.state if health else None) in _UNASKED:
        return None
    return _of_keys(evidence, device.name, "is hybrid joined without a key in Entra ID")


def computer_without_match(evidence: Evidence) -> Judgement | None:
    """A computer that only Active Directory knows, without a key that fits."""
    computer = evidence.computer
    if computer is None or len(evidence.computers) != 1:
        return None
    return _of_keys(evidence, computer.name, "is known to Active Directory and not to Entra ID")


def _of_keys(evidence: Evidence, name: str, standing: str) -> Judgement:
    keys, term = evidence.on_prem_keys, evidence.query.term
    if not keys:
        return Judgement(
            Verdict.NEVER_ESCROWED,
            f"{name} {standing}; Active Directory, where this account would see one, has none either.",
            "Look for MBAM, a printout or a data recovery agent. After the unlock: back the key up.",
        )
    newest = newest_key(keys)
    if term is not None:
        return Judgement(
            Verdict.NOT_FOUND,
            f"{name} has no key {term}; its newest in Active Directory is {newest.id[:8].upper()} of {day(newest)}.",
            "The ID may be from an old mail or printout, or misread: have the blue screen read out again.",
        )
    count = f"{len(keys)} key{'s' if len(keys) > 1 else ''}"
    step = "Ask for the first 8 characters of the recovery key ID; then press R."
    return Judgement(Verdict.AD_ONLY, f"{name} {standing}; Active Directory has {count}.", step)
