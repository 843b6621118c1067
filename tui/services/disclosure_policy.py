"""Who may disclose what alone: triggers of a second person, and limits against harvesting. Pure.

Separation of duties where the risk is high (NIST SP 800-53 AC-5, AU-9(5)).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tui.model.dossier import Dossier
from tui.model.incident import IncidentState, Ticket
from tui.model.policy import DEFAULT_TRIGGERS, OfficeHours, Trigger
from tui.services.reuse import owner_changed

OWNER_RECENT = timedelta(days=30)
"""A new owner within this time asks for a second person."""

REPEATED = timedelta(days=30)
"""A second disclosure for one device within this time does too."""


TRIGGER_WORDS = {
    Trigger.VIP: "a VIP's device",
    Trigger.OWNER_CHANGED: "the owner changed within 30 days",
    Trigger.PREFIX_ONLY: "only the beginning of the ID was read out",
    Trigger.REPEAT_RECOVERY: "the device was recovered before within 30 days",
    Trigger.OFF_HOURS: "outside office hours without an open incident",
    Trigger.CLONE_ALARM: "the key is of another device than the ticket's",
}

REVIEW_TRIGGER = "break-glass-review"
"""Stands in a request for the review of a broken glass, in place of a trigger."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many keys one engineer may ask for. No two hands give out 20 keys in ten minutes to callers they verify."""

    per_minute: int = 6
    per_ten_minutes: int = 20
    per_hour: int = 30
    per_day: int = 100


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of [policy]."""

    second_person: frozenset[Trigger] = DEFAULT_TRIGGERS
    limits: Limits = Limits()
    office_hours: OfficeHours = field(default_factory=OfficeHours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of one disclosure. `earlier` are times of disclosures for this device and another ticket."""

    vip: bool = False
    owner_changed_at: datetime | None = None
    owner_changed: bool = False
    """True with no date too: then it counts as recent, because nobody can say that it is not."""
    whole_id: bool = True
    open_incident: bool = True
    clone_alarm: bool = False
    earlier: tuple[datetime, ...] = ()


def circumstances_of(
    dossier: Dossier, ticket: Ticket | None, *, whole_id: bool, earlier: Sequence[datetime] = (), clone: bool = False
) -> Circumstances:
    """What dossier and ticket tell."""
    change = owner_changed(dossier.evidence, dossier.key)
    return Circumstances(
        vip=ticket is not None and ticket.vip,
        owner_changed=change is not None,
        owner_changed_at=change.at if change else None,
        whole_id=whole_id,
        open_incident=ticket is not None and ticket.state is not IncidentState.CLOSED,
        clone_alarm=clone,
        earlier=tuple(earlier),
    )


def triggers_of(of: Circumstances, rules: Rules, now: datetime) -> tuple[Trigger, ...]:
    """Why a second person is needed, in the order of `Trigger`; empty when one is enough."""
    recent = of.owner_changed and (of.owner_changed_at is None or now - of.owner_changed_at <= OWNER_RECENT)
    holds = {
        Trigger.VIP: of.vip,
        Trigger.OWNER_CHANGED: recent,
        Trigger.PREFIX_ONLY: not of.whole_id,
        Trigger.REPEAT_RECOVERY: any(now - at <= REPEATED for at in of.earlier),
        Trigger.OFF_HOURS: not of.open_incident and not rules.office_hours.hold(now),
        Trigger.CLONE_ALARM: of.clone_alarm,
    }
    return tuple(trigger for trigger in Trigger if holds[trigger] and trigger in rules.second_person)


def over_limit(asked: Sequence[datetime], limits: Limits, now: datetime) -> str:
    """Which limit one engineer's requests have reached, in words; empty when none. `asked` are times of INTENT rows."""
    spans = (
        ("minute", timedelta(minutes=1), limits.per_minute),
        ("ten minutes", timedelta(minutes=10), limits.per_ten_minutes),
        ("hour", timedelta(hours=1), limits.per_hour),
        ("day", timedelta(days=1), limits.per_day),
    )
    for name, span, most in spans:
        count = sum(now - span < at for at in asked)
        if count >= most:
            return f"{count} keys were asked for in the last {name}; the limit is {most}"
    return ""
