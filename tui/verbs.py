"""The headless verbs. Data goes to stdout, messages to stderr; none of them imports textual."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

TENANT = "reseal.tenant"
"""Where click's context holds the tenant that was named."""


def chosen_tenant() -> str:
    """What `--tenant` said, before the verb or after it; empty when it said nothing."""
    return str(click.get_current_context().meta.get(TENANT, ""))


def _choose_tenant(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        context.meta[TENANT] = value


def say(text: str) -> None:
    """A message for people, on stderr."""
    click.echo(f"reseal: {text}", err=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def doctor(config_path: Path | None, as_json: bool) -> int:
    """Check configuration, reachability, sign-in, roles, terminal, recorder and audit; one line and one step each."""
    from tui.doctor import examine

    return asyncio.run(examine(config_path, as_json=as_json, say=say, tenant=chosen_tenant()))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--filter", "words", default="", help="Only incidents that hold all these words.")
@click.pass_obj
def queue(config_path: Path | None, as_json: bool, words: str) -> int:
    """The incident queue, after one sync."""
    from tui import headless

    return _headless(config_path, lambda console: headless.show_queue(console, words, as_json=as_json))


@click.command()
@click.argument("term")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def lookup(config_path: Path | None, term: str, as_json: bool) -> int:
    """What is known of a ticket, a key ID or its first 8 characters, a device, or a user."""
    from tui import headless

    return _headless(config_path, lambda console: headless.show_lookup(console, term, as_json=as_json))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def groups(config_path: Path | None, as_json: bool) -> int:
    """Current mass incidents, by cause and KB."""
    from tui import headless

    return _headless(config_path, lambda console: headless.show_groups(console, as_json=as_json))


@click.command()
@click.argument("ticket")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def rotate(config_path: Path | None, ticket: str, as_json: bool) -> int:
    """Request a rotation for the open debt of a ticket."""
    from tui import headless

    return _headless(config_path, lambda console: headless.rotate(console, ticket, as_json=as_json))


@click.command()
@click.option("--since", type=click.DateTime(), help="Start of the shift, UTC; 12 hours ago by default.")
@click.option("--until", type=click.DateTime(), help="End of the shift, UTC; now by default.")
@click.option("--format", "form", type=click.Choice(["md", "html", "json"]), default="md", show_default=True)
@click.pass_obj
def handover(config_path: Path | None, since: datetime | None, until: datetime | None, form: str) -> int:
    """The shift's handover, computed."""
    from tui import headless

    start, end = (moment.replace(tzinfo=UTC) if moment else None for moment in (since, until))
    return _headless(config_path, lambda console: headless.show_handover(console, start, end, form))


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--collector", is_flag=True, help="Print the script that collects all this on an unlocked device.")
@click.option("--ticket", default="", help="The ticket of the device: its group in the console follows the evidence.")
@click.pass_obj
def diagnose(config_path: Path | None, paths: tuple[Path, ...], as_json: bool, collector: bool, ticket: str) -> int:
    """What engineers collect from a device, in any form, to cause, update and findings."""
    from tui.config import load
    from tui.diagnose import run_diagnose
    from tui.paths import config_file

    if not paths and not collector:
        raise click.UsageError("Name a file, a zip or a folder; or --collector for the script that makes one.")
    tenant = chosen_tenant()
    return run_diagnose(
        paths, as_json, collector, ticket, lambda: load(config_file(config_path), tenant).tenant.tenant_id
    )


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def triage(file: Path | None, as_json: bool) -> int:
    """Ticket texts, as JSON Lines of id and text from FILE or stdin: what each says, and groups."""
    from tui.diagnose import run_triage

    return run_triage(file, as_json)


@click.group()
def audit() -> None:
    """The audit."""


@audit.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True)
def audit_list(as_json: bool, limit: int) -> int:
    """The newest rows, newest first."""
    from tui import headless

    return asyncio.run(headless.list_audit(limit, as_json=as_json))


@audit.command("verify")
@click.argument("pack", required=False, type=click.Path(path_type=Path))
@click.option("--head", default="", help="A MAC that was noted elsewhere: the pack's newest row has to bear it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def audit_verify(pack: Path | None, head: str, as_json: bool) -> int:
    """Check number, chain and schema of every row; with PACK, those of an evidence pack."""
    from tui import evidence_verbs, headless

    if pack is not None:
        return evidence_verbs.verify_pack(pack, head, as_json=as_json)
    return headless.verify_audit(as_json=as_json)


@audit.command("reconcile")
@click.option("--days", type=click.IntRange(1, 30), default=7, show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def audit_reconcile(config_path: Path | None, days: int, as_json: bool) -> int:
    """Compare this console's key reads with those that Entra ID has logged."""
    from tui import evidence_verbs

    return _headless(config_path, lambda console: evidence_verbs.reconcile_audit(console, days, as_json=as_json))


@audit.command("export")
@click.option(
    "--replay", is_flag=True, help="The shift as a rehearsal for `reseal demo --replay`, without personal data."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write; never overwritten.")
@click.option("--since", type=click.DateTime(), help="From when on, UTC; the audit's beginning by default.")
@click.option("--until", type=click.DateTime(), help="Until when, UTC; now by default.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def audit_export(
    config_path: Path | None, replay: bool, out: Path, since: datetime | None, until: datetime | None, as_json: bool
) -> int:
    """Write the audit as an evidence pack, or what a shift was made of."""
    from tui import evidence_verbs, headless

    if replay:
        return _headless(config_path, lambda console: headless.export_replay(console, out))
    start, end = (moment.replace(tzinfo=UTC) if moment else None for moment in (since, until))
    return asyncio.run(evidence_verbs.export_pack(out, start, end, as_json=as_json))


@click.command("open")
@click.argument("identity", type=click.Path(path_type=Path))
@click.option("--new-identity", is_flag=True, help="Make a key pair in IDENTITY and print its public key.")
@click.option("--accept-recording", is_flag=True, help="Draw although this session counts as recorded.")
def open_key(identity: Path, new_identity: bool, accept_recording: bool) -> int:
    """Decrypt on this machine what a console sealed: its text from stdin, drawn once and wiped."""
    from tui.vault import opening

    if new_identity:
        click.echo(opening.new_identity(identity))
        return 0
    opening.open_sealed(identity, sys.stdin.read(), accept_recording=accept_recording)
    return 0


@click.group()
def approver() -> None:
    """The second person's own key."""


@approver.command("enrol")
@click.argument("upn")
def approver_enrol(upn: str) -> int:
    """Make this engineer's key; prints the line for approval.approvers of everybody's configuration."""
    from tui.approving import enrol_approver
    from tui.paths import guard_directory, state_directory

    state = state_directory()
    guard_directory(state)
    passphrase = click.prompt("Passphrase for the key", hide_input=True, confirmation_prompt=True, err=True)
    click.echo(enrol_approver(state, upn, passphrase))
    return 0


@click.command()
@click.argument("request", type=click.File("r"))
@click.option("--deny", is_flag=True, help="Refuse instead.")
@click.option("--note", default="", help="Why; it stands in the audit.")
def approve(request: TextIO, deny: bool, note: str) -> int:
    """Answer a colleague's request (a file, or - for stdin) with your signature; prints the answer to send back."""
    from tui import headless

    return asyncio.run(headless.answer_request(request.read(), deny=deny, note=note))


@click.group()
def kb() -> None:
    """The known-issue catalogue."""


@kb.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def kb_list(as_json: bool) -> int:
    """Every known issue."""
    from tui import catalogue

    return asyncio.run(catalogue.list_issues(as_json=as_json))


@kb.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def kb_show(name: str, as_json: bool) -> int:
    """One issue, by its id or a KB."""
    from tui import catalogue

    return asyncio.run(catalogue.show_issue(name, as_json=as_json))


@kb.command("update")
@click.argument("kbs", nargs=-1, metavar="[KB]...")
@click.option("--from", "file", type=click.Path(path_type=Path), help="Add the entries of a TOML or JSON file instead.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def kb_update(config_path: Path | None, kbs: tuple[str, ...], file: Path | None, as_json: bool) -> int:
    """Ask Microsoft's release health about updates: those named, else the catalogue's and those of the tickets."""
    from tui import catalogue

    if file is not None:
        return asyncio.run(catalogue.add_file(file, as_json=as_json))
    wanted = [each.upper() if each.upper().startswith("KB") else f"KB{each}" for each in kbs]
    return _headless(config_path, lambda console: catalogue.ask_release_health(console, wanted, as_json=as_json))


def _headless(config_path: Path | None, verb: Callable[[Any], Coroutine[Any, Any, int]]) -> int:
    return asyncio.run(_with_console(config_path, verb))


async def _with_console(config_path: Path | None, verb: Callable[[Any], Coroutine[Any, Any, int]]) -> int:
    from tui.config import load
    from tui.paths import config_file, state_directory
    from tui.ports import SignInPrompt
    from tui.wiring import open_console

    async def show(prompt: SignInPrompt) -> None:
        say(prompt.line)

    config = load(config_file(config_path), chosen_tenant())
    async with open_console(config, state_directory(), on_prompt=show, mode="headless") as console:
        return await verb(console)


for _verb in (doctor, queue, lookup, groups, rotate, handover, diagnose, audit_export, kb_update):
    _verb.params.append(
        click.Option(
            ["--tenant"],
            expose_value=False,
            callback=_choose_tenant,
            help="A tenant of the configuration, by name or ID; needed where there are several.",
        )
    )

VERBS: tuple[click.Command, ...] = (
    doctor,
    queue,
    lookup,
    groups,
    rotate,
    handover,
    diagnose,
    triage,
    audit,
    open_key,
    approver,
    approve,
    kb,
)
"""In the order of the help."""
