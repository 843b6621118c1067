"""The wire log keeps the latest calls and knows who asked to be left alone."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from tui.model.wire import Call, Workload
from tui.services.wire_log import WireLog

NOW = datetime(2026, 4, 15, 8, 0, tzinfo=UTC)


def call(number: int = 0, status: int = 200, **rest: object) -> Call:
    return Call("GET", f"/v1.0/{number}", status, 1.0, "c", "r", at=NOW, **rest)  # type: ignore[arg-type]


def test_the_latest_calls_are_kept_newest_first_and_all_are_counted() -> None:
    log = WireLog(kept=3)
    for number in range(5):
        log.note(call(number))
    assert [each.path for each in log.newest()] == ["/v1.0/4", "/v1.0/3", "/v1.0/2"]
    assert [each.path for each in log.newest(1)] == ["/v1.0/4"]
    assert log.total == 5


def test_each_service_stands_by_itself() -> None:
    log = WireLog()
    log.note(call(status=429, workload=Workload.KEYS, retry_after=30.0))
    log.note(call(status=0, workload=Workload.KEYS))
    log.note(call(workload=Workload.INTUNE))
    keys, intune = sorted(log.standings(), key=lambda each: each.workload, reverse=True)
    assert (keys.calls, keys.failed, keys.throttled) == (2, 2, 1)
    assert keys.waits(NOW + timedelta(seconds=10)) == 20
    assert keys.waits(NOW + timedelta(seconds=31)) == 0
    assert (intune.calls, intune.failed, intune.waits(NOW)) == (1, 0, 0)


def test_there_is_no_place_for_a_body_or_a_token() -> None:
    names = {field.name for field in fields(Call)}
    assert not {"body", "content", "headers", "token", "authorization"} & names
