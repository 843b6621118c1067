"""Output of manage-bde in any language: `-status`, lists of key protectors, and errors.

Windows translates labels, values, quotes and the decimal sign; IDs, order and shape stay. So order and shape are read
first and words second.
"""

import re
from collections.abc import Sequence

from tui.diagnosis.manage_bde_protectors import count_ids, protector_volumes
from tui.diagnosis.manage_bde_status import named_fields, status_volumes
from tui.diagnosis.manage_bde_text import (
    command_of,
    computer_name,
    drive_of,
    has_banner,
    lines_of,
    locale_of,
    tool_version,
    volumes_in,
)  # fmt: skip
from tui.diagnosis.sample import Facts, Format, Parsed, Sample
from tui.text import clean_line

STATUS, PROTECTORS, ERROR = "manage-bde-status", "manage-bde-protectors", "manage-bde-error"

_MOST = 500_000
"""Characters of a text that are read; a status of a server with a hundred volumes has 60,000."""
_ERROR_LINE = re.compile(
    r"^\s*(?:error|fehler|erreur|errore|erro|fout|błąd|chyba|hata|ошибка|错误|錯誤|エラー|오류|fel|fejl|feil|virhe)\s*(?::|\()\s*(?P<text>.*)$",
    re.IGNORECASE,
)
_POWERSHELL = re.compile("MountPoint|VolumeStatus|KeyProtector")
_CODE = re.compile(r"\b0x8[0-9a-f]{7}\b", re.IGNORECASE)
_NOT_TEXT = re.compile(r"^\s*(?:NOTE|HINWEIS|REMARQUE|NOTA|注意|注)\s*:", re.IGNORECASE)


def _lines(sample: Sample) -> list[str]:
    return lines_of((sample.text or "")[:_MOST])


def _is_near(text: str | None) -> bool:
    folded = (text or "")[:_MOST].casefold()
    return "bitlocker" in folded or "manage-bde" in folded or "tpm" in folded or "[" in folded or "{" in folded


def _recognise_status(sample: Sample) -> int:
    if not _is_near(sample.text):
        return 0
    lines = _lines(sample)
    fields = named_fields(lines)
    if not volumes_in(lines):
        # Without a header only the fields that nothing else prints together count.
        own = {"conversion", "percent", "method", "protection", "lock"} & fields
        return 70 if len(own) >= 3 and "%" in (sample.text or "") and not _POWERSHELL.search(sample.text or "") else 0
    if len(fields) >= 3:
        return 95
    volumes, _ = status_volumes(lines)
    return 85 if any(volume["percent_encrypted"] is not None for volume in volumes) else 0


def _recognise_protectors(sample: Sample) -> int:
    if not _is_near(sample.text):
        return 0
    lines = _lines(sample)
    blocks = count_ids(lines)
    own = has_banner(lines) or bool(volumes_in(lines)) or any(command_of(line) is not None for line in lines)
    if blocks:
        return 90 if own else 75
    lists_protectors = any("-get" in (command_of(line) or "").casefold() for line in lines)
    return 80 if volumes_in(lines) and (lists_protectors or has_banner(lines)) else 0


def _recognise_error(sample: Sample) -> int:
    if not _is_near(sample.text):
        return 0
    lines = _lines(sample)
    if not _errors(lines):
        return 0
    return 78 if has_banner(lines) or any(command_of(line) is not None for line in lines) else 0


def _parse_status(sample: Sample) -> Parsed:
    lines = _lines(sample)
    volumes, problems = status_volumes(lines)
    facts = _common(STATUS, sample, lines)
    facts["computer"] = computer_name(lines, volumes_in(lines))
    facts["volumes"] = volumes
    listed, more = protector_volumes(lines)
    if any(volume["protectors"] for volume in listed):
        facts["key_protectors"] = [volume for volume in listed if volume["protectors"]]
        problems += more
    return Parsed(STATUS, facts, tuple(problems + _error_sentences(lines)))


def _parse_protectors(sample: Sample) -> Parsed:
    lines = _lines(sample)
    volumes, problems = protector_volumes(lines)
    facts = _common(PROTECTORS, sample, lines)
    failed = _error_sentences(lines)
    for volume in volumes:
        if not volume["protectors"] and not failed:
            # Only manage-bde's own error says that there are none; a cut listing must not.
            volume["protectors"] = None
            problems.append(f"Volume {volume['mount']}: no key protector could be read.")
    facts["volumes"] = volumes
    return Parsed(PROTECTORS, facts, tuple(problems + failed))


def _parse_error(sample: Sample) -> Parsed:
    lines = _lines(sample)
    facts = _common(ERROR, sample, lines)
    commands = [command for line in lines if (command := command_of(line)) is not None]
    errors = _errors(lines)
    facts["command"] = clean_line(commands[-1]) if commands else None
    facts["mount"] = next((drive for c in reversed(commands) if (drive := drive_of(c))), None)
    facts["error_code"] = errors[-1]["error_code"] if errors else None
    facts["message"] = errors[-1]["message"] if errors else None
    facts["errors"] = errors
    return Parsed(ERROR, facts)


def _common(kind: str, sample: Sample, lines: Sequence[str]) -> Facts:
    facts: Facts = {"type": kind, "locale": locale_of("\n".join(lines)), "tool_version": tool_version(lines)}
    return facts if sample.encoding in {"", "utf-8"} else {**facts, "encoding": sample.encoding}


def _errors(lines: Sequence[str]) -> list[Facts]:
    """Each error with its code (an HRESULT) and its message, which may stand on the lines after it."""
    found: list[Facts] = []
    for number, line in enumerate(lines):
        started = _ERROR_LINE.match(line) if len(line) < 500 else None
        if not started and not (_CODE.search(line[:500]) and not found):
            continue
        text = started["text"] if started else line
        code = _CODE.search(line[:500])
        message = [text] if not code else []
        for following in lines[number + 1 : number + 5]:
            if not following.strip() or command_of(following) is not None or _NOT_TEXT.match(following):
                break
            message.append(following.strip())
        error = {
            "error_code": code[0].lower() if code else None,
            "message": clean_line(" ".join(message)) or clean_line(text),
        }
        if error not in found:
            found.append(error)
    return found


def _error_sentences(lines: Sequence[str]) -> list[str]:
    return [
        f"manage-bde failed: {error['message']}" + (f" ({error['error_code']})" if error["error_code"] else "")
        for error in _errors(lines)
    ]


FORMATS = (
    Format(STATUS, _recognise_status, _parse_status),
    Format(PROTECTORS, _recognise_protectors, _parse_protectors),
    Format(ERROR, _recognise_error, _parse_error),
)
