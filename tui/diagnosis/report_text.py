"""The answer of `reseal diagnose` for people: one block an input, then cause, update and findings. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tui.diagnosis.redact import redact
from tui.diagnosis.report import Read, Report, undecided_says
from tui.diagnosis.sample import Facts
from tui.model.cause import CauseCode
from tui.text import clean_line

_WIDEST = 160
_MOST_LINES = 8


def report_text(report: Report) -> str:
    """The whole answer as plain lines."""
    odd = [f"! {problem}" for problem in report.problems]
    lines = [*_inputs(report.inputs), *odd, *_cause(report), *_update(report), *_findings(report)]
    return redact("\n".join(lines))[0]


def _inputs(inputs: Sequence[Read]) -> Iterator[str]:
    for read in inputs:
        yield f"{clean_line(read.path)}  {read.parsed.kind}"
        for line in _telling(read.parsed.kind, read.parsed.facts)[:_MOST_LINES]:
            yield f"    {line}"
        for problem in read.parsed.problems:
            yield f"    ! {clean_line(problem)}"


def _telling(kind: str, facts: Facts) -> list[str]:
    """The facts that matter most of each kind."""
    tell = _TELLERS.get(kind)
    try:
        return [clean_line(line, _WIDEST) for line in tell(facts)] if tell else []
    except (TypeError, AttributeError, KeyError):
        return []


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return {None: "unknown", True: "yes", False: "no"}.get(value, value) if not isinstance(value, str) else value


def _named(facts: Facts, *names: str) -> list[str]:
    return [f"{name.replace('_', ' ')}: {_said(facts[name])}" for name in names if facts.get(name) is not None]


def _volumes(facts: Facts) -> list[str]:
    lines = []
    for volume in facts.get("volumes") or []:
        status = volume.get("conversion_status") or volume.get("volume_status")
        told = [status, f"protection {volume.get('protection')}" if volume.get("protection") else None]
        told += [_said(volume["protectors"])] if volume.get("protectors") else []
        lines.append(f"{volume.get('mount') or 'volume'} {'; '.join(str(part) for part in told if part)}")
    return lines


def _protectors(facts: Facts) -> list[str]:
    lines = []
    for volume in facts.get("volumes") or []:
        for entry in volume.get("protectors") or []:
            pcrs = f", PCRs {_said(entry['pcrs'])}" if entry.get("pcrs") else ""
            lines.append(
                f"{volume.get('mount') or 'volume'} {entry.get('type')} {entry.get('id') or '(ID masked)'}{pcrs}"
            )
    return lines


def _evtx(facts: Facts) -> list[str]:
    boots = facts.get("boots") or []
    lines = [f"{facts.get('record_count')} records, {facts.get('first_record')} to {facts.get('last_record')}"]
    lines += [f"last boot: {boots[-1].get('time')} build {boots[-1].get('build')}"] if boots else []
    lines += [
        f"recovery: {each.get('time')} {each.get('how')} {each.get('key_id') or ''}"
        for each in facts.get("recoveries") or []
    ]
    return lines + _named(facts, "kbs_installed")


def _pair(facts: Facts) -> list[str]:
    lines = _named(facts, "changed_pcrs", "cause")
    for entry in facts.get("per_pcr") or []:
        first = entry.get("b") or entry.get("a") or {}
        detail = first.get("variable") or first.get("path") or first.get("text") or ""
        lines.append(f"PCR {entry.get('pcr')}: first {first.get('event_type')} {detail}")
    return lines


def _keys(facts: Facts) -> list[str]:
    return _named(facts, "device") + [f"key {key.get('id')}" for key in facts.get("keys") or []]


def _events(facts: Facts) -> list[str]:
    return [
        f"event {entry.get('id')}" + (f": {entry['error']}" if entry.get("error") else "")
        for entry in facts.get("events") or []
    ]


_TELLERS: dict[str, Callable[[Facts], list[str]]] = {
    "manage-bde-status": _volumes,
    "get-bitlockervolume": _volumes,
    "manage-bde-protectors": _protectors,
    "manage-bde-error": lambda facts: _named(facts, "command", "error_code", "message"),
    "dsregcmd": lambda facts: _named(
        facts, "join_state", "device_id", "tpm_protected", "device_auth_status", "error_phase"
    ),
    "msinfo32": lambda facts: _named(facts, "system_name", "model", "build", "bios", "secure_boot", "pcr7"),
    "test-netconnection": lambda facts: _named(facts, "computer_name", "remote_port", "tcp_test_succeeded"),
    "recovery-screen": lambda facts: _named(facts, "code", "cause", "key_id_prefix", "detail_line"),
    "recovery-key-file": lambda facts: _named(facts, "key_id", "key_id_prefix"),
    "ticket": lambda facts: _named(facts, "kbs", "key_id_prefixes", "error_codes", "cause", "recurrence"),
    "tcg": lambda facts: _named(facts, "format", "event_count", "secure_boot", "firmware_version"),
    "collector-facts": lambda facts: _named(
        facts, "computer", "os_build", "fve_platform_validation_uefi", "tls_issuer"
    ),
    "intune-zip": lambda facts: _named(
        facts, "computer_from_name", "collected", "pcr7", "fve_platform_validation_uefi"
    ),
    "evtx": _evtx,
    "tcg-pair": _pair,
    "escrow-entra": _keys,
    "escrow-ad": _keys,
    "event-text": _events,
}


def _cause(report: Report) -> Iterator[str]:
    cause = report.cause
    details = [f"PCR {cause.pcr}"] if cause.pcr is not None else []
    details += [cause.event] if cause.event else []
    details += [str(cause.confidence)] if cause.code is not CauseCode.UNKNOWN else []
    yield ""
    yield f"Cause: {cause.code}" + (f" ({', '.join(details)})" if details else "")
    yield from (f"    {clean_line(reason)}" for reason in cause.because)
    yield from (f"    missing: {fact}" for fact in cause.missing)


def _update(report: Report) -> Iterator[str]:
    update = report.update
    yield f"Update: {update.kb or 'unknown'}" + (f" ({update.confidence})" if update.kb else "")
    yield from (f"    {clean_line(reason)}" for reason in (*update.because, *map(undecided_says, report.undecided)))


def _findings(report: Report) -> Iterator[str]:
    if not report.findings:
        yield "Findings: none"
    for finding in report.findings:
        yield f"{finding.severity.upper()}  {finding.code}: {finding.title}"
        yield from (f"    {clean_line(fact)}" for fact in finding.evidence)
        yield f"    next: {finding.next}"
