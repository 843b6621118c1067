"""Mistakes in a config: file, line, what is wrong, and what to write instead."""

import pytest

from tests.test_config import BASE, WHERE, changed, refused

HOURS = BASE + '[policy]\noffice_hours = "{}"'

MISTAKES = {
    "unknown trigger": (
        BASE + '[policy]\nsecond_person = ["vip", "clone_alarm"]',
        10,
        "`policy.second_person` holds 'clone_alarm'",
        "`clone-alarm`",
    ),
    "office hours in other words": (HOURS.format("9 to 5"), 10, "`policy.office_hours`", "Correct"),
    "a day that is none": (HOURS.format("mo-fr 09:00-17:00"), 10, "`policy.office_hours`", "Correct"),
    "an hour that is none": (HOURS.format("mon 09:00-24:00"), 10, "`policy.office_hours`", "Correct"),
    "hours that end first": (HOURS.format("mon 19:00-07:00"), 10, "`policy.office_hours`", "Correct"),
    "days that end first": (HOURS.format("fri-mon 07:00-19:00"), 10, "`policy.office_hours`", "Correct"),
    "unknown key": (changed("client_id", "cliend_id"), 4, "unknown key `cliend_id` in [tenant]", "`client_id`"),
    "unknown table": (BASE + "[revael]\n", 9, "unknown table `revael`", "`reveal`"),
    "unknown key in a list": (
        BASE + "pol_seconds = 3\n[audit]\nforward = []",
        9,
        "`pol_seconds` in [tickets]",
        "`poll_seconds`",
    ),
    "a secret in the file": (BASE + 'token = "x"', 9, "unknown key `token`", "token_env"),
    "unknown key at the top": ('nmae = "x"\n' + BASE, 1, "unknown key `nmae`", ""),
    "second source": (BASE + '\n[[tickets]]\nprofile = "rt"\nulr = "https://x.example"', 12, "`ulr`", "`url`"),
    "bad word": (changed('"t"', '"t"\ncloud = "usgof"'), 4, "`tenant.cloud` is 'usgof'", "`usgov`"),
    "bad profile": (changed("jira", "jirra"), 7, "`tickets.profile` is 'jirra'", "`jira`"),
    "wrong type": (BASE + '[reveal]\nclear_after_seconds = "60"', 10, "expected `int`, got `str`", ""),
    "a number for a switch": (BASE + "[reveal]\nrequire_ticket = 1", 10, "expected `bool`, got `int`", ""),
    "too long": (BASE + "[reveal]\nclear_after_seconds = 601", 10, "`reveal.clear_after_seconds`", ""),
    "too short": (BASE + "[reveal]\nclear_after_seconds = 0", 10, "`reveal.clear_after_seconds`", ""),
    "no reads": (BASE + "[reveal]\nmax_per_hour = 0", 10, "`reveal.max_per_hour`", ""),
    "poll": (BASE + "poll_seconds = 0", 9, "`tickets.poll_seconds`", ""),
    "a table for a list": (changed("[[tickets]]", "[tickets]"), 6, "`tickets`: expected `array`", ""),
    "missing key": (changed('name = "Contoso"\n', ""), 1, "`tenant.name` is missing", "reseal init"),
    "missing table": ('[[tickets]]\nprofile = "jira"', 1, "`tenant` is missing", ""),
    "missing client": (changed('client_id = "c"\n', ""), 1, "`tenant.client_id` is missing", ""),
    "empty": (changed('"Contoso"', '""'), 2, "`tenant.name` is empty", "Fill it in"),
    "no sources": ("tickets = []\n" + BASE[: BASE.index("[[")], 1, "`tickets` is empty", ""),
    "plain http": (BASE + '[graph]\nendpoint = "http://graph.microsoft.com"', 10, "plain http", "https://"),
    "loopback by name only": (BASE + '[graph]\nendpoint = "http://localhost.example"', 10, "plain http", ""),
    "not a URL": (BASE + '[graph]\nendpoint = "graph.microsoft.com"', 10, "not a URL", "https://HOST"),
    "broken URL": (BASE + '[graph]\nendpoint = "https://["', 10, "not a URL", ""),
    "secret in the URL": (changed("https://tickets", "https://u:p@tickets"), 8, "refused", "elsewhere"),
    "another cloud": (BASE + '[graph]\nendpoint = "https://graph.microsoft.us"', 10, "another cloud's", ""),
    "token": (BASE + '[sign_in]\nmethod = "token-env"', 10, "only for a loopback endpoint", "device-code"),
    "token file": (BASE + '[sign_in]\ntoken_file = "x"', 10, "no use here", "Take it out"),
    "no url": (changed('url = "https://tickets.example"', ""), 7, "needs `url`", "Add `url"),
    "no path": (changed('"jira"', '"file"'), 7, "needs `path`", "Add `path"),
    "path too": (BASE + 'path = "x"', 9, "takes no `path`", ""),
    "url too": (changed('"jira"', '"file"\npath = "x"'), 9, "takes no `url`", ""),
    "plain tickets": (changed("https://t", "http://t"), 8, "plain http", ""),
    "user alone": (BASE + 'user = "x"', 9, "`user` needs `password_env`", ""),
    "password alone": (BASE + 'password_env = "x"', 9, "`password_env` needs `user`", ""),
    "two ways": (BASE + 'token_env = "x"\ntoken_command = ["x"]', 10, "`token_env` and `token_command`", "Keep one"),
    "file with token": (
        changed('"jira"', '"file"\npath = "x"\ntoken_env = "x"').replace('url = "https://tickets.example"\n', ""),
        9,
        "takes no `token_env`",
        "",
    ),
    "twice": (BASE + '[[tickets]]\nprofile = "rt"\nurl = "https://tickets.example/"', 11, "given twice", ""),
    "no ldap": (BASE + '[active_directory]\nurl = "https://dc.example"\nbase = "DC=x"', 10, "not a URL", "ldaps://"),
    "sink": (BASE + '[audit]\nforward = ["syslog://x"]', 10, "unknown kind, 'syslog'", ""),
}


@pytest.mark.parametrize(("text", "line", "what", "next_step"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_names_file_line_and_what_to_write(text: str, line: int, what: str, next_step: str) -> None:
    problem = refused(text)
    assert problem.what.startswith(f"{WHERE}, line {line}: ")
    assert what in problem.what
    assert next_step in f"{problem.why} {problem.next_step}"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("[tenant]\nname = Contoso\n", 2, 8),
        ('[tenant]\nname = "Contoso', 2, 16),
        ("[tenant\n", 1, 8),
        ("a = 1\na = 2", 2, 6),
    ],
)
def test_a_syntax_error_names_line_and_column(text: str, line: int, column: int) -> None:
    assert refused(text).what == f"{WHERE}, line {line}, column {column}: this is not TOML"


def test_a_line_is_found_behind_values_that_take_several_lines() -> None:
    text = (
        BASE + 'token_command = [\n  "a",  # [x]\n  "[reveal]",\n]\n[escalation]\ncontact = """\nmax = 1\n"""\nmax = 1'
    )
    assert refused(text).what == f"{WHERE}, line 17: unknown key `max` in [escalation]"


def test_a_line_is_found_for_dotted_and_inline_keys() -> None:
    assert "line 1:" in refused("reveal.max = 1\n" + BASE).what
    assert "line 2:" in refused('escalation.contact = "x"\nreveal = {max = 1}\n' + BASE).what
