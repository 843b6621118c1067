"""The wire log: each call to Graph with its ids, status and time, and how each service stands. Never a body."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from screens.page import PageScreen
from screens.shell import bindings
from tui.actions import Scope
from tui.model.wire import Call
from tui.services.wire_log import Standing

SHOWN = 200
"""Calls on the screen."""


class WireLogScreen(PageScreen):
    """The newest calls first; it follows by itself until `p` holds it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.WIRE)
    HEADING = "Wire log"

    def __init__(self) -> None:
        super().__init__()
        self._held = False
        self._shown = -1

    def on_mount(self) -> None:
        self.set_interval(1.0, self._follow)

    def on_screen_resume(self) -> None:
        self._shown = -1
        self._follow()

    def action_hold_wire(self) -> None:
        self._held = not self._held
        self._follow()

    def _follow(self) -> None:
        wire = self.desk.wire
        if not self.is_current:
            return
        standings = wire.standings()
        now = self.desk.clock.now()
        held = ("  held" if self._held else "", "$warning")
        self.say_head(standing_line(standings, now, wire.total), held)
        if not self._held and self._shown != wire.total:
            self._shown = wire.total
            self.say_page(wire_content(standings, wire.newest(SHOWN), now, self.size.width))


def standing_line(standings: Sequence[Standing], now: datetime, total: int) -> Content:
    """What waits, for the status line."""
    waiting = [f"{each.workload} waits {each.waits(now):.0f} s" for each in standings if each.waits(now)]
    return Content.assemble((", ".join(waiting) + "  " if waiting else "", "bold $warning"), f"{total} calls")


def wire_content(standings: Sequence[Standing], calls: Sequence[Call], now: datetime, width: int) -> Content:
    """One line a service, then one or two a call."""
    if not calls:
        return Content("Nothing was asked of Graph yet.")
    lines = [standing_row(each, now) for each in standings]
    lines.append(Content(""))
    lines += [call_row(call, width) for call in calls]
    return Content("\n").join(lines)


def standing_row(each: Standing, now: datetime) -> Content:
    """How one service has answered."""
    wait = each.waits(now)
    state = (f"throttled, {wait:.0f} s to wait", "bold $warning") if wait else ("free", "$success")
    said = f"{each.calls:6} calls {each.failed:4} failed {each.throttled:4} throttled  "
    return Content.assemble((f"{each.workload:10}", "bold"), said, state)


def call_row(call: Call, width: int) -> Content:
    """A call: when, status, time, method and path; below them the two ids."""
    at = f"{call.at:%H:%M:%S}" if call.at else "        "
    style = "$success" if 200 <= call.status < 300 else ("$warning" if call.status in (404, 429) else "bold $error")
    words = f"{call.milliseconds:6.0f} ms  {call.method:5}"
    marks = f"{call.parts} parts " if call.parts else ""
    marks += "background " if call.background else ""
    marks += f"retry after {call.retry_after:.0f} s " if call.retry_after is not None else ""
    path = call.path.removeprefix("/v1.0") if call.path.startswith("/v1.0/") else call.path
    head = Content.assemble(
        (f"{at} ", "$secondary"), (f"{call.status or 'none':>4}", style), words, (marks, "$accent"), path
    )
    ids = Content.assemble((f"   {call.client_request_id} {call.request_id or 'no answer'}", "$secondary"))
    return Content("\n").join([head.truncate(max(40, width - 3), ellipsis=True), ids])
