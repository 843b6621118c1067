"""Findings about why the prompt came: known issues, repeated recoveries, PCR profiles, prompts that are none. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from tui.diagnosis.causes_events import listed, recovery_times
from tui.diagnosis.kb_conditions import all_hold, evaluate
from tui.diagnosis.kb_device import LocalDevice
from tui.diagnosis.kb_issues import APRIL_2026, IssueMatch, known_issues, known_issues_for
from tui.diagnosis.sample import Facts, Parsed
from tui.model.cause import Cause, CauseCode, Update
from tui.model.finding import Finding, FindingCode, Severity

REPEATED_WITHIN = timedelta(days=30)
"""Two recoveries this near each other mean that Windows did not seal anew after the first."""

_USUAL_PROFILE = (7, 11)
_WITHOUT_PCR7 = (0, 2, 4, 11)
_BINDING_ROLES = frozenset({"binding-refused"})
_RESEALED, _RESEAL_FAILED = frozenset({"resealed", "seal"}), "reseal-failed"


def boot_findings(inputs: Sequence[Parsed], device: LocalDevice, cause: Cause, update: Update) -> Iterator[Finding]:
    """Findings that explain the prompt or its return."""
    yield from _issues(device, cause, update)
    yield from _april_2026(device)
    yield from _repeated(inputs)
    yield from _profile(device)
    yield from _binding(inputs, device)
    yield from _not_bitlocker(inputs, cause)


def _issues(device: LocalDevice, cause: Cause, update: Update) -> Iterator[Finding]:
    for match in known_issues_for(cause, update.kb, device):
        if match.holds:
            yield Finding(
                FindingCode.KNOWN_ISSUE,
                Severity.WARNING,
                f"{update.kb} is known to ask for the key: {match.issue.title}",
                _issue_evidence(match),
                _issue_next(match),
            )


def _issue_evidence(match: IssueMatch) -> tuple[str, ...]:
    sources = ", ".join(
        f"{source.name} ({source.dated})" if source.dated else source.name for source in match.issue.sources
    )
    return (
        f"update: {match.update.kb}, {match.update.branch}, since {match.issue.started}",
        *(answer.says for answer in match.answers),
        f"circumstances: {match.issue.circumstances}",
        f"sources: {sources}",
    )


def _issue_next(match: IssueMatch) -> str:
    fix = match.update
    told = f" Fixed by {fix.fixed_by} of {fix.fixed}." if fix.fixed_by else ""
    return match.issue.next + told


def _april_2026(device: LocalDevice) -> Iterator[Finding]:
    issue = next(issue for issue in known_issues() if issue.id == APRIL_2026)
    answers = evaluate(issue.conditions, device)
    if all_hold(answers):
        yield Finding(
            FindingCode.APRIL_2026_PREDICATE,
            Severity.CRITICAL,
            "All five conditions of the April 2026 class hold",
            tuple(answer.says for answer in answers),
            issue.next,
        )


def _repeated(inputs: Sequence[Parsed]) -> Iterator[Finding]:
    times = [time for text in recovery_times(inputs) if (time := _instant(text)) is not None]
    near = [(a, b) for a, b in pairwise(times) if b - a <= REPEATED_WITHIN]
    if not near:
        return
    first, last = near[-1]
    between = [
        entry for entry in _timeline(inputs) if first.isoformat() <= str(entry.get("time", "")) <= last.isoformat()
    ]
    failed = [entry for entry in between if entry.get("role") == _RESEAL_FAILED]
    sealed = any(entry.get("role") in _RESEALED for entry in between)
    evidence = [f"recovery key used {first:%Y-%m-%d %H:%M} and {last:%Y-%m-%d %H:%M} UTC"]
    evidence += [f"{entry.get('event')}: {entry.get('meaning')}" for entry in failed]
    if not failed:
        evidence.append("sealed anew in between" if sealed else "no event in between says that it was sealed anew")
    yield Finding(
        FindingCode.REPEAT_RECOVERY,
        Severity.WARNING,
        "The device asked for its key again within 30 days",
        tuple(evidence),
        "Suspend and resume protection so that it seals anew; if it asks again, compare measured-boot logs.",
    )


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _timeline(inputs: Sequence[Parsed]) -> Iterator[Facts]:
    return (entry for parsed in inputs if parsed.kind == "evtx" for entry in listed(parsed, "timeline"))


def _profile(device: LocalDevice) -> Iterator[Finding]:
    by_policy = device.profile_source == "group-policy" or bool(device.policy_pcrs)
    pcrs = device.tpm_pcrs or device.policy_pcrs
    if not by_policy and (pcrs is None or pcrs == _USUAL_PROFILE):
        return
    shown = ", ".join(map(str, pcrs or ()))
    evidence = [f"PCRs: {shown}"] if pcrs else []
    evidence += [f"policy sets the PCRs {', '.join(map(str, device.policy_pcrs))}"] if device.policy_pcrs else []
    evidence += (
        ["the newest seal event took its PCRs from Group Policy"] if device.profile_source == "group-policy" else []
    )
    fallback = pcrs == _WITHOUT_PCR7 and not by_policy
    yield Finding(
        FindingCode.CUSTOM_PCR_PROFILE,
        Severity.INFO if fallback else Severity.WARNING,
        "The TPM protector watches other PCRs than 7, 11" if not by_policy else "Policy sets the PCRs to watch",
        tuple(evidence),
        "PCR 0, 2 and 4 break with firmware and boot manager updates: find out why PCR 7 is not used."
        if fallback
        else "Leave the profile to Windows: take the policy away, then suspend and resume protection.",
    )


def _binding(inputs: Sequence[Parsed], device: LocalDevice) -> Iterator[Finding]:
    refused = [entry for entry in _timeline(inputs) if entry.get("role") in _BINDING_ROLES]
    last = max(refused, key=lambda entry: str(entry.get("time", "")), default=None)
    if device.pcr7 != "binding_not_possible" and (last is None or device.pcr7 is not None):
        return
    evidence = ["msinfo32: PCR7 binding not possible"] if device.pcr7 == "binding_not_possible" else []
    if last is not None:
        evidence.append(f"{last.get('event')} of {str(last.get('time', ''))[:19]}: {last.get('meaning')}")
    if device.secure_boot is not None:
        evidence.append(f"Secure Boot: {'on' if device.secure_boot else 'off'}")
    yield Finding(
        FindingCode.PCR7_BINDING_NOT_POSSIBLE,
        Severity.WARNING,
        "BitLocker cannot bind to PCR 7 on this device",
        tuple(evidence),
        "Turn Secure Boot on and bring the firmware up to date; no policy may force PCR 7 meanwhile.",
    )


def _not_bitlocker(inputs: Sequence[Parsed], cause: Cause) -> Iterator[Finding]:
    screens = [parsed for parsed in inputs if parsed.kind == "recovery-screen"]
    if cause.code is not CauseCode.NOT_BITLOCKER or not any(p.facts.get("cause") == cause.code for p in screens):
        return
    yield Finding(
        FindingCode.WINRE_NOT_BITLOCKER,
        Severity.WARNING,
        "This is the recovery environment, not a BitLocker prompt",
        ("the screen shows no key ID",),
        "Draw no key: go by the startup repair playbook until a screen with a key ID appears.",
    )
