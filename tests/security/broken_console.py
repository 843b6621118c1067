"""The console with a fault at a chosen point: `python -m tests.security.broken_console` takes the console's arguments.

The sources around a disclosure are compiled with a point before every `await`, and at the start of every method of the
reveal pane. The point that the file `$BREAK_AT/at` names raises once, and leaves `$BREAK_AT/hit`. The file
`$BREAK_AT/do` names a deed that comes over the pane from elsewhere in the console.
"""

import ast
import builtins
import importlib.util
import os
import sys
from collections.abc import Awaitable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from textual._context import active_app

PANE = ("screens.reveal", "screens.reveal_drawing")
MODULES = (
    *PANE,
    "screens.keyboard",
    "tui.driver",
    "tui.services.disclosure",
    "tui.services.reveal",
    "tui.store.audit",
    "tui.store.database",
    "tui.vault.process",
)
_NOT_WHILE_SHOWN = ("__init__", "compose", "on_mount", "check_action")


class Points(ast.NodeTransformer):
    """Puts the points in, and keeps their names: module and line."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.found: list[str] = []

    def visit_Await(self, node: ast.Await) -> ast.AST:
        self.generic_visit(node)
        call = ast.Call(ast.Name("_break_before", ast.Load()), [self._point(node), node.value], [])
        return ast.fix_missing_locations(ast.copy_location(ast.Await(call), node))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        if self.module in PANE and node.name not in _NOT_WHILE_SHOWN:
            call = ast.Expr(ast.Call(ast.Name("_break_at", ast.Load()), [self._point(node)], []))
            node.body.insert(0, call)
        return ast.fix_missing_locations(node)

    def _point(self, node: ast.AST) -> ast.Constant:
        name = f"{self.module}:{node.lineno}:{node.col_offset}"  # type: ignore[attr-defined]
        self.found.append(name)
        return ast.Constant(name)


def points() -> list[str]:
    """Every point."""
    found = []
    for module in MODULES:
        spec = importlib.util.find_spec(module)
        assert spec and spec.origin
        breaking = Points(module)
        breaking.visit(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
        found += breaking.found
    return found


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        tree = Points(fullname).visit(ast.parse(self.get_data(self.path)))
        return compile(tree, self.path, "exec")


class _Finder(PathFinder):
    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = super().find_spec(fullname, path, target) if fullname in MODULES else None
        if spec is not None and spec.origin:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


def _crash() -> None:
    raise RuntimeError("broken on purpose")


def _do(word: str) -> None:
    app: Any = active_app.get()
    if word == "mode":
        app.call_later(app.action_show_audit)
    elif word == "screen":
        from screens.help import HelpScreen

        app.call_later(app.push_screen, HelpScreen())
    elif word == "crash":
        app.call_later(_crash)


def _break_at(name: str) -> None:
    chosen = Path(os.environ["BREAK_AT"]) / "at"
    deed = chosen.with_name("do")
    if deed.exists():
        word = deed.read_text(encoding="utf-8")
        deed.unlink()
        _do(word)
    if chosen.exists() and chosen.read_text(encoding="utf-8") == name:
        chosen.rename(chosen.with_name("hit"))
        raise RuntimeError("broken on purpose")


async def _break_before(name: str, awaited: Awaitable[Any]) -> Any:
    try:
        _break_at(name)
    except RuntimeError:
        if hasattr(awaited, "close"):
            awaited.close()
        raise
    return await awaited


if __name__ == "__main__":
    builtins._break_at, builtins._break_before = _break_at, _break_before  # type: ignore[attr-defined]
    sys.meta_path.insert(0, _Finder)
    from tui.__main__ import main

    main()
