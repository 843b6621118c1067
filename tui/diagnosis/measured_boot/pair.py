"""The facts of two measured-boot logs of one machine, older first."""

from collections import Counter
from collections.abc import Iterable

from tui.diagnosis.measured_boot import describe
from tui.diagnosis.measured_boot.difference import LogDifference, PcrDifference, diff
from tui.diagnosis.measured_boot.efi import Signature, Variable, signatures
from tui.diagnosis.measured_boot.log import BootLog
from tui.diagnosis.measured_boot.names import algorithm_name
from tui.diagnosis.measured_boot.pair_cause import causes
from tui.diagnosis.sample import Facts

SECURE_BOOT_PROFILE = frozenset((7, 11))
"""The PCRs that BitLocker seals to where PCR 7 can be bound."""
FIRMWARE_PROFILE = frozenset((0, 2, 4, 11))
"""The PCRs that BitLocker seals to elsewhere on UEFI machines."""

_KEY_VARIABLES = frozenset(("PK", "KEK", "db", "dbx", "dbt", "dbr"))
_MOST_LISTED = 20


def pair_facts(a: BootLog, b: BootLog) -> Facts:
    """Which PCRs differ and why, event by event, and which signature lists gained or lost entries."""
    difference = diff(a, b)
    changed = set(difference.changed)
    before, after = _variables(a), _variables(b)
    return {
        "type": "tcg-pair",
        "algorithm": algorithm_name(difference.algorithm) if difference.algorithm else None,
        "changed_pcrs": difference.changed,
        "per_pcr": [_per_pcr(pcr) for pcr in difference.pcrs],
        "changed_variable_sizes": _changed_sizes(before, after),
        "signature_changes": _signature_changes(before, after),
        "firmware_version": [describe.firmware_versions(a), describe.firmware_versions(b)],
        "cause": _causes(a, b, difference),
        "profile_7_11_affected": bool(changed & SECURE_BOOT_PROFILE),
        "profile_0_2_4_11_affected": bool(changed & FIRMWARE_PROFILE),
    }


def _causes(a: BootLog, b: BootLog, difference: LogDifference) -> list[str]:
    # Events that a cut took away would pass for a change.
    if not difference.algorithm or a.error or b.error:
        return ["unknown"]
    return [str(cause) for cause in causes(a, b, difference)]


def _per_pcr(pcr: PcrDifference) -> Facts:
    before, after = pcr.first
    return {
        "pcr": pcr.pcr,
        "events_a": len(pcr.before),
        "events_b": len(pcr.after),
        "first_difference_position": pcr.position,
        "positions_that_differ": pcr.differing,
        "a": describe.describe(before) if before else None,
        "b": describe.describe(after) if after else None,
    }


def _variables(log: BootLog) -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    for name, variable in describe.configuration(log):
        found.setdefault(name, variable)
    return found


def _changed_sizes(before: dict[str, Variable], after: dict[str, Variable]) -> Facts:
    sizes = {
        name: [before[name].size if name in before else None, after[name].size if name in after else None]
        for name in sorted(before.keys() | after.keys())
    }
    return {name: pair for name, pair in sizes.items() if pair[0] != pair[1]}


def _signature_changes(before: dict[str, Variable], after: dict[str, Variable]) -> Facts:
    changes: Facts = {}
    for name in sorted(_KEY_VARIABLES & (before.keys() | after.keys())):
        old = Counter(signatures(before[name].data)) if name in before else Counter()
        new = Counter(signatures(after[name].data)) if name in after else Counter()
        if old != new:
            changes[name] = {"added": _listed(new - old), "removed": _listed(old - new)}
    return changes


def _listed(entries: Iterable[Signature]) -> list[Facts]:
    """Certificates by name, hashes counted by type and owner."""
    certificates: list[Facts] = []
    hashes: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        if entry.kind == "x509" and len(certificates) < _MOST_LISTED:
            certificates.append({"type": entry.kind, "owner": str(entry.owner), "subject_cn": entry.subject})
        else:
            hashes[entry.kind, str(entry.owner)] += 1
    return certificates + [
        {"type": kind, "owner": owner, "count": count} for (kind, owner), count in hashes.most_common(_MOST_LISTED)
    ]
