"""A made-up fleet on a patch night: what happens to a device, and what can then be read from it.

It models devices, updates, firmware and boots forward and knows nothing of how incidents are grouped. A ticket is
decidable when, of everything that could have happened to any device of the fleet, all that would leave the surviving
facts behind are one and the same cause.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from tui.diagnosis.events.meanings import API, DRIVER, TPM_WMI, meanings
from tui.diagnosis.recovery_screen import parse as parse_screen
from tui.diagnosis.sample import Facts, Parsed, Sample

Seen = dict[str, Any]
"""Facts by the place where they are read; None where this device or this event leaves nothing there."""

LOST = 0.3
ITEMS = ("screen", "line", "boot", "mismatch", "before", "pair", "inventory", "owner", "collector", "profile")

BRANCHES = {
    "KB5083769": ("10.0.26100.8037", "10.0.26100.8246"),
    "KB5089549": ("10.0.26100.8246", "10.0.26100.8457"),
    "KB5082052": ("10.0.22631.6783", "10.0.22631.6936"),
    "KB5082200": ("10.0.19045.7058", "10.0.19045.7184"),
}
MODELS = {
    "Longitude 5450": ("1.13.0", "1.14.2"),
    "Longitude 7450": ("1.10.1", "1.11.0"),
    "SlateBook 840": ("W70 01.08", "W70 01.09"),
    "WorkPad T14": ("N3QET51W", "N3QET52W"),
    "Tower 7020": ("1.21.0", "1.22.0"),
    "FlipNote 13": ("310", "311"),
}
DRIVER_CONFIG, AUTHORITY, ROM = "EV_EFI_VARIABLE_DRIVER_CONFIG", "EV_EFI_VARIABLE_AUTHORITY", "EV_EFI_BOOT_SERVICES_DRIVER"
_NUMBERS = {DRIVER_CONFIG: "80000001", AUTHORITY: "800000e0", ROM: "80000003", "EV_S_CRTM_VERSION": "8"}
_PAIR_CAUSES = {0: "firmware_update", 4: "boot_app_changed", 7: "secureboot_changed"}


@dataclass(frozen=True, slots=True)
class Mechanism:
    """Why a boot ends at the recovery prompt. `by` is what does it: windows, firmware or hand."""

    name: str
    by: str
    screen: str
    events: tuple[str, ...]
    pcr: int | None = None
    measured: tuple[str, str] = ("", "")
    servicing: int = 0
    profile: tuple[int, ...] = (7, 11)
    policy: bool = False
    screen_text: str = ""


_D, _A = DRIVER, API
MECHANISMS = {
    m.name: m
    for m in (
        Mechanism("authority-under-policy", "windows", "E_FVE_SECUREBOOT_CHANGED", (f"{_D}/24635", f"{_D}/24658"), 7,
                  (AUTHORITY, "db"), 1799, (0, 2, 4, 7, 11), policy=True),
        Mechanism("authority-not-resealed", "windows", "E_FVE_SECUREBOOT_CHANGED", (f"{_D}/24635", f"{_D}/24658"), 7,
                  (AUTHORITY, "db"), 1799),
        Mechanism("dbx-servicing", "windows", "E_FVE_SECUREBOOT_CHANGED", (f"{_D}/24635", f"{_D}/24658"), 7,
                  (DRIVER_CONFIG, "dbx"), 1034),
        Mechanism("db-servicing", "windows", "E_FVE_SECUREBOOT_CHANGED", (f"{_D}/24635", f"{_D}/24658"), 7,
                  (DRIVER_CONFIG, "db"), 1036),
        Mechanism("winre-after-failed-boots", "windows", "", (f"{_A}/805",),
                  screen_text="Windows could not start. Automatic Repair. Choose an option: Troubleshoot"),
        Mechanism("bcd", "windows", "E_FVE_BAD_CODE_OPTION", (f"{_A}/523",), profile=(0, 2, 4, 11)),
        Mechanism("boot-app", "windows", "E_FVE_BAD_CODE_ID", (f"{_A}/522",), profile=(0, 2, 4, 11)),
        Mechanism("firmware", "firmware", "E_FVE_PCR_MISMATCH", (f"{_D}/24635",), 0, ("EV_S_CRTM_VERSION", ""),
                  profile=(0, 2, 4, 11)),
        Mechanism("firmware-resets-keys", "firmware", "E_FVE_SECUREBOOT_CHANGED", (f"{_D}/24635", f"{_D}/24658"), 7,
                  (DRIVER_CONFIG, "dbx")),
        Mechanism("firmware-clears-tpm", "firmware", "E_FVE_TPM_INVALIDATED", (f"{_D}/24636",)),
        Mechanism("firmware-with-rom", "firmware", "E_FVE_PCR_MISMATCH", (f"{_D}/24635",), 2, (ROM, ""),
                  profile=(0, 2, 4, 11)),
        Mechanism("firmware-secure-boot-off", "firmware", "E_FVE_SECUREBOOT_DISABLED", (f"{_D}/24657",)),
        Mechanism("dock-with-rom", "hand", "E_FVE_PCR_MISMATCH", (f"{_D}/24635",), 2, (ROM, ""), profile=(0, 2, 4, 11)),
        Mechanism("own-keys", "hand", "E_FVE_SECUREBOOT_CHANGED", (f"{_D}/24635", f"{_D}/24658"), 7,
                  (DRIVER_CONFIG, "db")),
        Mechanism("tpm-cleared", "hand", "E_FVE_TPM_INVALIDATED", (f"{_D}/24636",)),
        Mechanism("secure-boot-off", "hand", "E_FVE_SECUREBOOT_DISABLED", (f"{_D}/24657",)),
        Mechanism("wrong-pin", "hand", "", (f"{_D}/24643",)),
        Mechanism("lockout", "hand", "E_FVE_DEVICE_LOCKEDOUT", (f"{_D}/24659",)),
        Mechanism("lockout-mismatch", "hand", "E_FVE_DEVICE_LOCKOUT_MISMATCH", (f"{_A}/531",)),
        Mechanism("escape-key", "hand", "E_FVE_USER_REQUESTED_RECOVERY", ()),
        Mechanism("board-swap", "hand", "E_FVE_TPM_NOT_DETECTED", (f"{_A}/526",)),
        Mechanism("boot-debug", "hand", "E_FVE_BOOT_DEBUG_ENABLED", (f"{_D}/24627",)),
        Mechanism("unsigned-drivers", "hand", "E_FVE_CI_DISABLED", (f"{_A}/529",)),
        Mechanism("partition", "hand", "", (f"{_A}/527",)),
        Mechanism("network-unlock", "hand", "", (f"{_D}/24645",)),
        Mechanism("clone", "hand", "E_FVE_TPM_FAILURE", (f"{_D}/24636",)),
        Mechanism("tpm-fails", "hand", "E_FVE_TPM_FAILURE", (f"{_D}/24636",)),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """What really happened: the mechanism, and the update or model it came with."""

    mechanism: str
    trigger: str = ""


def _on(mechanism: str, *triggers: str) -> list[Happening]:
    return [Happening(mechanism, trigger) for trigger in triggers or ("",)]


_KBS, _MODELS = tuple(BRANCHES), tuple(MODELS)
CAUSES = [
    *_on("authority-under-policy", "KB5083769", "KB5082052"),
    *_on("authority-not-resealed", "KB5083769", "KB5089549"),
    *_on("dbx-servicing", *_KBS),
    *_on("db-servicing", "KB5083769", "KB5082052"),
    *_on("winre-after-failed-boots", "KB5083769", "KB5082052", "KB5082200"),
    *_on("bcd", "KB5089549"),
    *_on("boot-app", "KB5089549"),
    *_on("firmware", *_MODELS[:5]),
    *_on("firmware-resets-keys", "Longitude 5450", "WorkPad T14"),
    *_on("firmware-clears-tpm", "SlateBook 840", "FlipNote 13"),
    *_on("firmware-with-rom", "Tower 7020"),
    *_on("firmware-secure-boot-off", "FlipNote 13"),
    *(Happening(name) for name, mechanism in MECHANISMS.items() if mechanism.by == "hand" and name != "tpm-fails"),
]  # fmt: skip
CONFUSABLE = [
    (Happening("authority-under-policy", "KB5083769"), Happening("authority-not-resealed", "KB5083769")),
    (Happening("authority-not-resealed", "KB5083769"), Happening("dbx-servicing", "KB5083769")),
    (Happening("dbx-servicing", "KB5083769"), Happening("db-servicing", "KB5083769")),
    (Happening("dbx-servicing", "KB5083769"), Happening("dbx-servicing", "KB5089549")),
    (Happening("dbx-servicing", "KB5089549"), Happening("firmware-resets-keys", "Longitude 5450")),
    (Happening("authority-under-policy", "KB5083769"), Happening("winre-after-failed-boots", "KB5083769")),
    (Happening("bcd", "KB5089549"), Happening("boot-app", "KB5089549")),
    (Happening("firmware-clears-tpm", "FlipNote 13"), Happening("tpm-cleared")),
    (Happening("firmware-with-rom", "Tower 7020"), Happening("dock-with-rom")),
    (Happening("firmware-secure-boot-off", "FlipNote 13"), Happening("secure-boot-off")),
    (Happening("wrong-pin"), Happening("lockout")),
    (Happening("own-keys"), Happening("db-servicing", "KB5082052")),
]


@dataclass(frozen=True, slots=True)
class Device:
    """A device and what came in the window before its prompt."""

    kb: str
    kb_came: bool
    model: str
    firmware_came: bool


def leaves(mechanism: Mechanism, device: Device) -> Seen:
    """Everything that this happening leaves behind on this device."""
    old, new = BRANCHES[device.kb]
    tells = new.startswith("10.0.26") and mechanism.pcr is not None
    kind, label = mechanism.measured
    changed = {0, 1} if device.firmware_came else set()
    changed |= {mechanism.pcr} if mechanism.pcr is not None else set()
    before, after = MODELS[device.model]
    screen = mechanism.screen if new.startswith("10.0.26") else ""
    return {
        "screen": screen or mechanism.screen_text or None,
        "line": (mechanism.pcr, _NUMBERS[kind], label) if tells and label else None,
        "boot": (new if device.kb_came else old, mechanism.events),
        "mismatch": (mechanism.pcr, kind, label) if tells else None,
        "before": (old, device.kb if device.kb_came else "", mechanism.servicing if mechanism.by == "windows" else 0),
        "pair": (tuple(sorted(changed)), mechanism.pcr, kind, label),
        "inventory": (device.model, after if device.firmware_came else before),
        "owner": "another device" if mechanism.name == "clone" else "this device",
        "collector": mechanism.policy,
        "profile": mechanism.profile,
    }


def _devices(happening: Happening) -> Iterator[Device]:
    by = MECHANISMS[happening.mechanism].by
    for kb, model, firmware_came in product(BRANCHES, MODELS, (False, True)):
        for kb_came in (False, True):
            if by == "windows" and (kb != happening.trigger or not kb_came):
                continue
            if by == "firmware" and (model != happening.trigger or not firmware_came):
                continue
            yield Device(kb, kb_came, model, firmware_came)


def _possible() -> Iterator[Happening]:
    """Everything that could happen in this fleet, whether it does or not."""
    for name, mechanism in MECHANISMS.items():
        triggers = {"windows": _KBS, "firmware": _MODELS, "hand": ("",)}[mechanism.by]
        yield from (Happening(name, trigger) for trigger in triggers)


class Explanations:
    """Which happenings would leave given facts behind; bit sets, so that thousands of tickets are asked quickly."""

    def __init__(self) -> None:
        self._of: list[Happening] = []
        self._with: dict[tuple[str, Any], int] = defaultdict(int)
        self._without: dict[str, int] = defaultdict(int)
        for happening in _possible():
            for device in _devices(happening):
                bit = 1 << len(self._of)
                self._of.append(happening)
                for item, value in leaves(MECHANISMS[happening.mechanism], device).items():
                    self._with[item, value] |= bit

    def of(self, seen: Seen) -> set[Happening]:
        """Every happening that fits."""
        left = (1 << len(self._of)) - 1
        for item, value in seen.items():
            if value is not None:
                left &= self._with[item, value]
        return {self._of[place] for place in _bits(left)}


def _bits(number: int) -> Iterator[int]:
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket of the fleet: the truth, and what is left to be read."""

    number: int
    truth: Happening
    device: Device
    seen: Seen
    text: str


def cases(count: int, seed: int, lost: float = LOST) -> list[Case]:
    """Tickets of all causes, some frequent and some rare; each fact is lost by itself."""
    rng = random.Random(seed)
    weights = [1 / (1 + place % 8) for place in range(len(CAUSES))]
    truths = [*CAUSES, *rng.choices(CAUSES, weights, k=count - len(CAUSES))]
    rng.shuffle(truths)
    return [_case(rng, number, truth, lost) for number, truth in enumerate(truths)]


def _case(rng: random.Random, number: int, truth: Happening, lost: float) -> Case:
    mechanism = MECHANISMS[truth.mechanism]
    device = Device(
        kb=truth.trigger if mechanism.by == "windows" else rng.choice(_KBS),
        kb_came=mechanism.by == "windows" or rng.random() < 0.6,
        model=truth.trigger if mechanism.by == "firmware" else rng.choice(_MODELS),
        firmware_came=mechanism.by == "firmware" or rng.random() < 0.05,
    )
    seen = {item: None if rng.random() < lost else value for item, value in leaves(mechanism, device).items()}
    if seen["boot"] is None:
        seen["before"] = seen["mismatch"] = None  # one file
    return Case(number, truth, device, seen, _words(rng, device))


def _words(rng: random.Random, device: Device) -> str:
    """Callers blame the update, also one that they have only read about."""
    said = "It asks for the BitLocker recovery key."
    if rng.random() < 0.3:
        said += f" It is because of {device.kb if rng.random() < 0.8 else rng.choice(_KBS)}."
    return said


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
    causes = [_PAIR_CAUSES[each] for each in changed if each in _PAIR_CAUSES] or ["no_change"]
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


def sizes(found: list[Case]) -> Counter[Happening]:
    """How often each cause happened."""
    return Counter(case.truth for case in found)
