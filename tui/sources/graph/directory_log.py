"""Entra ID's own audit log, as far as it explains why a device or its keys are not there."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tui.model.device import DirectoryChange, EntraDevice
from tui.services.reconciliation import KeyRead
from tui.sources.graph.paging import everything, literal, pages
from tui.sources.graph.problems import Ask
from tui.sources.graph.reading import guid, moment, text
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import WireAudit, WireTarget, page_decoder

KEY_READ = "Read BitLocker key"
KEY_READ_PAGES = 1_000
DELETED = "Delete device"
OWNER_ADDED = "Add registered owner to device"
AUDIT = Ask("Entra ID's audit log", "AuditLog.Read.All and Directory.Read.All", "Security Reader or Reports Reader")
_PAGE = page_decoder(WireAudit)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class EntraLog:
    """auditLogs/directoryAudits (v1.0): 7 days on Entra ID Free, 30 with P1 or P2; not in 21Vianet's cloud."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def deletions(self, device_name: str) -> Sequence[DirectoryChange]:
        """Deletions of device objects of this name, newest first."""
        if not device_name.strip():
            return ()
        by_name = f"targetResources/any(t:t/displayName eq {literal(device_name)})"
        found = await self._changes(DELETED, by_name)
        return [change for change in found if change.device_name.casefold() == device_name.casefold()]

    async def owner_changes(self, device: EntraDevice) -> Sequence[DirectoryChange]:
        """Owners that were added to a device, newest first; the first one came with the registration."""
        found = await self._changes(OWNER_ADDED, f"targetResources/any(t:t/id eq {literal(device.object_id)})")
        return [change for change in found if change.object_id == device.object_id]

    async def key_reads(self, since: datetime) -> Sequence[KeyRead]:
        """Who read which recovery key since a time, oldest first.

        The key's ID is the target's display name (Azure Sentinel's hunting query BitLockerKeyRetrieval).
        """
        moment_text = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"$filter": f"activityDisplayName eq {literal(KEY_READ)} and activityDateTime ge {moment_text}"}
        info = self._transport.plain("GET", "/auditLogs/directoryAudits", query=query)
        found = pages(self._transport, info, _PAGE, _key_read, AUDIT, limit=KEY_READ_PAGES)
        reads = [read for page in [page async for page in found] for read in page if read is not NO_KEY_READ]
        return sorted(reads, key=lambda read: read.at)

    async def _changes(self, activity: str, target: str) -> list[DirectoryChange]:
        query = {"$filter": f"activityDisplayName eq {literal(activity)} and {target}"}
        info = self._transport.plain("GET", "/auditLogs/directoryAudits", query=query)
        entries = await everything(self._transport, info, _PAGE, _entry, AUDIT)
        changes = [change for entry in entries for change in entry if change.activity == activity]
        return sorted(changes, key=lambda change: change.at or _LONG_AGO, reverse=True)


def _key_read(wire: WireAudit) -> KeyRead | None:
    """None for an entry without id or time; one that names no key cannot be joined and stands for none."""
    name, at = text(wire.id, 200), moment(wire.activity_date_time)
    if not name or at is None:
        return None
    keys = [key for target in wire.target_resources or () if (key := guid(target.display_name))]
    return KeyRead(name, keys[0], _who(wire), at) if len(keys) == 1 else NO_KEY_READ


NO_KEY_READ = KeyRead("", "", "", _LONG_AGO)


def _entry(wire: WireAudit) -> tuple[DirectoryChange, ...] | None:
    return tuple(_of_devices(wire)) if text(wire.activity_display_name) else None


def _of_devices(wire: WireAudit) -> Iterator[DirectoryChange]:
    for target in wire.target_resources or ():
        if _is_device(target):
            yield DirectoryChange(
                activity=text(wire.activity_display_name),
                device_name=text(target.display_name),
                object_id=guid(target.id),
                at=moment(wire.activity_date_time),
                by=_who(wire),
            )


def _is_device(target: WireTarget) -> bool:
    return text(target.type, 40).lower() == "device"


def _who(wire: WireAudit) -> str:
    by = wire.initiated_by
    if by is None:
        return ""
    if by.user is not None and (upn := text(by.user.user_principal_name)):
        return upn
    return text(by.app.display_name) if by.app is not None else ""
