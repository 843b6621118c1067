"""Headless verbs in the tests' own process: what a process of its own costs, a verb costs ten times less."""

from pathlib import Path

from click.testing import CliRunner, Result

from tui.cli import cli


def verb(state: Path, *arguments: str, config: Path | None = None, token: str = "") -> Result:
    """Run a verb; a `Problem` is in `exception`, the exit code of one that ends by itself in `return_value`."""
    env = {"RESEAL_STATE": str(state), **({"RESEAL_GRAPH_TOKEN": token} if token else {})}
    before = ("--config", str(config)) if config is not None else ()
    return CliRunner().invoke(cli, (*before, *arguments), env=env, standalone_mode=False)
