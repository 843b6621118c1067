"""`manage-bde -status`: per volume a header, a type in brackets, and nine or ten fields in a fixed order."""

import re
from collections.abc import Sequence
from itertools import takewhile

from tui.diagnosis import manage_bde_words as words
from tui.diagnosis.manage_bde_protectors import count_ids
from tui.diagnosis.manage_bde_text import Volume, field_of, is_prompt, protector_type, volumes_in, without_remark
from tui.diagnosis.sample import Facts
from tui.text import clean_line

ORDER = ("size", "version", "conversion", "percent", "method", "protection", "lock", "identification", "protectors")
DATA_ORDER = (*ORDER[:-1], "auto_unlock", "protectors")
"""The fields in the order of every language seen; data volumes have the automatic unlock before the protectors."""

_FIELD = re.compile(r"^\s*(?:[-*•]\s+)?(?P<label>[^\W\d_][^:]{1,48}?)\s*:(?:\s+(?P<value>\S.*)|(?P<tight>\S.*))?$")
_BULLET = re.compile(r"^\s*(?:[-*•·+]\s+)?")
_NUMBER = re.compile(r"\d+(?:[ \u2009']\d{3})*(?:[.,]\d+)?")
_GIGABYTES = {
    "b": 2**-30,
    "k": 2**-20,
    "м": 2**-10,
    "m": 2**-10,
    "g": 1.0,
    "г": 1.0,
    "t": 1024.0,
    "т": 1024.0,
    "p": 2.0**20,
}
_SIZE = re.compile(r"(?P<number>\d[\d ']*(?:[.,]\d+)?)\s*(?P<unit>[kmgtpмгт])?(?:i?b|o|б|байт)\b", re.IGNORECASE)
_AES = re.compile(r"(?P<xts>xts)?\W{0,3}aes\W{0,3}(?P<bits>128|256)(?P<rest>.*)", re.IGNORECASE)
_HARDWARE = re.compile("hardware|matériel|аппарат|硬件|硬體|ハードウェア|하드웨어|sprzęt|donanım", re.IGNORECASE)


_OWN = frozenset({"size", "conversion", "percent", "method", "protection", "lock"})
"""Fields that lists of key protectors lack."""


def status_volumes(lines: Sequence[str]) -> tuple[list[Facts], list[str]]:
    """The volumes of a status output, and sentences about what is missing from them."""
    headers = [volume for volume in volumes_in(lines) if volume.mount]
    ends = [header.line for header in headers[1:]] + [len(lines)]
    blocks = [(header, header.line + 1, end) for header, end in zip(headers, ends, strict=False)]
    if not headers:
        blocks = [(Volume(-1, "", None), 0, len(lines))]
    found: list[Facts] = []
    problems: list[str] = []
    for header, start, end in blocks:
        block = list(lines[start:end])
        fields = _fields(block)
        if len(fields) < (1 if header.mount else 3) or (_OWN.isdisjoint(fields) and count_ids(block)):
            # The second is a list of key protectors in the same paste.
            continue
        volume = _volume(header, _volume_type(block, "auto_unlock" in fields), fields)
        if volume not in found:
            found.append(volume)
        missing = [name for name in ORDER if name not in fields]
        if missing:
            problems.append(f"Volume {header.mount or 'without a header'} has no line for {', '.join(missing)}.")
    return found, problems


def named_fields(lines: Sequence[str]) -> set[str]:
    """The fields of a status block that a text names, by label."""
    labels = (match["label"] for line in lines if len(line) < 200 and (match := _FIELD.match(line)))
    return {name for label in labels if (name := field_of(label)) in DATA_ORDER and name}


def _fields(block: Sequence[str]) -> dict[str, list[str]]:
    """Field name to its value and the lines below it."""
    entries: list[tuple[str, list[str]]] = []
    for line in block:
        if is_prompt(line) or line.strip().startswith("["):
            if entries:
                break
            continue
        match = _FIELD.match(line) if len(line) < 300 else None
        if match and not match["label"].strip().startswith("("):
            entries.append((match["label"], [match["value"] or match["tight"] or ""]))
        elif entries:
            entries[-1][1].append(line)
    return _named([entry for entry in entries if _plausible(*entry)])


def _plausible(label: str, values: Sequence[str]) -> bool:
    return field_of(label) not in (None, "computer") or _by_shape(values[0]) is not None or len(label.split()) <= 4


def _named(entries: Sequence[tuple[str, list[str]]]) -> dict[str, list[str]]:
    """Names by label, then by the look of the value, then by the place between named neighbours."""
    order = DATA_ORDER if len(entries) >= len(DATA_ORDER) else ORDER
    names: list[str | None] = [None] * len(entries)
    judged = [(field_of(label), _by_shape(values[0])) for label, values in entries]
    for by_label in (True, False):
        for n, (labelled, shaped) in enumerate(judged):
            name = labelled if by_label else shaped
            if names[n] is None and name in DATA_ORDER and name not in names:
                names[n] = name
    for n, name in enumerate(names):
        if name is None:
            names[n] = _by_place(names, n, order)
    return {name: entries[n][1] for n, name in enumerate(names) if name}


def _by_shape(value: str) -> str | None:
    if "%" in value or "٪" in value:
        return "percent"
    if _AES.search(value):
        return "method"
    if _SIZE.search(value):
        return "size"
    return "version" if re.fullmatch(r"\s*[12]\.0\s*", value) else None


def _by_place(names: Sequence[str | None], at: int, order: Sequence[str]) -> str | None:
    before = names[at - 1] if at else None
    place = (
        order.index(before) + 1 if before in order else 0 if at == 0 and len(names) >= len(ORDER) - 1 else len(order)
    )
    if place >= len(order) or order[place] in names:
        return None
    return order[place]


def _volume_type(block: Sequence[str], auto_unlock: bool) -> str | None:
    for line in [line.strip() for line in block if line.strip()][:2]:
        if line.startswith("[") and line.endswith("]"):
            if words.OS_VOLUME.search(line):
                return "os"
            return "data" if words.DATA_VOLUME.search(line) or auto_unlock else "os"
    return "data" if auto_unlock else None


def _volume(header: Volume, volume_type: str | None, fields: dict[str, list[str]]) -> Facts:
    def text(name: str) -> str | None:
        return _joined(fields[name], name) if name in fields else None

    method, percent = _method(text("method")), _number(text("percent"))
    if method is None and percent == 0:
        method = "None"
    decrypted = method == "None" and percent == 0
    protection, reboots = _protection(text("protection"), decrypted)
    volume: Facts = {
        "mount": header.mount or None,
        "label": header.label,
        "volume_type": volume_type,
        "size_gb": _gigabytes(text("size")),
        "bitlocker_version": _version(text("version")),
        "conversion_status": _conversion(text("conversion"), decrypted),
        "percent_encrypted": percent,
        "encryption_method": method,
        "protection": protection,
        "lock": _lock(text("lock"), percent),
        "identification_field": _identification(text("identification")),
        "auto_unlock": _switch(text("auto_unlock")) if volume_type != "os" else None,
        "protectors": _protectors(fields.get("protectors")),
    }
    return volume if reboots is None else {**volume, "reboots_left": reboots}


def _joined(values: Sequence[str], name: str) -> str:
    """A value with the lines that a narrow window wrapped it onto."""
    if values[0] and name == "identification":
        return without_remark(values[0])
    wrapped = takewhile(str.strip, values[1:3])
    return " ".join(filter(None, (without_remark(part) for part in (values[0], *wrapped))))


def _number(value: str | None) -> float | None:
    found = _NUMBER.search(value or "")
    return float(re.sub(r"[ \u2009']", "", found[0]).replace(",", ".")) if found else None


def _gigabytes(value: str | None) -> float | None:
    found = _SIZE.search(value or "")
    if not found:
        return None
    number = float(re.sub(r"[ ']", "", found["number"]).replace(",", "."))
    scale = _GIGABYTES[(found["unit"] or "b").casefold()]
    return number if scale == 1.0 else round(number * scale, 2)


def _version(value: str | None) -> str | None:
    """2.0, or on old systems the Windows that wrote the metadata; null for none."""
    found = re.search(r"\d+\.\d+|Windows \w+", value or "")
    return found[0] if found else None


def _conversion(value: str | None, decrypted: bool) -> str | None:
    if value is None:
        return None
    if words.UNKNOWN.search(value):
        return "Unknown"
    back = words.DECRYPT.search(value)
    if words.PAUSED.search(value):
        return "DecryptionPaused" if back else "EncryptionPaused"
    if words.IN_PROGRESS.search(value):
        return "DecryptionInProgress" if back else "EncryptionInProgress"
    if words.USED_SPACE.search(value):
        return "UsedSpaceOnlyEncrypted"
    if back or decrypted:
        return "FullyDecrypted"
    return "FullyEncrypted" if words.ENCRYPT.search(value) else None


def _method(value: str | None) -> str | None:
    if value is None:
        return None
    if found := _AES.search(value):
        diffuser = "Diffuser" if re.search("diffus|дифф|扩散|擴散|ディフュ|디퓨", found["rest"], re.I) else ""
        return f"{'Xts' if found['xts'] else ''}Aes{found['bits']}{diffuser}"
    if _HARDWARE.search(value):
        return "HardwareEncryption"
    if words.UNKNOWN.search(value):
        return "Unknown"
    return "None" if words.NONE.search(value) else None


def _protection(value: str | None, decrypted: bool) -> tuple[str | None, int | None]:
    if value is None:
        return None, None
    reboots = re.search(r"\((?:\D{0,30})(\d{1,2})(?:\D{0,30})\)", value)
    left = int(reboots[1]) if reboots else None
    if words.UNKNOWN.search(value):
        return "Unknown", None
    if words.OFF.search(value) or left is not None:
        return "Off", left
    if words.ON.search(value):
        return "On", None
    return ("Off" if decrypted else None), None


def _lock(value: str | None, percent: float | None) -> str | None:
    if value is None:
        return None
    if words.UNLOCKED.search(value):
        return "Unlocked"
    if words.LOCKED.search(value):
        return "Locked"
    if words.UNKNOWN.search(value):
        return "Unknown"
    # A locked volume prints no number for the percentage in any language.
    return "Locked" if percent is None else "Unlocked"


def _identification(value: str | None) -> str | None:
    if not value:
        return value
    if len(value) < 24 and words.UNKNOWN.search(value):
        return "Unknown"
    return "None" if len(value) < 24 and words.NONE.search(value) else clean_line(value)


def _switch(value: str | None) -> bool | None:
    if not value:
        return None
    return False if words.OFF.search(value) else True if words.ON.search(value) else None


def _protectors(values: Sequence[str] | None) -> list[str] | None:
    """Protector types; an inline value that names no type says, in whatever language, that there are none."""
    if values is None:
        return None
    if inline := without_remark(values[0]):
        kinds = [protector_type(part) for part in re.split("[,;、]", inline)]
        return [] if words.NONE.search(inline) else [kind for kind in kinds if kind]
    found: list[str] = []
    for line in values[1:]:
        name = without_remark(_BULLET.sub("", line))
        if not name:
            if found:
                break
            continue
        if (
            len(name) > 60
            or len(name.split()) > 8
            or name.endswith((".", "?", "!"))
            or name.startswith(("`", "<", "-"))
        ):
            break
        found.append(protector_type(name) or "Unknown")
    return found
