"""Following `@odata.nextLink` to the end, and not past it.

An empty page with a link is followed (the SDK's own iterator stops there); a chain that turns in a circle, repeats its
pages or does not end is a `Problem` and not a short list, because a short list would read as "no key".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import uuid4

from tui.errors import Problem, ProblemKind
from tui.sources.graph.problems import Ask, request_id, unreadable
from tui.sources.graph.reading import Other
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import Page, Unreadable
from tui.sources.upstream import Answer

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

T = TypeVar("T")
Wire = TypeVar("Wire")
WireIn = TypeVar("WireIn", contravariant=True)
Out = TypeVar("Out", covariant=True)


class Reader(Protocol[WireIn, Out]):
    """One of `reading`."""

    def __call__(self, wire: WireIn, /) -> Out | Other | None: ...


RETRIES = 2
PAGES = 200
"""Pages of an ordinary list; one device has 200 keys at most."""
EMPTY_PAGES = 50
"""Empty pages in a row."""
_IN_THREAD = 64 * 1024
"""Bytes from which a body is decoded off the event loop: about 5 ms of work."""


def narrow(info: RequestInformation, **query: str) -> RequestInformation:
    """Set OData query options on a builder's request: `filter="..."`, `select="..."`, `expand="..."`."""
    info.query_parameters.update({f"%24{name}": value for name, value in query.items()})
    return info


def literal(value: str) -> str:
    """An OData string literal."""
    return "'" + value.replace("'", "''") + "'"


async def one(transport: Transport, info: RequestInformation, decode: Callable[[bytes], Wire], ask: Ask) -> Wire:
    """Ask for one item."""
    answer = await transport.send(info, str(uuid4()), retries=RETRIES, ask=ask)
    return await _decoded(answer, decode, ask)


async def pages(
    transport: Transport,
    info: RequestInformation,
    decode: Callable[[bytes], Page[Wire]],
    read: Reader[Wire, T],
    ask: Ask,
    *,
    limit: int = PAGES,
    background: bool = False,
) -> AsyncIterator[list[T]]:
    """The list's pages as model values, empty ones left out; objects of another kind too."""
    async for items, _ in linked_pages(transport, info, decode, read, ask, limit=limit, background=background):
        if items:
            yield items


async def linked_pages(
    transport: Transport,
    info: RequestInformation,
    decode: Callable[[bytes], Page[Wire]],
    read: Reader[Wire, T],
    ask: Ask,
    *,
    limit: int = PAGES,
    background: bool = False,
) -> AsyncIterator[tuple[list[T], str]]:
    """Every page, empty ones too, with the link to the next one; the last page's link is empty."""
    links: set[str] = set()
    contents: set[int] = set()
    empty = 0
    for _ in range(limit):
        answer = await transport.send(info, str(uuid4()), retries=RETRIES, ask=ask, background=background)
        page, items = await _decoded(answer, lambda body: items_of(decode(body), read), ask)
        empty = 0 if items else empty + 1
        if items:
            mark = hash(tuple(items))
            if page.next_link and mark in contents:
                raise _endless(answer, ask, "The same page came twice")
            contents.add(mark)
        if not page.next_link:
            yield items, ""
            return
        if page.next_link in links or empty > EMPTY_PAGES:
            raise _endless(answer, ask, "Its pages turn in a circle" if empty == 0 else "Empty pages do not end")
        links.add(page.next_link)
        info = transport.page(page.next_link)
        yield items, page.next_link
    raise _endless(answer, ask, f"It has more than {limit} pages")


async def everything(
    transport: Transport,
    info: RequestInformation,
    decode: Callable[[bytes], Page[Wire]],
    read: Reader[Wire, T],
    ask: Ask,
) -> list[T]:
    """The whole list."""
    return [item async for page in pages(transport, info, decode, read, ask) for item in page]


def items_of(page: Page[Wire], read: Reader[Wire, T]) -> tuple[Page[Wire], list[T]]:
    """A page and its model values; raises `Unreadable` when none of its items has a usable id."""
    found = [read(wire) for wire in page.value]
    items = [item for item in found if item is not None and not isinstance(item, Other)]
    if found and all(item is None for item in found):
        raise Unreadable("No item of the page has a usable id")
    return page, items


async def _decoded(answer: Answer, decode: Callable[[bytes], T], ask: Ask) -> T:
    try:
        if len(answer.body) >= _IN_THREAD:
            return await asyncio.to_thread(decode, answer.body)
        return decode(answer.body)
    except Unreadable as error:
        raise unreadable(answer, ask, str(error)) from None


def _endless(answer: Answer, ask: Ask, why: str) -> Problem:
    return Problem(
        ProblemKind.UPSTREAM,
        f"The list of {ask.subject} does not end",
        why,
        "Nothing of it was taken for complete; try again, and keep the request id for Microsoft support",
        status=answer.status,
        request_id=request_id(answer),
    )
