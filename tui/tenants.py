"""The configured tenants, each with a console of its own that is opened when it is first asked for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import get_args, get_type_hints

from tui.clock import Clock
from tui.config import Config, Tenant
from tui.ports import SignInPrompt
from tui.wiring import Console, open_console

OnPrompt = Callable[[str, SignInPrompt], Awaitable[None]]
"""Shows a sign-in prompt of the tenant of this name."""

COLOURS: tuple[str, ...] = tuple(filter(None, get_args(get_type_hints(Tenant)["colour"])))


@dataclass(slots=True)
class Tenants:
    """All tenants of a config. What one of them knows stays with its own console; only the audit's chain is one."""

    configs: Sequence[Config]
    _state: Path
    _on_prompt: OnPrompt
    _clock: Clock | None
    _apart: bool
    _stack: AsyncExitStack
    _consoles: dict[str, Console] = field(default_factory=dict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of the config."""
        return tuple(config.tenant.name for config in self.configs)

    @property
    def opened(self) -> tuple[Console, ...]:
        """The consoles that are open, in the order in which they were."""
        return tuple(self._consoles.values())

    async def open(self, name: str) -> Console:
        """The console of a tenant by its exact name; raises `Problem`, and then nothing of it is left open."""
        async with self._opening:
            if name not in self._consoles:
                place = self.names.index(name)
                opening = open_console(
                    self.configs[place],
                    self._state,
                    on_prompt=partial(self._on_prompt, name),
                    clock=self._clock,
                    colour=self._colour(place),
                    apart=self._apart,
                )
                self._consoles[name] = await self._stack.enter_async_context(opening)
            return self._consoles[name]

    def _colour(self, place: int) -> str:
        """The tenant's own; one of those that nobody chose where there are several tenants."""
        own = self.configs[place].tenant.colour
        if own or len(self.configs) == 1:
            return own
        chosen = {config.tenant.colour for config in self.configs}
        free = [colour for colour in COLOURS if colour not in chosen] or COLOURS
        without = [config.tenant.name for config in self.configs if not config.tenant.colour]
        return free[without.index(self.names[place]) % len(free)]


@asynccontextmanager
async def open_tenants(
    configs: Sequence[Config], state: Path, *, on_prompt: OnPrompt, clock: Clock | None = None, apart: bool = False
) -> AsyncIterator[Tenants]:
    """Nothing is open at first; everything that was opened is closed in the end, the newest first.

    `apart` puts the Graph of each into a process of its own.
    """
    async with AsyncExitStack() as stack:
        yield Tenants(configs, state, on_prompt, clock, apart, stack)
