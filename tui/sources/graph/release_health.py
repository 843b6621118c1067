"""Known issues of Windows updates as Microsoft's release health tells them (beta, windowsUpdates product).

The API answers by update: products with the revisions that the update brought and the issues known of it. It exists in
the global cloud alone, and the only permission is one to write (Microsoft Graph beta, "product: findByKbNumber").
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import msgspec

from tui.diagnosis.kb import BuildRow, parse_build
from tui.diagnosis.kb_entries import Additions
from tui.diagnosis.kb_issues import IssueKb, IssueSource, KnownIssue, Origin
from tui.errors import Problem, ProblemKind
from tui.sources.graph.paging import everything
from tui.sources.graph.problems import Ask
from tui.sources.graph.reading import moment, text
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import page_decoder

RELEASE_HEALTH = Ask(
    "release health's known issues",
    "WindowsUpdates.ReadWrite.All",
    "Intune Administrator or Windows Update Deployment Administrator",
)
_EXPAND = "revisions($expand=catalogEntry,knowledgeBaseArticle),knownIssues"
_ABOUT_RECOVERY = re.compile(r"bitlocker|recovery (?:key|screen)|secure boot", re.IGNORECASE)
_KB = re.compile(r"KB(\d{6,8})")
_MOST = 200
"""Issues or revisions read of one product."""


class WireArticle(msgspec.Struct):
    """knowledgeBaseArticle; Graph's own examples write its fields with capitals."""

    lower: object = msgspec.field(default=None, name="id")
    upper: object = msgspec.field(default=None, name="Id")


class WireRevision(msgspec.Struct, rename="camel"):
    """productRevision; its id is the build."""

    id: object = None
    release_date_time: object = None
    knowledge_base_article: WireArticle | None = None


class WireIssue(msgspec.Struct, rename="camel"):
    """knownIssue."""

    id: object = None
    title: object = None
    description: object = None
    status: object = None
    start_date_time: object = None
    last_updated_date_time: object = None
    web_view_url: object = None
    originating_knowledge_base_article: WireArticle | None = None
    resolving_knowledge_base_article: WireArticle | None = None


class WireProduct(msgspec.Struct, rename="camel"):
    """product."""

    id: object = None
    name: object = None
    revisions: list[WireRevision] | None = None
    known_issues: list[WireIssue] | None = None


_PAGE = page_decoder(WireProduct)


class ReleaseHealth:
    """Asks for one update after the other."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def about(self, kb: str) -> Additions:
        """What is known of an update; nothing where release health does not list it. Raises `Problem`."""
        number = _KB.fullmatch(kb)
        if number is None:
            raise Problem(ProblemKind.NOT_FOUND, f"{kb} is no update's number", "", "Write KB and its digits.")
        path = f"/admin/windows/updates/products/FindByKbNumber(kbNumber={number[1]})"
        info = self._transport.beta("GET", path, query={"$expand": _EXPAND})
        try:
            products = await everything(self._transport, info, _PAGE, lambda wire: _read(wire, kb), RELEASE_HEALTH)
        except Problem as problem:
            if problem.kind is ProblemKind.NOT_FOUND:
                return Additions()
            raise
        return _joined(products)


def _read(wire: WireProduct, kb: str) -> Additions | None:
    branch = text(wire.name, 100)
    if not branch:
        return None
    rows = [_build(revision) for revision in (wire.revisions or ())[:_MOST]]
    issues = [_issue(issue, kb, branch) for issue in (wire.known_issues or ())[:_MOST]]
    return Additions(tuple(each for each in issues if each), tuple(row for row in rows if row))


def _build(wire: WireRevision) -> BuildRow | None:
    build, kb = parse_build(text(wire.id, 40)), _article(wire.knowledge_base_article)
    released = _day(wire.release_date_time)
    if build is None or not kb or released is None:
        return None
    return BuildRow(*build, released.isoformat(), kb, "other", "Microsoft Graph, release health")


def _issue(wire: WireIssue, kb: str, branch: str) -> KnownIssue | None:
    name, title, started = text(wire.id, 64), text(wire.title, 300), _day(wire.start_date_time)
    about = text(wire.description, 2_000)
    if not re.fullmatch(r"WI\d{1,12}", name) or not title or started is None:
        return None
    if not _ABOUT_RECOVERY.search(f"{title} {about}"):
        return None
    updated, fixed_by = _day(wire.last_updated_date_time), _article(wire.resolving_knowledge_base_article)
    where = text(wire.web_view_url, 150)
    return KnownIssue(
        id=name,
        title=title,
        status=text(wire.status, 60),
        started=started,
        causes=(),
        pcr=None,
        event=None,
        prompts="unknown",
        conditions=(),
        circumstances=about,
        kbs=(IssueKb(_article(wire.originating_knowledge_base_article) or kb, branch, fixed_by),),
        next="Read it in the Microsoft 365 admin center, Windows release health.",
        sources=(IssueSource(f"Microsoft, Windows release health {name} {where}".rstrip(), updated),),
        origin=Origin.RELEASE_HEALTH,
    )


def _article(wire: WireArticle | None) -> str:
    told = text(wire.lower or wire.upper, 20) if wire is not None else ""
    return told if _KB.fullmatch(told) else ""


def _day(value: object) -> date | None:
    at = moment(value)
    return at.date() if at is not None else None


def _joined(products: Iterable[Additions]) -> Additions:
    """One issue is told once a product: its updates are joined."""
    whole = Additions()
    rows: dict[str, Sequence[IssueKb]] = {}
    for found in products:
        whole = whole.joined(found)
        for issue in found.issues:
            rows[issue.id] = tuple(dict.fromkeys((*rows.get(issue.id, ()), *issue.kbs)))
    issues = tuple(replace(issue, kbs=tuple(rows[issue.id])) for issue in whole.issues)
    return Additions(issues, whole.builds)
