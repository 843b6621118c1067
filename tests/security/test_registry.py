"""Every attack has a test, by name, and one that runs by default."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.security import ATTACKS

HERE = Path(__file__).parent


def marked() -> Iterator[tuple[str, str, bool]]:
    """Attack, test, and whether it runs only on request; from the sources, so that one file alone can be run."""
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                words = [ast.unparse(each) for each in node.decorator_list]
                long = any(word.startswith("pytest.mark.long") for word in words)
                for each in node.decorator_list:
                    if isinstance(each, ast.Call) and ast.unparse(each.func) == "pytest.mark.attack":
                        for name in each.args:
                            assert isinstance(name, ast.Constant) and isinstance(name.value, str)
                            yield name.value, f"{path.name}::{node.name}", long


def test_every_attack_is_made_by_a_test_that_runs_by_default() -> None:
    made: dict[str, list[str]] = defaultdict(list)
    for attack, test, long in marked():
        assert attack in ATTACKS, f"{test} names {attack}, which is no attack"
        if not long:
            made[attack].append(test)
    assert list(ATTACKS) == [f"A{number:02}" for number in range(1, 35)]
    assert sorted(set(ATTACKS) - set(made)) == []
