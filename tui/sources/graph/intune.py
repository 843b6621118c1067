"""Intune: the managed device, and the rotation of its recovery keys."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tui.errors import Problem, ProblemKind
from tui.model.device import ManagedDevice
from tui.model.ids import parse_guid
from tui.sources.graph.paging import literal, narrow, pages
from tui.sources.graph.problems import Ask, request_id
from tui.sources.graph.reading import managed_device
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import WireManagedDevice, page_decoder
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

_FIELDS = (
    "id,azureADDeviceId,deviceName,userPrincipalName,serialNumber,manufacturer,model,osVersion,isEncrypted,"
    "complianceState,lastSyncDateTime,deviceActionResults"
)
_PAGE = page_decoder(WireManagedDevice)
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
            select=_FIELDS,
        )
        found = pages(self._transport, info, _PAGE, managed_device, MANAGED, limit=FILTER_IGNORED_PAGES)
        async for page in found:
            if same := [device for device in page if device.entra_device_id == wanted]:
                return newest(same)
        return None

    async def request_rotation(self, managed_device_id: str, client_request_id: str) -> str:
        """Queue a rotation, with one send and no second. Returns Graph's request id; 204 means queued, not rotated."""
        wanted = parse_guid(managed_device_id)
        if wanted is None:
            raise Problem(
                ProblemKind.NOT_FOUND, "Nothing was rotated", "The device has no Intune id", "Look the device up again"
            )
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
