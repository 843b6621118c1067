"""Profiles as data: ours load, an engineer's own extends them, and a mistake in one is named."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.tickets.profiles import profile
from tui.config import Tickets, parse
from tui.config.settings import TICKET_PROFILES
from tui.errors import Problem, ProblemKind
from tui.model.incident import IncidentState
from tui.sources.tickets.engine import HttpTickets
from tui.sources.tickets.files import FileTickets
from tui.sources.tickets.opening import open_source
from tui.sources.tickets.profile import FOLDER, Columns, Profile, load_profile
from tui.sources.tickets.records import Reader, priority_of
from tui.sources.tickets.templates import fill_body, fill_path, fill_query

HTTP = [name for name in TICKET_PROFILES if name != "file"]


def test_every_profile_of_the_contract_is_there_and_the_template_is_one() -> None:
    names = {path.stem for path in FOLDER.glob("*.toml")}
    assert names == {*TICKET_PROFILES, "template"}
    assert isinstance(load_profile("file"), Columns)
    for name in [*HTTP, "template"]:
        found = load_profile(name)
        assert isinstance(found, Profile)
        Reader(found)
        assert set(found.states) == set(IncidentState)
        assert found.note is not None
        assert found.notes is not None
        assert found.assign is not None


@pytest.mark.parametrize("name", HTTP)
def test_a_config_opens_each(name: str) -> None:
    source = open_source(Tickets(profile=name, url="https://desk.example", token_env="T"), taken=[name])
    assert isinstance(source, HttpTickets)
    assert source.name == f"{name}-2"


def test_own_profiles_extend_ours_and_go_by_their_own_name(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('extends = "rt"\nname = "field-desk"\n[list]\nsize = 7\n[list.parts]\nopen = "Queue = \'X\' AND "\n')
    found = load_profile(str(own))
    assert isinstance(found, Profile)
    assert (found.listing.size, found.listing.parts["open"]) == (7, "Queue = 'X' AND ")
    assert found.listing.parts["since"] == profile("rt").listing.parts["since"]
    source = open_source(Tickets(profile=str(own), url="https://desk.example", token_env="T"))
    assert source.name == "field-desk"
    files = tmp_path / "columns.toml"
    files.write_text('extends = "file"\n[columns]\ntitle = ["What"]\n')
    assert isinstance(open_source(Tickets(profile=str(files), path=str(tmp_path))), FileTickets)
    with pytest.raises(Problem, match="needs `path`"):
        open_source(Tickets(profile=str(files), url="https://desk.example"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('extends = "rt"\nnmae = "x"', "nmae"),
        ('extends = "nothing"', "nothing"),
        ('extends = "./own.toml"', "extends itself"),
        ("name = ", "Invalid"),
        ('extends = "rt"\n[ticket]\ntitle = ["a..b"]', "JMESPath"),
        ('extends = "rt"\n[time]\nzone = "Mars/Phobos"', "zone"),
        ('extends = "rt"\nkey_pattern = "("', "unterminated"),
        ('extends = "rt"\n[list]\nstep = "hop"', "hop"),
    ],
)
def test_a_mistake_in_a_profile_is_named(tmp_path: Path, text: str, word: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(Problem) as caught:
        open_source(Tickets(profile=str(own), url="https://desk.example", token_env="T"))
    assert caught.value.kind is ProblemKind.CONFIG
    assert word in str(caught.value)


def test_client_credentials_need_a_profile_that_says_where() -> None:
    with pytest.raises(Problem, match="takes no client_id"):
        open_source(Tickets(profile="rt", url="https://d.example", client_id="a", client_secret_env="S"))
    open_source(Tickets(profile="servicenow", url="https://d.example", client_id="a", client_secret_env="S"))


VALUES = st.text(max_size=30)


@given(VALUES)
def test_a_value_stays_one_segment_of_a_path(value: str) -> None:
    try:
        path = fill_path("/a/{key}/b", {"key": value})
    except UnicodeEncodeError:
        return
    assert path.count("/") == 3
    assert "?" not in path
    assert "#" not in path


def test_queries_and_bodies() -> None:
    values = {"text": 'a "b"\n<c>', "n": "17", "state": {"x": 1}}
    assert fill_query({"a": "{text:json}", "b": "{none}", "c": ["{n}", "z"]}, values) == {
        "a": 'a \\"b\\"\\n<c>',
        "c": ["17", "z"],
    }
    body = {"n": "{n:int}", "s": "{state}", "h": "{text:html}", "mixed": "no {n:int}", "keep": 5, "list": ["{n}"]}
    assert fill_body(body, values) == {
        "n": 17,
        "s": {"x": 1},
        "h": "a &quot;b&quot;<br>&lt;c&gt;",
        "mixed": "no 17",
        "keep": 5,
        "list": ["17"],
    }


def test_priorities_by_word_and_by_limit() -> None:
    limits = {"High": 2, ">=90": 1, ">=10": 4}
    assert [priority_of(limits, word) for word in ("High", "95", "50", "3", "", "x")] == [2, 1, 4, 5, 5, 5]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["id", "key", "sys_id", "fields", "Owner", "CustomFields", "status", "state", "updated_at", "sys_updated_on"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(HTTP), st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6))
def test_any_record_is_a_ticket_or_none(name: str, record: dict[str, Any]) -> None:
    reader = Reader(profile(name))
    found = reader.ticket(record)
    assert (found is None) == (not reader.seen([record]))
    if found:
        assert found.key
        assert 1 <= found.priority <= 5
        assert found.updated_at.tzinfo is not None


CONFIG = """\
[tenant]
name = "Contoso"
tenant_id = "t"
client_id = "c"

[[tickets]]
"""


def parsed(tickets: str) -> Tickets:
    return parse(CONFIG + tickets, Path("/etc/reseal/config.toml")).tickets[0]


def test_a_config_names_redmine_own_profiles_over_files_and_client_credentials() -> None:
    assert parsed('profile = "redmine"\nurl = "https://r.example"\ntoken_env = "T"').profile == "redmine"
    own = parsed('profile = "own.toml"\npath = "inbox"')
    assert (own.profile, own.path) == ("/etc/reseal/own.toml", "/etc/reseal/inbox")
    app = parsed('profile = "servicenow"\nurl = "https://s.example"\nclient_id = "app"\nclient_secret_env = "S"')
    assert (app.client_id, app.client_secret_env) == ("app", "S")


@pytest.mark.parametrize(
    ("tickets", "words"),
    [
        (
            'profile = "servicenow"\nurl = "https://s.example"\nclient_id = "app"',
            "`client_id` needs `client_secret_env`",
        ),
        ('profile = "own.toml"', "needs `url`"),
        ('profile = "own.toml"\npath = "x"\nurl = "https://s.example"', "takes no `url`"),
        ('profile = "own.toml"\npath = "x"\ntoken_env = "T"', "takes no `token_env`"),
        (
            'profile = "zendesk"\nurl = "https://z.example"\ntoken_env = "T"\nclient_id = "a"\nclient_secret_env = "S"',
            "`token_env` and `client_id` are given",
        ),
    ],
)
def test_a_config_that_does_not_fit_is_refused(tickets: str, words: str) -> None:
    with pytest.raises(Problem) as caught:
        parsed(tickets)
    assert words in caught.value.what
