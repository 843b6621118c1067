"""Demo tenants side by side in one config, with names and IDs of their own."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.demo.tenant import Running, running
from tests.support.terminal import Terminal
from tests.terminal.desk import RULES, Desk

NAMES = ("Contoso", "Fabrikam")
IDS = {"Contoso": "11111111-2222-4333-8444-555555555555", "Fabrikam": "66666666-7777-4888-8999-aaaaaaaaaaaa"}
_OWN = re.compile(r"^\[+(sign_in|graph|tickets)\]+$")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tenants of the same seed: every device, key and ticket number is in both."""

    tenants: dict[str, Running]
    config: Path
    state: Path

    def of(self, name: str) -> Desk:
        """One of them, with the config and the state of both."""
        return Desk(self.tenants[name], self.config, self.state)

    @contextmanager
    def console(self, columns: int = 80, rows: int = 24, *arguments: str) -> Iterator[Terminal]:
        """The console, once it shows a queue."""
        with self.of("Contoso").console(columns, rows, *arguments) as terminal:
            yield terminal

    def verb(self, *arguments: str, code: int | None = 0) -> Any:
        """What a verb says in JSON."""
        return json.loads(self.of("Contoso").run(*arguments, "--json", code=code).stdout)


@contextmanager
def pair(directory: Path) -> Iterator[Pair]:
    """Both run while the block does; all their tickets have come."""
    with ExitStack() as stack:
        tenants = {
            name: stack.enter_context(running("--seed", "7", "--size", "20", "--speed", "0.0001")) for name in NAMES
        }
        for tenant in tenants.values():
            tenant.hand("advance", "POST", {"seconds": 2000})
        config = directory / "config.toml"
        config.write_text(config_of(tenants) + RULES.format(clear_after=60), encoding="utf-8")
        yield Pair(tenants, config, directory / "state")


def config_of(tenants: dict[str, Running]) -> str:
    """One config for all."""
    return "\n".join(_block(name, each.config.read_text(encoding="utf-8")) for name, each in tenants.items())


def _block(name: str, config: str) -> str:
    lines = [
        _OWN.sub(lambda found: found[0].replace(found[1], f"tenant.{found[1]}"), line) for line in config.split("\n")
    ]
    text = "\n".join(lines).replace("[tenant]", "[[tenant]]", 1)
    text = re.sub(r"(?m)^name = .*$", f'name = "{name}"', text, count=1)
    return re.sub(r"(?m)^tenant_id = .*$", f'tenant_id = "{IDS[name]}"', text, count=1)
