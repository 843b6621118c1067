"""Filling the templates of a profile.

`{name}` is a value, `{name:json}` the inside of its JSON string, `{name:html}` its HTML text, `{name:int}` a number.
"""

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

_SLOT = re.compile(r"\{([a-z_]+)(?::(json|int|html))?\}")

Values = Mapping[str, Any]


def fill(template: str, values: Values) -> str:
    """The text with its slots filled; an unknown slot is empty."""
    return _SLOT.sub(lambda slot: _text(slot, values), template)


def fill_path(template: str, values: Values) -> str:
    """The same for a path: a value is one segment of it, whatever it holds."""
    return _SLOT.sub(lambda slot: quote(_text(slot, values), safe=""), template)


def fill_query(query: Mapping[str, str | list[str]], values: Values) -> dict[str, str | list[str]]:
    """A query without the options that came out empty."""
    filled = {
        name: fill(value, values) if isinstance(value, str) else [fill(each, values) for each in value]
        for name, value in query.items()
    }
    return {name: value for name, value in filled.items() if value}


def fill_body(template: Any, values: Values) -> Any:
    """A body; a string that is one slot and nothing else becomes the value itself, a table or a number too."""
    if isinstance(template, dict):
        return {name: fill_body(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [fill_body(value, values) for value in template]
    if not isinstance(template, str):
        return template
    slot = _SLOT.fullmatch(template)
    if slot is None:
        return fill(template, values)
    value = values.get(slot[1], "")
    if slot[2] == "int":
        text = str(value)
        return int(text) if text.isdecimal() and len(text) < 20 else value
    return _text(slot, values) if slot[2] else value


def _text(slot: "re.Match[str]", values: Values) -> str:
    value = str(values.get(slot[1], ""))
    if slot[2] == "html":
        return html.escape(value).replace("\n", "<br>")
    return msgspec.json.encode(value).decode()[1:-1] if slot[2] == "json" else value
