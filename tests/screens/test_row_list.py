"""Lists move by the queue's keys."""

from textual.app import App, ComposeResult

from screens.widgets.row_list import RowList


class ListApp(App[None]):
    def compose(self) -> ComposeResult:
        yield RowList("one", "two", "three")


async def test_a_list_moves_by_the_queues_keys() -> None:
    async with ListApp().run_test() as pilot:
        rows = pilot.app.query_one(RowList)
        places = []
        for key in ("j", "j", "k", "down", "up"):
            await pilot.press(key)
            places.append(rows.highlighted)
        assert places == [1, 2, 1, 2, 1]
