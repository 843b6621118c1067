"""The headless verbs. Data goes to stdout, messages to stderr; none of them imports textual."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from tui.audit_commands import audit
from tui.running import chosen_tenant, run_headless, say, tenant_option


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

    return run_headless(config_path, lambda console: headless.show_queue(console, words, as_json=as_json))


@click.command()
@click.argument("term")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def lookup(config_path: Path | None, term: str, as_json: bool) -> int:
    """What is known of a ticket, a key ID or its first 8 characters, a device, or a user."""
    from tui import headless

    return run_headless(config_path, lambda console: headless.show_lookup(console, term, as_json=as_json))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def groups(config_path: Path | None, as_json: bool) -> int:
    """Current mass incidents, by cause and KB."""
    from tui import headless

    return run_headless(config_path, lambda console: headless.show_groups(console, as_json=as_json))


@click.command()
@click.argument("ticket")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def rotate(config_path: Path | None, ticket: str, as_json: bool) -> int:
    """Request a rotation for the open debt of a ticket."""
    from tui import headless

    return run_headless(config_path, lambda console: headless.rotate(console, ticket, as_json=as_json))


@click.command()
@click.option("--since", type=click.DateTime(), help="Start of the shift, UTC; 12 hours ago by default.")
@click.option("--until", type=click.DateTime(), help="End of the shift, UTC; now by default.")
@click.option("--format", "form", type=click.Choice(["md", "html", "json"]), default="md", show_default=True)
@click.pass_obj
def handover(config_path: Path | None, since: datetime | None, until: datetime | None, form: str) -> int:
    """The shift's handover, computed."""
    from tui import headless

    start, end = (moment.replace(tzinfo=UTC) if moment else None for moment in (since, until))
    return run_headless(config_path, lambda console: headless.show_handover(console, start, end, form))


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
    return run_headless(config_path, lambda console: catalogue.ask_release_health(console, wanted, as_json=as_json))


for _verb in (doctor, queue, lookup, groups, rotate, handover, diagnose, kb_update):
    _verb.params.append(tenant_option())

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
