"""The verbs. Data goes to stdout, messages to stderr; headless verbs never import textual."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

import tui
from tui.errors import Problem, ProblemKind, place_of

SMALLEST = (60, 20)
"""Columns and rows below which the console does not start."""

SHOW_TRACEBACK = "RESEAL_TRACEBACK"
"""Environment variable for whoever works on Reseal itself."""

_TEXTUAL_DOORS = ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DEBUG", "TEXTUAL_DRIVER", "TEXTUAL_PRESS", "TEXTUAL_SHOW_RETURN")


def main() -> NoReturn:
    """Run a verb; a problem becomes one line on stderr and the exit code of the outside contract."""
    try:
        code = cli.main(standalone_mode=False)
    except Problem as problem:
        _say(str(problem))
        sys.exit(problem.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show(sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        # Whoever read us went away; Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(0)
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK):
            raise
        _say(f"stopped on {type(error).__name__}{place_of(error)}. With {SHOW_TRACEBACK}=1 it shows more.")
        sys.exit(3)
    sys.exit(code if isinstance(code, int) else 0)


@click.group(invoke_without_command=True)
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="The configuration file.")
@click.version_option(tui.__version__, prog_name="reseal")
@click.pass_context
def cli(context: click.Context, config_path: Path | None) -> int:
    """The on-call engineer's console for BitLocker recovery. Without a verb it opens the console."""
    context.obj = config_path
    if context.invoked_subcommand is None:
        return _console(config_path)
    return 0


@cli.command()
@click.option("--speed", type=click.FloatRange(min=0.01), default=1.0, show_default=True, help="How fast tickets come.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed plays the same morning.")
@click.option("--size", type=click.IntRange(1, 100_000), default=60, show_default=True, help="Tickets in all.")
@click.option("--serve", is_flag=True, help="Only the servers; the first line of stdout says where they are.")
def demo(speed: float, seed: int, size: int, serve: bool) -> int:
    """A Patch Tuesday on a demo tenant, on this machine alone."""
    if serve:
        from tui.demo.serve import serve as play

        with tempfile.TemporaryDirectory(prefix="reseal-demo-") as directory:
            asyncio.run(play(seed, size, speed, Path(directory)))
        return 0
    _require_terminal()
    return asyncio.run(_demo(seed, size, speed))


async def _demo(seed: int, size: int, speed: float) -> int:
    from tui.demo.launch import running_demo

    with tempfile.TemporaryDirectory(prefix="reseal-demo-") as directory:
        async with running_demo(seed=seed, size=size, speed=speed) as tenant:
            return await _run_console(tenant.config, Path(directory) / "state")


@cli.command()
@click.pass_obj
def init(config_path: Path | None) -> int:
    """Write a commented configuration file; never overwrites one."""
    from tui.config import write_template
    from tui.paths import config_file

    path = config_file(config_path)
    write_template(path)
    _say(f"Wrote {path}. Fill in tenant_id, client_id and a ticket source, then run `reseal doctor`.")
    return 0


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def doctor(config_path: Path | None, as_json: bool) -> int:
    """Check configuration, reachability, sign-in, roles, terminal, recorder and audit; one line and one step each."""
    from tui.doctor import examine

    return asyncio.run(examine(config_path, as_json=as_json, say=_say))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--filter", "words", default="", help="Only incidents that hold all these words.")
@click.pass_obj
def queue(config_path: Path | None, as_json: bool, words: str) -> int:
    """The incident queue, after one sync."""
    from tui import headless

    return _headless(config_path, lambda console: headless.show_queue(console, words, as_json=as_json))


@cli.command()
@click.argument("term")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def lookup(config_path: Path | None, term: str, as_json: bool) -> int:
    """What is known of a ticket, a key ID or its first 8 characters, a device, or a user."""
    from tui import headless

    return _headless(config_path, lambda console: headless.show_lookup(console, term, as_json=as_json))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def groups(config_path: Path | None, as_json: bool) -> int:
    """Current mass incidents, by cause and KB."""
    from tui import headless

    return _headless(config_path, lambda console: headless.show_groups(console, as_json=as_json))


@cli.command()
@click.argument("ticket")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def rotate(config_path: Path | None, ticket: str, as_json: bool) -> int:
    """Request a rotation for the open debt of a ticket."""
    from tui import headless

    return _headless(config_path, lambda console: headless.rotate(console, ticket, as_json=as_json))


@cli.command()
@click.option("--since", type=click.DateTime(), help="Start of the shift, UTC; 12 hours ago by default.")
@click.option("--until", type=click.DateTime(), help="End of the shift, UTC; now by default.")
@click.option("--format", "form", type=click.Choice(["md", "html", "json"]), default="md", show_default=True)
@click.pass_obj
def handover(config_path: Path | None, since: datetime | None, until: datetime | None, form: str) -> int:
    """The shift's handover, computed."""
    from tui import headless

    start, end = (moment.replace(tzinfo=UTC) if moment else None for moment in (since, until))
    return _headless(config_path, lambda console: headless.show_handover(console, start, end, form))


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--collector", is_flag=True, help="Print the script that collects all this on an unlocked device.")
def diagnose(paths: tuple[Path, ...], as_json: bool, collector: bool) -> int:
    """What engineers collect from a device, in any form, to cause, update and findings."""
    from tui.diagnose import run_diagnose

    if not paths and not collector:
        raise click.UsageError("Name a file, a zip or a folder; or --collector for the script that makes one.")
    return run_diagnose(paths, as_json, collector)


@cli.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def triage(file: Path | None, as_json: bool) -> int:
    """Ticket texts, as JSON Lines of id and text from FILE or stdin: what each says, and groups."""
    from tui.diagnose import run_triage

    return run_triage(file, as_json)


@cli.group()
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
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def audit_verify(as_json: bool) -> int:
    """Check number, chain and schema of every row."""
    from tui import headless

    return headless.verify_audit(as_json=as_json)


@cli.command()
def keys() -> int:
    """Show what each key press arrives as in this terminal; q twice leaves."""
    _require_terminal()
    from tui.key_probe import KeyProbe

    KeyProbe().run()
    return 0


def _headless(config_path: Path | None, verb: Callable[[Any], Coroutine[Any, Any, int]]) -> int:
    return asyncio.run(_with_console(config_path, verb))


async def _with_console(config_path: Path | None, verb: Callable[[Any], Coroutine[Any, Any, int]]) -> int:
    from tui.config import load
    from tui.paths import config_file, state_directory
    from tui.ports import SignInPrompt
    from tui.wiring import open_console

    async def show(prompt: SignInPrompt) -> None:
        _say(f"Sign in: open {prompt.uri} and enter {prompt.code}")

    config = load(config_file(config_path))
    async with open_console(config, state_directory(), on_prompt=show, mode="headless") as console:
        return await verb(console)


def _console(config_path: Path | None) -> int:
    _require_terminal()
    from tui.paths import config_file, state_directory

    return asyncio.run(_run_console(config_file(config_path), state_directory()))


async def _run_console(config_path: Path, state: Path) -> int:
    from tui.config import load
    from tui.ports import SignInPrompt
    from tui.wiring import open_console

    config = load(config_path)
    _shut_textual_doors()
    holder: list[Any] = []

    async def show(prompt: SignInPrompt) -> None:
        await holder[0].show_prompt(prompt)

    async with open_console(config, state, on_prompt=show) as console:
        from tui.app import ResealApp

        app = ResealApp(console)
        holder.append(app)
        code = await app.run_async()
    return code if code is not None else 1


def _shut_textual_doors() -> None:
    """Drop what would log key presses, take pictures or load a foreign driver; and let frames follow keys at once."""
    for name in list(os.environ):
        if name in _TEXTUAL_DOORS or name.startswith(("TEXTUAL_SCREENSHOT", "TEXTUAL_DEVTOOLS")):
            del os.environ[name]
    os.environ.setdefault("TEXTUAL_FPS", "240")


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Problem(
            ProblemKind.CONFIG,
            "The console needs a terminal",
            "Input or output is not one",
            "Start it from a shell, over SSH with -t; or use a verb such as `reseal queue --json`",
        )
    size = os.get_terminal_size(sys.stdout.fileno())
    if size.columns < SMALLEST[0] or size.lines < SMALLEST[1]:
        raise Problem(
            ProblemKind.CONFIG,
            f"The terminal is too small: {size.columns} x {size.lines}",
            f"The console needs {SMALLEST[0]} x {SMALLEST[1]}; it is made for 80 x 24 and more",
            "Make the window larger",
        )


def _say(text: str) -> None:
    click.echo(f"reseal: {text}", err=True)
