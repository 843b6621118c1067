"""`reseal kb`: the known-issue catalogue, printed and brought up to date."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click
import msgspec

from tui.diagnosis.kb_entries import LARGEST, Additions, read_additions
from tui.diagnosis.kb_issues import KnownIssue, Origin, known_issues
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, AuditRow
from tui.paths import guard_directory, state_directory
from tui.services.known_issues import ORIGIN_WORDS, Theory, find_issue, issue_json, issue_lines, theories_of
from tui.store.additions import load_additions, put_in_force, save_additions
from tui.text import clean_line
from tui.wiring import Console

ASKED = 60
"""Updates that one run asks release health about."""

TONIGHT = timedelta(hours=24)
"""How long a working theory written in the console is listed beside the catalogue."""


async def list_issues(*, as_json: bool) -> int:
    """Print the catalogue, the team's additions, and tonight's working theories."""
    load_additions(state_directory())
    issues, theories = known_issues(), await _theories()
    if as_json:
        _print(
            {"issues": [issue_json(issue) for issue in issues], "theories": [_theory_json(each) for each in theories]}
        )
        return 0
    for issue in issues:
        click.echo(_line(issue))
    for theory in theories:
        click.echo(f"{'theory:' + theory.id:24} {theory.at:%Y-%m-%d}  {_told(theory)}")
    return 0


async def show_issue(name: str, *, as_json: bool) -> int:
    """Print one known issue; exit code 1 when the catalogue does not hold it."""
    load_additions(state_directory())
    issue = find_issue(name)
    if as_json:
        _print(issue_json(issue) if issue else {})
    else:
        click.echo("\n".join(issue_lines(issue)) if issue else f"The catalogue does not hold {clean_line(name, 60)}.")
    return 0 if issue else 1


async def add_file(path: Path, *, as_json: bool) -> int:
    """Add the entries of a file; raises `Problem` for one that is not of the catalogue's shape."""
    state = state_directory()
    guard_directory(state)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Problem(ProblemKind.CONFIG, f"{path} cannot be read", error.strerror or "", "Name a file.") from error
    found = read_additions(data, path.name)
    if any(issue.origin is Origin.RELEASE_HEALTH for issue in found.issues):
        raise Problem(
            ProblemKind.CONFIG, f"{path.name} claims to be Microsoft's release health", "", "Leave origin out."
        )
    await _note(f"kb update from {clean_line(path.name, 60)}: {_ids(found.issues)}")
    return _keep(state, found, (), as_json=as_json)


async def ask_release_health(console: Console, wanted: Sequence[str], *, as_json: bool) -> int:
    """Ask Graph about updates: those named, else the catalogue's own and those that tickets name. Raises `Problem`."""
    if console.config.tenant.cloud != "global":
        why = "Microsoft offers it in the global cloud alone"
        raise Problem(ProblemKind.POLICY, "Release health cannot be asked here", why, _FROM_FILE)
    state = state_directory()
    load_additions(state)
    await console.desk.queue.load_cached()
    asked = list(wanted) or _of_interest(console)
    health, found = (await console.cloud.graph.side()).health, Additions()
    for kb in asked[:ASKED]:
        try:
            found = found.joined(await health.about(kb))
        except Problem as problem:
            if problem.kind is ProblemKind.FORBIDDEN:
                raise Problem(
                    problem.kind, problem.what, problem.why, f"{problem.next_step.rstrip('.')}. {_FROM_FILE}",
                    status=problem.status, code=problem.code, request_id=problem.request_id,
                ) from None  # fmt: skip
            raise
    note = f"kb update from release health about {len(asked[:ASKED])} updates: {_ids(found.issues)}"
    await console.desk.audit.append(AuditEntry(event=AuditEvent.CONFIG, note=note))
    return _keep(state, found, asked[:ASKED], as_json=as_json)


_FROM_FILE = "Or add entries from a file: reseal kb update --from FILE"


def _of_interest(console: Console) -> list[str]:
    """Updates that tickets name, those named most first, then what the catalogue does not call resolved."""
    named: dict[str, int] = {}
    for incident in console.desk.queue.book.all():
        for kb in incident.reading.kbs:
            named[kb] = named.get(kb, 0) + 1
    ours = [row.kb for issue in reversed(known_issues()) if issue.status != "resolved" for row in issue.kbs]
    return list(dict.fromkeys((*sorted(named, key=lambda kb: -named[kb]), *ours)))


def _keep(state: Path, found: Additions, asked: Sequence[str], *, as_json: bool) -> int:
    before = load_additions(state)
    known = {issue.id.lower() for issue in before.issues}
    whole = before.joined(found)
    put_in_force(whole)
    path = save_additions(state, whole)
    new = [issue for issue in found.issues if issue.id.lower() not in known]
    if as_json:
        told = [issue_json(issue) for issue in found.issues]
        _print({"asked": asked, "entries": told, "new": len(new), "builds": len(found.builds), "path": str(path)})
        return 0
    for issue in found.issues:
        click.echo(_line(issue))
    click.echo(
        f"reseal: {len(found.issues)} entries ({len(new)} new) and {len(found.builds)} builds, kept in {path}", err=True
    )
    return 0


def _line(issue: KnownIssue) -> str:
    """An entry in one line: its id, the newest day that a source bears, its title, and what it is worth."""
    dated = max((source.dated for source in issue.sources if source.dated is not None), default=None)
    mark = f"  [{ORIGIN_WORDS[issue.origin]}]" if ORIGIN_WORDS[issue.origin] else ""
    return f"{issue.id:24} {dated or 'no date   '}  {issue.title}{mark}"


def _told(theory: Theory) -> str:
    return f"{theory.text}  [{ORIGIN_WORDS[Origin.THEORY]}; {theory.group.kb or theory.group.cause}, {theory.by}]"


def _theory_json(theory: Theory) -> dict[str, str]:
    return {
        "id": theory.id,
        "origin": Origin.THEORY.value,
        "text": theory.text,
        "cause": theory.group.cause.value,
        "kb": theory.group.kb,
        "by": theory.by,
        "at": theory.at.isoformat(),
    }


async def _theories() -> tuple[Theory, ...]:
    """Working theories of the last day; an audit that is not there yet is not made for this."""
    from tui.clock import SystemClock
    from tui.store.audit import open_audit

    state = state_directory()
    if not state.exists():
        return ()
    guard_directory(state)
    async with await open_audit(state) as audit:
        rows: Sequence[AuditRow] = await audit.rows_of({AuditEvent.REVIEW}, SystemClock().now() - TONIGHT)
    return theories_of(rows)


async def _note(text: str) -> None:
    from tui.store.audit import open_audit

    async with await open_audit(state_directory()) as audit:
        await audit.append(AuditEntry(event=AuditEvent.CONFIG, note=text))


def _ids(issues: Sequence[KnownIssue]) -> str:
    return ", ".join(issue.id for issue in issues[:20]) or "nothing"


def _print(document: object) -> None:
    click.echo(msgspec.json.encode(document).decode())
