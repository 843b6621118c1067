"""The guide's fifteen steps for one incident: a checklist whose state is computed from facts and audit rows. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tui.model.audit import AuditEvent, AuditRow
from tui.model.dossier import Dossier, Verdict
from tui.model.finding import Finding, FindingCode
from tui.model.incident import Incident
from tui.model.rights import Rights
from tui.services import scripts
from tui.services.rotation import Debt, DebtState
from tui.services.scripts import Script


class StepState(StrEnum):
    """Where a step stands. `unknown` means that the deciding facts are not here."""

    DONE = "done"
    OPEN = "open"
    BLOCKED = "blocked"
    NOT_NEEDED = "not-needed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is, how it stands and why, what to do next, and scripts that do it."""

    number: int
    title: str
    state: StepState
    because: str
    next: str = ""
    scripts: tuple[Script, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the checklist is computed from. `rows` are the audit's rows of this ticket, oldest first."""

    incident: Incident
    dossier: Dossier | None = None
    rows: Sequence[AuditRow] = ()
    debts: Sequence[Debt] = ()
    rights: Rights | None = None
    findings: Sequence[Finding] = field(default_factory=tuple)
    """Findings of diagnostics that were collected, beside the dossier's own."""

    def found(self, *codes: FindingCode) -> Finding | None:
        """A finding of one of these codes."""
        known = (*(self.dossier.findings if self.dossier else ()), *self.findings)
        return next((finding for finding in known if finding.code in codes), None)

    def row(self, *events: AuditEvent) -> AuditRow | None:
        """The newest row of one of these events."""
        return next((row for row in reversed(self.rows) if row.entry.event in events), None)

    @property
    def device_name(self) -> str:
        """The device as Entra ID names it, else as the ticket does."""
        device = self.dossier.evidence.device if self.dossier else None
        return device.name if device else self.incident.ticket.device_name

    @property
    def key_id(self) -> str:
        """The key in question; empty when there is not one."""
        key = self.dossier.key if self.dossier else None
        return key.id if key else ""


def runbook(situation: Situation) -> tuple[Step, ...]:
    """The steps in the guide's order."""
    return tuple(make(number, title, situation) for number, (title, make) in enumerate(_STEPS, 1))


def _identify(number: int, title: str, now: Situation) -> Step:
    prefixes = now.incident.reading.key_id_prefixes
    if now.key_id:
        return Step(number, title, StepState.DONE, f"the key ID read out fits {now.key_id[:8].upper()} alone")
    if now.row(AuditEvent.INTENT):
        return Step(number, title, StepState.DONE, "an ID was matched when the disclosure began")
    if now.incident.reading.bitlocker is False:
        return Step(number, title, StepState.BLOCKED, "the ticket describes no BitLocker prompt", "Go to step 15.")
    said = f"the ticket names {', '.join(p[:8].upper() for p in prefixes)}" if prefixes else "no key ID in the ticket"
    return Step(number, title, StepState.OPEN, said, "Have the ID on the blue screen read out before anything else.")


def _diagnose(number: int, title: str, now: Situation) -> Step:
    pipeline = now.found(FindingCode.MDM_PIPELINE)
    if pipeline:
        return Step(number, title, StepState.OPEN, pipeline.title, pipeline.next)
    managed = now.dossier.evidence.managed if now.dossier else None
    if managed is None or managed.encrypted is None:
        step = "After the unlock: Get-BitLockerVolume on the device; the disk is the ground truth."
        return Step(number, title, StepState.UNKNOWN, "no report of the disk is here", step)
    said = f"Intune: {'encrypted' if managed.encrypted else 'not encrypted'}, {managed.compliance}"
    return Step(
        number, title, StepState.DONE if managed.encrypted else StepState.OPEN, said, "The disk outranks Intune."
    )


def _prove_escrow(number: int, title: str, now: Situation) -> Step:
    if now.dossier is None or now.dossier.evidence.pending:
        return Step(number, title, StepState.UNKNOWN, "Entra ID has not been asked", "Press enter on the incident.")
    missing = now.found(
        FindingCode.ESCROW_MISSING,
        FindingCode.ESCROW_FAILED,
        FindingCode.ESCROW_POLICY_ABSENT,
        FindingCode.ESCROW_AD_ONLY,
        FindingCode.ESCROW_CAP,
    )
    if missing:
        offered = (scripts.back_up(now.device_name),)
        return Step(number, title, StepState.OPEN, missing.title, missing.next, offered)
    keys = now.dossier.evidence.keys
    if keys:
        return Step(number, title, StepState.DONE, f"{len(keys)} keys in Entra ID")
    return Step(number, title, StepState.UNKNOWN, now.dossier.headline, now.dossier.next_step)


def _retrieve(number: int, title: str, now: Situation) -> Step:
    shown = now.row(AuditEvent.DRAW, AuditEvent.DELIVER)
    if shown:
        said = f"disclosed at {shown.at:%H:%M} by {shown.entry.operator.upn or 'somebody'}, row {shown.seq}"
        return Step(number, title, StepState.DONE, said)
    dossier = now.dossier
    if dossier is None:
        return Step(number, title, StepState.UNKNOWN, "no key is known yet", "Press enter on the incident.")
    if dossier.key is not None:
        return Step(number, title, StepState.OPEN, dossier.headline, "Verify the caller, then press R.")
    state = StepState.NOT_NEEDED if dossier.verdict is Verdict.NOT_BITLOCKER else StepState.BLOCKED
    return Step(number, title, state, dossier.headline, dossier.next_step)


def _suspend(number: int, title: str, now: Situation) -> Step:
    offered = (scripts.suspend(now.device_name), scripts.suspend(now.device_name, 3), scripts.resume(now.device_name))
    suspended = now.found(FindingCode.PROTECTION_SUSPENDED)
    if suspended:
        return Step(number, title, StepState.OPEN, suspended.title, suspended.next, offered)
    again = now.found(FindingCode.REPEAT_RECOVERY)
    if again or now.incident.reading.recurrence == "every_boot":
        said = again.title if again else "the ticket says that it comes back at every start"
        step = "Before firmware or boot changes: suspend for one restart, resume, and check."
        return Step(number, title, StepState.OPEN, said, step, offered)
    return Step(number, title, StepState.NOT_NEEDED, "only before planned firmware or boot changes", "", offered)


def _rotate(number: int, title: str, now: Situation) -> Step:
    mine = [debt for debt in now.debts if debt.ticket == now.incident.ticket.number]
    if not mine:
        return Step(number, title, StepState.NOT_NEEDED, "no key was disclosed for this ticket")
    worst = next((debt for debt in mine if debt.is_open), mine[-1])
    if worst.state is DebtState.PROVEN:
        return Step(number, title, StepState.DONE, worst.detail or "the new key was seen")
    if worst.state is DebtState.PENDING:
        step = "Have the device go online; the old key works until then."
        return Step(number, title, StepState.OPEN, "queued, not proven: the new key has not been seen", step)
    said = f"it failed: {worst.detail}" if worst.state is DebtState.FAILED else "a disclosed key still opens the device"
    return Step(number, title, StepState.OPEN, said, "Press T.")


def _self_service(number: int, title: str, now: Situation) -> Step:
    available, blocked = (
        now.found(FindingCode.SELF_SERVICE_AVAILABLE),
        now.found(FindingCode.SELF_SERVICE_BLOCKED),
    )
    if available:
        return Step(number, title, StepState.OPEN, available.title, available.next)
    if blocked:
        return Step(number, title, StepState.BLOCKED, blocked.title, blocked.next)
    return Step(number, title, StepState.UNKNOWN, "the tenant's setting or the owner is not known")


def _manage_bde(number: int, title: str, now: Situation) -> Step:
    wrong = now.found(FindingCode.WRONG_VOLUME)
    if wrong:
        return Step(number, title, StepState.OPEN, "; ".join(wrong.evidence), wrong.next)
    lost = now.found(FindingCode.PIN_PROTECTOR_LOST)
    if lost:
        return Step(number, title, StepState.OPEN, lost.title, lost.next)
    step = "After the unlock: manage-bde -status and manage-bde -protectors -get C:, then `reseal diagnose`."
    return Step(number, title, StepState.UNKNOWN, "no output of the device is here", step)


def _lag(number: int, title: str, now: Situation) -> Step:
    lag = now.found(FindingCode.COMPLIANCE_LAG, FindingCode.COMPLIANCE_FLAPPING)
    if lag:
        return Step(number, title, StepState.OPEN, f"{lag.title}: {'; '.join(lag.evidence)}", lag.next)
    managed = now.dossier.evidence.managed if now.dossier else None
    if managed is None:
        return Step(number, title, StepState.UNKNOWN, "Intune has no record that is known here")
    return Step(number, title, StepState.DONE, f"Intune and Entra ID do not contradict: {managed.compliance}")


def _event_logs(number: int, title: str, now: Situation) -> Step:
    failed = now.found(FindingCode.ESCROW_FAILED)
    if failed:
        return Step(number, title, StepState.OPEN, failed.title, failed.next)
    step = "Export Microsoft-Windows-BitLocker/BitLocker Management, then `reseal diagnose`: 845 proves, 846 denies."
    return Step(number, title, StepState.UNKNOWN, "no event log of the device is here", step)


def _roles(number: int, title: str, now: Situation) -> Step:
    wrong = now.found(FindingCode.PIM_ELIGIBLE, FindingCode.ROLE_MISSING, FindingCode.OUTSIDE_ADMIN_UNIT)
    if wrong:
        return Step(number, title, StepState.BLOCKED, f"{wrong.title}: {'; '.join(wrong.evidence)}", wrong.next)
    if now.rights is None or now.rights.active is None:
        return Step(number, title, StepState.UNKNOWN, "your roles are not known", "See the rights screen.")
    held = ", ".join(f"{grant.role} on {grant.scope}" for grant in now.rights.key_readers)
    if held:
        return Step(number, title, StepState.DONE, held)
    return Step(number, title, StepState.BLOCKED, "no role of yours reads keys", "See the rights screen.")


def _rest(number: int, title: str, now: Situation) -> Step:
    asked = next((row for row in reversed(now.rows) if row.entry.client_request_id), None)
    if asked is None:
        return Step(number, title, StepState.NOT_NEEDED, "no keyed read was made for this ticket")
    said = f"client-request-id {asked.entry.client_request_id}, request-id {asked.entry.request_id or 'none came'}"
    return Step(number, title, StepState.DONE, said, "Put both into the ticket; they join to the tenant's own logs.")


def _company_portal(number: int, title: str, now: Situation) -> Step:
    if now.found(FindingCode.SELF_SERVICE_BLOCKED):
        return Step(number, title, StepState.BLOCKED, "the tenant does not let owners read their keys")
    if now.found(FindingCode.SELF_SERVICE_AVAILABLE):
        step = "Offer it only with phishing-resistant MFA and a Conditional Access policy in force: ask who owns both."
        return Step(number, title, StepState.OPEN, "allowed by the tenant; its preconditions are not known here", step)
    return Step(number, title, StepState.UNKNOWN, "the tenant's setting or the owner is not known")


def _network(number: int, title: str, now: Situation) -> Step:
    offered = (scripts.test_path(now.device_name),)
    wrong = now.found(FindingCode.NETWORK_PATH_BLOCKED, FindingCode.TLS_INSPECTION)
    if wrong:
        return Step(number, title, StepState.OPEN, wrong.title, wrong.next, offered)
    escrow = now.found(FindingCode.ESCROW_MISSING, FindingCode.ESCROW_FAILED, FindingCode.COMPLIANCE_FLAPPING)
    if escrow:
        step = "After the unlock, from the device's own network; then `reseal diagnose` its output."
        return Step(number, title, StepState.OPEN, escrow.title, step, offered)
    return Step(number, title, StepState.NOT_NEEDED, "only where keys do not reach the escrow", "", offered)


def _winre(number: int, title: str, now: Situation) -> Step:
    wrong = now.found(FindingCode.WINRE_NOT_BITLOCKER)
    if wrong:
        return Step(number, title, StepState.OPEN, wrong.title, wrong.next)
    if now.incident.reading.bitlocker is False:
        step = "Ask for the banner with the recovery key ID. Without it: repair Windows, no key is asked for."
        return Step(number, title, StepState.OPEN, "the ticket describes Windows recovery, not BitLocker", step)
    if now.key_id or now.incident.reading.key_id_prefixes:
        return Step(number, title, StepState.NOT_NEEDED, "a key ID was on the screen: this is BitLocker")
    step = "Ask whether a recovery key ID is on the screen."
    return Step(number, title, StepState.UNKNOWN, "no key ID was mentioned", step)


_STEPS: tuple[tuple[str, Callable[[int, str, Situation], Step]], ...] = (
    ("Identify by the recovery key ID", _identify),
    ("Diagnose the volume", _diagnose),
    ("Prove the escrow in Entra ID", _prove_escrow),
    ("Retrieve one key, for the verified caller", _retrieve),
    ("Suspend for planned maintenance", _suspend),
    ("Rotate after the disclosure", _rotate),
    ("Self-service by the owner", _self_service),
    ("Read the protectors with manage-bde", _manage_bde),
    ("Allow for Intune's lag", _lag),
    ("Read the BitLocker event log", _event_logs),
    ("Check your own role and its scope", _roles),
    ("Keep the request ids of the read", _rest),
    ("Company Portal, with its preconditions", _company_portal),
    ("Prove the network path", _network),
    ("Rule out WinRE", _winre),
)
