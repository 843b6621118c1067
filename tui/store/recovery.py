"""INTENTs that a crash, a kill or a power cut left open."""

import sqlite3
from dataclasses import replace

from tui.model.audit import AuditEntry, AuditEvent, AuditRow
from tui.store.audit_reading import OpenFlow, open_intents
from tui.store.audit_writing import Chain
from tui.store.database import transaction
from tui.store.process import is_alive

FOUND_AT_START = "found-at-start"
UNKNOWN = "unknown"


def open_flows(connection: sqlite3.Connection) -> list[OpenFlow]:
    """Every INTENT without an OUTCOME, oldest first, also those that a running console is busy with."""
    return [OpenFlow(row, drawn, is_alive(row.session, row.boot_id)) for row, drawn in open_intents(connection)]


def recover(connection: sqlite3.Connection, chain: Chain) -> list[OpenFlow]:
    """Close with OUTCOME `unknown` each INTENT whose run has ended, and return what was closed.

    The look and the rows are one transaction, so two consoles that start at once close an INTENT once. An INTENT of a
    run that is alive is that run's own business.
    """
    with transaction(connection):
        left = [flow for flow in open_flows(connection) if not flow.alive]
        for flow in left:
            of_tenant = replace(chain, context=replace(chain.context, tenant=flow.intent.tenant))
            of_tenant.extend(connection, [_outcome(flow.intent)])
    return left


def _outcome(intent: AuditRow) -> AuditEntry:
    # Who, what and why are the INTENT's; what came back from the network is not known.
    return replace(
        intent.entry,
        event=AuditEvent.OUTCOME,
        request_id="",
        graph_date="",
        http_status=0,
        shown_ms=0,
        ended_by=UNKNOWN,
        note=FOUND_AT_START,
    )
