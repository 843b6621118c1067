"""The mass screens at 80x24: what they say, what the keys do, and that nothing needs colour or a chart."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.pilot import Pilot

import themes
from screens.group import GroupScreen
from screens.group_forms import BatchScreen, PreviewScreen
from screens.mass import MassScreen
from tests.services.samples import MORNING, ListedAudit
from tests.services.test_mass import ME, Room, room, wave
from tests.support.values import replace
from tui.actions import Scope, actions_of
from tui.errors import Problem
from tui.model.audit import AuditEvent
from tui.model.cause import CauseCode
from tui.model.group import GroupKey
from tui.services.desk import Engineer
from tui.services.group_actions import GroupRun
from tui.services.group_plans import GroupAction, Step, plan_for, unfinished

OTHER = "BitLocker recovery, it says E_FVE_TPM_INVALIDATED."


class Bench(App[None]):
    """Just enough of an app to hold the mass screens over a real service."""

    CSS_PATH = themes.FRONT
    BINDINGS: ClassVar[list[BindingType]] = []
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012

    def __init__(self, desk: Any) -> None:
        super().__init__()
        self.desk = desk
        self.problems: list[Problem] = []
        self.chosen: list[GroupKey] = []
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.DARK.name

    def on_mount(self) -> None:
        self.push_screen(MassScreen())

    def on_mass_screen_group_chosen(self, message: MassScreen.GroupChosen) -> None:
        self.chosen.append(message.key)

    def report(self, problem: Problem) -> None:
        self.problems.append(problem)

    def report_failure(self, event: Any) -> None:
        if event.worker.error is not None:
            raise event.worker.error

    @property
    def text(self) -> str:
        """The screen as it stands."""
        return "\n".join(strip.text.rstrip() for strip in self.screen._compositor.render_strips())


class Notes:
    """Writes notes down instead of sending them."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str]] = []

    async def __call__(self, step: Step, text: str) -> str:
        self.written.append((step.ticket, text))
        return "written"


def desk_over(here: Room, notes: Notes) -> Any:
    async def no_debts() -> tuple[()]:
        return ()

    done = dict.fromkeys(GroupAction, notes)
    engineer = Engineer()
    engineer.user = replace(engineer.user, upn=ME.upn)
    return SimpleNamespace(
        mass=here.mass,
        queue=here.queue,
        audit=here.audit,
        clock=here.clock,
        tenant="Demo Tenant",
        engineer=engineer,
        colour="",
        rotation=SimpleNamespace(debts=no_debts),
        group_run=lambda: GroupRun(here.audit, lambda: ME, done),
    )


async def filled(audit: ListedAudit | None = None) -> Room:
    here = room(audit)
    others = [replace(each, key=f"9{each.key}", number=f"INC9{each.key}", body=OTHER) for each in wave(3)]
    await here.arrive(*wave(12), *others)
    here.clock.at = MORNING + timedelta(minutes=20)
    return here


@asynccontextmanager
async def bench(here: Room, notes: Notes | None = None) -> AsyncIterator[tuple[Bench, Pilot[None]]]:
    app = Bench(desk_over(here, notes or Notes()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, pilot, lambda: "KB5083769" in app.text)
        yield app, pilot


async def until(app: Bench, pilot: Pilot[None], holds: Callable[[], object]) -> None:
    for _ in range(200):
        await pilot.pause()
        if holds():
            return
    raise AssertionError(f"it did not come about; the screen:\n{app.text}")


async def test_the_list_says_how_many_what_since_when_and_on_what_it_rests() -> None:
    async with bench(await filled()) as (app, _):
        lines = app.text.splitlines()
        first = next(line for line in lines if "KB5083769" in line and "12/12" in line)
        assert "Secure Boot changed" in first
        assert "told" in first
        assert all(len(line) <= 80 for line in lines)
        assert "2 groups, 15 open" in lines[0]
        assert any(line.startswith(" ▲ surge Secure Boot changed x KB5083769: 12 since") for line in lines)
        assert "12 devices ask for the key: Secure Boot changed after KB5083769, by callers' words." in app.text.replace("\n ", " ")  # fmt: skip  # noqa: E501


async def test_charts_have_a_form_in_words_and_the_shift_is_a_matrix_or_a_timeline() -> None:
    async with bench(await filled()) as (app, pilot):
        assert any(bar in app.text for bar in "▁▂▃▄▅▆▇█")
        await pilot.press("w")
        await until(app, pilot, lambda: "12/h was 0" in app.text)
        await pilot.press("m")
        await until(app, pilot, lambda: "KB5083769 x Secure Boot changed: 12" in app.text)
        await pilot.press("w")
        await until(app, pilot, lambda: "update " in app.text)
        await pilot.press("t")
        await until(app, pilot, lambda: "UTC" in app.text and "expected" in app.text)
        await pilot.press("t")
        await until(app, pilot, lambda: "12 devices" in app.text)


async def test_a_new_ticket_comes_into_its_group_and_the_cursor_stays_on_its_own() -> None:
    here = await filled()
    async with bench(here) as (app, pilot):
        await pilot.press("down")
        await until(app, pilot, lambda: "3 devices" in app.text)
        await here.arrive(*wave(10, start=30))
        await until(app, pilot, lambda: "22/22" in app.text or app.screen._regroup_if_stale())  # type: ignore[attr-defined]
        assert "3 devices" in app.text


async def test_a_group_opens_with_everything_that_is_known() -> None:
    async with bench(await filled()) as (app, pilot):
        await pilot.press("enter")
        await until(app, pilot, lambda: isinstance(app.screen, GroupScreen) and "INC00011" in app.text)
        assert "Deciding facts" in app.text
        assert "12 open of 12" in app.text
        await pilot.press("enter")
        await until(app, pilot, lambda: app.chosen)
        assert app.chosen[0].update == "KB5083769"


async def test_not_this_one_is_taken_out_and_comes_back() -> None:
    here = await filled()
    async with bench(here) as (app, pilot):
        await pilot.press("enter")
        await until(app, pilot, lambda: "12 open of 12" in app.text)
        await pilot.press("x")
        await until(app, pilot, lambda: "11 open of 11" in app.text)
        await pilot.press("u")
        await until(app, pilot, lambda: "12 open of 12" in app.text)
    assert [row.entry.event for row in here.audit.written] == [AuditEvent.REVIEW] * 2


async def test_marked_members_are_split_off_under_a_name() -> None:
    here = await filled()
    async with bench(here) as (app, pilot):
        await pilot.press("enter")
        await until(app, pilot, lambda: "12 open of 12" in app.text)
        await pilot.press("space", "down", "space", "s")
        await until(app, pilot, lambda: "2 members apart" in app.text)
        await pilot.press(*"docked", "enter")
        await until(app, pilot, lambda: "10 open of 10" in app.text)
    assert sorted(len(group.members) for group in here.mass.groups()) == [2, 3, 10]


async def test_a_group_is_merged_into_another_that_is_chosen() -> None:
    here = await filled()
    async with bench(here) as (app, pilot):
        await pilot.press("down", "enter")
        await until(app, pilot, lambda: "3 open of 3" in app.text)
        await pilot.press("M")
        await until(app, pilot, lambda: "Show this group as part of" in app.text)
        await pilot.press("enter")
        await until(app, pilot, lambda: "15 open of 15" in app.text)
    assert len(here.mass.groups()) == 1


async def test_a_note_goes_to_every_open_member_after_a_preview() -> None:
    here, notes = await filled(), Notes()
    async with bench(here, notes) as (app, pilot):
        await pilot.press("enter")
        await until(app, pilot, lambda: "12 open of 12" in app.text)
        await pilot.press("n")
        await until(app, pilot, lambda: "Note on all open members" in app.text)
        await pilot.press(*"hello", "enter")
        await until(app, pilot, lambda: isinstance(app.screen, PreviewScreen))
        assert "Add a note to 12 of 12?" in app.text
        assert notes.written == []
        await pilot.press("y")
        await until(app, pilot, lambda: isinstance(app.screen, BatchScreen) and "finished" in app.text)
        assert "12 done" in app.text
        await pilot.press("escape")
        await until(app, pilot, lambda: isinstance(app.screen, GroupScreen))
    assert len(notes.written) == 12
    assert {text for _, text in notes.written} == {"hello"}


async def test_saying_no_to_the_preview_does_nothing() -> None:
    here, notes = await filled(), Notes()
    async with bench(here, notes) as (app, pilot):
        await pilot.press("enter")
        await until(app, pilot, lambda: "12 open of 12" in app.text)
        await pilot.press("c")
        await until(app, pilot, lambda: isinstance(app.screen, PreviewScreen))
        await pilot.press("n")
        await until(app, pilot, lambda: isinstance(app.screen, GroupScreen))
    assert notes.written == []
    assert unfinished(here.audit.written) == ()


async def test_what_was_cut_off_can_be_gone_on_with() -> None:
    here, notes = await filled(), Notes()
    first = GroupRun(here.audit, lambda: ME, {GroupAction.NOTE: notes})
    incidents = list(here.queue.book.all())[:5]
    plan = plan_for(GroupAction.NOTE, GroupKey(CauseCode.SECUREBOOT_CHANGED), incidents, text="hello")
    await first.run(await first.begin(plan), lambda _: None)
    del here.audit.written[5:]  # plan, two whole steps: then the process was killed
    notes.written.clear()
    async with bench(here, notes) as (app, pilot):
        await pilot.press("P")
        await until(app, pilot, lambda: isinstance(app.screen, PreviewScreen))
        assert "Add a note to 3 of 5?" in app.text
        await pilot.press("y")
        await until(app, pilot, lambda: "finished" in app.text)
    assert len(notes.written) == 3


async def test_a_group_with_open_members_is_not_closed() -> None:
    async with bench(await filled()) as (app, pilot):
        await pilot.press("enter")
        await until(app, pilot, lambda: "12 open of 12" in app.text)
        await pilot.press("X")
        await until(app, pilot, lambda: app.problems)
        assert "still open" in str(app.problems[0])


def test_no_group_key_discloses() -> None:
    for action in actions_of(Scope.MASS, Scope.GROUP):
        assert action.danger.value != "disclose"
        handler = "action_" + action.id.replace("-", "_")
        assert hasattr(MassScreen if action.scope is Scope.MASS else GroupScreen, handler), action.id
    for scope in (Scope.MASS, Scope.GROUP):
        keys = [key for action in actions_of(Scope.ANYWHERE, scope) for key in action.keys]
        assert len(keys) == len(set(keys))
