"""The form that collects from a device: consent first, one digit for the way, a progress line, escape."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, Static

from screens.collect import CollectScreen, progress_words
from screens.widgets.way_choice import WayChoice
from tests.services.samples import ListedAudit, SetClock, incident
from tests.services.test_collection import Route, cloud_dossier, service_of
from tui.errors import Problem, ProblemKind
from tui.model.dossier import Dossier
from tui.services.collection import Collection, CollectionService, Progress


@dataclass
class Desk:
    """As much of a desk as the form asks for."""

    clock: SetClock
    dossier: Dossier
    opened: list[Any] = field(default_factory=list)

    async def open_dossier(self, query: Any, on_update: Any) -> Dossier:
        self.opened.append(query)
        return self.dossier


class CollectApp(App[None]):
    """A form over nothing."""

    def __init__(self, service: CollectionService, desk: Desk, dossier: Dossier | None) -> None:
        super().__init__()
        self.desk = desk
        self.form = CollectScreen(service, incident("1"), dossier)
        self.answers: list[Collection | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.form, self.answers.append)

    def report_failure(self, event: Any) -> None:
        """Failed work would be a failed test: nothing here may fail."""
        if event.worker.error is not None and not isinstance(event.worker.error, asyncio.CancelledError):
            raise event.worker.error


@pytest.fixture
def audit() -> ListedAudit:
    return ListedAudit(SetClock())


@pytest.fixture
def route(audit: ListedAudit) -> Route:
    return Route(audit)


@asynccontextmanager
async def form(
    audit: ListedAudit, dossier: Dossier | None, **routes: Route
) -> AsyncIterator[tuple[CollectApp, Pilot[None]]]:
    app = CollectApp(service_of(audit, **routes), Desk(audit.clock, cloud_dossier()), dossier)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        yield app, pilot


def said(app: CollectApp, selector: str) -> str:
    return str(app.form.query_one(selector, Static).render())


async def until(pilot: Pilot[None], condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await pilot.pause(0.01)


async def test_consent_then_a_digit_then_the_facts(audit: ListedAudit, route: Route) -> None:
    async with form(audit, cloud_dossier(), ssh=route) as (app, pilot):
        assert "127" in said(app, "#title")
        app.form.query_one("#consent", Input).value = "mail of the owner"
        await pilot.press("enter", "1")
        await until(pilot, lambda: "Done" in said(app, "#progress"))
        shown = said(app, "#page")
        for words in ("cause unknown", "missing: ", "Policy sets the PCRs to watch", "10.0.26100.8246"):
            assert words in shown
        await pilot.press("escape")
        assert [answer is not None and answer.consent for answer in app.answers] == ["mail of the owner"]


async def test_without_consent_nothing_happens(audit: ListedAudit, route: Route) -> None:
    async with form(audit, cloud_dossier(), ssh=route) as (app, pilot):
        await pilot.press("enter", "1")
        assert "No consent reference is given" in said(app, "#error")
        assert (route.rows_before, audit.written) == ([], [])
        await pilot.press("escape")
        assert app.answers == [None]


async def test_a_way_that_is_not_there_says_why(audit: ListedAudit, route: Route) -> None:
    async with form(audit, cloud_dossier(), ssh=route) as (app, pilot):
        assert "Graph is not connected" in app.form.query_one(WayChoice).render().plain
        app.form.query_one("#consent", Input).value = "x"
        await pilot.press("enter", "2")
        assert "Graph is not connected" in said(app, "#error")


async def test_the_device_is_looked_up_when_nobody_has(audit: ListedAudit, route: Route) -> None:
    async with form(audit, None, ssh=route, intune=route) as (app, pilot):
        await until(pilot, lambda: "127" in said(app, "#title"))
        assert [query.device_name for query in app.desk.opened] == ["DEMO-1"]
        assert app.form.query_one(WayChoice).refusals["intune"] == ""  # type: ignore[index]


async def test_escape_cancels_first_and_leaves_then(audit: ListedAudit, route: Route) -> None:
    route.waits = asyncio.Event()
    async with form(audit, cloud_dossier(), ssh=route) as (app, pilot):
        app.form.query_one("#consent", Input).value = "x"
        await pilot.press("enter", "1")
        await asyncio.wait_for(route.waits.wait(), 10)
        assert "0:00  collecting" in said(app, "#progress")
        await pilot.press("escape")
        await until(pilot, lambda: len(audit.written) == 2)
        assert audit.written[-1].entry.note.endswith("cancelled")
        assert "Cancelled" in said(app, "#error")
        assert app.answers == []
        await pilot.press("escape")
        assert app.answers == [None]


async def test_a_failure_is_said_and_can_be_tried_again(audit: ListedAudit, route: Route) -> None:
    good = route.answer
    route.answer = Problem(ProblemKind.UNREACHABLE, "The [jump] host is down")
    async with form(audit, cloud_dossier(), ssh=route) as (app, pilot):
        app.form.query_one("#consent", Input).value = "x"
        await pilot.press("enter", "1")
        await until(pilot, lambda: "The [jump] host is down" in said(app, "#error"))
        assert said(app, "#progress") == ""
        route.answer = good
        await pilot.press("1")
        await until(pilot, lambda: "Done" in said(app, "#progress"))
        assert said(app, "#error") == ""


def test_progress_in_words() -> None:
    assert progress_words(Progress("collecting")) == "collecting"
    assert progress_words(Progress("fetching", 3 << 20)) == "fetching: 3.0 MB"
    assert progress_words(Progress("fetching", 3 << 20, 12 << 20)) == "fetching: 3.0 of 12.0 MB"
