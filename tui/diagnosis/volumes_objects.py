"""Get-BitLockerVolume as objects: ConvertTo-Json and Export-Clixml."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from tui.diagnosis.volumes_facts import PROTECTOR_NAMES, VOLUME_NAMES, Properties

_DEEPEST = 40
_ALIASES = {
    "driveletter": "mountpoint",
    "conversionstatus": "volumestatus",
    "encryptionpercentagecomplete": "encryptionpercentage",
}
_BETWEEN = re.compile(r"[\s,]*")
_DOCTYPE = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def json_values(text: str) -> list[Any]:
    """The JSON values in a text, which may have a prompt before them; empty where there is none."""
    start = re.search(r"^\s*[\[{]", text, re.MULTILINE)
    decoder = json.JSONDecoder()
    values: list[Any] = []
    position = start.end() - 1 if start else len(text)
    while position < len(text) and len(values) < 1000:
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        values.append(value)
        between = _BETWEEN.match(text, position)
        position = between.end() if between else position
    return values


def volumes_of_json(text: str) -> list[Properties]:
    """The volumes of JSON: one object or several, `{"value": [...], "Count": n}`, or key protectors alone."""
    return _volumes([item for value in json_values(text) for item in _items(value)])


def _items(value: Any) -> list[Any]:
    """A list as PowerShell 5.1 and 7 write it."""
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping):
        names = {str(name).casefold(): name for name in value}
        if (
            "value" in names
            and isinstance(value[names["value"]], list)
            and names.keys() <= {"value", "count", "psobject"}
        ):
            return list(value[names["value"]])
    return [] if value is None else [value]


def _volumes(objects: list[Any]) -> list[Properties]:
    found: list[Properties] = []
    for each in objects:
        if not isinstance(each, Mapping):
            continue
        properties = _properties(each)
        if properties.keys() & {"keyprotectortype", "keyprotectorid"}:
            if not found or not found[-1].get("_bare"):
                found.append({"_bare": True, "keyprotector": []})
            found[-1]["keyprotector"].append(properties)
        elif len(properties.keys() & VOLUME_NAMES) >= 2:
            found.append(_with_protectors(properties))
    return found


def _properties(each: Mapping[str, Any]) -> Properties:
    named = {str(name).casefold(): value for name, value in each.items()}
    return {_ALIASES.get(name, name): value for name, value in named.items()}


def _with_protectors(properties: Properties) -> Properties:
    if "keyprotector" not in properties:
        return properties
    items = _items(properties["keyprotector"])
    if any(isinstance(item, str) and "." in item for item in items):
        # ConvertTo-Json -Depth 1 writes the class's name instead of the object.
        return {name: value for name, value in properties.items() if name != "keyprotector"}
    if len(items) == 1 and isinstance(items[0], str) and not items[0].strip():
        items = []
    split = [
        part for item in items for part in (re.split(r"[,\s]+", item.strip(" {}")) if isinstance(item, str) else [item])
    ]
    return {**properties, "keyprotector": [_properties(item) if isinstance(item, Mapping) else item for item in split]}


def is_clixml(text: str) -> bool:
    """True for what Export-Clixml and PowerShell remoting write."""
    return "<Objs" in text[:2000] and "schemas.microsoft.com/powershell" in text[:4000]


def volumes_of_clixml(text: str) -> list[Properties]:
    """The volumes of CLIXML. Raises ValueError for XML that is broken, or that declares types or entities."""
    if _DOCTYPE.search(text):
        raise ValueError("it declares a document type or entities")
    begin = text.find("<Objs")
    try:
        # The declaration is refused above and the text is bounded by the caller; no entity can be expanded.
        root = ElementTree.fromstring(text[begin:] if begin >= 0 else text)  # noqa: S314
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise ValueError("it is cut off or no well-formed XML") from error
    return _volumes(list(_objects(root)))


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _objects(root: ElementTree.Element) -> Iterator[Any]:
    for child in root:
        value = _value(child, 0)
        yield from _items(value) if isinstance(value, list) else [value]


def _value(element: ElementTree.Element, depth: int) -> Any:
    """A CLIXML element: simple types as text, enums as their name, lists as lists, objects by their properties."""
    if depth > _DEEPEST or _local(element) in {"Nil", "Ref"}:
        return None
    if _local(element) != "Obj":
        return element.text or ""
    children = {_local(child): child for child in element}
    for kind in ("LST", "IE", "QUE", "STK"):
        if kind in children:
            return [_value(item, depth + 1) for item in children[kind]]
    if any(_local(child) in {"I32", "By", "U32", "I64"} for child in element) and "ToString" in children:
        return children["ToString"].text
    properties: Properties = {}
    for bag in ("Props", "MS"):
        for item in children.get(bag, ()):
            name = item.get("N", "")
            if name.casefold() in VOLUME_NAMES | PROTECTOR_NAMES:
                properties[name] = _value(item, depth + 1)
    return properties
