"""What engineers did to groups by hand: merge, split, not this one, and the way back. Pure.

Nothing of it is stored by itself: each decision is an audit row (`review` with a machine-readable note), and the state
is what the rows say together. So it is remembered, dated and signed by construction, and a row that takes a decision
back is the only way to undo one.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from tui.model.audit import AuditEntry, AuditEvent, AuditRow
from tui.model.cause import CauseCode
from tui.model.group import CLONE, SET_ASIDE, GroupKey

PREFIX = "group-edit "
"""How the note of a row begins that holds a decision; the rest is JSON."""

_APART = frozenset({CauseCode.WINRE_BOOT_FAILURE, CauseCode.NETWORK_UNLOCK, CauseCode.NOT_BITLOCKER})


class Edit(msgspec.Struct, frozen=True, omit_defaults=True):
    """One decision. `id` names it for an undo; `members` are incident ids."""

    do: Literal["merge", "split", "not-this-one", "close", "theory", "undo"]
    id: str
    group: GroupKey | None = None
    into: GroupKey | None = None
    members: tuple[str, ...] = ()
    name: str = ""
    undoes: str = ""


def edit_entry(edit: Edit) -> AuditEntry:
    """The audit row of a decision, without the operator."""
    note = PREFIX + msgspec.json.encode(edit).decode()
    return AuditEntry(event=AuditEvent.REVIEW, flow=edit.id, note=note)


def new_edit_id() -> str:
    """A name for a decision."""
    return uuid.uuid4().hex[:12]


def may_merge(one: GroupKey, other: GroupKey) -> bool:
    """WinRE, Network Unlock, clones and what is no BitLocker stay apart from everything of another kind."""
    if one == other:
        return False
    return all(_kind(key) == "" for key in (one, other)) or _kind(one) == _kind(other)


def _kind(key: GroupKey) -> str:
    return CLONE if key.part == CLONE else str(key.cause) if key.cause in _APART else ""


@dataclass(frozen=True, slots=True)
class Edits:
    """The decisions in force, oldest first."""

    standing: tuple[Edit, ...] = ()
    named: frozenset[str] = frozenset()
    """Incidents that a decision names."""
    _into: dict[GroupKey, GroupKey] = field(default_factory=dict)
    _apart: dict[str, tuple[Edit, ...]] = field(default_factory=dict)

    def root(self, key: GroupKey) -> GroupKey:
        """Where the members of a group are shown."""
        while (into := self._into.get(key)) is not None:
            key = into
        return key

    def place(self, incident_id: str, key: GroupKey) -> GroupKey:
        """Where an incident belongs that by itself belongs to `key`. A denial holds only for the group it names."""
        for edit in self._apart.get(incident_id, ()):
            if edit.group is None or self.root(edit.group) != self.root(key):
                continue
            aside = GroupKey(CauseCode.UNKNOWN, part=SET_ASIDE)
            key = replace(key, part=edit.name) if edit.do == "split" else aside
        return key


NO_EDITS = Edits()


def edits_of(rows: Iterable[AuditRow]) -> Edits:
    """The decisions that audit rows hold and that none takes back; rows oldest first. Damaged notes are passed over."""
    standing: dict[str, Edit] = {}
    for row in rows:
        if (edit := read_edit(row)) is None:
            continue
        if edit.do == "undo":
            standing.pop(edit.undoes, None)
        else:
            standing[edit.id] = edit
    into: dict[GroupKey, GroupKey] = {}
    apart: dict[str, tuple[Edit, ...]] = {}
    for edit in standing.values():
        if edit.do == "merge" and edit.group is not None and edit.into is not None:
            _join(into, edit.group, edit.into)
        elif edit.do in ("split", "not-this-one"):
            for incident_id in edit.members:
                apart[incident_id] = (*apart.get(incident_id, ()), edit)
    return Edits(tuple(standing.values()), frozenset(apart), into, apart)


def _join(into: dict[GroupKey, GroupKey], one: GroupKey, other: GroupKey) -> None:
    """Roots are joined, so that merges form no circle; a merge that the law forbids does nothing."""
    while one in into:
        one = into[one]
    while other in into:
        other = into[other]
    if may_merge(one, other):
        into[one] = other


def read_edit(row: AuditRow) -> Edit | None:
    """The decision in a row, if it holds one."""
    if row.entry.event is not AuditEvent.REVIEW or not row.entry.note.startswith(PREFIX):
        return None
    try:
        return msgspec.json.decode(row.entry.note.removeprefix(PREFIX), type=Edit)
    except msgspec.DecodeError:
        return None
