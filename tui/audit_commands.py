"""`reseal audit`: what is recorded, whether it holds, and what leaves for auditors."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from tui.running import run_headless, tenant_option


@click.group()
def audit() -> None:
    """The audit."""


@audit.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True)
def audit_list(as_json: bool, limit: int) -> int:
    """The newest rows, newest first."""
    from tui import headless

    return asyncio.run(headless.list_audit(limit, as_json=as_json))


@audit.command("verify")
@click.argument("pack", required=False, type=click.Path(path_type=Path))
@click.option("--head", default="", help="A MAC that was noted elsewhere: the pack's newest row has to bear it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def audit_verify(pack: Path | None, head: str, as_json: bool) -> int:
    """Check number, chain and schema of every row; with PACK, those of an evidence pack."""
    from tui import evidence_verbs, headless

    if pack is not None:
        return evidence_verbs.verify_pack(pack, head, as_json=as_json)
    return headless.verify_audit(as_json=as_json)


@audit.command("reconcile")
@click.option("--days", type=click.IntRange(1, 30), default=7, show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def audit_reconcile(config_path: Path | None, days: int, as_json: bool) -> int:
    """Compare this console's key reads with those that Entra ID has logged."""
    from tui import evidence_verbs

    return run_headless(config_path, lambda console: evidence_verbs.reconcile_audit(console, days, as_json=as_json))


@audit.command("export")
@click.option(
    "--replay", is_flag=True, help="The shift as a rehearsal for `reseal demo --replay`, without personal data."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write; never overwritten.")
@click.option("--since", type=click.DateTime(), help="From when on, UTC; the audit's beginning by default.")
@click.option("--until", type=click.DateTime(), help="Until when, UTC; now by default.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def audit_export(
    config_path: Path | None, replay: bool, out: Path, since: datetime | None, until: datetime | None, as_json: bool
) -> int:
    """Write the audit as an evidence pack, or what a shift was made of."""
    from tui import evidence_verbs, headless

    if replay:
        return run_headless(config_path, lambda console: headless.export_replay(console, out))
    start, end = (moment.replace(tzinfo=UTC) if moment else None for moment in (since, until))
    return asyncio.run(evidence_verbs.export_pack(out, start, end, as_json=as_json))


audit_export.params.append(tenant_option())
