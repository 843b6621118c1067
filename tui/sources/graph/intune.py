"""Intune: the managed device, and the rotation of its recovery keys."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from tui.errors import Problem, ProblemKind
from tui.model.device import EncryptionReport, Hardware, ManagedDevice, PolicyState
from tui.model.ids import parse_guid
from tui.sources.graph.paging import everything, literal, narrow, one, pages
from tui.sources.graph.problems import Ask, request_id
from tui.sources.graph.reading import guid, managed_device
from tui.sources.graph.reading_intune import encryption_report, hardware, policy_state
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import (
    WireEncryption,
    WireInventory,
    WireManagedDevice,
    WirePolicyState,
    item_decoder,
    page_decoder,
)
from tui.sources.upstream import NeverSent

MANAGED = Ask(
    "Intune's record of the device", "DeviceManagementManagedDevices.Read.All", "Help Desk Operator (an Intune role)"
)
ROTATION = Ask(
    "rotating the recovery keys",
    "DeviceManagementManagedDevices.PrivilegedOperations.All (older tenants: .ReadWrite.All)",
    "Help Desk Operator (an Intune role, with Rotate BitLockerKeys)",
)
FILTER_IGNORED_PAGES = 30
"""Pages looked through when the filter was ignored and all devices came back."""

SERIAL_PAGES = 3
"""Pages looked through for a serial number; the filter is not documented and may be ignored."""

MANAGED_FIELDS = (
    "id,azureADDeviceId,deviceName,userPrincipalName,serialNumber,manufacturer,model,osVersion,isEncrypted,"
    "complianceState,lastSyncDateTime,deviceActionResults,enrolledDateTime,managementAgent"
)
INVENTORY_PAGES = 2_000
"""Pages of the whole tenant; Intune's own page size is 1,000."""
INVENTORY_FIELDS = "id,azureADDeviceId,deviceName,manufacturer,model,osVersion,lastSyncDateTime"
_FLEET = Ask("Intune's inventory", "DeviceManagementManagedDevices.Read.All", MANAGED.role)
_COMPLIANCE = Ask("the device's compliance policies", "DeviceManagementManagedDevices.Read.All", MANAGED.role)
_ENCRYPTION = Ask("the encryption report", "DeviceManagementConfiguration.Read.All", MANAGED.role)
_INVENTORY = Ask("the hardware inventory", "DeviceManagementManagedDevices.Read.All", MANAGED.role)
_PAGE = page_decoder(WireManagedDevice)
_POLICY_STATES = page_decoder(WirePolicyState)
_REPORT = item_decoder(WireEncryption)
_HARDWARE = item_decoder(WireInventory)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Intune:
    """managedDevices (v1.0) and rotateBitLockerKeys (beta only)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def managed_device(self, entra_device_id: str) -> ManagedDevice | None:
        """Intune's record of a device, the one that synced last when there are several; None when there is none.

        Intune answers an unsupported `$filter` with all devices and no error, so the id is checked on each.
        """
        wanted = parse_guid(entra_device_id)
        if wanted is None:
            return None
        info = narrow(
            self._transport.client.device_management.managed_devices.to_get_request_information(),
            filter=f"azureADDeviceId eq {literal(wanted)}",
            select=MANAGED_FIELDS,
        )
        found = pages(self._transport, info, _PAGE, managed_device, MANAGED, limit=FILTER_IGNORED_PAGES)
        async for page in found:
            if same := [device for device in page if device.entra_device_id == wanted]:
                return newest(same)
        return None

    async def inventory(self) -> AsyncIterator[Sequence[ManagedDevice]]:
        """All managed devices, page by page, behind the engineer's own calls.

        No `$filter` picks the Windows ones: Intune documents none for the operating system, and a build tells them.
        """
        builder = self._transport.client.device_management.managed_devices
        info = narrow(builder.to_get_request_information(), select=INVENTORY_FIELDS)
        found = pages(self._transport, info, _PAGE, managed_device, _FLEET, limit=INVENTORY_PAGES, background=True)
        async for page in found:
            yield page

    async def policy_states(self, managed_device_id: str) -> Sequence[PolicyState]:
        """How the device stands to each compliance policy (v1.0 deviceCompliancePolicyStates)."""
        builder = self._transport.client.device_management.managed_devices.by_managed_device_id(
            _guid(managed_device_id)
        )
        info = builder.device_compliance_policy_states.to_get_request_information()
        return await everything(self._transport, info, _POLICY_STATES, policy_state, _COMPLIANCE)

    async def encryption_report(self, managed_device_id: str) -> EncryptionReport | None:
        """The device's line of managedDeviceEncryptionStates (beta); its id is the managed device's."""
        info = self._transport.beta(
            "GET", f"/deviceManagement/managedDeviceEncryptionStates/{_guid(managed_device_id)}"
        )
        try:
            of, report = encryption_report(await one(self._transport, info, _REPORT, _ENCRYPTION))
        except Problem as problem:
            if problem.kind is ProblemKind.NOT_FOUND:
                return None
            raise
        return report if of == parse_guid(managed_device_id) else None

    async def hardware(self, managed_device_id: str) -> Hardware | None:
        """hardwareInformation (beta), which lists do not give."""
        path = f"/deviceManagement/managedDevices/{_guid(managed_device_id)}"
        info = self._transport.beta("GET", path, query={"$select": "id,hardwareInformation"})
        wire = await one(self._transport, info, _HARDWARE, _INVENTORY)
        same = guid(wire.id) == parse_guid(managed_device_id)
        return hardware(wire.hardware_information) if same and wire.hardware_information else None

    async def records_of_serial(self, serial: str) -> Sequence[ManagedDevice]:
        """Records with this serial number, each one's checked; where the filter is ignored, of the first pages."""
        if not serial.strip():
            return ()
        info = narrow(
            self._transport.client.device_management.managed_devices.to_get_request_information(),
            filter=f"serialNumber eq {literal(serial)}",
            select=MANAGED_FIELDS,
        )
        found: list[ManagedDevice] = []
        count = 0
        async for page in pages(self._transport, info, _PAGE, managed_device, MANAGED):
            found += [device for device in page if device.serial.casefold() == serial.casefold()]
            count += 1
            if count == SERIAL_PAGES:
                break
        return found

    async def request_rotation(self, managed_device_id: str, client_request_id: str) -> str:
        """Queue a rotation, with one send and no second. Returns Graph's request id; 204 means queued, not rotated."""
        wanted = _guid(managed_device_id, "Nothing was rotated")
        path = f"/deviceManagement/managedDevices/{wanted}/rotateBitLockerKeys"
        try:
            answer = await self._transport.send(self._transport.beta("POST", path), client_request_id, ask=ROTATION)
        except Problem as problem:
            lost = problem.kind is ProblemKind.UNREACHABLE and not isinstance(problem, NeverSent)
            if not lost and problem.status < 500:
                raise
            raise Problem(
                problem.kind,
                "Whether the rotation was queued is not known",
                problem.what,
                "Look at the device's actions and keys before asking again",
                status=problem.status,
                code=problem.code,
                request_id=problem.request_id,
            ) from None
        return request_id(answer)


def newest(devices: Sequence[ManagedDevice]) -> ManagedDevice:
    """The record that synced last: a device enrolled again leaves its old one behind."""
    return max(devices, key=lambda device: device.last_sync or _LONG_AGO)


def _guid(managed_device_id: str, what: str = "Intune was not asked") -> str:
    found = parse_guid(managed_device_id)
    if found is None:
        raise Problem(ProblemKind.NOT_FOUND, what, "The device has no Intune id", "Look the device up again")
    return found
