"""A group's page: what it is in one sentence, what decides, what speaks against it, and what to do. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from screens.mass_words import GRADE_WORDS, expected_words, key_words, trigger_words
from screens.queue_row import STATE_WORDS
from screens.render import age, heading
from tui.diagnosis.kb_issues import KnownIssue
from tui.model.cause import CauseCode
from tui.model.group import CLONE, Grade, Group, GroupKey
from tui.model.incident import Incident
from tui.services.facets import Share, common_words, share_words
from tui.services.fleet import Fleet
from tui.services.forecast import Forecast, forecast_words, growth_words
from tui.services.group_keys import missing_facts
from tui.services.known_issues import Theory, issue_lines
from tui.services.surge import Surge

_RESTS_ON = {
    Grade.EVIDENCE: "every deciding fact is known from the device",
    Grade.TOLD: "callers say so; no device has confirmed it yet",
    Grade.UNDETERMINED: "a deciding fact is missing, so these may have different causes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Everything that a group's page shows."""

    group: Group
    incidents: Sequence[Incident]
    now: datetime
    shares: Sequence[Share] = ()
    fleet: Fleet = Fleet()  # noqa: RUF009
    forecast: Forecast = Forecast()  # noqa: RUF009
    others: Sequence[Group] = ()
    """Groups of the same update with another cause."""
    issues: Sequence[KnownIssue] = ()
    theories: Sequence[Theory] = ()
    surge: Surge | None = None


def sentence(group: Group) -> str:
    """The group in one sentence."""
    key, count = group.key, len(group.members)
    devices = "1 device" if count == 1 else f"{count} devices"
    if key.part == CLONE:
        return f"{devices} show a key ID that belongs to another device: a cloned or swapped disk."
    if key.cause is CauseCode.UNKNOWN:
        at = f" with {key.update} named" if key.update else ""
        return f"{devices} ask for the key and nothing tells why{at}: this is no cause, only what is left to decide."
    came = {"-": "", "not known": ", the trigger is not known", "no update": " with no update in the window"}
    by = came.get(trigger_words(key), f" after {key.update}")
    how = {Grade.EVIDENCE: "", Grade.TOLD: ", by callers' words", Grade.UNDETERMINED: ", undetermined"}[key.grade]
    return f"{devices} ask for the key: {key_words(key)}{by}{how}."


def page(view: GroupView) -> Content:
    """The whole page."""
    group = view.group
    parts = [Content.assemble((sentence(group), "bold $primary")), Content(_header(view))]
    if view.surge is not None:
        surge = view.surge
        told = f"surge since {surge.since:%H:%M}: {surge.observed} tickets, {expected_words(surge.expected)} expected"
        parts.append(Content.assemble((f"▲ {told}, first {_number(view, surge.first)}", "bold $error")))
    parts += [Content(growth_words([each.ticket.opened_at for each in view.incidents], view.now))]
    parts += [Content(forecast_words(view.forecast, view.fleet, view.now))]
    parts += _section(
        "Deciding facts", [f"{GRADE_WORDS[group.key.grade]}: {_RESTS_ON[group.key.grade]}", *group.because]
    )
    parts += _section("Would decide", _missing(group.key))
    parts += _section("Speaks against it", _against(view))
    parts += _section("In common", _common(view.shares))
    parts += _section(
        "Known issue", [line for issue in view.issues for line in issue_lines(issue)] or [_no_issue(group)]
    )
    parts += _section("Working theory, not confirmed", [_theory(theory) for theory in view.theories])
    parts += _section("Tell users", [tell_users(group.key, view.issues)])
    if group.merged:
        parts += _section("Merged by hand", [f"{key_words(key)} x {trigger_words(key)}" for key in group.merged])
    parts.append(Content("\nA group never authorises a key: each disclosure stays per device."))
    return Content("\n").join(parts)


def _header(view: GroupView) -> str:
    group = view.group
    states = ", ".join(f"{count} {STATE_WORDS[state].split(' ', 1)[1]}" for state, count in group.states.items())
    return f"{states}; first {age(group.first_seen, view.now)} ago, last {age(group.last_seen, view.now)} ago"


def _number(view: GroupView, incident_id: str) -> str:
    return next((each.ticket.number for each in view.incidents if each.id == incident_id), incident_id)


def _section(title: str, lines: Iterable[str]) -> list[Content]:
    found = [Content(f"  {line}") for line in lines]
    return [heading(title), *found] if found else []


def _missing(key: GroupKey) -> list[str]:
    return [f"{missing.fact}: {missing.how}" for missing in missing_facts(key)]


def _against(view: GroupView) -> list[str]:
    """Counter-examples: devices with the same update that did not ask, or asked for another reason."""
    lines = []
    if spared := view.forecast.spared:
        names = ", ".join(device.name for device in spared[:3])
        lines.append(f"{len(spared)} devices with {view.group.key.kb} restarted and did not ask, such as {names}")
    elif view.group.key.kb and not view.fleet.known:
        lines.append(f"devices with {view.group.key.kb} that did not ask: not known, the inventory has not been read")
    lines += [_other(other) for other in view.others[:3]]
    return lines


def _other(other: Group) -> str:
    named = f"{len(other.members)} name the same update"
    if other.key.cause is CauseCode.UNKNOWN:
        return f"{named} and nothing tells why they ask"
    return f"{named} and ask for another reason: {key_words(other.key)}"


def _common(found: Sequence[Share]) -> list[str]:
    told = [share_words(share) for share in found[:6]]
    common = common_words(found)
    return [common, *told] if common else told or ["nothing is known of the devices yet: d joins their sources"]


def _no_issue(group: Group) -> str:
    kb = group.key.kb
    return f"the catalogue holds none for {kb} under this cause" if kb else "without an update none can be looked up"


def _theory(theory: Theory) -> str:
    return f"{theory.text} ({theory.by.split('@')[0] or 'somebody'}, {theory.at:%Y-%m-%d %H:%M})"


def tell_users(key: GroupKey, issues: Sequence[KnownIssue]) -> str:
    """What the desk may say to callers."""
    if key.cause is CauseCode.WINRE_BOOT_FAILURE:
        return "Windows could not start and its repair environment came up; do not reset the device, we call back."
    if not key.claims:
        return "We know of many such calls and are finding out why; keep the screen as it is and have its key ID ready."
    once = " It comes once." if any(issue.prompts == "once" for issue in issues) else ""
    return f"It is a known effect{f' of {key.kb}' if key.kb else ''}, your data is safe.{once} Have the key ID ready."


def member_line(incident: Incident, *, marked: bool, now: datetime) -> Content:
    """A member in the list; it keeps its own state."""
    ticket = incident.ticket
    return Content.assemble(
        ("✱ " if marked else "  ", "$accent"),
        (f"{ticket.number:11}", "bold"),
        f" {ticket.device_name or '-':16.16} {STATE_WORDS[ticket.state]:12} {ticket.assignee or 'nobody':22.22}",
        f"{age(ticket.opened_at, now):>5}",
    )
