"""Collecting from a device: where the owner's agreement is recorded, which way, how far it is, and what it says."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static
from textual.worker import Worker

from screens.queue_row import cause_words
from screens.render import SEVERITY_STYLES, SEVERITY_WORDS, fact_line, heading
from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from screens.widgets.page_view import PageView
from screens.widgets.way_choice import WayChoice
from tui.actions import Scope
from tui.diagnosis.findings import NO_CLOUD
from tui.errors import Problem
from tui.model.dossier import Dossier
from tui.model.incident import Incident
from tui.services.collection import (
    LONGEST_CONSENT,
    Collection,
    CollectionService,
    Order,
    Progress,
    Way,
    cloud_side,
    target_of,
)
from tui.services.desk import query_of

_MEGABYTE = 1 << 20


class CollectScreen(ConsoleModal[Collection | None]):
    """Answers the collection when it is left after one, else None. Escape cancels what runs, then leaves."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    AUTO_FOCUS = "#consent"

    def __init__(self, service: CollectionService, incident: Incident, dossier: Dossier | None) -> None:
        super().__init__()
        self._service = service
        self._incident = incident
        self._dossier = dossier
        self._collection: Collection | None = None
        self._work: Worker[None] | None = None
        self._began_ns = 0
        self._progress = Progress("")

    def compose(self) -> ComposeResult:
        with Vertical(classes="card -tall"):
            yield Static(Content.assemble(("Collect from the device", "bold $primary")), id="title")
            with Horizontal(classes="field"):
                yield Label("consent")
                yield Input(
                    id="consent", placeholder="where the owner's agreement is recorded", max_length=LONGEST_CONSENT
                )
            with Horizontal(classes="field", id="ways"):
                yield Label("way")
                yield WayChoice()
            yield Static(id="progress", classes="hint")
            yield Static(id="error", classes="error")
            yield PageView()
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one("#ways").styles.height = 2
        self.set_interval(1.0, self._tick)
        self._show_target()
        if self._dossier is None:
            self._find_device()

    def _show_target(self) -> None:
        target = target_of(self._dossier, self._incident.ticket.device_name)
        name = target.name or "an unnamed device"
        title = Content.assemble(
            ("Collect from ", "bold $primary"), (name, "bold"), f"  {self._incident.ticket.number}"
        )
        self.query_one("#title", Static).update(title)
        self.query_one(WayChoice).refusals = self._service.ways_to(target)

    @work(group="device", exclusive=True, exit_on_error=False, description="find the device to collect from")
    async def _find_device(self) -> None:
        self.query_one("#progress", Static).update(Content("Asking Entra ID and Intune which device this is ..."))
        try:
            self._dossier = await self.desk.open_dossier(query_of(self._incident), lambda _: None)
        except Problem as problem:
            self._refuse(str(problem))
        self.query_one("#progress", Static).update("")
        self._show_target()

    @on(Input.Submitted, "#consent")
    def _consent_entered(self) -> None:
        self.query_one(WayChoice).focus()

    @on(WayChoice.Chosen)
    def _way_chosen(self) -> None:
        self.action_submit_form()

    def action_submit_form(self) -> None:
        way = self.query_one(WayChoice).value
        if self._work is not None or self._collection is not None:
            return
        if way is None:
            self._refuse("Choose a way: 1 or 2.")
            return
        target = target_of(self._dossier, self._incident.ticket.device_name)
        order = Order(target, self._incident.ticket.number, self.query_one("#consent", Input).value)
        try:
            self._service.check(order, way)
        except Problem as problem:
            self._refuse(str(problem))
            return
        self._refuse("")
        self._began_ns = self.desk.clock.monotonic_ns()
        self._work = self._collect(order, way)

    def action_cancel_form(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work = None
            self._rest()
            self._refuse("Cancelled. What was asked of Intune goes on by itself; ask again to take it up.")
        else:
            self.dismiss(self._collection)

    @work(group="collection", exclusive=True, exit_on_error=False, description="collect from the device")
    async def _collect(self, order: Order, way: Way) -> None:
        cloud = cloud_side(self._dossier.evidence) if self._dossier is not None else NO_CLOUD
        try:
            self._collection = await self._service.collect(order, way, self._say, cloud=cloud)
        except Problem as problem:
            self._refuse(str(problem))
        else:
            page = self.query_one(PageView)
            page.say(collection_content(self._collection))
            page.focus()
        self._work = None
        self._rest()

    def _rest(self) -> None:
        said = "Done. Escape goes back, with these facts joined." if self._collection is not None else ""
        self.query_one("#progress", Static).update(Content(said))

    def _say(self, progress: Progress) -> None:
        self._progress = progress
        self._tick()

    def _tick(self) -> None:
        if self._work is None:
            return
        minutes, seconds = divmod((self.desk.clock.monotonic_ns() - self._began_ns) // 1_000_000_000, 60)
        said = Content(f"{minutes}:{seconds:02}  {progress_words(self._progress)}  (escape cancels)")
        self.query_one("#progress", Static).update(said)

    def _refuse(self, why: str) -> None:
        self.query_one("#error", Static).update(Content(why))


def progress_words(progress: Progress) -> str:
    """A progress in one line."""
    if not progress.done:
        return progress.says
    of = f" of {progress.of / _MEGABYTE:.1f}" if progress.of else ""
    return f"{progress.says}: {progress.done / _MEGABYTE:.1f}{of} MB"


def collection_content(collection: Collection) -> Content:
    """What was collected says: the cause first, with what decides it; then what is wrong, then the facts."""
    cause = collection.report.cause
    lines = [Content.assemble("cause ", (cause_words(cause), "bold"), f" ({cause.confidence})")]
    lines += [Content(f"    because {reason}") for reason in cause.because]
    lines += [Content.assemble((f"    missing: {fact}", "$warning")) for fact in cause.missing]
    update = collection.report.update
    lines.append(Content.assemble("update ", (update.kb or "unknown", "bold"), f" ({update.confidence})"))
    lines += [Content(f"    because {reason}") for reason in update.because]
    lines += [Content.assemble((f"! {problem}", "$warning")) for problem in collection.problems]
    lines.append(heading("Findings" if collection.report.findings else "Findings: none"))
    for finding in collection.report.findings:
        text = f"{SEVERITY_WORDS[finding.severity]}{finding.title}"
        lines.append(Content.assemble((text, SEVERITY_STYLES[finding.severity])))
        lines.append(Content(f"    {'; '.join(finding.evidence)}"))
        lines.append(Content.assemble(("    → ", "$accent"), finding.next))
    lines.append(heading("Facts of the disk"))
    lines += [fact_line(fact, collection.at, fact.name) for fact in collection.facts]
    lines.append(heading("Read"))
    lines += [Content(f"{read.parsed.kind:22} {read.path}") for read in collection.report.inputs[:100]]
    return Content("\n").join(lines)
