"""What the last join of a device told, kept in the cache, so that the next one may ask everything at once.

A hint is only where to ask first: every answer is checked as if nothing had been known.
"""

from datetime import datetime, timedelta

import msgspec

from tui.model.ids import parse_guid
from tui.ports import Memory

FLAP_WINDOW = timedelta(days=7)
"""Compliance states older than this do not count as flapping."""
_KEPT_STATES = 40


class _Seen(msgspec.Struct):
    at: datetime
    state: str


class Hints:
    """Hints of one tenant; an empty or unreadable one is none."""

    def __init__(self, memory: Memory, tenant: str) -> None:
        self._memory = memory
        self._tenant = tenant

    async def device_of_name(self, name: str) -> str:
        """The device id that bore this name alone when it was last asked for."""
        return parse_guid(await self._memory.recall(self._key("device-of-name", name.casefold()))) or ""

    async def intune_id(self, device_id: str) -> str:
        """Intune's id of a device."""
        return parse_guid(await self._memory.recall(self._key("intune-id", device_id))) or ""

    async def keep(self, *, name: str, device_id: str, intune_id: str) -> None:
        """Keep what a join has confirmed."""
        if name:
            await self._memory.remember(self._key("device-of-name", name.casefold()), device_id)
        if intune_id:
            await self._memory.remember(self._key("intune-id", device_id), intune_id)

    async def saw_compliance(self, device_id: str, state: str, at: datetime) -> int:
        """Note a compliance state and count how often it has changed within `FLAP_WINDOW`."""
        key = self._key("compliance", device_id)
        seen = [one for one in _states(await self._memory.recall(key)) if at - one.at < FLAP_WINDOW]
        if not seen or seen[-1].state != state:
            seen = [*seen, _Seen(at, state)][-_KEPT_STATES:]
            await self._memory.remember(key, msgspec.json.encode(seen).decode())
        return len(seen) - 1

    def _key(self, kind: str, of: str) -> str:
        return f"{kind}:{self._tenant}:{of}"


def _states(text: str) -> list[_Seen]:
    try:
        return msgspec.json.decode(text, type=list[_Seen]) if text else []
    except msgspec.MsgspecError:
        return []
