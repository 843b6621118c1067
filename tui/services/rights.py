"""What may I do? Every part is probed by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.rights import Allowed, Capability, Probe, Rights
from tui.ports import Policies
from tui.services.cloud import CloudSources

GOOD_FOR = timedelta(minutes=5)
"""Rights are asked for again after this long; an activated role shows up with the next probe."""

T = TypeVar("T")


async def probe_rights(policies: Policies, clock: Clock) -> Rights:
    """Ask for everything side by side; what cannot be read is None or unknown, with its reason in `gaps`."""
    gaps: list[str] = []

    async def ask(call: Awaitable[T]) -> T | None:
        try:
            return await call
        except Problem as problem:
            gaps.append(problem.what)
            return None

    probing = asyncio.gather(*(_probe(policies, capability) for capability in Capability))
    me, scopes, active, eligible, intune = await asyncio.gather(
        ask(policies.me()),
        ask(policies.token_scopes()),
        ask(policies.my_roles()),
        ask(policies.eligible_roles()),
        ask(policies.intune_actions()),
    )
    probes = await probing
    return Rights(
        observed_at=clock.now(),
        upn=me.upn if me else "",
        scopes=None if scopes is None else tuple(scopes),
        active=None if active is None else tuple(active),
        eligible=None if eligible is None else tuple(eligible),
        intune=None if intune is None else tuple(intune),
        probes=tuple(probes),
        gaps=tuple(gaps),
    )


async def _probe(policies: Policies, capability: Capability) -> Probe:
    try:
        await policies.probe(capability)
    except Problem as problem:
        refused = problem.kind in (ProblemKind.FORBIDDEN, ProblemKind.NOT_FOUND)
        return Probe(capability, Allowed.NO if refused else Allowed.UNKNOWN, problem.what)
    return Probe(capability, Allowed.YES)


class RightsService:
    """The engineer's rights, probed once and kept for some minutes."""

    def __init__(self, cloud: Callable[[], Awaitable[CloudSources]], clock: Clock, contact: str = "") -> None:
        self._cloud = cloud
        self._clock = clock
        self.contact = contact
        """Whom to call when the console cannot help; from the config."""
        self._known: Rights | None = None

    @property
    def known(self) -> Rights | None:
        """What the last probe told, without asking."""
        return self._known

    async def current(self, *, refresh: bool = False) -> Rights:
        """The rights, probed anew when they are old."""
        known = self._known
        if known is None or refresh or self._clock.now() - known.observed_at > GOOD_FOR:
            known = self._known = await probe_rights((await self._cloud()).policies, self._clock)
        return known
