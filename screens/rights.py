"""What may I do? Sign-in, permissions, roles with their reach, Intune's rights, and what was tried."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content

from screens.page import PageScreen
from screens.render import age, heading
from screens.shell import bindings
from tui.actions import Scope
from tui.errors import Problem
from tui.model.rights import WHOLE_TENANT, Allowed, Rights, RoleGrant

_SIGNS = {
    Allowed.YES: ("✓ yes    ", "$success"),
    Allowed.NO: ("✗ no     ", "bold $error"),
    Allowed.UNKNOWN: ("? unknown", "$warning"),
}
_ACTIONS = {
    "ManagedDevices_Read": "see devices",
    "RemoteTasks_RotateBitLockerKeys": "rotate recovery keys",
    "RemoteTasks_SyncDevice": "sync a device",
    "RemoteTasks_DeviceLogs": "collect diagnostics",
}


class RightsScreen(PageScreen):
    """Probed when the screen is opened, and anew with `r`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.RIGHTS)
    HEADING = "What may I do?"

    def on_screen_resume(self) -> None:
        self._probe(refresh=False)

    def action_probe_rights(self) -> None:
        self._probe(refresh=True)

    @work(group="rights", exclusive=True, exit_on_error=False, description="ask what you may do")
    async def _probe(self, *, refresh: bool) -> None:
        self.say_head(Content("asking ..."))
        try:
            rights = await self.desk.rights.current(refresh=refresh)
        except Problem as problem:
            self.say_head(Content("not known"))
            self.say_page(Content(str(problem)))
            return
        now = self.desk.clock.now()
        self.say_head(Content(f"asked {age(rights.observed_at, now)} ago, r asks again"))
        self.say_page(rights_content(rights, now, self.desk.rights.contact))


def rights_content(rights: Rights, now: datetime, contact: str) -> Content:
    """The answer first, then what it rests on."""
    lines = [
        _answer(rights, contact),
        Content.assemble(("signed in as ", "$secondary"), rights.upn or "nobody that is known"),
    ]
    lines += [
        heading("Tried just now"),
        *(
            _probe_line(probe.allowed, probe.capability, f"{probe.detail}; needs {probe.needs}")
            for probe in rights.probes
        ),
    ]
    lines += [heading("Active roles"), *_grants(rights.active, now, "no active role")]
    lines += [heading("Roles that can be activated"), *_grants(rights.eligible, now, "none")]
    lines += [heading("Intune"), *_intune(rights)]
    lines += [heading("Permissions of this sign-in"), *_scopes(rights)]
    if rights.gaps:
        lines += [heading("Not known"), *(Content(f"  {gap}") for gap in rights.gaps)]
    return Content("\n").join(lines)


def _answer(rights: Rights, contact: str) -> Content:
    if rights.active is None:
        return Content.assemble(("Your roles could not be read; what was tried says the rest.", "bold $warning"))
    readers = rights.key_readers
    if any(grant.scope == WHOLE_TENANT for grant in readers):
        return Content.assemble(("You may read recovery keys in the whole tenant.", "bold $success"))
    if readers:
        return Content.assemble(
            (f"You may read recovery keys in {len(readers)} administrative unit(s) only.", "bold $warning"),
            f" Elsewhere: {contact or 'ask a colleague without that scope'}.",
        )
    if rights.could_read_keys:
        role = rights.could_read_keys[0].role
        return Content.assemble(
            ("You may not read recovery keys now.", "bold $warning"),
            f" Activate {role} in Privileged Identity Management, with the ticket's number.",
        )
    return Content.assemble(
        ("You may not read recovery keys.", "bold $error"),
        f" Ask {contact or 'for a role with bitlockerKeys/key/read'}.",
    )


def _probe_line(allowed: Allowed, name: str, detail: str) -> Content:
    words, style = _SIGNS[allowed]
    why = f"  {detail}" if detail and allowed is not Allowed.YES else ""
    return Content.assemble("  ", (words, style), f" {name:20}", (why, "$secondary"))


def _grants(grants: Iterable[RoleGrant] | None, now: datetime, none: str) -> list[Content]:
    if grants is None:
        return [Content("  could not be read")]
    lines = [
        Content.assemble(
            (f"  {grant.role:30} ", "bold"),
            "the whole tenant" if grant.scope == WHOLE_TENANT else grant.scope.strip("/"),
            ("  reads keys" if grant.reads_keys else "", "$success"),
            ("  reads the audit log" if grant.reads_audit else "", "$secondary"),
            (f"  until {grant.until:%H:%M} UTC" if grant.until else "", "$warning"),
        )
        for grant in grants
    ]
    return lines or [Content(f"  {none}")]


def _intune(rights: Rights) -> list[Content]:
    if rights.intune is None:
        return [Content("  could not be read")]
    return [
        _probe_line(Allowed.YES if rights.may(action) else Allowed.NO, words, "no Intune role carries it")
        for action, words in _ACTIONS.items()
    ]


def _scopes(rights: Rights) -> list[Content]:
    if rights.scopes is None:
        return [Content("  The token does not say; what was tried does.")]
    return [Content("  as the token itself says:"), *(Content(f"  {scope}") for scope in rights.scopes)]
