"""The composition root: from a config to a desk. Console, headless verbs and tests all come through here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui.approving import key_of
from tui.clock import Clock, SystemClock
from tui.cloud import Cloud, Graph
from tui.config import Config, Tickets, config_hash
from tui.courier.graph import GraphApart
from tui.errors import Problem, ProblemKind
from tui.graph_here import GraphHere
from tui.model.audit import AppRef, AuditEntry, AuditEvent, DeviceRef
from tui.model.policy import read_office_hours
from tui.paths import guard_directory, tenant_directory
from tui.ports import SignInPrompt, TicketSource
from tui.recorder import recorded_by
from tui.routes import collection_routes
from tui.services.collection import CollectionService
from tui.services.desk import AuditCheck, Desk, Engineer
from tui.services.disclosure_policy import Limits, Rules
from tui.services.queue import QueueService
from tui.services.reveal import RevealPolicy, RevealService
from tui.services.rights import RightsService
from tui.services.rotation import RotationService
from tui.services.safeguards import safeguards
from tui.services.wire_log import WireLog
from tui.store.additions import use_additions
from tui.store.audit import AuditStore, open_audit
from tui.store.audit_reading import OpenFlow
from tui.store.audit_writing import AuditContext
from tui.store.cache import open_cache
from tui.store.outbox import open_outbox
from tui.store.process import this_session
from tui.store.verification import verify
from tui.vault.warden import Warden

if TYPE_CHECKING:
    from tui.sources.active_directory.directory import ActiveDirectory

READ_SECONDS = 9.0
"""For the one keyed read: a caller is on the phone, and hears within ten seconds how it stands."""

OnPrompt = Callable[[SignInPrompt], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Console:
    """What runs: the desk, its cloud, and the disclosures that an earlier run left open."""

    config: Config
    desk: Desk
    cloud: Cloud
    left_open: Sequence[OpenFlow]

    async def sign_in(self) -> Engineer:
        """Load the Graph side and learn who is signed in; raises `Problem`."""
        policies = (await self.cloud.sources()).policies
        engineer = self.desk.engineer
        engineer.user = await policies.me()
        try:
            engineer.roles = tuple(f"{grant.role} {grant.scope}" for grant in await policies.my_roles())
        except Problem:
            engineer.roles = ()
        await self.desk.queue.recognise(engineer.user.upn)
        return engineer


@asynccontextmanager
async def open_console(
    config: Config,
    state: Path,
    *,
    on_prompt: OnPrompt,
    clock: Clock | None = None,
    mode: str = "console",
    colour: str = "",
    apart: bool = False,
) -> AsyncIterator[Console]:
    """Open stores and sources, recover what was left open, and close everything in order afterwards.

    Only the audit is shared with other tenants of the same state; `colour` is how the header shows this one. `apart`
    puts Graph into a process of its own, for a console whose keys must not wait for it.
    Raises `Problem` before anything is shown: configuration, state directory, audit.
    """
    clock = clock or SystemClock()
    refuse_unsupported(config)
    guard_directory(state)
    use_additions(state)
    own = tenant_directory(state, config.tenant.tenant_id)
    async with AsyncExitStack() as stack:
        wire = WireLog()
        graph = await _graph(config, on_prompt, wire, stack, apart=apart)
        session = this_session(recorded_by(config.reveal.session))
        context = AuditContext(
            session=session,
            app=AppRef(config.tenant.client_id, config.sign_in.method),
            tenant=config.tenant.tenant_id,
            config_hash=config_hash(config),
        )
        audit = await stack.enter_async_context(await open_audit(state, context, clock))
        cache = await stack.enter_async_context(await open_cache(own))
        left_open = await audit.recover()
        on_prem = _on_prem(config, stack)
        cloud = Cloud(graph, config.tenant.tenant_id, cache, on_prem, clock)
        warden = Warden(
            config.graph.endpoint,
            graph,
            timeout=READ_SECONDS,
            clipboard=config.reveal.clipboard == "local",
            directory=on_prem.server if on_prem is not None else None,
        )
        stack.push_async_callback(warden.close)
        outbox = await stack.enter_async_context(await open_outbox(own, clock))
        # In a thread: it loads an HTTP library and this machine's certificate authorities.
        sources = await asyncio.to_thread(_load_sources, config)
        queue = QueueService(sources, cache, clock, outbox)
        stack.push_async_callback(queue.close)
        engineer = Engineer()
        rights = RightsService(cloud.sources, clock, config.escalation.contact)
        guards = safeguards(
            audit,
            clock,
            lambda: engineer.operator,
            rules=_rules(config),
            rights=rights,
            activations=cloud.activations,
            open_key=key_of(state),
            approvers=config.approval.approvers,
            contact=config.approval.contact,
            tenant=config.tenant.tenant_id,
            require_ticket=config.reveal.require_ticket,
        )
        desk = Desk(
            tenant=config.tenant.name,
            colour=colour or config.tenant.colour,
            clock=clock,
            engineer=engineer,
            session=session,
            queue=queue,
            reveal=RevealService(
                audit, warden, clock, _policy(config), lambda: engineer.operator, gate=guards.clearance
            ),
            rotation=RotationService(audit, cloud.sources, lambda: engineer.operator, lambda: rights.known),
            audit=audit,
            check_audit=lambda: _check_audit(state),
            cloud=cloud.sources,
            memory=cache,
            rights=rights,
            safeguards=guards,
            wire=wire,
            collection=CollectionService(
                audit, clock, collection_routes(config, cloud.diagnostics), lambda: engineer.operator
            ),
            reports=own / "reports",
            signed_out=lambda: graph.signed_out,
        )
        await _say_start(audit, mode, left_open)
        yield Console(config, desk, cloud, left_open)
        await audit.append(AuditEntry(event=AuditEvent.STOP, operator=engineer.operator, note=mode))


async def _say_start(audit: AuditStore, mode: str, left_open: Sequence[OpenFlow]) -> None:
    note = mode if not left_open else f"{mode}; {len(left_open)} disclosures were left open and are closed as unknown"
    await audit.append(AuditEntry(event=AuditEvent.START, note=note, device=DeviceRef()))


async def _check_audit(state: Path) -> AuditCheck:
    found = await asyncio.to_thread(verify, state)
    return AuditCheck(found.rows, "" if found.ok else found.why)


def _rules(config: Config) -> Rules:
    policy = config.policy
    limits = Limits(policy.max_per_minute, policy.max_per_ten_minutes, config.reveal.max_per_hour, policy.max_per_day)
    return Rules(frozenset(policy.second_person), limits, read_office_hours(policy.office_hours))


def _policy(config: Config) -> RevealPolicy:
    reveal = config.reveal
    return RevealPolicy(
        reveal.clear_after_seconds,
        reveal.max_per_hour,
        reveal.require_ticket,
        clipboard=reveal.clipboard,
        recipient=reveal.sealed_to,
    )


async def _graph(config: Config, on_prompt: OnPrompt, wire: WireLog, stack: AsyncExitStack, *, apart: bool) -> Graph:
    graph = (GraphApart if apart else GraphHere)(config, on_prompt, wire.note)
    stack.push_async_callback(graph.close)
    await graph.begin()
    return graph


def _on_prem(config: Config, stack: AsyncExitStack) -> "ActiveDirectory | None":
    if config.active_directory is None:
        return None
    from tui.sources.active_directory.opening import open_directory

    directory = open_directory(config.active_directory)
    stack.push_async_callback(directory.close)
    return directory


def _load_sources(config: Config) -> tuple[TicketSource, ...]:
    if any(tickets.url for tickets in config.tickets):
        from tui.sources.http import warm_up

        warm_up()
    return ticket_sources(config)


def ticket_sources(config: Config) -> tuple[TicketSource, ...]:
    """The ticket sources of a config; two of one profile are told apart by a number."""
    names: list[str] = []
    sources: list[TicketSource] = []
    for tickets in config.tickets:
        sources.append(_ticket_source(tickets, names))
        names.append(sources[-1].name)
    return tuple(sources)


def _ticket_source(tickets: Tickets, taken: Sequence[str]) -> TicketSource:
    from tui.sources.tickets.opening import open_source

    return open_source(tickets, taken)


def refuse_unsupported(config: Config) -> None:
    """Say what the contract has and this version does not, instead of passing over it."""
    if config.audit.forward:
        raise Problem(
            ProblemKind.CONFIG,
            "Not supported by this version: audit.forward",
            "It would be read and then do nothing",
            "Take it out of the config",
        )
