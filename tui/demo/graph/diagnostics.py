"""Intune's "Collect diagnostics": requests, their state, and the download link, which leads to a store of its own.

The store is another server than Graph's, as in production: it knows a link by the signature in it, and refuses a
request that carries a bearer token (Azure Storage: a shared access signature and an Authorization header exclude each
other). What a device uploads is invented, and of the layout that Intune writes.
"""

import io
import json
import re
import secrets
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4
from weakref import WeakKeyDictionary

from tui.demo.clock import iso
from tui.demo.graph.answers import Answer, Call, Json, Refusal, bad_request
from tui.demo.graph.pages import collection, entity
from tui.demo.play import Play
from tui.demo.records import Device

UPLOAD_SECONDS = (8.0, 20.0)
"""Seconds of the play that a device takes; a device in the real world has 24 hours."""
MOST_REQUESTS = 10
"""Of one device (Microsoft, "Collect diagnostics from a Windows device")."""

_READ = ("DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All")
_START = (
    "DeviceManagementManagedDevices.ReadWrite.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    # Not documented for this: the demo's personas hold it where they may act on devices, and hold no ReadWrite scope.
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
)
_BODY_TYPE = "microsoft.graph.deviceLogCollectionRequest"
_PREDEFINED = ("predefined", 0)


@dataclass(slots=True)
class _Request:
    id: str
    device: Device
    by: str
    at: float
    due: float
    received: float = 0.0


@dataclass(slots=True)
class _Store:
    """The uploads by the signature that opens them, and the server that hands them out."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    url: str = ""

    def link(self, name: str, content: bytes) -> str:
        """A link that opens one upload."""
        if not self.url:
            self._listen()
        signature = secrets.token_urlsafe(24)
        self.blobs[signature] = content
        return f"{self.url}/devicelogs/{name}?sv=2025-01-05&sp=r&sig={signature}"

    def _listen(self) -> None:
        store = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                signature = parse_qs(urlsplit(self.path).query).get("sig", [""])[0]
                content = store.blobs.get(signature)
                refused = content is None or self.headers.get("authorization") is not None
                self.send_response(403 if refused else 200)
                body = b"" if refused or content is None else content
                self.send_header("content-type", "application/octet-stream")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"


_requests: "WeakKeyDictionary[Play, dict[str, list[_Request]]]" = WeakKeyDictionary()
_store = _Store()


def start(call: Call, found: re.Match[str]) -> Answer:
    """Ask the device for its diagnostics. Beta only; the answer is wrapped in `value`."""
    if call.version != "beta":
        raise bad_request(f"Resource not found for the segment '{call.path.rsplit('/', 1)[-1]}'.")
    _check(call, _START)
    device = _device(call, found["id"])
    kind = _template(call.body)
    if kind not in _PREDEFINED:
        raise bad_request(f"The template type '{kind}' is not known.")
    mine = _of(call.play, device)
    if len(mine) >= MOST_REQUESTS:
        raise Refusal(409, "Conflict", "The device has too many log collection requests.")
    now = call.play.clock.now()
    least, most = UPLOAD_SECONDS
    due = now + least + int(device.managed_id[:4], 16) / 0xFFFF * (most - least)
    request = _Request(f"{device.managed_id}_{uuid4()}", device, call.caller.person.upn, time.time(), due)
    mine.append(request)
    call.play.at(due, lambda stamp: setattr(request, "received", stamp))
    return Answer(200, {"value": _shown(request)})


def list_requests(call: Call, found: re.Match[str]) -> Answer:
    """The device's requests, oldest first."""
    _check(call, _READ)
    mine = _of(call.play, _device(call, found["id"]))
    return collection(call, "logCollectionRequests", mine, _shown)


def get_request(call: Call, found: re.Match[str]) -> Answer:
    """One request."""
    _check(call, _READ)
    return entity(call, "logCollectionRequests", _shown(_request(call, found)))


def create_link(call: Call, found: re.Match[str]) -> Answer:
    """A link to the upload; there is none before the device has answered."""
    _check(call, _READ)
    request = _request(call, found)
    if not request.received:
        raise bad_request("The log collection is not completed.")
    stamp = datetime.fromtimestamp(request.received, UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"DiagLogs-{request.device.managed_name}-{stamp}.zip"
    return Answer(
        200, {"@odata.context": f"{call.origin}/$metadata#Edm.String", "value": _store.link(name, _zip(name, request))}
    )


def _check(call: Call, scopes: tuple[str, ...]) -> None:
    if not (call.caller.intune and call.caller.has_scope(*scopes)):
        raise Refusal(403, "Forbidden", '{"_version": 3, "Message": "Application is not authorized to do this."}')


def _device(call: Call, managed_id: str) -> Device:
    device = call.play.tenant.by_managed.get(managed_id.lower())
    if device is None:
        raise Refusal(404, "ResourceNotFound", f'{{"_version": 3, "Message": "Device {managed_id} not found"}}')
    return device


def _of(play: Play, device: Device) -> list[_Request]:
    return _requests.setdefault(play, {}).setdefault(device.managed_id, [])


def _request(call: Call, found: re.Match[str]) -> _Request:
    for request in _of(call.play, _device(call, found["id"])):
        if request.id.lower() == found["request"].lower():
            return request
    raise Refusal(404, "ResourceNotFound", '{"_version": 3, "Message": "Request not found"}')


def _template(body: bytes) -> object:
    try:
        asked = json.loads(body)["templateType"]
    except (ValueError, KeyError, TypeError):
        return None
    return asked.get("templateType") if isinstance(asked, dict) and asked.get("@odata.type") == _BODY_TYPE else asked


def _shown(request: _Request) -> Json:
    done = bool(request.received)
    return {
        "id": request.id,
        "status": "completed" if done else "pending",
        "managedDeviceId": request.device.managed_id,
        "errorCode": 0,
        "requestedDateTimeUTC": iso(request.at),
        "receivedDateTimeUTC": iso(request.received) if done else "0001-01-01T00:00:00Z",
        "initiatedByUserPrincipalName": request.by,
        "expirationDateTimeUTC": iso(request.at + 28 * 86_400),
        "size": 0.0,
        "sizeInKB": 0.0,
        "enrolledByUser": request.device.primary_user.upn if request.device.primary_user else "",
    }


def _zip(name: str, request: _Request) -> bytes:
    device = request.device
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("results.xml", _RESULTS.format(id=uuid4(), name=name))
        archive.writestr("(1) RegistryKey HKLM_SOFTWARE_Policies export.reg", _POLICIES.encode("utf-16"))
        archive.writestr("(2) Command windir_system32_Dsregcmd_exe_status output.log", _dsregcmd(device))
        archive.writestr("(3) FoldersFiles temp_msinfo32_log\\msinfo32.log", _msinfo32(device).encode("utf-16"))
        archive.writestr("(4) No Results - Error [0x80070002] FoldersFiles windir_logs_cbs", b"")
    return content.getvalue()


def _dsregcmd(device: Device) -> str:
    return _DSREGCMD.format(
        device_id=device.device_id, name=device.managed_name, entra=_yes(device.trust != "Workplace")
    )


def _msinfo32(device: Device) -> str:
    build = device.build.os_version
    return _MSINFO.format(
        build=build.split(".")[2] if build.count(".") > 1 else "",
        name=device.managed_name,
        maker=device.hardware.manufacturer,
        model=device.hardware.model,
        bios=device.hardware.bios,
    ).replace("\n", "\r\n")


def _yes(value: bool) -> str:
    return "YES" if value else "NO"


_RESULTS = """\
<Collection HRESULT="0">
<ID>{id}</ID>
<RegistryKey HRESULT="0">HKLM\\Software\\Policies</RegistryKey>
<Command HRESULT="0">%windir%\\system32\\Dsregcmd.exe /status</Command>
<FoldersFiles HRESULT="0">%temp%\\msinfo32.log</FoldersFiles>
<FoldersFiles HRESULT="-2147024894">%windir%\\logs\\cbs</FoldersFiles>
<OutputFileFormat>flattened</OutputFileFormat>
</Collection>
"""
_POLICIES = """\
Windows Registry Editor Version 5.00\r
\r
[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\FVE]\r
"OSActiveDirectoryBackup"=dword:00000001\r
"""
_DSREGCMD = """\
+----------------------------------------------------------------------+
| Device State                                                         |
+----------------------------------------------------------------------+

             AzureAdJoined : {entra}
          EnterpriseJoined : NO
              DomainJoined : NO
               Device Name : {name}

+----------------------------------------------------------------------+
| Device Details                                                       |
+----------------------------------------------------------------------+

                  DeviceId : {device_id}
              TpmProtected : YES
          DeviceAuthStatus : SUCCESS
"""
_MSINFO = """\
OS Name\tMicrosoft Windows 11 Enterprise
Version\t10.0.{build} Build {build}
System Name\t{name}
System Manufacturer\t{maker}
System Model\t{model}
BIOS Version/Date\t{bios}
BIOS Mode\tUEFI
Secure Boot State\tOn
PCR7 Configuration\tBound
"""

_REQUESTS = r"/deviceManagement/managedDevices/(?P<id>[0-9a-f-]{36})/logCollectionRequests"
_ONE = rf"{_REQUESTS}/(?P<request>[^/]+)"
ROUTES: tuple[tuple[str, str, Callable[[Call, re.Match[str]], Answer]], ...] = (
    ("POST", r"/deviceManagement/managedDevices/(?P<id>[0-9a-f-]{36})/createDeviceLogCollectionRequest", start),
    ("GET", _REQUESTS, list_requests),
    ("GET", _ONE, get_request),
    ("POST", rf"{_ONE}/createDownloadUrl", create_link),
)
