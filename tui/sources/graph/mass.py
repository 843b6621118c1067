"""Many devices at once: the batches that a mass incident needs, each answer checked against what was asked."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from tui.errors import Problem, ProblemKind
from tui.model.device import EntraDevice, ManagedDevice
from tui.model.ids import parse_guid
from tui.model.recovery_key import RecoveryKey
from tui.model.wire import Workload
from tui.sources.graph.batch import Part, send_batch
from tui.sources.graph.directory import DEVICE, DEVICE_FIELDS, DEVICES
from tui.sources.graph.escrow import KEY_METADATA
from tui.sources.graph.intune import MANAGED, MANAGED_FIELDS, newest
from tui.sources.graph.paging import Reader, items_of, literal, pages
from tui.sources.graph.problems import Ask, unreadable
from tui.sources.graph.reading import entra_device, managed_device, recovery_key
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import Page, Unreadable, WireDevice, WireKey, WireManagedDevice, page_decoder
from tui.sources.upstream import Answer
from tui.text import clean_line

T = TypeVar("T")
Wire = TypeVar("Wire")

_DEVICES = page_decoder(WireDevice)
_MANAGED = page_decoder(WireManagedDevice)
_KEYS = page_decoder(WireKey)


class BatchedGraph:
    """`ports.MassSource` over `$batch`. In the `background` it gives way to what an engineer waits for."""

    def __init__(self, transport: Transport, *, background: bool = False) -> None:
        self._transport = transport
        self._background = background

    async def devices_named(self, names: Sequence[str]) -> Sequence[Sequence[EntraDevice] | Problem]:
        """Device objects by display name, each one's name checked."""
        parts = [_filtered("/devices", f"displayName eq {literal(name)}", DEVICE_FIELDS) for name in names]
        found = await self._lists(parts, _DEVICES, entra_device, DEVICES, Workload.DIRECTORY)
        return [
            listed if isinstance(listed, Problem) else [one for one in listed if _same_name(one.name, name)]
            for name, listed in zip(names, found, strict=True)
        ]

    async def devices(self, device_ids: Sequence[str]) -> Sequence[EntraDevice | Problem]:
        """Device objects by device id."""
        parts = [_filtered("/devices", f"deviceId eq {literal(each)}", DEVICE_FIELDS) for each in device_ids]
        found = await self._lists(parts, _DEVICES, entra_device, DEVICE, Workload.DIRECTORY)
        return [_only(listed, device_id) for device_id, listed in zip(device_ids, found, strict=True)]

    async def managed_devices(self, device_ids: Sequence[str]) -> Sequence[ManagedDevice | Problem | None]:
        """Intune's records. Where a filter is ignored the first page is looked through, and no more."""
        path = "/deviceManagement/managedDevices"
        parts = [_filtered(path, f"azureADDeviceId eq {literal(each)}", MANAGED_FIELDS) for each in device_ids]
        found = await self._lists(parts, _MANAGED, managed_device, MANAGED, Workload.INTUNE, whole=False)
        return [
            listed if isinstance(listed, Problem) else _record(listed, device_id)
            for device_id, listed in zip(device_ids, found, strict=True)
        ]

    async def keys_of_devices(self, device_ids: Sequence[str]) -> Sequence[Sequence[RecoveryKey] | Problem]:
        """Key metadata, all pages."""
        path = "/informationProtection/bitlocker/recoveryKeys"
        parts = [Part(path, {"$filter": f"deviceId eq {literal(each)}"}) for each in device_ids]
        found = await self._lists(parts, _KEYS, recovery_key, KEY_METADATA, Workload.KEYS)
        return [
            listed if isinstance(listed, Problem) else [key for key in listed if key.device_id == parse_guid(device_id)]
            for device_id, listed in zip(device_ids, found, strict=True)
        ]

    async def _lists(
        self,
        parts: Sequence[Part],
        decode: Callable[[bytes], Page[Wire]],
        read: Reader[Wire, T],
        ask: Ask,
        workload: Workload,
        *,
        whole: bool = True,
    ) -> list[list[T] | Problem]:
        answers = await send_batch(self._transport, parts, ask, workload, background=self._background)
        await self._transport.step()
        return [
            answer if isinstance(answer, Problem) else await self._list(answer, decode, read, ask, whole=whole)
            for answer in answers
        ]

    async def _list(
        self, answer: Answer, decode: Callable[[bytes], Page[Wire]], read: Reader[Wire, T], ask: Ask, *, whole: bool
    ) -> list[T] | Problem:
        try:
            page, items = items_of(decode(answer.body), read)
            if whole and page.next_link:
                following = self._transport.page(page.next_link)
                rest = pages(self._transport, following, decode, read, ask, background=self._background)
                items += [item async for more in rest for item in more]
        except Unreadable as error:
            return unreadable(answer, ask, str(error))
        except Problem as problem:
            return problem
        return items


def _filtered(path: str, condition: str, fields: str) -> Part:
    return Part(path, {"$filter": condition, "$select": fields})


def _same_name(found: str, wanted: str) -> bool:
    return found.casefold() == clean_line(wanted).casefold()


def _only(listed: list[EntraDevice] | Problem, device_id: str) -> EntraDevice | Problem:
    if isinstance(listed, Problem):
        return listed
    same = [device for device in listed if device.device_id == parse_guid(device_id)]
    return same[0] if same else Problem(ProblemKind.NOT_FOUND, f"Not found: {DEVICE.subject}")


def _record(listed: list[ManagedDevice], device_id: str) -> ManagedDevice | Problem | None:
    same = [device for device in listed if device.entra_device_id == parse_guid(device_id)]
    if listed and not same:
        why = "The filter was ignored and other devices came back"
        return Problem(ProblemKind.UPSTREAM, f"Not known: {MANAGED.subject}", why, "Open the device by itself")
    return newest(same) if same else None
