"""Collections: pages chained by `@odata.nextLink`, `$top` and `$select`."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote, urlencode

from tui.demo.graph.answers import Answer, Call, Json, bad_request

PAGE = 100
Item = TypeVar("Item")
_TOKEN_PREFIX = "demo:"  # noqa: S105 - marks a page, opens nothing


def collection(
    call: Call,
    context: str,
    items: Sequence[Item],
    show: Callable[[Item], Json],
    passes: Callable[[Item], bool] = lambda _: True,
    largest: int = 999,
) -> Answer:
    """One page of the items that pass. The page token is a place in `items`, so items must keep their places."""
    at, size = _place(call), _size(call, largest)
    values: list[Json] = []
    while at < len(items) and len(values) < size:
        if passes(items[at]):
            values.append(selected(call, show(items[at])))
        at += 1
    body: Json = {"@odata.context": f"{call.origin}/{call.version}/$metadata#{context}", "value": values}
    if any(passes(items[later]) for later in range(at, len(items))):
        body["@odata.nextLink"] = _next_link(call, at)
    return Answer(200, body)


def entity(call: Call, context: str, item: Json) -> Answer:
    """One item, unwrapped, with its context."""
    url = f"{call.origin}/{call.version}/$metadata#{context}/$entity"
    return Answer(200, {"@odata.context": url, **selected(call, item)})


def selected(call: Call, item: Json) -> Json:
    """The properties that `$select` names; a name that the item does not have is refused."""
    names = [name.strip() for name in call.query.get("$select", "").split(",") if name.strip()]
    if not names:
        return item
    known = {name.lower(): name for name in item}
    unknown = next((name for name in names if name.lower() not in known), None)
    # A collection of directory objects mixes types, so a name that one of them lacks is no mistake.
    if unknown is not None and "@odata.type" not in known:
        raise bad_request(f"Could not find a property named '{unknown}'.")
    wanted = {known[name.lower()] for name in names if name.lower() in known}
    return {name: value for name, value in item.items() if name in wanted or name.startswith("@odata.type")}


def _size(call: Call, largest: int) -> int:
    top = call.query.get("$top", "")
    if not top:
        return PAGE
    if not top.isdecimal() or not 1 <= int(top) <= largest:
        raise bad_request(f"Invalid page size specified: '{top}'. Must be between 1 and {largest} inclusive.")
    return int(top)


def _place(call: Call) -> int:
    token = call.query.get("$skiptoken", "")
    if not token:
        return 0
    try:
        text = urlsafe_b64decode(token.encode()).decode()
        return int(text.removeprefix(_TOKEN_PREFIX))
    except ValueError:
        raise bad_request("Invalid skip token.") from None


def _next_link(call: Call, at: int) -> str:
    token = urlsafe_b64encode(f"{_TOKEN_PREFIX}{at}".encode()).decode()
    query = {**call.query, "$skiptoken": token}
    return f"{call.origin}/{call.version}/{quote(call.path, safe='/()=')}?{urlencode(query, safe='$', quote_via=quote)}"
