"""ServiceNow's Table API: the demo's desk over real HTTP, and scripted instances for what a desk seldom does."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.sources.demo_tenant import demo, tickets
from tests.sources.loopback import Asked, Loopback, Reply, as_json, loopback
from tests.sources.tickets.profiles import profile
from tui.errors import Problem, ProblemKind
from tui.model.incident import IncidentState
from tui.ports import TicketSource
from tui.sources.tickets.auth import Authorization, BasicFromEnvironment, BearerFromEnvironment
from tui.sources.tickets.engine import HttpTickets

START = datetime(2026, 4, 15, 7, 0, tzinfo=UTC)


def stamp(seconds: int) -> str:
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")


def record(number: int, at: int = 0, **fields: object) -> dict[str, object]:
    return {"sys_id": f"{number:032x}", "number": f"INC{number:07}", "sys_updated_on": stamp(at), **fields}


def table(records: list[dict[str, object]], cap: int = 10_000, counted: bool = True) -> Callable[[Asked], Reply]:
    """An instance that filters, orders and pages as the Table API documents, with a cap of its own on pages."""

    def answer(asked: Asked) -> Reply:
        terms = asked.query["sysparm_query"].split("^")
        since = next((term.partition(">=")[2] for term in terms if ">=" in term), "")
        rows = sorted(
            (row for row in records if str(row["sys_updated_on"]) >= since),
            key=lambda row: (str(row["sys_updated_on"]), str(row["sys_id"])),
        )
        offset, limit = int(asked.query["sysparm_offset"]), min(cap, int(asked.query["sysparm_limit"]))
        page = {"result": rows[offset : offset + limit]}
        return as_json(page, x_total_count=str(len(rows))) if counted else as_json(page)

    return answer


@asynccontextmanager
async def desk(
    answer: Callable[[Asked], Reply],
    authorization: Authorization | None = None,
    seconds: float = 5.0,
    size: int = 0,
) -> AsyncIterator[tuple[TicketSource, Loopback]]:
    async with loopback(answer) as server:
        auth = authorization or BearerFromEnvironment("T", {"T": "invented"})
        source = HttpTickets(profile("servicenow", size=size), server.url, auth, seconds=seconds)
        try:
            yield source, server
        finally:
            await source.close()


async def test_the_demo_desk_from_first_poll_to_a_handed_over_ticket() -> None:
    async with demo() as running, tickets(running) as source:
        batch = await source.changed_since("")
        assert batch.tickets
        again = await source.changed_since(batch.watermark)
        assert {ticket.key for ticket in again.tickets} & {ticket.key for ticket in batch.tickets}
        assert again.watermark >= batch.watermark
        key = batch.tickets[0].key
        assert (await source.assign(key, "first@demo.example")).assignee == "first@demo.example"
        assert (await source.assign(key, "FIRST@demo.example")).assignee == "first@demo.example"
        with pytest.raises(Problem) as caught:
            await source.assign(key, "second@demo.example")
        assert caught.value.what == "first@demo.example holds this ticket"
        await source.add_note(key, "Key found.")
        assert (await source.set_state(key, IncidentState.WAITING)).state is IncidentState.WAITING
        assert (await source.get(key)).assignee == "first@demo.example"
        assert (await source.set_state(key, IncidentState.CLOSED)).state is IncidentState.CLOSED


async def test_a_record_becomes_a_ticket_with_clean_text_and_utc_times() -> None:
    row = record(
        1,
        60,
        short_description={"value": "x", "display_value": "Blue\x1b[2J screen\u202e [bold]"},
        description={"value": "line 1\r\nline 2\x07", "display_value": "other"},
        caller_id={"value": "a" * 32, "display_value": "Ada Example"},
        state={"value": "2", "display_value": "In Progress"},
        priority={"value": "1", "display_value": "1 - Critical"},
        assigned_to={"value": "b" * 32, "display_value": "Bo Example", "link": "https://elsewhere.example"},
        opened_at={"value": stamp(0), "display_value": "15-04-2026 09:00:00"},
        **{"caller_id.email": "ada@b.example", "caller_id.vip": {"value": "true"}, "assigned_to.user_name": "bo"},
        cmdb_ci={"display_value": None, "value": "LT-1"},
        something_new=[1, 2],
    )
    async with desk(table([row])) as (source, _):
        [ticket] = (await source.changed_since("")).tickets
    assert (ticket.title, ticket.body) == ("Blue screen [bold]", "line 1\nline 2")
    assert (ticket.caller, ticket.device_name, ticket.assignee) == ("ada@b.example", "LT-1", "bo")
    assert (ticket.state, ticket.priority, ticket.vip) == (IncidentState.CLAIMED, 1, True)
    assert (ticket.opened_at, ticket.updated_at) == (START, START + timedelta(seconds=60))


async def test_fields_that_are_missing_null_or_of_another_type_do_not_stop_a_poll() -> None:
    rows: list[dict[str, object]] = [
        {"sys_id": "1" * 32, "sys_updated_on": stamp(1)},
        {"sys_id": "2" * 32, "sys_updated_on": stamp(1), "priority": 9, "state": None, "opened_at": "soon"},
        {"sys_id": None, "sys_updated_on": stamp(1)},
    ]
    async with desk(table(rows)) as (source, _):
        found = (await source.changed_since("")).tickets
    assert [(ticket.key, ticket.priority, ticket.state) for ticket in found] == [
        ("1" * 32, 5, IncidentState.NEW),
        ("2" * 32, 5, IncidentState.NEW),
    ]


@pytest.mark.parametrize(("cap", "counted"), [(10_000, True), (10_000, False), (7, True)])
@pytest.mark.parametrize("per_second", [1, 3, 5, 23, 60])
async def test_no_record_is_lost_over_pages_whatever_shares_a_second(cap: int, counted: bool, per_second: int) -> None:
    rows = [record(number, number // per_second) for number in range(1, 61)]
    async with desk(table(rows, cap, counted), size=10) as (source, server):
        batch = await source.changed_since("")
        assert {ticket.key for ticket in batch.tickets} == {str(row["sys_id"]) for row in rows}
        assert batch.watermark == stamp(60 // per_second)
        assert len(server.asked) < 60
        later = await source.changed_since(batch.watermark)
        assert later.watermark == batch.watermark
        assert later.tickets


async def test_a_first_poll_asks_for_open_tickets_and_a_later_one_for_all_changes() -> None:
    async with desk(table([record(1, 5)])) as (source, server):
        await source.changed_since("")
        await source.changed_since(stamp(3))
        await source.changed_since("1=1^ORnumber=x")
    queries = [asked.query["sysparm_query"] for asked in server.asked]
    assert queries[0] == "active=true^ORDERBYsys_updated_on^ORDERBYsys_id"
    assert queries[1] == f"sys_updated_on>={stamp(3 - 5)}^ORDERBYsys_updated_on^ORDERBYsys_id"
    assert queries[2] == queries[0]


async def test_nothing_new_keeps_the_watermark() -> None:
    async with desk(table([])) as (source, _):
        batch = await source.changed_since(stamp(9))
    assert (batch.tickets, batch.watermark) == ((), stamp(9))


async def test_an_instance_that_repeats_itself_is_a_problem() -> None:
    same = as_json({"result": [record(1), record(2)]})
    async with desk(lambda _: same, size=2) as (source, server):
        with pytest.raises(Problem) as caught:
            await source.changed_since("")
        assert len(server.asked) < 10
    assert "does not end" in caught.value.what


async def test_claiming_looks_first_and_writes_only_when_free() -> None:
    held = record(1, assigned_to={"value": "c" * 32, "display_value": "Cy Example"})
    async with desk(lambda _: as_json({"result": held})) as (source, server):
        with pytest.raises(Problem) as caught:
            await source.assign(f"{1:032x}", "me@b.example")
    assert [asked.method for asked in server.asked] == ["GET"]
    assert (caught.value.kind, caught.value.what) == (ProblemKind.POLICY, "Cy Example holds this ticket")


async def test_a_claim_that_did_not_take_is_said() -> None:
    async with desk(lambda _: as_json({"result": record(1)})) as (source, server):
        with pytest.raises(Problem) as caught:
            await source.assign(f"{1:032x}", "me@b.example")
    assert [asked.method for asked in server.asked] == ["GET", "PATCH"]
    assert caught.value.what == "The ticket was not claimed"


async def test_a_claim_that_the_system_failed_on_is_decided_by_who_holds_the_ticket() -> None:
    held = record(1, assigned_to={"value": "c" * 32, "display_value": "Cy Example"})

    def of_two_at_once(taken: bool) -> Callable[[Asked], Reply]:
        failed: list[Asked] = []

        def answer(asked: Asked) -> Reply:
            if asked.method == "PATCH":
                failed.append(asked)
                return as_json({"error": {"message": "busy"}}, 500)
            return as_json({"result": held if failed and taken else record(1)})

        return answer

    for taken, kind in ((True, ProblemKind.POLICY), (False, ProblemKind.UPSTREAM)):
        async with desk(of_two_at_once(taken)) as (source, _):
            with pytest.raises(Problem) as caught:
                await source.assign(f"{1:032x}", "me@b.example")
        assert (caught.value.kind, caught.value.status) == (kind, 0 if taken else 500)


async def test_another_ticket_than_asked_for_is_an_alarm() -> None:
    async with desk(lambda _: as_json({"result": record(2)})) as (source, _):
        with pytest.raises(Problem) as caught:
            await source.get(f"{1:032x}")
    assert caught.value.kind is ProblemKind.ALARM


@pytest.mark.parametrize("key", ["", "../sys_user/1", "a/b", "x?y", "ü"])
async def test_what_is_no_sys_id_is_not_asked_for(key: str) -> None:
    async with desk(lambda _: as_json({"result": record(1)})) as (source, server):
        with pytest.raises(Problem) as caught:
            await source.get(key)
        assert server.asked == []
    assert caught.value.kind is ProblemKind.NOT_FOUND


ANSWERS = {
    401: ProblemKind.SIGNED_OUT,
    403: ProblemKind.FORBIDDEN,
    404: ProblemKind.NOT_FOUND,
    429: ProblemKind.THROTTLED,
    500: ProblemKind.UPSTREAM,
    302: ProblemKind.UPSTREAM,
    400: ProblemKind.UPSTREAM,
}


@pytest.mark.parametrize(("status", "kind"), ANSWERS.items())
async def test_each_refusal_has_its_own_words_and_is_not_repeated(status: int, kind: ProblemKind) -> None:
    reply = as_json({"error": {"message": "no\x1b[31m"}}, status, retry_after="7", location="http://x.example/")
    async with desk(lambda _: reply) as (source, server):
        with pytest.raises(Problem) as caught:
            await source.changed_since("")
        assert len(server.asked) == 1
    assert (caught.value.kind, caught.value.status, caught.value.retry_after) == (kind, status, 7.0)
    assert caught.value.next_step
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Sign in</html>", {"content-type": "text/html"}),
        Reply(200, b'{"result": [', {"content-type": "application/json"}),
        Reply(200, b'{"result": []}', {"content-type": "application/json"}, cut=4),
        Reply(200, b"", {"content-type": "application/json"}),
        as_json({"result": {}}),
        as_json([]),
    ],
)
async def test_an_answer_that_is_no_list_is_a_problem_and_not_an_empty_queue(reply: Reply) -> None:
    async with desk(lambda _: reply) as (source, _):
        with pytest.raises(Problem) as caught:
            await source.changed_since("")
    assert caught.value.kind in {ProblemKind.UPSTREAM, ProblemKind.UNREACHABLE}


async def test_a_redirect_takes_no_credential_along() -> None:
    async with loopback(lambda _: as_json({})) as other:
        reply = Reply(307, headers={"location": f"{other.url}/steal"})
        async with desk(lambda _: reply) as (source, _):
            with pytest.raises(Problem):
                await source.add_note(f"{1:032x}", "text")
        assert other.asked == []


async def test_user_and_password_go_as_basic() -> None:
    auth = BasicFromEnvironment("ünal", "P", {"P": "sécret"})
    async with desk(table([]), auth) as (source, server):
        await source.changed_since("")
    assert server.asked[0].headers["authorization"] == "Basic w7xuYWw6c8OpY3JldA=="


async def test_a_credential_does_not_cross_a_network_in_clear() -> None:
    with pytest.raises(Problem) as caught:
        HttpTickets(profile("servicenow"), "http://desk.example", BearerFromEnvironment("T", {"T": "invented"}))
    assert caught.value.kind is ProblemKind.CONFIG
