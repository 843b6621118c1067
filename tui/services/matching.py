"""From what was read out to the one key that may be disclosed, or to the reason why there is none. Pure.

The verdict says what the sources support; this is the second look, at the moment of disclosure, and trusts no verdict.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tui.model.dossier import Dossier, Evidence
from tui.model.ids import PREFIX_LENGTH, Doubt, KeyReading, KeyTerm, read_key_ids
from tui.model.recovery_key import RecoveryKey, Volume
from tui.services.judgement import asked_for, owner_of


class Refused(StrEnum):
    """Why no key is selected."""

    NO_ID = "no-id"
    SEVERAL_IDS = "several-ids"
    DOUBTFUL = "doubtful"
    UNDECIDED = "undecided"
    NO_KEY = "no-key"
    WHOLE_ID_NEEDED = "whole-id-needed"
    CLONE_ALARM = "clone-alarm"


@dataclass(frozen=True, slots=True)
class Selection:
    """`key` is set only where exactly one key fits; otherwise `refused` says why, in `words`, with the next step.

    `near` are keys of the device in question that would fit if a doubtful character were another one: to ask about,
    never to disclose.
    """

    key: RecoveryKey | None
    refused: Refused | None = None
    words: str = ""
    next_step: str = ""
    near: tuple[RecoveryKey, ...] = ()
    notes: tuple[str, ...] = ()


def read_out(text: str) -> KeyReading | Selection:
    """The ID that a text shows; a refusal when there is none, or more than one."""
    found = read_key_ids(text)
    if not found:
        return Selection(
            None,
            Refused.NO_ID,
            "That is not a recovery key ID: 8 to 32 of the characters 0-9 and A-F.",
            "Read it again.",
        )
    if len(found) > 1:
        ids = ", ".join(reading.characters[:PREFIX_LENGTH] for reading in found[:4])
        return Selection(
            None, Refused.SEVERAL_IDS, f"The text shows {len(found)} IDs: {ids}.", "Enter the one on the blue screen."
        )
    return found[0]


def doubtful(reading: KeyReading) -> Selection | None:
    """A refusal that shows which characters cannot be hex digits, and what they may be; None when all can."""
    if not reading.blocking:
        return None
    return Selection(
        None,
        Refused.DOUBTFUL,
        f"No hex digits: {', '.join(doubt_words(doubt) for doubt in reading.blocking)}.",
        "Nothing was corrected: have these characters read again.",
    )


def doubt_words(doubt: Doubt) -> str:
    """A doubtful character in words; places count from one."""
    return f"{doubt.seen} at place {doubt.place + 1} (may be {' or '.join(each.upper() for each in doubt.readings)})"


def select(dossier: Dossier, reading: KeyReading) -> Selection:
    """The one key that may be disclosed for what was read out."""
    evidence, term = dossier.evidence, reading.term
    if term is None:
        return doubtful(reading) or Selection(None, Refused.NO_ID, "That is no ID.")
    if evidence.query.term != term:
        return Selection(None, Refused.UNDECIDED, "The answer is about another ID.", "Press enter again.")
    if evidence.pending:
        return Selection(None, Refused.UNDECIDED, "Not every source has answered yet.", "Wait, then press enter again.")
    fitting = {key.id: key for key in evidence.matches if term.matches(key.id)}
    if not fitting:
        near = near_keys(reading, (*evidence.keys, *evidence.only_on_prem))
        step = near_words(term, near) if near else dossier.next_step
        return Selection(None, Refused.NO_KEY, dossier.headline, step, near)
    if len(fitting) > 1:
        return _whole_id(f"{len(fitting)} keys begin with {term}. Nothing is selected.")
    if len(evidence.matches) > 1:
        # One ID on two computers of Active Directory.
        return Selection(None, Refused.CLONE_ALARM, dossier.headline, dossier.next_step)
    (key,) = fitting.values()
    return _alarm(evidence, key) or _unproven(evidence, term, key) or _selected(dossier, key)


def _alarm(evidence: Evidence, key: RecoveryKey) -> Selection | None:
    """The key is of a device that nobody asked for, and no serial number says that it is the same machine."""
    named = evidence.named_ids
    if not named or key.device_id in named or evidence.query.by_user or evidence.same_machine:
        return None
    return Selection(
        None,
        Refused.CLONE_ALARM,
        f"This key ID belongs to {owner_of(evidence, key)}, not to {asked_for(evidence)}. No disclosure.",
        "Cloned or swapped disk, or the wrong machine in the ticket: see the machine before anything else.",
    )


def _unproven(evidence: Evidence, term: KeyTerm, key: RecoveryKey) -> Selection | None:
    """A beginning needs something else that points to the same device.

    With 100,000 keys one misread character of eight hits another key 3 times in 1,000; that key's device is neither the
    one that the ticket names nor one of the caller's.
    """
    if term.is_full or _points_to(evidence, key.device_id):
        return None
    return _whole_id(
        "Neither the ticket nor the caller points to this key's device: its beginning alone is too little."
    )


def _points_to(evidence: Evidence, device_id: str) -> bool:
    """The ticket names the device, another object of the same machine, or one of its owners and users."""
    if device_id in evidence.named_ids or evidence.same_machine:
        return True
    caller = evidence.query.user.casefold()
    people = {name.casefold() for user in (*evidence.owners, *evidence.users) for name in (user.upn, user.name)}
    if evidence.managed is not None:
        people.add(evidence.managed.user.casefold())
    return bool(caller) and caller in people


def _selected(dossier: Dossier, key: RecoveryKey) -> Selection:
    if dossier.key is None or dossier.key.id != key.id:
        return Selection(None, Refused.UNDECIDED, dossier.headline, dossier.next_step)
    return Selection(key, notes=(words,) if (words := volume_words(key)) else ())


def volume_words(key: RecoveryKey) -> str:
    """What has to be said of the volume that a key opens; empty for the system drive."""
    if key.volume is Volume.OPERATING_SYSTEM:
        return ""
    if key.volume is Volume.UNKNOWN:
        return "volume: unknown; it may not be the system drive"
    return f"volume: {key.volume}; it does not open the system drive"


def _whole_id(words: str) -> Selection:
    return Selection(
        None, Refused.WHOLE_ID_NEEDED, words, "Ask for the whole ID: all 32 characters on the blue screen."
    )


def near_keys(reading: KeyReading, keys: Sequence[RecoveryKey]) -> tuple[RecoveryKey, ...]:
    """Keys that fit only when doubtful characters are read the other way."""
    as_it_stands = reading.term
    return tuple(
        key
        for key in keys
        if reading.may_mean(key.id) and not (as_it_stands is not None and as_it_stands.matches(key.id))
    )


def near_words(term: KeyTerm, keys: Iterable[RecoveryKey]) -> str:
    """What to have read again."""
    said = []
    for key in keys:
        digits = key.id.replace("-", "")
        places = [place for place, digit in enumerate(term.digits) if digit != digits[place]]
        said.append(
            ", ".join(f"place {place + 1}: {digits[place]} instead of {term.digits[place]}".upper() for place in places)
        )
    return f"A key of this device would fit with {' or '.join(said).lower()}: have these characters read again."
