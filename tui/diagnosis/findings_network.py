"""Findings about the path to Entra ID, and about Network Unlock. Pure."""

from collections.abc import Iterator, Sequence

from tui.diagnosis.causes_events import listed
from tui.diagnosis.findings_escrow import CODES, escrow_errors, is_tls_error
from tui.diagnosis.kb_device import LocalDevice
from tui.diagnosis.sample import Facts, Parsed
from tui.model.cause import Cause, CauseCode
from tui.model.finding import Finding, FindingCode, Severity

REGISTRATION_HOSTS = (
    "enterpriseregistration.windows.net",
    "enterpriseregistration.microsoftonline.us",
    "enterpriseregistration.partner.microsoftonline.cn",
)
"""Where a device registers and backs up its keys, by cloud: global, US government, China."""

PUBLIC_ISSUERS = ("microsoft", "digicert")
"""Who signs the certificates of those hosts. Any other issuer stands between the device and the cloud."""

_TLS_PORT = 443
_NETWORK_PROTECTOR = "TpmNetworkKey"


def network_findings(inputs: Sequence[Parsed], device: LocalDevice, cause: Cause) -> Iterator[Finding]:
    """A blocked path, a proxy that opens TLS, and Network Unlock."""
    tests = [target for target in _tests(inputs) if _to_registration(target)]
    yield from _blocked(tests)
    yield from _inspected(inputs, device, tests)
    yield from _network_unlock(inputs, device, cause)


def _tests(inputs: Sequence[Parsed]) -> Iterator[Facts]:
    for parsed in inputs:
        if parsed.kind == "test-netconnection":
            yield from listed(parsed, "targets") or [parsed.facts]


def _to_registration(target: Facts) -> bool:
    host = str(target.get("computer_name") or "").lower().rstrip(".")
    return host in REGISTRATION_HOSTS and target.get("remote_port") in (None, _TLS_PORT)


def _blocked(tests: Sequence[Facts]) -> Iterator[Finding]:
    failed = [target for target in tests if target.get("tcp_test_succeeded") is False]
    if not failed:
        return
    hosts = sorted({f"{target.get('computer_name')}:{_TLS_PORT}" for target in failed})
    yield Finding(
        FindingCode.NETWORK_PATH_BLOCKED,
        Severity.WARNING,
        "The device cannot reach Entra ID's registration service",
        tuple(f"TCP test to {host} failed" for host in hosts),
        "Open TCP 443 to it in proxy, firewall and VPN split tunnel, then try the backup again.",
    )


def _inspected(inputs: Sequence[Parsed], device: LocalDevice, tests: Sequence[Facts]) -> Iterator[Finding]:
    evidence = []
    if device.tls_issuer and not any(name in device.tls_issuer.lower() for name in PUBLIC_ISSUERS):
        evidence.append(f"the certificate of {REGISTRATION_HOSTS[0]} is issued by {device.tls_issuer}")
    codes = [code for code in escrow_errors(inputs) if is_tls_error(code)]
    evidence += [f"backup failed with {code}: {CODES[code]}" for code in codes]
    if not evidence:
        return
    if any(target.get("tcp_test_succeeded") is True for target in tests):
        evidence.append("TCP to port 443 works")
    yield Finding(
        FindingCode.TLS_INSPECTION,
        Severity.WARNING,
        "Something opens TLS between the device and Entra ID",
        tuple(evidence),
        "Exempt the registration service from TLS inspection, by name and for the system account.",
    )


def _network_unlock(inputs: Sequence[Parsed], device: LocalDevice, cause: Cause) -> Iterator[Finding]:
    listed_types = {protector.kind for protector in device.protectors}
    listed_types |= {name for volume in device.volumes for name in volume.protectors or ()}
    failed = any(
        str(entry.get("event", "")).endswith("BitLocker-Driver/24645")
        for parsed in inputs
        if parsed.kind == "evtx"
        for entry in listed(parsed, "timeline")
    ) or any(entry.get("id") == 24645 for p in inputs if p.kind == "event-text" for entry in listed(p, "events"))
    evidence = []
    if _NETWORK_PROTECTOR in listed_types:
        evidence.append("the disk has a Network Unlock protector")
    if failed:
        evidence.append("event 24645: boot manager got no key over the network")
    if not evidence:
        return
    decided = cause.code in (CauseCode.UNKNOWN, CauseCode.NETWORK_UNLOCK)
    yield Finding(
        FindingCode.NETWORK_UNLOCK,
        Severity.WARNING if failed and decided else Severity.INFO,
        "This device unlocks over the network",
        tuple(evidence),
        "Ask whether it started on the corporate wire and the WDS server answered, before blaming an update.",
    )
