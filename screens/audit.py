"""The audit, newest first, and the check of its chain."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content

from screens.page import PageScreen
from screens.shell import bindings
from tui.actions import Scope
from tui.errors import Problem
from tui.model.audit import AuditEvent, AuditRow

SHOWN = 200
"""Rows on the screen; all of them are in `reseal audit list`."""

_STYLES = {AuditEvent.INTENT: "$accent", AuditEvent.DRAW: "bold $warning", AuditEvent.DENY: "$error"}


class AuditScreen(PageScreen):
    """The newest rows of the audit."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.AUDIT)
    HEADING = "Audit"

    def on_screen_resume(self) -> None:
        self._load()

    @work(group="audit", exclusive=True, exit_on_error=False, description="read the audit")
    async def _load(self) -> None:
        try:
            rows = await self.desk.newest_rows(SHOWN)
        except Problem as problem:
            self.shell.report(problem)
            return
        newest = f"newest row {rows[0].seq}" if rows else "no rows yet"
        self.say_head(Content(f"{newest}, v verifies the chain"))
        self.say_page(audit_content(rows))

    def action_verify_audit(self) -> None:
        self._verify()

    @work(group="audit-verify", exclusive=True, exit_on_error=False, description="verify the audit")
    async def _verify(self) -> None:
        try:
            check = await self.desk.check_audit()
        except Problem as problem:
            self.shell.report(problem)
            return
        if check.fault:
            self.notify(f"The chain is broken: {check.fault}", severity="error", markup=False, timeout=30)
        else:
            self.notify(f"{check.rows} rows, the chain holds", markup=False)


def audit_content(rows: Sequence[AuditRow]) -> Content:
    """One line a row."""
    if not rows:
        return Content("Nothing is recorded yet.")
    return Content("\n").join(row_line(row) for row in rows)


def row_line(row: AuditRow) -> Content:
    """A row in words; the rest is in the export."""
    entry = row.entry
    what = " ".join(
        part
        for part in (
            entry.ticket,
            entry.device.name,
            entry.key_id[:8].upper(),
            entry.reason and f"“{entry.reason}”",
            entry.proof.type,
            entry.ended_by and f"ended by {entry.ended_by}",
            entry.shown_ms and f"shown {entry.shown_ms / 1000:.1f} s",
            entry.http_status and f"HTTP {entry.http_status}",
            entry.note,
        )
        if part
    )
    return Content.assemble(
        (f"{row.seq:6} ", "$secondary"),
        f"{row.at:%m-%d %H:%M:%S} ",
        (f"{entry.event:15}", _STYLES.get(entry.event, "")),
        f" {entry.operator.upn.split('@')[0]:12} {what}",
    )
