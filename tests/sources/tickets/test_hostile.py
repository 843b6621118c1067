"""Answers that no honest ticket system gives: the poll fails with words, or takes what is sound, and goes on."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.sources.loopback import Answering, Reply, as_json, loopback
from tests.sources.tickets.profiles import profile
from tui.config.settings import TICKET_PROFILES
from tui.errors import Problem, ProblemKind
from tui.sources.tickets.auth import BearerFromEnvironment
from tui.sources.tickets.engine import HttpTickets

HTTP = [name for name in TICKET_PROFILES if name != "file"]
JSON = {"content-type": "application/json"}


@asynccontextmanager
async def opened(name: str, answer: Answering) -> AsyncIterator[HttpTickets]:
    found = profile(name)
    async with loopback(answer) as server:
        source = HttpTickets(found, server.url, BearerFromEnvironment("T", {"T": "x"}, form=found.auth.form), seconds=5)
        try:
            yield source
        finally:
            await source.close()


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"result": 1, "items": 1, "issues": 1, "tickets": 1, "results": 1}',
        b'"\\ud800"',
        b"\xff\xfe",
        b"NaN",
        b"null",
        b"",
    ],
    ids=["open", "deep", "no lists", "surrogate", "no text", "nan", "null", "empty"],
)
async def test_no_list_is_a_problem_with_a_next_step(name: str, body: bytes) -> None:
    async with opened(name, lambda _: Reply(200, body, JSON)) as source:
        for attempt in (source.changed_since(""), source.open_keys()):
            with pytest.raises(Problem) as caught:
                await attempt
            assert caught.value.kind is ProblemKind.UPSTREAM
            assert caught.value.next_step


def redmine(**fields: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "subject": "s",
        "updated_on": "2026-04-15T07:00:00Z",
        "created_on": "2026-04-15T07:00:00Z",
        **fields,
    }


STRANGE: list[Any] = [
    None,
    7,
    "text",
    [],
    {},
    {"id": None},
    {"id": True},
    {"id": {"a": 1}},
    redmine(id=10**400),
    redmine(id=2, updated_on="9999-12-31T23:59:59-14:00"),
    redmine(id=3, updated_on="0001-01-01T00:00:00+14:00", created_on=-1),
    redmine(id=4, status="open", priority=[1], assigned_to="x", custom_fields={"Device": 1}, author=7),
    redmine(id=5, subject="\x1b]52;c;eA==\x07\u202ex[bold]", description="a" * 1_000_000),
]


async def test_strange_records_do_not_stop_the_sound_ones() -> None:
    answer = as_json({"issues": [*STRANGE, redmine(id=99)], "total_count": 14})
    async with opened("redmine", lambda _: answer) as source:
        found = {each.key: each for each in (await source.changed_since("")).tickets}
    assert {"3", "4", "5", "99"} <= set(found)
    assert "\x1b" not in found["5"].title
    assert "\u202e" not in found["5"].title
    assert len(found["5"].body) <= 20_000
    assert all(each.updated_at.tzinfo is UTC for each in found.values())


async def test_a_record_from_the_future_does_not_hide_what_comes_after_it() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    future = (now + timedelta(days=900)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = as_json({"issues": [redmine(updated_on=future)], "total_count": 1}, date=format_datetime(now, usegmt=True))
    async with opened("redmine", lambda _: answer) as source:
        batch = await source.changed_since("")
    assert batch.watermark <= (now + timedelta(seconds=5)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize("date", ["", "soon", "Mon, 99 Foo 2026 00:00:00 GMT", "0"])
async def test_a_server_that_tells_no_time_is_polled_all_the_same(date: str) -> None:
    answer = as_json({"issues": [redmine()], "total_count": 1}, date=date)
    async with opened("redmine", lambda _: answer) as source:
        assert (await source.changed_since("")).watermark == "2026-04-15 07:00:00"


@pytest.mark.parametrize(
    "watermark", ["x", "2026-13-45 99:99:99", "0001-01-01 00:00:00", "2026-04-15 07:00:00\n", "9" * 99]
)
async def test_a_watermark_that_is_none_asks_for_everything(watermark: str) -> None:
    async with opened("redmine", lambda asked: as_json({"issues": [], "q": asked.query})) as source:
        assert (await source.changed_since(watermark)).watermark == ""


@pytest.mark.parametrize("name", HTTP)
async def test_another_ticket_than_the_one_asked_for_is_an_alarm_and_is_not_claimed(name: str) -> None:
    key, other = ("IT-1", "IT-2") if name == "jira" else ("1", "2")
    record = {"id": other, "key": other, "sys_id": other}
    whole = {**record, "result": record, "issue": record, "ticket": record}
    methods: list[str] = []

    def answer(asked: Any) -> Reply:
        methods.append(asked.method)
        return as_json(whole)

    async with opened(name, answer) as source:
        with pytest.raises(Problem) as caught:
            await source.assign(key, "me@demo.example")
    assert caught.value.kind is ProblemKind.ALARM
    assert methods == ["GET"]


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("key", ["", "..", "../1", "1/2", "1?x", "1#x", "1%2f2", "ü", "1\n", " 1"])
async def test_what_is_no_key_never_reaches_a_path(name: str, key: str) -> None:
    asked: list[object] = []

    def answer(each: object) -> Reply:
        asked.append(each)
        return as_json({})

    async with opened(name, answer) as source:
        for attempt in (
            source.get(key),
            source.add_note(key, "x"),
            source.has_note(key, "m"),
            source.assign(key, "me"),
        ):
            with pytest.raises(Problem) as caught:
                await attempt
            assert caught.value.kind is ProblemKind.NOT_FOUND
    assert asked == []


async def test_a_page_of_another_size_than_asked_for_is_bounded() -> None:
    body = json.dumps({"issues": [redmine(id=number) for number in range(2_000)], "total_count": 2_000}).encode()
    async with opened("redmine", lambda _: Reply(200, body, JSON)) as source:
        with pytest.raises(Problem, match="does not end"):
            await source.changed_since("")
