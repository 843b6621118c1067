"""The queue's table: only visible rows are rendered, and the cursor stays on its incident."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Protocol

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.queue_row import fit_columns, queue_cells, thumb
from screens.shell import bindings
from tui.actions import Scope
from tui.model.incident import Incident, IncidentState


class Rows(Protocol):
    """What the table shows: the whole book, or a filtered part of it."""

    def __len__(self) -> int: ...

    def at(self, position: int) -> Incident:
        """The incident on a position."""
        ...

    def position(self, incident_id: str) -> int | None:
        """Where an incident stands; None when it is not among the rows."""
        ...


WHEEL_LINES = 3
"""Lines that a step of the mouse's wheel turns."""


class IncidentTable(ScrollView, can_focus=True):
    """Shows `rows`; `selected` is the id of the incident under the cursor, or empty."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.TABLE)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--cursor",
        "table--row",
        "table--urgent",
        "table--closed",
        "table--mine",
        "table--thumb",
    }
    DEFAULT_CSS = """
    IncidentTable {
        overflow: hidden;
        & .table--header { background: $panel; color: $secondary; text-style: bold; }
        & .table--cursor { background: $primary; color: $background; text-style: bold; }
        & .table--row { color: $foreground; }
        & .table--urgent { color: $warning; text-style: bold; }
        & .table--closed { color: $foreground 50%; }
        & .table--mine { color: $success; }
        & .table--thumb { color: $primary 60%; }
    }
    """

    class Selected(Message):
        """The cursor came to another incident."""

        def __init__(self, incident_id: str) -> None:
            super().__init__()
            self.incident_id = incident_id

    class Marked(Message):
        """Marks were set or taken away."""

    def __init__(self, rows: Rows, now: Callable[[], datetime], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows = rows
        self.selected = ""
        self.me = ""
        self.columns: tuple[str, ...] = ()
        self.sizes: Mapping[str, int] = {}
        self.marked: set[str] = set()
        self.sign_of: Callable[[str], str] = lambda _: ""
        """One character at the edge of an incident's row, or none."""
        self._now = now
        self._fitted: tuple[tuple[str, int], ...] = ()
        self._cursor = 0
        self._drawn: dict[int, str] = {}
        """Incident ids by line, as they were last drawn."""
        self._drawn_thumb = 0, 0

    def on_mount(self) -> None:
        self._measure()

    def on_resize(self) -> None:
        self._measure()
        self._keep_in_view()

    def show(self, rows: Rows) -> None:
        """Show other rows; the cursor stays on its incident, or goes to the top when that is not among them."""
        self.rows = rows
        place = rows.position(self.selected)
        self._cursor = 0
        self._measure()
        self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self._select(place or 0)
        self.refresh()

    def follow(self, rows: Rows) -> None:
        """Show what became of the rows: the selected incident keeps its line on the screen."""
        self.rows = rows
        self.patch(())
        self.refresh()

    def patch(self, changed: Sequence[str]) -> None:
        """Rows were added, moved or changed: the selected incident keeps its line on the screen."""
        place = self.rows.position(self.selected)
        if place is None:
            self._measure()
            self._select(min(self._cursor, len(self.rows) - 1))
            return
        moved = place - self._cursor
        self._cursor = place
        self._measure()
        if moved:
            self._turn(moved)
        self._refresh_changed(set(changed))

    def select(self, incident_id: str) -> None:
        """Put the cursor on an incident, if it is among the rows."""
        place = self.rows.position(incident_id)
        if place is not None:
            self._select(place)

    def around(self, rows: int) -> list[str]:
        """Incident ids around the cursor, that under it first."""
        places = range(max(0, self._cursor - rows), min(len(self.rows), self._cursor + rows + 1))
        near = [self.rows.at(place).id for place in places]
        return [self.selected, *(each for each in near if each != self.selected)] if self.selected else []

    def render_lines(self, crop: Region) -> list[Strip]:
        self._fitted = fit_columns(self._text_width - 1, self.columns, self.sizes)
        self._drawn_thumb = self._thumb
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        if y == 0:
            text = " " + " ".join(set_cell_size(name, size) for name, size in self._fitted)
            return self._strip(text, y, self.get_component_rich_style("table--header"))
        place = self.scroll_offset.y + y - 1
        if place >= len(self.rows):
            self._drawn[y - 1] = ""
            return self._strip("", y, self.rich_style)
        incident = self.rows.at(place)
        self._drawn[y - 1] = incident.id
        cells = queue_cells(incident, self._now())
        sign = self.sign_of(incident.id) or ("+" if incident.id in self.marked else " ")
        text = sign + " ".join(set_cell_size(cells[name], size) for name, size in self._fitted)
        return self._strip(text, y, self._row_style(incident, place))

    def action_mark_incident(self) -> None:
        if self.selected:
            self.marked ^= {self.selected}
            self._refresh_line(self._cursor)
            self._select(self._cursor + 1)
            self.post_message(self.Marked())

    def unmark_all(self) -> None:
        """Take every mark away."""
        if self.marked:
            self.marked.clear()
            self.refresh()
            self.post_message(self.Marked())

    def action_move_down(self) -> None:
        self._select(self._cursor + 1)

    def action_move_up(self) -> None:
        self._select(self._cursor - 1)

    def action_page_down(self) -> None:
        self._page(self._page_size)

    def action_page_up(self) -> None:
        self._page(-self._page_size)

    def action_go_top(self) -> None:
        self._select(0)

    def action_go_bottom(self) -> None:
        self._select(len(self.rows) - 1)

    def on_click(self, event: Click) -> None:
        if event.y >= 1 and event.x < self._text_width:
            self._select(self.scroll_offset.y + event.y - 1)
        elif event.y >= 1:
            self._select((event.y - 1) * (len(self.rows) - 1) // max(1, self._page_size - 1))

    def on_mouse_scroll_down(self) -> None:
        self._turn(WHEEL_LINES)

    def on_mouse_scroll_up(self) -> None:
        self._turn(-WHEEL_LINES)

    @property
    def _thumb(self) -> tuple[int, int]:
        return thumb(len(self.rows), self._page_size, self.scroll_offset.y)

    @property
    def _text_width(self) -> int:
        """What the scroll bar leaves. It is the table's own: with Textual's a page takes a third longer."""
        return self.size.width - (len(self.rows) > self._page_size)

    @property
    def _page_size(self) -> int:
        return max(1, self.size.height - 1)

    def _measure(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)

    def _row_style(self, incident: Incident, place: int) -> Style:
        ticket = incident.ticket
        if place == self._cursor:
            return self.get_component_rich_style("table--cursor")
        if ticket.state is IncidentState.CLOSED:
            return self.get_component_rich_style("table--closed")
        if ticket.assignee and ticket.assignee == self.me:
            return self.get_component_rich_style("table--mine")
        if ticket.priority == 1 and ticket.state is IncidentState.NEW:
            return self.get_component_rich_style("table--urgent")
        return self.get_component_rich_style("table--row")

    def _strip(self, text: str, y: int, style: Style) -> Strip:
        line = Segment(set_cell_size(text, self._text_width), style)
        if self._text_width == self.size.width:
            return Strip([line], self.size.width)
        first, end = self._drawn_thumb
        bar = Segment("█", self.get_component_rich_style("table--thumb")) if first < y <= end else Segment(" ", style)
        return Strip([line, bar], self.size.width)

    def _page(self, lines: int) -> None:
        self._turn(lines)
        self._select(self._cursor + lines)

    def _turn(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True, immediate=True)

    def _select(self, place: int) -> None:
        if not len(self.rows):
            self._cursor, self.selected = 0, ""
            self.refresh()
            return
        place = max(0, min(len(self.rows) - 1, place))
        before, self._cursor = self._cursor, place
        incident_id = self.rows.at(place).id
        if not self._keep_in_view():
            self._refresh_line(before)
            self._refresh_line(place)
        if incident_id != self.selected:
            self.selected = incident_id
            self.post_message(self.Selected(incident_id))

    def _keep_in_view(self) -> bool:
        top, height = self.scroll_offset.y, self._page_size
        if top <= self._cursor < top + height:
            return False
        target = self._cursor if self._cursor < top else self._cursor - height + 1
        self.scroll_to(y=target, animate=False, force=True, immediate=True)
        self.refresh()
        return True

    def _refresh_line(self, place: int) -> None:
        y = place - self.scroll_offset.y + 1
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _refresh_changed(self, changed: set[str]) -> None:
        """Draw the lines whose incident is another one now, or has changed; the others cost nothing."""
        if self._thumb != self._drawn_thumb:
            self.refresh()
            return
        top = self.scroll_offset.y
        for place in range(top, top + self._page_size):
            incident_id = self.rows.at(place).id if place < len(self.rows) else ""
            if incident_id in changed or self._drawn.get(place - top) != incident_id:
                self._refresh_line(place)
