"""Why keys are out of reach, by what is known of the engineer and of the device. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from tui.model.device import AdministrativeUnit
from tui.model.rights import WHOLE_TENANT, Rights


class Reuse(StrEnum):
    """Whether the device has changed hands since the escrow."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a read of keys is refused, as far as known: a reason, and whom or what to turn to."""

    code: str
    reason: str
    next_step: str


def explain_refusal(
    rights: Rights | None, units: tuple[AdministrativeUnit, ...] | None, *, change: Reuse, contact: str = ""
) -> Explanation:
    """Why keys of a device are out of reach, the most certain reason first.

    `units` are the device's administrative units, None when they are not known. Global Administrator is never
    suggested: a reader without scope is enough (Microsoft Entra, "Custom device permissions").
    """
    colleague = f"Ask {contact}." if contact else "Ask a colleague whose role is not scoped to an administrative unit."
    if rights is None:
        step = "`reseal doctor` shows roles and their scope. " + colleague
        return Explanation("unknown", "your role, or its scope, does not reach it", step)
    if rights.has_scope("BitlockerKey.ReadBasic.All", "BitlockerKey.Read.All") is False:
        reason = "this sign-in carries no BitlockerKey permission"
        return Explanation("scope-missing", reason, "Have an administrator consent to BitlockerKey.Read.All.")
    if rights.active is not None and not rights.key_readers:
        return _without_role(rights, colleague)
    reach = _reach(rights, units)
    if reach is False:
        where = ", ".join(unit.name for unit in units or ()) or "no administrative unit"
        return Explanation(
            "outside-admin-unit", f"your role is scoped to a unit, and the device is in {where}", colleague
        )
    if change is not Reuse.NO and _scoped_only(rights):
        said = "the owner has changed since the escrow" if change is Reuse.YES else "Autopilot may have given it on"
        return Explanation("owner-changed", f"{said}, and scoped roles lose sight of the key then", colleague)
    if reach is None:
        return Explanation("unknown", "your role is scoped, and the device's units are not known", colleague)
    reason = "your role reaches it, so that Conditional Access may ask for more, such as a compliant workstation"
    return Explanation("conditional-access", reason, "Try from a compliant workstation. " + colleague)


def _without_role(rights: Rights, colleague: str) -> Explanation:
    if rights.could_read_keys:
        first = rights.could_read_keys[0]
        reason = f"no active role reads keys; {first.role} can be activated"
        return Explanation("pim-eligible", reason, f"Activate {first.role} in PIM and give the ticket's number.")
    return Explanation("role-missing", "no role of yours reads keys (bitlockerKeys/key/read)", colleague)


def _reach(rights: Rights, units: tuple[AdministrativeUnit, ...] | None) -> bool | None:
    """A role that reads keys applies to the device; None when that cannot be told."""
    if rights.active is None:
        return None
    if any(grant.scope == WHOLE_TENANT for grant in rights.key_readers):
        return True
    if units is None:
        return None
    ids = {unit.id for unit in units}
    return any(grant.unit in ids for grant in rights.key_readers if grant.unit)


def _scoped_only(rights: Rights) -> bool:
    return bool(rights.key_readers) and all(grant.scope != WHOLE_TENANT for grant in rights.key_readers)


def out_of_reach(rights: Rights | None, units: tuple[AdministrativeUnit, ...] | None) -> bool:
    """It is certain, before any call, that no active role reaches the device's keys."""
    if rights is None or units is None or rights.active is None:
        return False
    return bool(rights.key_readers) and _reach(rights, units) is False
