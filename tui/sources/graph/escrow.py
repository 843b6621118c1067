"""Recovery key metadata in Entra ID. The only `$select` that gives a recovery password is never sent from here."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from tui.errors import Problem, ProblemKind
from tui.model.ids import parse_guid
from tui.model.recovery_key import RecoveryKey
from tui.ports import KeyPage
from tui.sources.graph.paging import linked_pages, literal, narrow, one, pages
from tui.sources.graph.problems import Ask
from tui.sources.graph.reading import recovery_key
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import WireKey, item_decoder, page_decoder

KEY_METADATA = Ask(
    "recovery key metadata",
    "BitlockerKey.ReadBasic.All",
    "Helpdesk Administrator, Cloud Device Administrator or Security Reader",
)
ALL_PAGES = 20_000
"""Pages of the whole tenant; the page size of this list is Graph's own, `$top` is refused."""

_PAGE = page_decoder(WireKey)
_ITEM = item_decoder(WireKey)


class EntraEscrow:
    """Keys escrowed in Entra ID (v1.0 informationProtection/bitlocker/recoveryKeys)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def keys_of_device(self, device_id: str) -> Sequence[RecoveryKey]:
        """Keys backed up from a device, its id checked on each, in case the filter was ignored."""
        wanted = parse_guid(device_id)
        if wanted is None:
            return ()
        info = narrow(self._keys().to_get_request_information(), filter=f"deviceId eq {literal(wanted)}")
        found = pages(self._transport, info, _PAGE, recovery_key, KEY_METADATA)
        return [key async for page in found for key in page if key.device_id == wanted]

    async def key(self, key_id: str) -> RecoveryKey | None:
        """One key by its full ID; None when Entra does not know it. Another ID in the answer is an alarm."""
        wanted = parse_guid(key_id)
        if wanted is None:
            return None
        info = self._keys().by_bitlocker_recovery_key_id(wanted).to_get_request_information()
        try:
            found = recovery_key(await one(self._transport, info, _ITEM, KEY_METADATA))
        except Problem as problem:
            if problem.kind is ProblemKind.NOT_FOUND:
                return None
            raise
        if found is None or found.id != wanted:
            raise Problem(
                ProblemKind.ALARM,
                "The escrow answered with another key than the one asked for",
                f"Asked for {wanted}, got {found.id if found else 'no id at all'}",
                "Do not use it; check for a proxy in between and tell your security team",
            )
        return found

    async def all_keys(self) -> AsyncIterator[Sequence[RecoveryKey]]:
        """All keys that the engineer may see, page by page; calls of the engineer's own go first."""
        async for page in self.key_pages():
            if page.keys:
                yield page.keys

    async def key_pages(self, resume: str = "") -> AsyncIterator[KeyPage]:
        """The pages of all keys with their links; `resume` is a link of an earlier run, refused when it is foreign."""
        info = self._transport.page(resume) if resume else self._keys().to_get_request_information()
        found = linked_pages(self._transport, info, _PAGE, recovery_key, KEY_METADATA, limit=ALL_PAGES, background=True)
        async for keys, link in found:
            yield KeyPage(tuple(keys), link)

    def _keys(self) -> Any:
        return self._transport.client.information_protection.bitlocker.recovery_keys
