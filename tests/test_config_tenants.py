"""Several tenants in one config file."""

from pathlib import Path

import pytest

from tui.config import choose, parse, parse_tenants
from tui.errors import Problem, ProblemKind

WHERE = Path("/etc/reseal/config.toml")
TWO = """\
[[tenant]]
name = "Contoso"
tenant_id = "11111111-2222-4333-8444-555555555555"
client_id = "a"
colour = "green"
[tenant.sign_in]
method = "browser"
[[tenant.tickets]]
profile = "jira"
url = "https://tickets.example"

[[tenant]]
name = "Fabrikam"
tenant_id = "66666666-2222-4333-8444-555555555555"
cloud = "usgov"
[tenant.sign_in]
method = "azure-cli"
[tenant.escalation]
contact = "their own"
[[tenant.tickets]]
profile = "jira"
url = "https://one.example"
[[tenant.tickets]]
profile = "rt"
url = "https://two.example"

[reveal]
clear_after_seconds = 30

[escalation]
contact = "Identity on call"
"""


def refused(text: str) -> Problem:
    with pytest.raises(Problem) as caught:
        parse_tenants(text, WHERE)
    assert caught.value.kind is ProblemKind.CONFIG
    return caught.value


def test_each_tenant_has_its_own_and_the_rest_is_shared() -> None:
    one, two = parse_tenants(TWO, WHERE)
    assert (one.tenant.name, one.tenant.colour, one.sign_in.method) == ("Contoso", "green", "browser")
    assert (two.tenant.name, two.tenant.cloud, two.sign_in.method) == ("Fabrikam", "usgov", "azure-cli")
    assert (one.graph.endpoint, two.graph.endpoint) == ("https://graph.microsoft.com", "https://graph.microsoft.us")
    assert ([len(config.tickets) for config in (one, two)]) == [1, 2]
    assert one.reveal == two.reveal
    assert one.reveal.clear_after_seconds == 30
    assert (one.escalation.contact, two.escalation.contact) == ("Identity on call", "their own")


def test_one_tenant_in_the_form_of_several_is_the_only_one() -> None:
    text = TWO[: TWO.index("[[tenant]]", 5)]
    assert parse(text, WHERE).tenant.name == "Contoso"


@pytest.mark.parametrize("wanted", ["Fabrikam", "fabrikam", "66666666-2222-4333-8444-555555555555"])
def test_a_tenant_is_named_by_name_or_id(wanted: str) -> None:
    assert parse(TWO, WHERE, wanted).tenant.name == "Fabrikam"


def test_none_of_several_is_taken_for_the_one_that_is_meant() -> None:
    with pytest.raises(Problem) as caught:
        parse(TWO, WHERE)
    assert caught.value.exit_code == 2
    assert "2 tenants" in caught.value.what
    assert "--tenant: 'Contoso', 'Fabrikam'" in caught.value.next_step


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(Problem) as caught:
        choose(parse_tenants(TWO, WHERE), "Contosso", WHERE)
    assert "'Contoso', 'Fabrikam'" in caught.value.why
    assert caught.value.next_step == "Did you mean 'Contoso'?"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('name = "Fabrikam"', 'name = "contoso"', 13, "given twice"),
        ("66666666", "11111111", 14, "given twice"),
        ('method = "azure-cli"', 'method = "azure"', 17, "`sign_in.method` is 'azure'"),
        ('profile = "rt"', 'profile = "rtt"', 24, "`tickets.profile` is 'rtt'"),
        ('url = "https://two.example"', 'url = "http://two.example"', 25, "uses plain http"),
        ('cloud = "usgov"', 'cluod = "usgov"', 15, "unknown key `cluod` in [tenant]"),
        ("[reveal]", '[sign_in]\nmethod = "browser"\n[reveal]', 27, "belongs to a tenant"),
        ("[reveal]", '[[tickets]]\nprofile = "rt"\n[reveal]', 27, "belongs to a tenant"),
        ('client_id = "a"\n', "", 1, "`tenant.client_id` is missing"),
        ('colour = "green"', 'colour = "pink"', 5, "`tenant.colour` is 'pink'"),
        ('"66666666-2222-4333-8444-555555555555"', '"../../elsewhere"', 14, "is not an ID"),
        ('"66666666-2222-4333-8444-555555555555"', '"a..b"', 14, "is not an ID"),
        ("clear_after_seconds = 30", "clear_after_seconds = 0", 28, "clear_after_seconds"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert old in TWO
    problem = refused(TWO.replace(old, new, 1))
    assert problem.next_step
    assert said in problem.what
    at = int(problem.what.split("line ")[1].split(":")[0])
    assert at == line


def test_a_tenant_without_tickets_is_told_where_it_begins() -> None:
    text = TWO[: TWO.index("[[tenant.tickets]]")] + TWO[TWO.index("[[tenant]]", 5) :]
    problem = refused(text)
    assert "`tickets` is missing" in problem.what
    assert "line 1:" in problem.what


def test_no_tenant_at_all_is_refused() -> None:
    assert "is empty" in refused("tenant = []").what
