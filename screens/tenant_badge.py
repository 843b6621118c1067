"""A tenant's name in its colour, so that nobody takes one tenant for another."""

from typing import TYPE_CHECKING

from textual.content import Content

if TYPE_CHECKING:
    # The first frame is painted before the use cases are imported.
    from tui.services.desk import Desk

GROUNDS = {
    "blue": "#87afff",
    "green": "#87d787",
    "yellow": "#ffd75f",
    "orange": "#ffaf5f",
    "red": "#ff8787",
    "purple": "#d7afff",
}
"""Grounds that black letters can be read on, in every theme."""


def tenant_badge(desk: "Desk") -> Content:
    """The name in its colour; nothing where there is no other tenant to take it for."""
    return Content.assemble((desk.tenant, _style(desk)), "  ") if desk.colour else Content("")


def with_badge(words: Content, desk: "Desk") -> Content:
    """Words that name the tenant, or shall, with the name in its colour."""
    at = words.plain.find(desk.tenant)
    if not desk.colour:
        return words
    return words.stylize(_style(desk), at, at + len(desk.tenant)) if at >= 0 else tenant_badge(desk) + words


def _style(desk: "Desk") -> str:
    return f"bold #000000 on {GROUNDS[desk.colour]}"
