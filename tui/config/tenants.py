"""Several tenants in one file: what is shared, what is each one's own, and which one is meant."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui.config.places import Document
from tui.config.settings import Config
from tui.errors import Problem, ProblemKind

OWN = ("sign_in", "graph", "tickets", "active_directory", "remote_shell", "escalation")
"""Tables that stand below their own `[[tenant]]`; everything else in the file holds for all tenants."""

_MAY_BE_SHARED = ("escalation",)


def split(document: Document, tables: dict[str, Any]) -> list[tuple[Document, dict[str, Any]]]:
    """The tables of each tenant, as if the file were its own; raises `Problem(CONFIG)`."""
    blocks = tables.get("tenant")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return [(document, tables)]
    if not blocks:
        raise document.problem(("tenant",), "`tenant` is empty", "", "Add a [[tenant]]")
    shared = {name: value for name, value in tables.items() if name != "tenant"}
    for name in shared:
        if name in OWN and name not in _MAY_BE_SHARED:
            below = f"[[tenant.{name}]]" if name == "tickets" else f"[tenant.{name}]"
            why = "Where there are several tenants, each has its own"
            raise document.problem(
                (name, 0), f"`{name}` belongs to a tenant", why, f"Write {below} below its [[tenant]]"
            )
    return [_one(document, shared, blocks, at) for at in range(len(blocks))]


def _one(
    document: Document, shared: dict[str, Any], blocks: Sequence[dict[str, Any]], at: int
) -> tuple[Document, dict[str, Any]]:
    block = blocks[at]
    own = {name: value for name, value in block.items() if name in OWN}
    rest = {name: value for name, value in block.items() if name not in OWN}
    return Document(document.path, document.text, at, frozenset(own)), {**shared, **own, "tenant": rest}


def refuse_doubles(document: Document, configs: Sequence[Config]) -> None:
    """Two tenants of one ID or name could not be told apart; raises `Problem(CONFIG)`."""
    for key in ("tenant_id", "name"):
        seen: set[str] = set()
        for at, config in enumerate(configs):
            value = getattr(config.tenant, key).casefold()
            if value in seen:
                what = f"`tenant.{key}` {getattr(config.tenant, key)!r} is given twice"
                why = "It is how tenants, and what is kept of them, are told apart"
                raise document.problem(("tenant", at, key), what, why, "Correct the one or the other")
            seen.add(value)


def choose(configs: Sequence[Config], wanted: str, path: Path) -> Config:
    """The tenant of a name or ID, or the only one; raises `Problem(CONFIG)` with the names."""
    names = [config.tenant.name for config in configs]
    if not wanted:
        if len(configs) == 1:
            return configs[0]
        what, step = f"{path} has {len(configs)} tenants", f"Name one with --tenant: {_listed(names)}"
        raise Problem(ProblemKind.CONFIG, what, "This works on one of them", step)
    for config in configs:
        if wanted.casefold() in (config.tenant.name.casefold(), config.tenant.tenant_id.casefold()):
            return config
    close = difflib.get_close_matches(wanted.casefold(), [name.casefold() for name in names], n=1, cutoff=0.5)
    meant = next((name for name in names if close and name.casefold() == close[0]), "")
    step = f"Did you mean {meant!r}?" if meant else "Name one of them"
    raise Problem(ProblemKind.CONFIG, f"{path} has no tenant {wanted!r}", f"It has {_listed(names)}", step)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
