"""Entries as a hostile or careless directory may send them, and settings that are refused before anything is sent."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tui.sources.active_directory
from tui.errors import Problem, ProblemKind
from tui.sources.active_directory.entries import computer_of, key_of
from tui.sources.active_directory.messages import ORDERS, REPORTS, Keys, Refused, line
from tui.sources.active_directory.names import octets_of
from tui.sources.active_directory.problems import ldap_problem
from tui.sources.active_directory.queries import COMPUTER_ATTRIBUTES, KEY_ATTRIBUTES
from tui.sources.active_directory.secrets import bind_password
from tui.sources.active_directory.server import DirectoryServer, checked
from tui.text import clean_line

KEY_ID = "4f3a9c1b-7d2e-4b6a-9c11-0a2b3c4d5e6f"
VALUES = st.text() | st.binary(max_size=40) | st.integers() | st.booleans()


def entries_with(attributes: tuple[str, ...]) -> st.SearchStrategy[dict[str, tuple[object, ...]]]:
    names = [name.lower() for name in attributes]
    return st.dictionaries(st.sampled_from(names), st.lists(VALUES, max_size=3).map(tuple))


@given(entries_with(KEY_ATTRIBUTES))
def test_any_entry_is_a_key_or_none(entry: dict[str, tuple[object, ...]]) -> None:
    key = key_of(entry)
    assert key is None or re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key.id)
    if key is not None:
        assert REPORTS.decode(line(Keys((key,)))) == Keys((key,))


@given(entries_with(COMPUTER_ATTRIBUTES))
def test_any_entry_is_a_computer_that_is_safe_to_show(entry: dict[str, tuple[object, ...]]) -> None:
    computer = computer_of(entry)
    for text in (computer.name, computer.dn, computer.dns_name, computer.os):
        assert text == clean_line(text, 2000)


def test_the_attribute_counts_and_the_name_stands_in() -> None:
    other = "{063EA4E1-220C-4293-BA01-4754620A96E7}"
    named: dict[str, tuple[object, ...]] = {"name": (f"2026-04-15T09:12:00+02:00{other}",)}
    kept = named | {"msfve-recoveryguid": (octets_of(KEY_ID),)}
    assert (key := key_of(kept)) is not None
    assert key.id == KEY_ID
    assert (key := key_of(named)) is not None
    assert key.id == other[1:-1].lower()
    assert key_of({"name": ("no key",), "msfve-recoveryguid": (b"short",)}) is None


def test_a_hostile_computer_name_is_shown_harmless() -> None:
    dn = "CN=x{y},CN=LT\\0D\\0A\x1b[31m\u202eONE,DC=corp"
    key = key_of({"distinguishedname": (dn,), "msfve-recoveryguid": (octets_of(KEY_ID),)})
    assert key is not None
    assert key.computer == "LT ONE"


def test_only_two_modules_know_the_name_of_the_secret() -> None:
    package = Path(tui.sources.active_directory.__file__).parent
    named = {
        file.name: [text.strip() for text in file.read_text().splitlines() if re.search(r"[(\"]msFVE-RecoveryP", text)]
        for file in package.glob("*.py")
    }
    assert {name for name, lines in named.items() if lines} == {"password.py", "rights.py"}
    assert named["rights.py"] == ['_READABLE = f"(&{KEYS}(msFVE-RecoveryPassword=*))"']


@pytest.mark.parametrize(
    "text",
    [b"{}", b'{"type":"find-keys","digits":"4f3a9c1b","attributes":["msFVE-RecoveryPassword"]}', b'{"type":"read"}'],
)
def test_the_child_takes_no_other_order(text: bytes) -> None:
    with pytest.raises(ValueError):
        ORDERS.decode(text)


def server(**changes: Any) -> DirectoryServer:
    settings = {"url": "ldaps://dc1.corp.example", "base": "DC=corp", "user": "u", "password_env": "P", **changes}
    return DirectoryServer(**settings)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"url": "https://dc1"}, "url"),
        ({"url": "ldaps://"}, "url"),
        ({"url": "ldaps://dc1:99999"}, "url"),
        ({"url": "ldaps://dc1:3269"}, "global catalog"),
        ({"url": "ldap://dc1:3268"}, "global catalog"),
        ({"user": ""}, "user"),
        ({"password_env": ""}, "password_env"),
        ({"password_command": ("pass",)}, "password_env"),
        ({"sasl": "gssapi"}, "sasl"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(Problem) as caught:
        checked(server(**changes))
    assert caught.value.kind is ProblemKind.CONFIG
    assert named in str(caught.value)


def test_settings_that_work() -> None:
    assert checked(server()).port == 636
    assert checked(server(url="ldap://dc1")).port == 389
    assert checked(server(url="ldap://dc1")).starts_tls
    assert checked(server(sasl="gssapi", user="", password_env="")).host == "dc1.corp.example"


def test_the_password_is_read_when_it_is_used() -> None:
    environ = {"P": "first word"}
    assert bind_password(server(), environ) == "first word"
    environ["P"] = "second"
    assert bind_password(server(), environ) == "second"
    command = (sys.executable, "-c", "print('third word')")
    assert bind_password(server(password_env="", password_command=command), {}) == "third word"


@pytest.mark.parametrize("value", ["", "a\0b", "a\nb", "x" * 2000])
def test_an_unusable_password_is_named_and_not_shown(value: str) -> None:
    with pytest.raises(Problem) as caught:
        bind_password(server(), {"P": value})
    assert caught.value.kind is ProblemKind.CONFIG
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "pass", "print('two\\nlines')"])
def test_a_command_that_gives_no_password(code: str) -> None:
    with pytest.raises(Problem) as caught:
        bind_password(server(password_env="", password_command=(sys.executable, "-c", code)))
    assert caught.value.kind is ProblemKind.CONFIG
    with pytest.raises(Problem, match="no/such/program"):
        bind_password(server(password_env="", password_command=("/no/such/program",)))


@pytest.mark.parametrize(
    ("code", "message", "kind", "words"),
    [
        (
            49,
            "80090308: LdapErr: DSID, comment: AcceptSecurityContext error, data 775, v",
            ProblemKind.SIGNED_OUT,
            "locked",
        ),
        (49, "data 532, v1db1", ProblemKind.SIGNED_OUT, "password has expired"),
        (49, "", ProblemKind.SIGNED_OUT, "wrong"),
        (-2, "GSSAPI Error: (Ticket expired)", ProblemKind.SIGNED_OUT, "Kerberos"),
        (-2, "Clock skew too great", ProblemKind.SIGNED_OUT, "Kerberos"),
        (50, "", ProblemKind.FORBIDDEN, "may not read"),
        (8, "", ProblemKind.FORBIDDEN, "way of signing in"),
        (4, "", ProblemKind.UPSTREAM, "more recovery keys"),
        (3, "", ProblemKind.UNREACHABLE, "within"),
        (-5, "", ProblemKind.UNREACHABLE, "within"),
        (51, "", ProblemKind.THROTTLED, "busy"),
        (32, "", ProblemKind.CONFIG, "DC=corp"),
        (-1, "", ProblemKind.UNREACHABLE, "broke"),
        (80, "", ProblemKind.UPSTREAM, "refused the question"),
    ],
)
def test_each_refusal_has_its_own_words(code: int, message: str, kind: ProblemKind, words: str) -> None:
    problem = ldap_problem(code, message, server(), "recovery keys")
    assert problem.kind is kind
    assert words in problem.what
    assert problem.next_step
    again = Refused.of(problem).problem()
    assert (str(again), again.code, again.kind) == (str(problem), problem.code, problem.kind)


@given(st.integers(-200, 200), st.text())
def test_any_refusal_becomes_a_problem(code: int, message: str) -> None:
    problem = ldap_problem(code, message, server(), "recovery keys")
    assert problem.what
    assert problem.next_step
    assert str(problem) == clean_line(str(problem), 5000)
