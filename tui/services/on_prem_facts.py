"""What Active Directory says of a device, as facts. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tui.model.dossier import Evidence
from tui.model.fact import Fact, FactState, Source, SourceState
from tui.model.recovery_key import Escrow

LOGON_DELAY = timedelta(days=14)
"""How far behind the replicated time of the last logon may be (MS-ADA1, lastLogonTimestamp)."""

_STATES = {
    SourceState.OK: FactState.FRESH,
    SourceState.FORBIDDEN: FactState.DENIED,
    SourceState.NOT_FOUND: FactState.MISSING,
    SourceState.OFF: FactState.MISSING,
}


def on_prem_facts(evidence: Evidence, now: datetime) -> Iterator[Fact]:
    """Nothing while Active Directory was not asked about this device."""
    health, computer = evidence.sources.get("ad"), evidence.computer
    if health is None:
        return
    if computer is not None:
        yield Fact("name", computer.name, Source.AD, now)
        yield Fact("enabled", "yes" if computer.enabled else "no", Source.AD, now)
        yield Fact("unit", computer.container, Source.AD, now)
        if (seen := computer.last_logon) is not None:
            state = FactState.STALE if now - seen > LOGON_DELAY else FactState.FRESH
            yield Fact("last-logon", seen.strftime("%Y-%m-%d"), Source.AD, seen, state)
    keys = len(evidence.on_prem_keys) or sum(key.escrow is Escrow.AD for key in evidence.matches)
    if keys:
        yield Fact("keys", str(keys), Source.AD, health.observed_at)
    elif health.state is not SourceState.OK:
        yield Fact("keys", "", Source.AD, health.observed_at, _STATES.get(health.state, FactState.ERROR), health.detail)
    if keys and evidence.may_read is not None:
        state = FactState.FRESH if evidence.may_read else FactState.DENIED
        value = "may be read" if evidence.may_read else ""
        yield Fact("key-password", value, Source.AD, health.observed_at, state)
