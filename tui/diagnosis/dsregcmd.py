"""`dsregcmd /status`: boxes of `name : value` lines, English in every language of Windows.

Names and meanings are those of the Entra documentation, "Troubleshoot devices by using the dsregcmd command". Run as
SYSTEM, the sections about the user are left out: what is absent is null and no error.
"""

import re

from tui.diagnosis.sample import Facts, Format, Parsed, Sample
from tui.text import clean_line

KIND = "dsregcmd"

_LINE = re.compile(r"^[\s>|│]*(?P<name>[A-Za-z][A-Za-z0-9 ()/-]{1,40}?)\s*:(?!//)\s*(?P<value>.*)$")
_BOX = re.compile(
    r"^[\s>]*\|\s*(?:Device State|Device Details|Tenant Details|User State|SSO State|Diagnostic Data"
    r"|Ngc Prerequisite Check)\s*\|",
    re.MULTILINE,
)
_TEST = re.compile(r"^(?:PASS|FAIL|SKIPPED|NOT RUN|NOT TESTED)", re.IGNORECASE)
_MOST = 1_000_000

_SWITCHES = {
    "azure_ad_joined": "AzureAdJoined",
    "enterprise_joined": "EnterpriseJoined",
    "domain_joined": "DomainJoined",
    "tpm_protected": "TpmProtected",
    "workplace_joined": "WorkplaceJoined",
    "azure_ad_prt": "AzureAdPrt",
}
_TEXTS = {
    "domain_name": "DomainName",
    "device_id": "DeviceId",
    "device_auth_status": "DeviceAuthStatus",
    "tenant_id": "TenantId",
    "tenant_name": "TenantName",
}
_OPTIONAL_SWITCHES = {"aad_recovery_enabled": "AadRecoveryEnabled", "ngc_set": "NgcSet"}
_OPTIONAL_TEXTS = {
    "device_name": "Device Name",
    "thumbprint": "Thumbprint",
    "device_certificate_validity": "DeviceCertificateValidity",
    "key_provider": "KeyProvider",
    "join_srv_url": "JoinSrvUrl",
    "azure_ad_prt_update_time": "AzureAdPrtUpdateTime",
    "user_context": "User Context",
    "key_sign_test": "KeySignTest",
    "error_phase": "Error Phase",
    "client_error_code": "Client ErrorCode",
    "server_error_code": "Server ErrorCode",
    "server_message": "Server Message",
    "https_status": "Https Status",
    "attempt_status": "Attempt Status",
    "previous_registration": "Previous Registration",
}


def _key(name: str) -> str:
    return re.sub(r"[\s-]", "", name).casefold()


_KNOWN = {_key(n) for names in (_SWITCHES, _TEXTS, _OPTIONAL_SWITCHES, _OPTIONAL_TEXTS) for n in names.values()} | {
    _key(name)
    for name in ("MdmUrl", "KeyContainerId", "AD Connectivity Test", "AD Configuration Test", "DRS Discovery Test",
                 "DRS Connectivity Test", "Token acquisition Test", "Diagnostics Reference", "Fallback to Sync-Join",
                 "WamDefaultSet", "WamDefaultAuthority", "EnterprisePrt", "JoinSrvVersion", "MdmComplianceUrl",
                 "AcquirePrtDiagnostics", "OnPremTgt", "CloudTgt", "KerbTopLevelNames", "IsDeviceJoined",
                 "IsUserAzureAD", "PolicyEnabled", "PostLogonEnabled", "SessionIsNotRemote", "CertEnrollment",
                 "PreReqResult")
}  # fmt: skip
_COMMON = {
    _key(name) for name in ("Device Name", "Thumbprint", "Error Phase", "User Context", "Server Message", "DomainName")
}
"""Names that other tools print as well: alone they prove nothing."""


def _values(text: str) -> dict[str, tuple[str, str]]:
    """Key to the name as printed and the first value given for it."""
    found: dict[str, tuple[str, str]] = {}
    for line in text[:_MOST].split("\n"):
        match = _LINE.match(line) if len(line) < 3000 else None
        if match:
            name = clean_line(match["name"])
            found.setdefault(_key(name), (name, clean_line(match["value"], 1000).strip("| ")))
    return found


def _recognise(sample: Sample) -> int:
    text = sample.text or ""
    own = _values(text).keys() & _KNOWN - _COMMON
    if not own:
        return 0
    if _BOX.search(text[:_MOST]) or len(own) >= 3:
        return 95
    return 85 if len(own) == 2 or "dsregcmd" in text[:_MOST].casefold() else 50


def _parse(sample: Sample) -> Parsed:
    values = _values(sample.text or "")

    def text(name: str) -> str | None:
        return (values.get(_key(name)) or ("", ""))[1] or None

    facts: Facts = {"type": KIND}
    facts |= {key: _switch(text(name)) for key, name in _SWITCHES.items()}
    facts |= {key: text(name) for key, name in _TEXTS.items()}
    facts["join_state"] = _join_state(facts)
    facts["mdm_url_present"] = (
        bool(text("MdmUrl")) if text("TenantId") or text("TenantName") or text("MdmUrl") else None
    )
    optional: Facts = {key: _switch(text(name)) for key, name in _OPTIONAL_SWITCHES.items()}
    optional |= {key: text(name) for key, name in _OPTIONAL_TEXTS.items()}
    facts |= {key: value for key, value in optional.items() if value is not None}
    tests = {
        name: value
        for key, (name, value) in values.items()
        if key.endswith("test") and " " in name and _TEST.match(value)
    }
    if tests:
        facts["tests"] = tests
    if sample.encoding not in {"", "utf-8"}:
        facts["encoding"] = sample.encoding
    return Parsed(KIND, facts, _problems(facts))


def _switch(value: str | None) -> bool | None:
    first = (value or "").casefold().split(" ")[0].strip(".,")
    return True if first in {"yes", "true"} else False if first in {"no", "false"} else None


def _join_state(facts: Facts) -> str | None:
    """The state by the documentation's table; null where the deciding lines are missing."""
    entra, domain = facts["azure_ad_joined"], facts["domain_joined"]
    if entra and domain is not None:
        return "hybrid" if domain else "entra"
    if entra is None or entra:
        return None
    if domain:
        return "domain"
    if facts["workplace_joined"]:
        return "registered"
    return "none" if domain is False and facts["workplace_joined"] is False else None


def _problems(facts: Facts) -> tuple[str, ...]:
    status = facts["device_auth_status"]
    if facts["azure_ad_joined"] is None and "tests" not in facts:
        return ("The section Device State is missing: the join state is unknown.",)
    if status and status.upper().startswith("FAILED"):
        return (f"The device could not authenticate to Entra: {status}",)
    return ()


FORMATS = (Format(KIND, _recognise, _parse),)
