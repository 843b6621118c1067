"""Runs the benchmarks and prints one table; ends with 1 when a promise is not kept."""

import importlib
import pkgutil
import sys
import time
from types import ModuleType

from tests import benchmarks
from tests.benchmarks import Row

_HEADS = ("benchmark", "ratio", "goal", "", "note")


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    known = _modules()
    if unknown := [name for name in names if name not in known]:
        print(f"no such benchmark: {', '.join(unknown)} (there are {', '.join(known)})", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or known:
        begun = time.monotonic()
        found = known[name].run()
        rows += [row if isinstance(row, Row) else Row(row.name, row.ratio) for row in found]
        print(f"{name}: {time.monotonic() - begun:.1f} s", file=sys.stderr)
    print(_table(rows))
    return 0 if all(row.met for row in rows) else 1


def _modules() -> dict[str, ModuleType]:
    names = sorted(found.name for found in pkgutil.iter_modules(benchmarks.__path__) if not found.name.startswith("_"))
    modules = {name: importlib.import_module(f"{benchmarks.__name__}.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "run")}


def _table(rows: list[Row]) -> str:
    lines = [_HEADS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(cells, widths) for cells in lines)


def _cells(row: Row) -> tuple[str, ...]:
    goal = "-" if row.goal is None else f"{row.goal:.2f}"
    if row.ratio is None:
        return row.name, "-", goal, "skipped", row.note
    return row.name, f"{row.ratio:.2f}", goal, "ok" if row.met else "MISSED", row.note


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    aligned = [
        cell.rjust(width) if n in (1, 2) else cell.ljust(width)
        for n, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
