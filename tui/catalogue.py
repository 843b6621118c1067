"""`reseal kb`: the known-issue catalogue, printed."""

import click
import msgspec

from tui.diagnosis.kb_issues import known_issues
from tui.services.known_issues import find_issue, issue_json, issue_lines
from tui.text import clean_line


def list_issues(*, as_json: bool) -> int:
    """Print the known-issue catalogue."""
    issues = known_issues()
    if as_json:
        _print({"issues": [issue_json(issue) for issue in issues]})
    else:
        for issue in issues:
            click.echo(f"{issue.id:24} {issue.title}")
    return 0


def show_issue(name: str, *, as_json: bool) -> int:
    """Print one known issue; exit code 1 when the catalogue does not hold it."""
    issue = find_issue(name)
    if as_json:
        _print(issue_json(issue) if issue else {})
    else:
        click.echo("\n".join(issue_lines(issue)) if issue else f"The catalogue does not hold {clean_line(name, 60)}.")
    return 0 if issue else 1


def _print(document: object) -> None:
    click.echo(msgspec.json.encode(document).decode())
