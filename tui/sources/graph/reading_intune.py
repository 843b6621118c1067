"""From the wire to the model: what Intune reports of a device beyond its record."""

import msgspec

from tui.model.device import EncryptionReport, Hardware, PolicyState
from tui.sources.graph.reading import guid, text
from tui.sources.graph.wire import (
    WireEncryption,
    WireHardware,
    WirePolicyDetail,
    WirePolicyState,
    WireRolePermission,
    WireSettingState,
)

_MET = frozenset({"", "compliant", "notapplicable", "remediated", "unknown"})


def policy_state(wire: WirePolicyState) -> PolicyState | None:
    """A compliance policy's state, with the settings that are not met."""
    name = text(wire.display_name) or text(wire.id, 100)
    if not name:
        return None
    return PolicyState(name, text(wire.state, 64), _unmet(wire.setting_states))


def _unmet(value: object) -> tuple[str, ...]:
    try:
        states = msgspec.convert(value or [], list[WireSettingState])
    except msgspec.ValidationError:
        return ()
    unmet = (each for each in states if text(each.state, 64).lower() not in _MET)
    return tuple(text(each.setting_name, 200) or text(each.setting, 200) for each in unmet)


def encryption_report(wire: WireEncryption) -> tuple[str, EncryptionReport]:
    """The id that the line is for, and the line. Several causes come as one string with commas."""
    said = text(wire.advanced_bit_locker_states, 1000) or ",".join(_words(wire.advanced_bit_locker_states))
    causes = tuple(word for part in said.split(",") if (word := part.strip()) and word.lower() != "success")
    report = EncryptionReport(
        readiness=text(wire.encryption_readiness_state, 64),
        encryption=text(wire.encryption_state, 64),
        policy_state=text(wire.encryption_policy_setting_state, 64),
        policies=_policy_names(wire.policy_details),
        causes=causes,
    )
    return guid(wire.id), report


def _words(value: object) -> list[str]:
    return [text(each, 64) for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _policy_names(value: object) -> tuple[str, ...]:
    try:
        details = msgspec.convert(value or [], list[WirePolicyDetail])
    except msgspec.ValidationError:
        return ()
    return tuple(name for detail in details if (name := text(detail.policy_name, 200)))


def hardware(wire: WireHardware) -> Hardware:
    """Firmware and TPM."""
    return Hardware(
        bios=text(wire.system_management_bios_version, 100),
        tpm_specification=text(wire.tpm_specification_version, 100),
        tpm_manufacturer=text(wire.tpm_manufacturer, 100),
        edition=text(wire.operating_system_edition, 100),
    )


def intune_actions(wire: WireRolePermission) -> tuple[str, ...]:
    """Resource actions that a role permission allows."""
    return tuple(
        text(action, 200)
        for part in wire.resource_actions or ()
        for action in part.allowed_resource_actions or ()
        if isinstance(action, str)
    )
