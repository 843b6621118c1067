"""The surviving facts of the made-up fleet in the shape in which parsers give them."""

from typing import Any

from tests.services.fleet_model import Case, Seen
from tui.diagnosis.events.meanings import DRIVER, TPM_WMI, meanings
from tui.diagnosis.recovery_screen import parse as parse_screen
from tui.diagnosis.sample import Facts, Parsed, Sample

_PAIR_CAUSES = {0: "firmware_update", 4: "boot_app_changed", 7: "secureboot_changed"}


def readable(case: Case) -> list[Parsed]:
    """The surviving facts in the shape in which parsers give them."""
    seen = case.seen
    found = [_log(seen)] if seen["boot"] is not None else []
    if seen["screen"] or seen["line"]:
        found.append(_screen(seen))
    if seen["pair"] is not None:
        found.append(_pair(seen["pair"]))
    if seen["collector"] is not None:
        found += _collected(seen["collector"])
    if seen["profile"] is not None:
        entries = [{"type": "Tpm", "id": "", "pcrs": list(seen["profile"])}]
        found.append(Parsed("manage-bde-protectors", {"volumes": [{"mount": "C:", "protectors": entries}]}))
    return found


def _screen(seen: Seen) -> Parsed:
    lines = [seen["screen"] or "BitLocker recovery", "Recovery key ID: 063EA4E1"]
    if seen["screen"] and not seen["screen"].startswith("E_"):
        lines = [seen["screen"]]
    if seen["line"] is not None:
        pcr, number, label = seen["line"]
        lines.append(f"{pcr}_3_{number}_{number}_{label}_{label}_{pcr}_{'7' * 64}_{'3' * 64}_1")
    text = "\n".join(lines)
    return parse_screen(Sample("screen.txt", text.encode(), text))


def _log(seen: Seen) -> Parsed:
    timeline: list[Facts] = []
    if seen["before"] is not None:
        build, kb, servicing = seen["before"]
        timeline.append(_entry(10, "07", "Microsoft-Windows-Kernel-General/12", role="boot", build=build))
        if kb:
            timeline.append(_entry(20, "08", "Microsoft-Windows-WindowsUpdateClient/19", role="installed", kb=kb))
        if servicing:
            timeline.append(_entry(30, "09", f"{TPM_WMI}/{servicing}", role="servicing"))
    build, events = seen["boot"]
    timeline.append(_entry(50, "10", "Microsoft-Windows-Kernel-General/12", role="boot", build=build))
    timeline += [_entry(60 + place, "11", event) for place, event in enumerate(events)]
    timeline.append(_entry(80, "11", f"{DRIVER}/24652"))
    facts: Facts = {
        "timeline": timeline,
        "boots": [{"time": each["time"], "build": each["build"]} for each in timeline if each["role"] == "boot"],
        "recoveries": [each for each in timeline if each["role"] == "recovery"],
    }
    if seen["mismatch"] is not None:
        pcr, kind, label = seen["mismatch"]
        side = {"event_type": kind, "label": label}
        facts["mismatches"] = [
            {"record": 70, "event": f"{DRIVER}/24705", "pcr": pcr, "observed": side, "expected": side}
        ]
        timeline.insert(-1, _entry(70, "11", f"{DRIVER}/24705"))
    return Parsed("evtx", facts)


def _entry(record: int, hour: str, event: str, **facts: Any) -> Facts:
    provider, _, number = event.rpartition("/")
    known = meanings().get((provider, int(number)))
    told: Facts = {"record": record, "time": f"2026-04-15T{hour}:00:00Z", "event": event}
    if known is not None:
        told |= {"role": known.role, "meaning": known.words, **({"cause": known.cause} if known.cause else {})}
    return told | facts


def _pair(value: tuple[tuple[int, ...], int | None, str, str]) -> Parsed:
    changed, pcr, kind, label = value
    causes = [_PAIR_CAUSES[each] for each in changed if each in _PAIR_CAUSES] or (
        [] if set(changed) - {1} else ["no_change"]
    )
    per_pcr = [{"pcr": 0, "b": {"event_type": "EV_S_CRTM_VERSION"}}] if 0 in changed else []
    if pcr:
        per_pcr.append({"pcr": pcr, "b": {"event_type": kind, "variable": label}})
    return Parsed("tcg-pair", {"changed_pcrs": list(changed), "cause": causes, "per_pcr": per_pcr})


def _collected(policy: bool) -> list[Parsed]:
    pcrs = {"fve_platform_validation_uefi": [0, 2, 4, 7, 11]} if policy else {}
    facts = {"fve_policies_read": True, "ca_2023_in_db": True, "boot_manager_2023": False, **pcrs}
    volume = {"mount": "C:", "volume_type": "os", "conversion_status": "FullyEncrypted", "protection": "On"}
    return [
        Parsed("collector-facts", facts),
        Parsed("msinfo32", {"pcr7": "binding_not_possible" if policy else "bound"}),
        Parsed("manage-bde-status", {"volumes": [volume]}),
    ]
