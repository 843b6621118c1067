"""A ticket system as data: where its tickets are listed and written, and which of their fields say what.

A profile is a TOML file; `profiles/template.toml` explains every key. The engine reads nothing else about a system.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from tui.errors import Problem, ProblemKind
from tui.text import clean_line

FOLDER = Path(__file__).with_name("profiles")
_LAYERS = 8

Query = dict[str, str | list[str]]
Paths = list[str]
"""JMESPath expressions; the first one that gives a text wins."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all parts of a profile have in common."""


class Call(_Part, frozen=True):
    """A request as a template. `answer` is where the ticket stands in what comes back, if it does."""

    path: str
    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    query: Query = {}
    body: Any = None
    answer: str = ""


class Listing(_Part, frozen=True):
    """A list of tickets, read page by page; see the template for `step`, `parts` and `overlap_seconds`."""

    path: str
    items: str
    step: Literal["times", "keys", "pages", "token", "stream"] = "times"
    method: Literal["GET", "POST"] = "GET"
    query: Query = {}
    body: Any = None
    parts: dict[str, str] = {}
    brief: Query = {}
    size: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100
    whole_pages: bool = False
    total: str = ""
    total_header: str = ""
    next: str = ""
    more: str = ""
    overlap_seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 5.0
    first_days: Annotated[float, msgspec.Meta(ge=0, le=3650)] = 0.0
    """How far back the first poll goes, where the list cannot be narrowed to open tickets."""


class Step(_Part, frozen=True):
    """A request about many things at once: of each of its `items`, which one it is `of`, and what it `gives`."""

    path: str
    items: str
    of: str
    gives: str
    query: Query = {}


class Detail(_Part, frozen=True):
    """A second request for what a record does not give: the ticket's text, or a person's name."""

    path: str
    body: str
    query: Query = {}


class TicketText(Detail, frozen=True):
    """`together` gets the texts of up to `size` tickets in as many requests as it has steps.

    What a step gives is what the next one asks for; the last one gives the text.
    """

    size: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100
    together: list[Step] = []


class Lookup(_Part, frozen=True):
    """How a name becomes an id: where to ask, the entries in the answer, and each entry's id and names."""

    path: str
    items: str
    id: str
    names: Paths
    query: Query = {}
    local_part: bool = False
    """The name before the @ is enough: the system knows people by login."""


class Join(_Part, frozen=True):
    """Records that come beside the tickets: the one whose `id` is the ticket's `by` is put into it as `into`."""

    items: str
    id: str
    by: str
    into: str


class Notes(_Part, frozen=True):
    """Where the notes of a ticket can be read again, so that one that was sent is not sent twice."""

    path: str
    texts: str
    query: Query = {}
    paged: bool = False
    items: str = "items"
    """Of a paged answer: the entries, of which there are none on the page after the last one."""


class Fields(_Part, frozen=True):
    """Where a ticket's facts stand in a record."""

    key: Paths
    updated_at: Paths
    number: Paths = []
    title: Paths = []
    body: Paths = []
    caller: Paths = []
    device_name: Paths = []
    state: Paths = []
    priority: Paths = []
    assignee: Paths = []
    assignee_id: Paths = []
    vip: Paths = []
    opened_at: Paths = []
    due_at: Paths = []
    parent: Paths = []


class Times(_Part, frozen=True):
    """How times are written: `iso`, `epoch` or a strptime format, and the zone of those that name none."""

    format: str = "iso"
    zone: str = "UTC"
    ask_format: str = ""
    """How the watermark is written in a query, where that differs."""


class State(_Part, frozen=True):
    """What one state of the console is called there: words that mean it, and what is sent to reach it."""

    reads: list[str] = []
    sends: Any = None
    names: list[str] = []
    """Names to look for among `state_lookup`, in order of preference."""


class Auth(_Part, frozen=True):
    """How a token is sent. `form` holds one `{}`; one that begins with `Basic ` is encoded as RFC 7617 says."""

    header: str = "authorization"
    form: str = "Bearer {}"
    oauth_path: str = ""
    """Where client credentials become a token (RFC 6749, 4.4): a path, or a whole https URL."""
    oauth_scope: str = ""


class Rate(_Part, frozen=True):
    """Headers that tell how many calls are left, and in how many seconds there will be more."""

    left: list[str] = []
    reset: list[str] = []
    keep: int = 5
    """Calls that polling leaves for the engineer's own writes."""


class Profile(_Part, frozen=True):
    """A ticket system."""

    name: str
    title: str
    ticket: Fields
    get: Call
    listing: Listing = msgspec.field(name="list")
    view: Query = {}
    """Options that go with every request which answers with tickets."""
    open_list: Listing | None = None
    """Where open tickets are listed, when the list of changes cannot be narrowed to them."""
    detail: TicketText | None = None
    assign: Call | None = None
    assign_new: dict[str, Any] = {}
    note: Call | None = None
    state: Call | None = None
    link: Call | None = None
    notes: Notes | None = None
    joins: list[Join] = []
    people: list[Lookup] = []
    who: Detail | None = None
    """Where the name behind an assignee's id is found, for systems that give the id alone."""
    state_lookup: Lookup | None = None
    states: dict[str, State] = {}
    priorities: dict[str, Annotated[int, msgspec.Meta(ge=1, le=5)]] = {}
    time: Times = Times()
    auth: Auth = Auth()
    rate: Rate = Rate()
    nobody: list[str] = []
    key_pattern: str = "[A-Za-z0-9_.-]{1,64}"
    etag: bool = False
    """Writes say which version of the ticket they change (RFC 9110, If-Match)."""
    conflict: tuple[int, ...] = (409, 412)
    """Answers that mean: the ticket changed since it was read."""


class Columns(_Part, frozen=True):
    """The `file` profile: which columns say what, names in order of preference."""

    name: str
    title: str
    columns: dict[str, list[str]]
    states: dict[str, list[str]] = {}
    priorities: dict[str, Annotated[int, msgspec.Meta(ge=1, le=5)]] = {}
    times: list[str] = []
    zone: str = "UTC"
    day_first: bool = True


def load_profile(name: str) -> Profile | Columns:
    """A profile of ours by its name, or one of the engineer's own by its path; raises `Problem(CONFIG)`."""
    try:
        own = "/" in name or name.endswith(".toml")
        return _built_in(name) if not own else _checked(_read(Path(name), 0), name)
    except (OSError, ValueError, TypeError) as error:
        why = clean_line(str(error), 300)
        step = f"Compare it with {FOLDER / 'template.toml'}"
        raise Problem(
            ProblemKind.CONFIG, f"The ticket profile {clean_line(name, 200)} is not usable", why, step
        ) from None


@cache
def _built_in(name: str) -> Profile | Columns:
    return _checked(_read(FOLDER / f"{name}.toml", 0), name)


def _checked(found: dict[str, Any], name: str) -> Profile | Columns:
    kind: type[Profile] | type[Columns] = Columns if "columns" in found else Profile
    return msgspec.convert(found, kind)


def _read(path: Path, depth: int) -> dict[str, Any]:
    """The file over what it extends: tables are merged, everything else replaced."""
    if depth > _LAYERS:
        raise ValueError("It extends itself")
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    base = found.pop("extends", "")
    if not base:
        return found
    below = path.parent / base if "/" in base or base.endswith(".toml") else FOLDER / f"{base}.toml"
    whole: dict[str, Any] = merged(_read(below, depth + 1), found)
    return whole


def merged(below: Any, above: Any) -> Any:
    """Two templates as one: tables key by key, the upper one wins elsewhere."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{name: merged(below.get(name), value) for name, value in above.items()}}
