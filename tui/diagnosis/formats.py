"""The registry of formats: which parser an input belongs to, and what a set of inputs says together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui.diagnosis import (
    bundle_intune,
    collector,
    dsregcmd,
    escrow,
    event_text,
    events,
    key_file,
    manage_bde,
    measured_boot,
    msinfo32,
    network,
    recovery_screen,
    ticket_text,
    volumes,
)
from tui.diagnosis.bundle import Bundle, Member, is_cabinet, is_zip, read_zip, walk
from tui.diagnosis.bundle_intune import Part
from tui.diagnosis.decode import make_sample
from tui.diagnosis.sample import Format, Parsed, Sample
from tui.text import clean_line

UNKNOWN = "unknown"
THRESHOLD = 10
"""A score below this is no recognition."""

FORMATS: tuple[Format, ...] = (
    *measured_boot.FORMATS,
    *events.FORMATS,
    *event_text.FORMATS,
    *manage_bde.FORMATS,
    *volumes.FORMATS,
    *dsregcmd.FORMATS,
    *msinfo32.FORMATS,
    *network.FORMATS,
    *key_file.FORMATS,
    *escrow.FORMATS,
    *collector.FORMATS,
    *bundle_intune.FORMATS,
    *recovery_screen.FORMATS,
    *ticket_text.FORMATS,
)
"""Every format, the more telling first: of equal scores the first wins."""

_HEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class Input:
    """One input with what its parser said. `path` is a file, or a member as `bundle.zip/member`."""

    path: str
    parsed: Parsed
    passwords_removed: int = 0
    sample: Sample | None = field(default=None, repr=False, compare=False)
    """Kept for measured-boot logs only, which are compared in pairs."""


def identify(sample: Sample) -> Parsed:
    """Parse one input by the format that recognises it best. Never raises; what no format knows is `unknown`."""
    best, score = _recognise(sample)
    if best is None or score < THRESHOLD:
        return Parsed(UNKNOWN, {"type": UNKNOWN}, (_reason(sample),))
    try:
        parsed = best.parse(sample)
    except Exception as error:  # a parser's fault must not cost the other inputs
        return Parsed(best.name, {"type": best.name}, (f"the parser failed ({type(error).__name__})",))
    if sample.passwords_removed:
        said = f"{sample.passwords_removed} recovery password(s) removed from this input"
        return Parsed(parsed.kind, parsed.facts, (*parsed.problems, said))
    return parsed


def _recognise(sample: Sample) -> tuple[Format | None, int]:
    best: Format | None = None
    highest = 0
    for candidate in FORMATS:
        try:
            score = candidate.recognise(sample)
        except Exception:  # noqa: S112 - a format that cannot even look at the input does not know it
            continue
        if score > highest:
            best, highest = candidate, score
    return best, highest


def _reason(sample: Sample) -> str:
    if not sample.data:
        return "the file is empty"
    if is_cabinet(sample.data):
        return "a Windows cabinet, which is not unpacked"
    if sample.text is None:
        return "binary, and of none of the known formats"
    return "text, and of none of the known formats" if sample.text.strip() else "the file holds only blanks"


def diagnose_inputs(inputs: Iterable[tuple[str, bytes]]) -> list[Input]:
    """Parse a set of inputs, zips in place. Two measured-boot logs of one machine, older first, add a pair."""
    found: list[Input] = []
    whole = 0
    for name, data in inputs:
        whole += 1
        found += _zip_inputs(clean_line(name), data) if is_zip(data) else [_input(name, data)]
    logs = [item.sample for item in found if item.sample is not None]
    if whole == len(logs) == 2:
        found.append(_pair(logs[0], logs[1]))
    return found


def diagnose_folder(folder: Path) -> list[Input]:
    """Parse the files under a folder; those that no format knows are counted, not listed."""
    bundle = Bundle()
    found = [item for member in walk(folder, bundle) for item in _member_inputs(member)]
    return _telling(clean_line(str(folder)), found, bundle)


def _input(name: str, data: bytes, path: str = "") -> Input:
    sample = make_sample(clean_line(name), data)
    parsed = identify(sample)
    kept = sample if parsed.kind == measured_boot.KIND else None
    return Input(path or sample.name, parsed, sample.passwords_removed, kept)


def _member_inputs(member: Member) -> list[Input]:
    if is_zip(member.data):
        return _zip_inputs(member.path, member.data)
    return [_input(member.path, member.data)]


def _zip_inputs(name: str, data: bytes) -> list[Input]:
    bundle, found, parts = Bundle(), [], []
    for member in read_zip(data, bundle):
        item = _input(member.path, member.data, f"{name}/{member.path}")
        found.append(Input(item.path, item.parsed, item.passwords_removed))
        head = member.data if member.path.lower().endswith(".reg") else member.data[:16]
        parts.append(Part(member.path, head[:_HEAD], item.parsed))
    if bundle_intune.is_intune(name, bundle.names):
        whole = bundle_intune.summary(name, bundle.names, parts, bundle.problems)
        return [Input(name, whole), *_known(found)]
    return _telling(name, found, bundle)


def _telling(name: str, found: Sequence[Input], bundle: Bundle) -> list[Input]:
    """The recognised members of a bundle, and one line about the bundle where it needs saying."""
    known = list(_known(found))
    left = len(found) - len(known)
    problems = list(bundle.problems)
    if left or not known:
        problems.append(f"{left} of {len(bundle.names)} members are of no known format")
    if not problems:
        return known
    facts = {"type": UNKNOWN, "members": len(bundle.names), "recognised": len(known)}
    return [*known, Input(name, Parsed(UNKNOWN, facts, tuple(problems)))]


def _known(found: Sequence[Input]) -> Iterator[Input]:
    return (item for item in found if item.parsed.kind != UNKNOWN)


def _pair(older: Sample, newer: Sample) -> Input:
    path = f"{older.name} and {newer.name}"
    try:
        return Input(path, measured_boot.compare(older, newer))
    except Exception as error:  # the logs are read already, only their difference is lost
        kind = measured_boot.PAIR_KIND
        return Input(path, Parsed(kind, {"type": kind}, (f"the comparison failed ({type(error).__name__})",)))
