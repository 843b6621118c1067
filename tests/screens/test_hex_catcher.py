"""A key ID typed anywhere, among keys that mean something of their own."""

from collections.abc import Sequence

import pytest

from screens.widgets.hex_catcher import ENOUGH, PAUSE_SECONDS, HexCatcher

ACTING = frozenset("1234cn")
CHANGING = frozenset("cn")


def typed(text: str, pause: float = 0.1) -> tuple[Sequence[str], str]:
    """The answers to keys typed at an even pace until the look-up opens, and what it opens with."""
    catcher = HexCatcher()
    answers: list[str] = []
    for place, key in enumerate(text):
        answers.append(catcher.press(key, place * pause, ACTING, CHANGING))
        if answers[-1] == "open":
            break
    return answers, catcher.taken()


@pytest.mark.parametrize(
    ("text", "answers", "opened"),
    [
        ("7", ["open"], "7"),
        ("a", ["open"], "a"),
        ("F", ["open"], "F"),
        ("1a", ["pass", "open"], "1a"),
        ("12a", ["pass", "pass", "open"], "12a"),
        ("ca", ["hold", "open"], "ca"),
        ("c1", ["hold", "open"], "c1"),
        ("1c1", ["pass", "hold", "open"], "1c1"),
        ("1234", ["pass", "pass", "pass", "open"], "1234"),
    ],
)
def test_what_is_typed_opens_the_look_up_with_all_of_it(text: str, answers: list[str], opened: str) -> None:
    assert typed(text) == (answers, opened)


@pytest.mark.parametrize("text", ["1", "c", "12", "jkjk", "cq", "1q2q3"])
def test_keys_that_are_no_id_act(text: str) -> None:
    answers, _ = typed(text)
    assert "open" not in answers


def test_a_pause_begins_anew() -> None:
    assert typed("1" * ENOUGH, PAUSE_SECONDS + 0.1)[0] == ["pass"] * ENOUGH
    assert typed("c1", PAUSE_SECONDS + 0.1)[0] == ["hold", "pass"]
    assert typed("3a", PAUSE_SECONDS + 0.1) == (["pass", "open"], "a")
