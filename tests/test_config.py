import stat
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.config import GRAPH_ENDPOINTS, TEMPLATE, config_hash, load, parse, write_template
from tui.errors import Problem, ProblemKind
from tui.model.policy import DEFAULT_TRIGGERS, OfficeHours, read_office_hours

WHERE = Path("/etc/reseal/config.toml")

BASE = """\
[tenant]
name = "Contoso"
tenant_id = "t"
client_id = "c"

[[tickets]]
profile = "jira"
url = "https://tickets.example"
"""
"""Seven lines and a blank one; what a test appends begins on line 9."""


def refused(text: str) -> Problem:
    with pytest.raises(Problem) as caught:
        parse(text, WHERE)
    problem = caught.value
    assert problem.kind is ProblemKind.CONFIG
    assert problem.exit_code == 2
    assert problem.what.startswith(f"{WHERE}, line ")
    assert problem.next_step
    return problem


def changed(old: str, new: str) -> str:
    assert old in BASE
    return BASE.replace(old, new)


def test_the_least_config_has_the_contracts_defaults() -> None:
    config = parse(BASE, WHERE)
    assert config.tenant.cloud == "global"
    assert config.graph.endpoint == "https://graph.microsoft.com"
    assert (config.sign_in.method, config.sign_in.token_file) == ("device-code", "")
    assert config.tickets[0].poll_seconds == 10
    reveal = config.reveal
    assert (reveal.clear_after_seconds, reveal.session, reveal.require_ticket) == (60, "auto", True)
    assert (reveal.max_per_hour, reveal.clipboard) == (30, "off")
    assert config.audit.forward == ()
    assert config.active_directory is None
    assert config.remote_shell is None
    assert config.escalation.contact == ""
    assert set(config.policy.second_person) == DEFAULT_TRIGGERS
    assert read_office_hours(config.policy.office_hours) == OfficeHours()


def test_every_setting_is_read() -> None:
    config = parse(
        """
[tenant]
name = "Contoso"
cloud = "usgov"
tenant_id = "t"
[sign_in]
method = "azure-cli"
[[tickets]]
profile = "servicenow"
url = "https://one.example/"
user = "u"
password_env = "P"
[[tickets]]
profile = "file"
path = "inbox"
poll_seconds = 2.5
[[tickets]]
profile = "own.toml"
url = "http://127.0.0.1:8080"
token_command = ["pass", "show", "tickets"]
[active_directory]
url = "ldap://dc1.corp.example"
base = "DC=corp,DC=example"
ca_file = "corp.pem"
sasl = "gssapi"
[remote_shell]
jump = "jump.example"
[reveal]
clear_after_seconds = 5
session = "recorded"
require_ticket = false
max_per_hour = 3
clipboard = "osc52"
[audit]
forward = ["syslog+tls://siem.example:6514", "azure-monitor"]
[escalation]
contact = "Identity on call"
""",
        WHERE,
    )
    assert config.graph.endpoint == "https://graph.microsoft.us"
    first, second, third = config.tickets
    assert (first.url, first.user, first.password_env) == ("https://one.example", "u", "P")
    assert (second.path, second.poll_seconds) == ("/etc/reseal/inbox", 2.5)
    assert (third.profile, third.token_command) == ("/etc/reseal/own.toml", ("pass", "show", "tickets"))
    assert config.active_directory is not None
    assert config.active_directory.base == "DC=corp,DC=example"
    assert (config.active_directory.ca_file, config.active_directory.sasl) == ("/etc/reseal/corp.pem", "gssapi")
    assert config.remote_shell is not None
    assert config.remote_shell.jump == "jump.example"
    assert config.reveal.session == "recorded"
    assert config.audit.forward[1] == "azure-monitor"
    assert config.escalation.contact == "Identity on call"


@pytest.mark.parametrize(("cloud", "endpoint"), GRAPH_ENDPOINTS.items())
def test_each_cloud_has_its_endpoint(cloud: str, endpoint: str) -> None:
    assert parse(BASE.replace('name = "Contoso"', f'name = "C"\ncloud = "{cloud}"'), WHERE).graph.endpoint == endpoint


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost:9", "[::1]:9", "127.8.8.8"])
def test_a_loopback_endpoint_may_be_plain_and_take_a_token(host: str) -> None:
    sign_in = 'method = "token-env"\ntoken_file = "token"'
    config = parse(f'{BASE}[graph]\nendpoint = "http://{host}/"\n[sign_in]\n{sign_in}', WHERE)
    assert config.graph.endpoint == f"http://{host}"
    assert config.sign_in.token_file == "/etc/reseal/token"


def test_a_file_that_is_not_there_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="There is no config file") as caught:
        load(tmp_path / "absent.toml")
    assert "reseal init" in caught.value.next_step
    with pytest.raises(Problem, match="cannot be read") as caught:
        load(tmp_path)
    assert "reseal init" in caught.value.next_step
    (tmp_path / "bytes.toml").write_bytes(b'[tenant]\nname = "\xff"')
    with pytest.raises(Problem, match="not UTF-8"):
        load(tmp_path / "bytes.toml")


def test_the_template_parses_once_it_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    write_template(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Problem, match=r"`tenant\.name` is empty"):
        load(path)
    filled = TEMPLATE.replace('url = "" ', 'url = "https://x.example" ').replace('= "" ', '= "x" ')
    assert parse(filled, WHERE).reveal.clear_after_seconds == 60
    shown = "\n".join(line.removeprefix("# ") if "=" in line or "[" in line else line for line in filled.split("\n"))
    everything = parse(shown, WHERE)
    assert everything.active_directory is not None
    assert everything.audit.forward
    assert everything.escalation.contact


def test_the_template_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine")
    with pytest.raises(Problem, match="there already") as caught:
        write_template(path)
    assert caught.value.exit_code == 2
    assert path.read_text() == "mine"
    (tmp_path / "link.toml").symlink_to(tmp_path / "elsewhere.toml")
    with pytest.raises(Problem):
        write_template(tmp_path / "link.toml")
    assert not (tmp_path / "elsewhere.toml").exists()
    with pytest.raises(Problem, match="cannot be written"):
        write_template(path / "below.toml")


def test_the_hash_follows_the_settings() -> None:
    config = parse(BASE, WHERE)
    assert config_hash(config) == config_hash(parse(f"# a comment\n{BASE}", WHERE))
    assert config_hash(config) != config_hash(parse(BASE + "[reveal]\nmax_per_hour = 31", WHERE))
    assert len(config_hash(config)) == 16


words = st.text(string.ascii_letters + string.digits + " äß漢-_.", min_size=1, max_size=20)


@given(
    name=words,
    contact=words,
    cloud=st.sampled_from(sorted(GRAPH_ENDPOINTS)),
    seconds=st.integers(1, 600),
    ticket=st.booleans(),
    sources=st.lists(st.integers(1, 9999), min_size=1, max_size=4, unique=True),
)
def test_what_is_written_is_read(
    name: str, contact: str, cloud: str, seconds: int, ticket: bool, sources: list[int]
) -> None:
    tables = "".join(f'[[tickets]]\nprofile = "rt"\nurl = "https://x{n}.example"\n' for n in sources)
    config = parse(
        f'[tenant]\nname = "{name}"\ncloud = "{cloud}"\ntenant_id = "t"\nclient_id = "c"\n{tables}'
        f"[reveal]\nclear_after_seconds = {seconds}\nrequire_ticket = {str(ticket).lower()}\n"
        f'[escalation]\ncontact = "{contact}"\n',
        WHERE,
    )
    assert (config.tenant.name, config.tenant.cloud, config.escalation.contact) == (name, cloud, contact)
    assert (config.reveal.clear_after_seconds, config.reveal.require_ticket) == (seconds, ticket)
    assert [source.url for source in config.tickets] == [f"https://x{n}.example" for n in sources]


@given(st.text(max_size=200))
def test_no_text_gets_past_without_a_problem(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(text, WHERE)
    assert caught.value.kind is ProblemKind.CONFIG


@given(st.integers(0, len(BASE)), st.text(max_size=3))
def test_a_slip_of_the_finger_is_read_or_told(at: int, typed: str) -> None:
    try:
        parse(BASE[:at] + typed + BASE[at + 1 :], WHERE)
    except Problem as problem:
        assert problem.what.startswith(f"{WHERE}, line ")


REHEARSAL = """
[graph]
endpoint = "http://127.0.0.1:8080"
[sign_in]
authority = "https://127.0.0.1:8443/"
authority_ca_file = "ca.pem"
"""


def test_a_sign_in_service_of_this_machine_is_taken_for_a_rehearsal() -> None:
    sign_in = parse(BASE + REHEARSAL, WHERE).sign_in
    assert (sign_in.authority, sign_in.authority_ca_file) == ("https://127.0.0.1:8443", "/etc/reseal/ca.pem")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://127.0.0.1:8443/", "https://sign-in.example", "only on this machine"),
        ("http://127.0.0.1:8080", "https://graph.microsoft.com", "only on this machine"),
        ("https://127.0.0.1:8443/", "http://127.0.0.1:8443", "not a URL of a server"),
        ("[sign_in]", '[sign_in]\nmethod = "azure-cli"', "has no use here"),
        ('authority = "https://127.0.0.1:8443/"', "", "has no use without"),
    ],
)
def test_no_other_sign_in_service_than_the_clouds_is_trusted(old: str, new: str, said: str) -> None:
    assert said in refused(BASE + REHEARSAL.replace(old, new)).what
