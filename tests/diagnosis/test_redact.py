"""Recovery passwords leave every text, and nothing else does."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import invented_password
from tui.diagnosis.redact import MARKER, PART_MARKER, redact

GROUPS = invented_password(7).split("-")


@pytest.mark.parametrize(
    "written",
    [
        "-".join(GROUPS),
        " ".join(GROUPS),
        "".join(GROUPS),
        ".".join(GROUPS),
        " / ".join(GROUPS),
        "\n".join(GROUPS),
        "\u2013".join(GROUPS),
        "\u2212".join(GROUPS),
        "\uff0d".join(GROUPS),
        " - ".join(GROUPS),
        ", ".join(GROUPS),
        r"\u002d".join(GROUPS),
        "</td><td>".join(GROUPS),
        "-".join(GROUPS[:4]) + "-\n" + "-".join(GROUPS[4:]),
        "-".join(GROUPS[:4]) + "-\n> " + "-".join(GROUPS[4:]),
        "-".join(GROUPS)[:30] + "\n" + "-".join(GROUPS)[30:],
        " ".join(f"{group[:3]} {group[3:]}" for group in GROUPS),
        "  ".join(f"{number}) {group}" for number, group in enumerate(GROUPS, 1)),
        "".join(chr(0xFF10 + int(c)) if c.isdigit() else c for c in "-".join(GROUPS)),
    ],
)
def test_a_password_is_removed_however_it_is_written(written: str) -> None:
    text, removed = redact(f"The key was {written} and it worked.")
    assert removed == 1
    assert MARKER in text
    assert not any(group in text for group in GROUPS)
    assert text.endswith(" and it worked.")


def test_a_mistyped_password_is_still_one() -> None:
    wrong = "-".join([*GROUPS[:7], f"{int(GROUPS[7]) ^ 1:06}"])
    assert redact(wrong) == (MARKER, 1)
    assert redact(wrong.replace("-", " ")) == (MARKER, 1)


@pytest.mark.parametrize(
    "fragment",
    [
        "-".join([*GROUPS[:5], "XXXXXX", "XXXXXX", "XXXXXX"]),
        "-".join(["******", "******", *GROUPS[2:]]),
        "-".join(GROUPS[:6]),
        " ".join(GROUPS[:4]),
        "-".join([*GROUPS[:3], "12345", *GROUPS[4:6], "1234567", GROUPS[7]]),
    ],
)
def test_a_part_of_a_password_is_removed_and_named_a_part(fragment: str) -> None:
    text, removed = redact(f"key: {fragment}.")
    assert (text, removed) == (f"key: {PART_MARKER}.", 1)


def test_two_passwords_are_two() -> None:
    both = f"{invented_password(1)}\n{invented_password(2)}"
    assert redact(both) == (f"{MARKER}\n{MARKER}", 2)


def test_a_group_before_a_password_does_not_shift_it() -> None:
    text, removed = redact(f"123456-654321-{'-'.join(GROUPS)}")
    assert removed == 1
    assert not any(group in text for group in GROUPS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0, 2, 4, 11",
        "2026-04-15T07:12:00.123456Z 2026-04-16T07:12:00.654321Z",
        "{063EA4E1-220C-4293-BA01-4754620A96E7}",
        "12345678-1234-1234-1234-123456789012",
        "XXXXXX-XXXXXX-XXXXXX-XXXXXX-XXXXXX-XXXXXX-XXXXXX-XXXXXX",
        "9f46563b1d4791d5bd827f32265341ff9068b0c42f46563b1d4791d5bd827f32",
        "INC001234 INC001235 INC001236 123457 123458 123459",
        "\n".join(str(number) for number in range(100_000, 100_030)),
        "7_3_80000001_80000001_db_db_7_1_1",
        "+49 30 123456 789012",
        f"{GROUPS[0]}-{GROUPS[1]}-{GROUPS[2]}",
    ],
)
def test_a_text_without_a_password_is_unchanged(text: str) -> None:
    assert redact(text) == (text, 0)


@given(
    st.integers(0, 10**9),
    st.sampled_from(["-", " ", "", ".", "\n", " - ", "/", "\u2014"]),
    st.text(max_size=30),
    st.text(max_size=30),
)
@settings(max_examples=150)
def test_no_password_survives_in_any_surroundings(seed: int, separator: str, before: str, after: str) -> None:
    groups = invented_password(seed).split("-")
    text, removed = redact(f"{before} {separator.join(groups)} {after}")
    assert removed >= 1
    assert separator.join(groups) not in text


@given(st.text(alphabet="0123456789-xX \n>&;", max_size=400))
@settings(max_examples=200)
def test_redaction_is_stable(text: str) -> None:
    once, removed = redact(text)
    assert redact(once)[0] == once
    assert (removed == 0) == (once == text)


HOSTILE: dict[str, Callable[[int], str]] = {
    "digits": lambda size: "1" * size,
    "dashed groups": lambda size: "123456-" * (size // 7),
    "valid groups": lambda size: "000011 " * (size // 7),
    "short numbers": lambda size: "1 " * (size // 2),
    "dashes": lambda size: "123456" + "-" * size,
    "masks": lambda size: "XXXXXX-" * (size // 7),
    "escapes": lambda size: "1234&" * (size // 5),
    "tags": lambda size: "<" * size,
    "cut groups": lambda size: "12345\n" * (size // 6),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_redaction_is_linear_on_hostile_text(name: str) -> None:
    def seconds(size: int) -> float:
        text = HOSTILE[name](size)
        best = float("inf")
        for _ in range(3):
            begun = time.process_time()
            redact(text)
            best = min(best, time.process_time() - begun)
        return best

    # Twelve times the text may take twelve times as long, and some for noise; quadratic would take 144 times.
    assert seconds(120_000) <= 40 * max(seconds(10_000), 0.001)


def test_a_part_of_one_password_before_the_whole_of_another_goes_too() -> None:
    one, other = ("-".join(f"{word * 11:06d}" for word in words) for words in ((4321, 99, 60000, 31), range(700, 708)))
    text, removed = redact(f"{one}-123456-{other}")
    assert removed == 2
    assert redact(text) == (text, 0)
    assert not any(group in text for group in (*one.split("-"), *other.split("-")))
