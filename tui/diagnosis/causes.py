"""Names the cause of a recovery from everything that was collected, or says what is missing. Pure.

The most trusted input that names a cause decides; what others add must fit it, and what does not fit is said. Where the
most trusted inputs contradict each other the answer is unknown: a wrong name is worse than none.
"""

from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from tui.diagnosis.causes_boots import boot_log_witnesses
from tui.diagnosis.causes_missing import missing_facts
from tui.diagnosis.causes_seals import seal_witnesses
from tui.diagnosis.causes_sources import witnesses
from tui.diagnosis.causes_witness import NOTHING_CHANGED, Trust, Witness, agree, may_refine, with_pcr
from tui.diagnosis.kb_device import local_device
from tui.diagnosis.kb_issues import issue_witnesses
from tui.diagnosis.sample import Parsed
from tui.model.cause import Cause, CauseCode, Confidence

_WEAKER = {
    Confidence.CERTAIN: Confidence.LIKELY,
    Confidence.LIKELY: Confidence.POSSIBLE,
    Confidence.POSSIBLE: Confidence.POSSIBLE,
    Confidence.NONE: Confidence.NONE,
}


MOST_REASONS = 20
"""Facts that are told of one cause; a folder may hold thousands of tickets."""

_NOTHING = "nothing that was given tells why the key was asked for"


def name_cause(inputs: Sequence[Parsed]) -> Cause:
    """The cause with the facts that decide it, or `unknown` with what would. The order of inputs does not matter."""
    device = local_device(inputs)
    profile = None if device.tpm_pcrs is None else frozenset(device.tpm_pcrs)
    found = [
        *witnesses(inputs, profile),
        *seal_witnesses(inputs, profile),
        *boot_log_witnesses(inputs, profile),
        *issue_witnesses(inputs, device),
    ]
    return weigh(sorted(set(found), key=lambda witness: witness.order), missing_facts(inputs))


def weigh(found: Sequence[Witness], missing: tuple[str, ...] = ()) -> Cause:
    """The verdict over sorted witnesses; `missing` goes with an unknown."""
    remarks = tuple(dict.fromkeys(witness.says for witness in found if witness.code is CauseCode.UNKNOWN))
    cause = _weigh([witness for witness in found if witness.code is not CauseCode.UNKNOWN], missing)
    because = (*cause.because, *remarks) or (_NOTHING,)
    more = (f"and {len(because) - MOST_REASONS} more",) if len(because) > MOST_REASONS else ()
    return structs.replace(cause, because=(*because[:MOST_REASONS], *more))


def _weigh(found: Sequence[Witness], missing: tuple[str, ...]) -> Cause:
    named = [witness for witness in found if witness.code not in NOTHING_CHANGED]
    quiet = [witness for witness in found if witness.code in NOTHING_CHANGED]
    if not named:
        return _unchanged(quiet, missing)
    if named[0].trust > Trust.BOOT_LOGS and not all(agree(named[0], witness) for witness in quiet):
        return _contradicted((*named[:1], *quiet), missing)
    top = [witness for witness in named if witness.trust == named[0].trust]
    chosen = _most_precise(top)
    if chosen is None:
        return _contradicted(top, missing)
    return _joined(chosen, [witness for witness in (*named, *quiet) if witness is not chosen])


def _unchanged(quiet: Sequence[Witness], missing: tuple[str, ...]) -> Cause:
    codes = {witness.code for witness in quiet}
    if len(codes) == 1:
        only = quiet[0]
        return Cause(only.code, None, None, only.confidence, tuple(witness.says for witness in quiet), missing)
    return Cause(CauseCode.UNKNOWN, because=tuple(witness.says for witness in quiet), missing=missing)


def _contradicted(top: Sequence[Witness], missing: tuple[str, ...]) -> Cause:
    said = dict.fromkeys(witness.says for witness in top)
    because = ("inputs that are trusted alike contradict each other", *said)
    return Cause(CauseCode.UNKNOWN, because=because, missing=missing)


def _most_precise(top: Sequence[Witness]) -> Witness | None:
    """The one name that the others leave room for, with what they add; None where two names exclude each other."""
    top = list({(witness.code, witness.pcr, witness.event): witness for witness in reversed(top)}.values())[::-1]
    kept = [
        witness for witness in top if not any(may_refine(witness, other) for other in top if other.code != witness.code)
    ]
    if len({witness.code for witness in kept}) != 1:
        return None
    chosen = max(kept, key=lambda witness: (witness.pcr is not None) + (witness.event is not None))
    if any(witness.pcr is not None and witness.pcr != chosen.pcr for witness in kept if chosen.pcr is not None):
        return replace(chosen, pcr=None, event=None)
    if len({witness.event for witness in kept if witness.event is not None}) > 1:
        return replace(chosen, event=None)
    return chosen


def _joined(chosen: Witness, others: Sequence[Witness]) -> Cause:
    """What the decided cause gains from the less trusted: a finer name, PCR, event; and what speaks against it."""
    final, because, against = with_pcr(chosen), [chosen.says], []
    for other in others:
        if other.trust == chosen.trust or other.says == chosen.says:
            because.append(other.says)
        elif not agree(final, with_pcr(other)):
            against.append(other)
        else:
            because.append(other.says)
            final = _gained(final, with_pcr(other))
    weaker = any(other.trust <= Trust.BOOT_LOGS for other in against)
    confidence = _WEAKER[final.confidence] if weaker else final.confidence
    said = [f"against it: {other.says}" for other in against]
    return Cause(final.code, final.pcr, final.event, confidence, tuple(dict.fromkeys((*because, *said))))


def _gained(final: Witness, other: Witness) -> Witness:
    """Only what Windows or the firmware wrote adds to a name; a ticket's prose never makes it finer."""
    if other.trust >= Trust.UPDATE:
        return final
    code = other.code if may_refine(final, other) else final.code
    pcr = final.pcr if final.pcr is not None else other.pcr
    event = final.event if final.event is not None else other.event
    return with_pcr(replace(final, code=code, pcr=pcr, event=event))
