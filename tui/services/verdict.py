"""From evidence to one verdict. Pure; every branch ends in words and a next step."""

from datetime import datetime

from tui.model.dossier import Evidence, Verdict
from tui.model.fact import SourceState
from tui.model.on_prem import OnPremKey
from tui.model.recovery_key import RecoveryKey, Volume
from tui.services.absence import ESCROW_FULL, ESCROW_LIMIT, without_key
from tui.services.judgement import Judgement, asked_for, day, owner_of
from tui.services.on_prem_verdict import on_several_computers, unreadable
from tui.services.refusal import explain_refusal
from tui.services.reuse import reuse_of

__all__ = ["ESCROW_FULL", "ESCROW_LIMIT", "Judgement", "judge"]


def judge(evidence: Evidence, now: datetime, contact: str = "") -> Judgement:
    """Name the verdict that the evidence supports; `contact` is whom to call when rights are missing."""
    if evidence.pending:
        return Judgement(Verdict.FACTS_TOO_OLD, "Asking Entra ID and Intune ...", "Wait for the sources to answer.")
    if len({key.id for key in evidence.matches}) > 1:
        return _several_keys(evidence)
    if len(evidence.matches) > 1:
        return on_several_computers(evidence)
    if evidence.matches:
        return _one_key(evidence, evidence.matches[0])
    return _source_silent(evidence, contact) or without_key(evidence, now)


def _several_keys(evidence: Evidence) -> Judgement:
    count = len({key.id for key in evidence.matches})
    return Judgement(
        Verdict.SEVERAL_MATCHES,
        f"{count} keys begin with {evidence.query.term}. Nothing is selected.",
        "Ask for the whole recovery key ID: all 32 characters on the blue screen.",
    )


def _one_key(evidence: Evidence, key: RecoveryKey) -> Judgement:
    named_ids, owner = evidence.named_ids, owner_of(evidence, key)
    if named_ids and key.device_id not in named_ids and not evidence.query.by_user:
        return _of_another_object(evidence, key, owner)
    if isinstance(key, OnPremKey) and evidence.may_read is False:
        return unreadable(evidence, key)
    if key.volume in (Volume.FIXED_DATA, Volume.REMOVABLE):
        return Judgement(
            Verdict.DATA_VOLUME,
            f"This key ID is of a {key.volume.replace('-', ' ')} volume of {owner}.",
            "Ask which screen the caller sees: this key does not open the system drive.",
            key,
        )
    step = "Verify the caller, then press R."
    if evidence.query.by_user and named_ids and key.device_id not in named_ids:
        step = f"{owner} is none of the caller's devices: verify who calls and why, then press R."
    where = " to Active Directory" if isinstance(key, OnPremKey) else ""
    return Judgement(Verdict.ONE_MATCH, f"One key fits: {owner}, backed up{where} {day(key)}.", step, key)


def _of_another_object(evidence: Evidence, key: RecoveryKey, owner: str) -> Judgement:
    asked = asked_for(evidence)
    if evidence.same_machine:
        return Judgement(
            Verdict.OTHER_DEVICE_OBJECT,
            f"This key is of {owner}, another device object of the same machine, backed up {day(key)}.",
            "The serial number is the same, so the ID decides. Verify the caller, then press R.",
            key,
        )
    return Judgement(
        Verdict.KEY_OF_ANOTHER_MACHINE,
        f"This key ID belongs to {owner}, not to {asked}. No disclosure.",
        "Cloned or swapped disk, or the wrong machine in the ticket: see the machine before anything else.",
    )


def _source_silent(evidence: Evidence, contact: str) -> Judgement | None:
    states = {evidence.sources[name].state for name in ("entra-keys", "entra") if name in evidence.sources}
    failed = states - {SourceState.OK, SourceState.NOT_FOUND}
    if not failed:
        return None
    if SourceState.FORBIDDEN in failed:
        return _hidden(evidence, contact)
    return Judgement(
        Verdict.FACTS_TOO_OLD,
        f"Entra ID did not answer ({', '.join(sorted(failed))}): what is known may be too old to decide.",
        "Wait and press enter again; do not tell the caller that there is no key.",
    )


def _hidden(evidence: Evidence, contact: str) -> Judgement:
    units = evidence.sources.get("admin-units")
    known = evidence.units if units is not None and units.state is SourceState.OK else None
    why = explain_refusal(evidence.rights, known, change=reuse_of(evidence), contact=contact)
    return Judgement(
        Verdict.HIDDEN_BY_SCOPE, f"Entra ID refused, but a key may exist: {why.reason}.", why.next_step, reason=why.code
    )
