"""Two invented engineers, one of whom may approve."""

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.services.samples import ListedAudit
from tui.model.audit import DeviceRef, Operator
from tui.model.policy import OfficeHours, Trigger
from tui.services.approval import Approver
from tui.services.clearance import ClearanceService, Target
from tui.services.disclosure_policy import Rules

ME = Operator("engineer@demo.example", "oid-1")
SECOND = "second@demo.example"
SECOND_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
APPROVERS = (Approver(SECOND, SECOND_KEY.public_key().public_bytes_raw()),)
TARGET = Target("0a1b2c3d-0000-4000-8000-000000000001", DeviceRef("device-1", "DEMO-1"), "INC1", "ada", "locked out")
OTHER = replace(TARGET, key_id="0a1b2c3d-0000-4000-8000-000000000002")
RULES = Rules(second_person=frozenset(Trigger), office_hours=OfficeHours(days=frozenset()))


def clearing(audit: ListedAudit, rules: Rules = RULES) -> ClearanceService:
    """A console that asks; its approver is `SECOND`."""
    return ClearanceService(audit, audit.clock, lambda: ME, rules=rules, approvers=APPROVERS, tenant="t")
