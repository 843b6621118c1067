"""`reseal doctor`: what works, what does not, and one next step each."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click
import msgspec

from tui.config import Config, load
from tui.errors import Problem
from tui.model.fact import SourceState
from tui.model.rights import Allowed, Capability, Rights
from tui.paths import config_file, state_directory
from tui.ports import OnPremDirectory, SignInPrompt
from tui.recorder import recorded_by
from tui.services.on_prem_reads import may_not_read
from tui.services.refusal import Reuse, explain_refusal
from tui.store.verification import verify
from tui.wiring import Console, open_console


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the answer; `state` is ok, warning or failed."""

    name: str
    state: Literal["ok", "warning", "failed"]
    said: str
    next: str = ""


async def examine(config_path: Path | None, *, as_json: bool, say: Callable[[str], None], tenant: str = "") -> int:
    """Run every check and print; exit code 1 when something is wrong, 2 when the configuration is."""
    checks: list[Check] = []
    code = 0
    try:
        async for check in _checks(config_path, tenant, say):
            checks.append(check)
            if not as_json:
                _print(check)
    except Problem as problem:
        code = problem.exit_code
        checks.append(Check("configuration" if code == 2 else "start", "failed", problem.what, problem.next_step))
        if not as_json:
            _print(checks[-1])
    if as_json:
        click.echo(msgspec.json.encode({"checks": checks}).decode())
    return code or int(any(check.state == "failed" for check in checks))


async def _checks(config_path: Path | None, tenant: str, say: Callable[[str], None]) -> AsyncIterator[Check]:
    async def show(prompt: SignInPrompt) -> None:
        say(prompt.line)

    path = config_file(config_path)
    config = load(path, tenant)
    yield Check("configuration", "ok", f"{path}: {config.tenant.name}, {config.tenant.cloud}")
    yield _terminal()
    yield _recorder(config)
    yield Check("clipboard", "ok", f"route {config.reveal.clipboard}: keys are drawn, not copied")
    async with open_console(config, state_directory(), on_prompt=show, mode="doctor") as console:
        yield _audit()
        async for check in _tickets(console):
            yield check
        async for check in on_prem_checks(console.cloud.on_prem):
            yield check
        async for check in _graph(console):
            yield check


def _terminal() -> Check:
    if not sys.stdout.isatty():
        return Check("terminal", "warning", "output is not a terminal", "The console needs one; verbs do not")
    size = os.get_terminal_size(sys.stdout.fileno())
    kind = os.environ.get("TERM", "unknown")
    said = f"{kind}, {size.columns} x {size.lines}"
    if size.columns < 80 or size.lines < 24:
        return Check("terminal", "warning", said, "80 x 24 is the smallest that shows everything")
    return Check("terminal", "ok", said)


def _recorder(config: Config) -> Check:
    recorder = recorded_by(config.reveal.session)
    if recorder == "no":
        return Check("recorder", "ok", "no recorder is seen, and this is no SSH session")
    return Check(
        "recorder", "warning", f"this session counts as recorded: {recorder}", "Drawing a key asks for consent"
    )


def _audit() -> Check:
    found = verify(state_directory())
    if found.ok:
        return Check("audit", "ok", f"{found.rows} rows, the chain holds, newest mac {found.head_mac[:16]}")
    return Check("audit", "failed", f"row {found.first_bad_seq}: {found.why}", "Keep the files and tell the auditor")


async def _tickets(console: Console) -> AsyncIterator[Check]:
    queue = console.desk.queue
    await asyncio.gather(*(queue.sync(name) for name in queue.source_names))
    for name, health in queue.health.items():
        if health.state is SourceState.OK:
            yield Check(f"tickets {name}", "ok", f"{len(queue.book)} incidents")
        else:
            yield Check(f"tickets {name}", "failed", health.detail, "Check url and credentials of this source")


async def on_prem_checks(directory: OnPremDirectory | None) -> AsyncIterator[Check]:
    """What the account sees of AD DS: nothing, recovery objects, or their passwords too; none is read to find out."""
    if directory is None:
        return
    name = "active directory"
    try:
        if not await directory.sees_keys():
            hidden = await directory.absence()
            yield Check(name, "failed", f"it answers. {hidden.what}: {hidden.why}", hidden.next_step)
            return
        async with aclosing(directory.all_keys()) as pages:
            key = (await anext(pages))[0]
        if await directory.may_read_password(key):
            yield Check(name, "ok", f"sees recovery keys and may read their passwords; tried on {key.computer}, unread")
        else:
            hidden = may_not_read(key)
            yield Check(name, "failed", f"sees recovery keys. {hidden.what}: {hidden.why}", hidden.next_step)
    except Problem as problem:
        yield Check(name, "failed", f"{problem.what}. {problem.why}".rstrip(" ."), problem.next_step)


async def _graph(console: Console) -> AsyncIterator[Check]:
    try:
        engineer = await console.sign_in()
    except Problem as problem:
        yield Check("sign-in", "failed", problem.what, problem.next_step)
        return
    yield Check("sign-in", "ok", f"{engineer.user.upn} by {console.config.sign_in.method}")
    rights = await console.desk.rights.current()
    contact = console.config.escalation.contact
    for check in rights_checks(rights, contact):
        yield check
    try:
        page = await anext(aiter((await console.cloud.sources()).escrow.all_keys()), ())
    except Problem as problem:
        yield Check("key metadata", "failed", problem.what, problem.next_step)
    else:
        yield Check("key metadata", "ok", f"the first page lists {len(page)} keys")


def rights_checks(rights: Rights, contact: str) -> Iterator[Check]:
    """Permissions, roles and what was tried, a line each."""
    if rights.scopes is None:
        yield Check("permissions", "ok", "the token does not say; the probes below do")
    else:
        yield Check("permissions", "ok", f"the token says: {', '.join(rights.scopes)}")
    yield _roles(rights, contact)
    if rights.could_read_keys:
        said = ", ".join(f"{grant.role} on {_scope(grant.scope)}" for grant in rights.could_read_keys)
        yield Check("eligible roles", "ok", f"{said} would read keys once activated")
    if rights.intune is not None:
        rotates = bool(rights.may("RemoteTasks_RotateBitLockerKeys"))
        said = "rotates recovery keys" if rotates else "no Intune role that rotates recovery keys"
        step = "" if rotates else "Ask for the Intune role Help Desk Operator"
        yield Check("intune role", "ok" if rotates else "warning", said, step)
    for probe in rights.probes:
        if probe.capability is Capability.KEY_METADATA:
            continue  # a check of its own lists the first page
        if probe.allowed is Allowed.YES:
            yield Check(probe.capability, "ok", "answers")
        else:
            said = f"{probe.detail or 'did not answer'}; needs {probe.needs}"
            yield Check(probe.capability, "warning", said, _LOST[probe.capability])


_LOST = {
    Capability.DEVICES: "Without it a dossier has no device, owner or unit",
    Capability.INTUNE_DEVICES: "Without it there is no compliance and no rotation; keys are still read",
    Capability.DIRECTORY_AUDIT: "Without it deleted devices and changed owners are not told, and nothing is reconciled",
    Capability.SELF_SERVICE_POLICY: "Without it the console does not say whether owners may help themselves",
}


def _roles(rights: Rights, contact: str) -> Check:
    if rights.active is None:
        return Check("roles", "warning", "your roles could not be read", "RoleAssignmentSchedule.Read.Directory")
    said = ", ".join(f"{grant.role} on {_scope(grant.scope)}" for grant in rights.active) or "none"
    if rights.key_readers:
        return Check("roles", "ok", said)
    why = explain_refusal(rights, None, change=Reuse.NO, contact=contact)
    return Check("roles", "failed", f"{said}: none reads recovery keys", why.next_step)


def _scope(scope: str) -> str:
    return "the tenant" if scope == "/" else scope.strip("/")


def _print(check: Check) -> None:
    sign = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}[check.state]
    click.echo(f"{sign}  {check.name:16} {check.said}" + (f"  -> {check.next}" if check.next else ""))
