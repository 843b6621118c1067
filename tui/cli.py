"""The verbs. Data goes to stdout, messages to stderr; headless verbs never import textual."""

import asyncio
import sys
import tempfile
from pathlib import Path

import click

import tui
from tui.console import open_console, require_terminal, run_console
from tui.running import TENANT, say
from tui.verbs import VERBS


def run() -> int:
    """Run a verb; answers its exit code. Raises `Problem`."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show(sys.stderr)
        return 2
    return code if isinstance(code, int) else 0


@click.group(invoke_without_command=True)
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="The configuration file.")
@click.option("--tenant", default="", envvar="RESEAL_TENANT", help="A tenant of the configuration, by name or ID.")
@click.version_option(tui.__version__, prog_name="reseal")
@click.pass_context
def cli(context: click.Context, config_path: Path | None, tenant: str) -> int:
    """The on-call engineer's console for BitLocker recovery. Without a verb it opens the console."""
    context.obj = config_path
    context.meta[TENANT] = tenant
    if context.invoked_subcommand is None:
        return open_console(config_path, tenant)
    return 0


@cli.command()
@click.option("--speed", type=click.FloatRange(min=0.01), default=1.0, show_default=True, help="How fast tickets come.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed plays the same morning.")
@click.option("--size", type=click.IntRange(1, 100_000), default=60, show_default=True, help="Tickets in all.")
@click.option(
    "--replay", type=click.Path(path_type=Path), help="Play a recorded shift instead; see audit export --replay."
)
@click.option("--serve", is_flag=True, help="Only the servers; the first line of stdout says where they are.")
def demo(speed: float, seed: int, size: int, replay: Path | None, serve: bool) -> int:
    """A Patch Tuesday on a demo tenant, on this machine alone."""
    if serve:
        from tui.approving import enrol_for_demo
        from tui.demo.serve import serve as play

        with tempfile.TemporaryDirectory(prefix="reseal-demo-") as name:
            more = enrol_for_demo(Path(name))
            asyncio.run(play(seed, size, speed, Path(name), replay=replay, more_config=more))
        return 0
    require_terminal()
    return asyncio.run(_demo(seed, size, speed, replay))


async def _demo(seed: int, size: int, speed: float, replay: Path | None) -> int:
    from tui.approving import enrol_for_demo
    from tui.demo.launch import running_demo

    with tempfile.TemporaryDirectory(prefix="reseal-demo-") as name:
        more = enrol_for_demo(Path(name))
        async with running_demo(seed=seed, size=size, speed=speed, replay=replay, more_config=more) as tenant:
            return await run_console(tenant.config, Path(name) / "state")


@cli.command()
@click.pass_obj
def init(config_path: Path | None) -> int:
    """Write a commented configuration file; never overwrites one."""
    from tui.config import write_template
    from tui.paths import config_file

    path = config_file(config_path)
    write_template(path)
    say(f"Wrote {path}. Fill in tenant_id, client_id and a ticket source, then run `reseal doctor`.")
    return 0


@cli.command()
def keys() -> int:
    """Show what each key press arrives as in this terminal; q twice leaves."""
    require_terminal()
    from tui.key_probe import KeyProbe

    KeyProbe().run()
    return 0


for verb in VERBS:
    cli.add_command(verb)
