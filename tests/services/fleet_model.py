"""A made-up fleet on a patch night: what happens to a device, and what can then be read from it.

It models devices, updates, firmware and boots forward and knows nothing of how incidents are grouped. A ticket is
decidable when, of everything that could have happened to any device of the fleet, all that would leave the surviving
facts behind are one and the same cause.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from tui.diagnosis.events.meanings import API, DRIVER

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
DRIVER_CONFIG, AUTHORITY, ROM = (
    "EV_EFI_VARIABLE_DRIVER_CONFIG",
    "EV_EFI_VARIABLE_AUTHORITY",
    "EV_EFI_BOOT_SERVICES_DRIVER",
)
_NUMBERS = {DRIVER_CONFIG: "80000001", AUTHORITY: "800000e0", ROM: "80000003", "EV_S_CRTM_VERSION": "8"}


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
    watched: frozenset[int] | None = None
    """PCRs of which the TPM protector must watch one for this to matter; None where it does not depend on them."""
    policy: bool | None = None
    """Whether it takes a device under such a policy; None where that does not matter."""
    screen_text: str = ""
    happens: bool = True
    """Whether it does happen on this night, or only could."""


_SB = (f"{DRIVER}/24635", f"{DRIVER}/24658")
_PCRS = (f"{DRIVER}/24635",)
_CHANGED = "E_FVE_SECUREBOOT_CHANGED"
_WINRE = "Windows could not start. Automatic Repair. Choose an option: Troubleshoot"


def _secure_boot(name: str, by: str, kind: str, label: str, servicing: int = 0, **more: Any) -> Mechanism:
    return Mechanism(name, by, _CHANGED, _SB, 7, (kind, label), servicing, frozenset({7}), **more)


def _pcr(name: str, by: str, pcr: int, kind: str, **more: Any) -> Mechanism:
    return Mechanism(name, by, "E_FVE_PCR_MISMATCH", _PCRS, pcr, (kind, ""), 0, frozenset({pcr}), **more)


def _other(name: str, by: str, screen: str, event: str = "", **more: Any) -> Mechanism:
    return Mechanism(name, by, screen, (event,) if event else (), **more)


MECHANISMS = {
    mechanism.name: mechanism
    for mechanism in (
        _secure_boot("authority-under-policy", "windows", AUTHORITY, "db", 1799, policy=True),
        _secure_boot("authority-not-resealed", "windows", AUTHORITY, "db", 1799, policy=False),
        _secure_boot("dbx-servicing", "windows", DRIVER_CONFIG, "dbx", 1034),
        _secure_boot("db-servicing", "windows", DRIVER_CONFIG, "db", 1036),
        _other("winre-after-failed-boots", "windows", "", f"{API}/805", screen_text=_WINRE),
        _other("bcd", "windows", "E_FVE_BAD_CODE_OPTION", f"{API}/523"),
        _other("boot-app", "windows", "E_FVE_BAD_CODE_ID", f"{API}/522"),
        _pcr("firmware", "firmware", 0, "EV_S_CRTM_VERSION"),
        _secure_boot("firmware-resets-dbx", "firmware", DRIVER_CONFIG, "dbx"),
        _other("firmware-clears-tpm", "firmware", "E_FVE_TPM_INVALIDATED", f"{DRIVER}/24636"),
        _other("firmware-secure-boot-off", "firmware", "E_FVE_SECUREBOOT_DISABLED", f"{DRIVER}/24657"),
        _pcr("dock-with-rom", "hand", 2, ROM),
        _secure_boot("own-keys", "hand", DRIVER_CONFIG, "db"),
        _other("tpm-cleared", "hand", "E_FVE_TPM_INVALIDATED", f"{DRIVER}/24636"),
        _other("secure-boot-off", "hand", "E_FVE_SECUREBOOT_DISABLED", f"{DRIVER}/24657"),
        _other("wrong-pin", "hand", "", f"{DRIVER}/24643"),
        _other("lockout", "hand", "E_FVE_DEVICE_LOCKEDOUT", f"{DRIVER}/24659"),
        _other("lockout-mismatch", "hand", "E_FVE_DEVICE_LOCKOUT_MISMATCH", f"{API}/531"),
        _other("escape-key", "hand", "E_FVE_USER_REQUESTED_RECOVERY"),
        _other("board-swap", "hand", "E_FVE_TPM_NOT_DETECTED", f"{API}/526"),
        _other("boot-debug", "hand", "E_FVE_BOOT_DEBUG_ENABLED", f"{DRIVER}/24627"),
        _other("unsigned-drivers", "hand", "E_FVE_CI_DISABLED", f"{API}/529"),
        _other("partition", "hand", "", f"{API}/527"),
        _other("network-unlock", "hand", "", f"{DRIVER}/24645"),
        _other("clone", "hand", "E_FVE_TPM_FAILURE", f"{DRIVER}/24636"),
        # What does not happen on this night, but could, so that nobody may conclude from its absence.
        _other("tpm-fails", "hand", "E_FVE_TPM_FAILURE", f"{DRIVER}/24636", happens=False),
        _other("nothing-told", "hand", "", happens=False),
        _secure_boot("own-boot-loader", "hand", AUTHORITY, "db", happens=False),
        _secure_boot("dbx-from-linux", "hand", DRIVER_CONFIG, "dbx", happens=False),
        _secure_boot("firmware-resets-db", "firmware", DRIVER_CONFIG, "db", happens=False),
        _pcr("firmware-with-rom", "firmware", 2, ROM, happens=False),
        _other("bcd-by-hand", "hand", "E_FVE_BAD_CODE_OPTION", f"{API}/523", happens=False),
        _other("loader-by-hand", "hand", "E_FVE_BAD_CODE_ID", f"{API}/522", happens=False),
        _other("winre-after-disk-fault", "hand", "", f"{API}/805", screen_text=_WINRE, happens=False),
    )
}


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """What really happened: the mechanism, and the update or model it came with."""

    mechanism: str
    trigger: str = ""


def _on(mechanism: str, *triggers: str) -> list[Happening]:
    return [Happening(mechanism, trigger) for trigger in triggers or ("",)]


_KBS = tuple(BRANCHES)
_NEW = tuple(f"{model} {versions[1]}" for model, versions in MODELS.items())
_ANY = tuple(f"{model} {version}" for model, versions in MODELS.items() for version in versions)
CAUSES = [
    *_on("authority-under-policy", "KB5083769", "KB5082052"),
    *_on("authority-not-resealed", "KB5083769", "KB5089549"),
    *_on("dbx-servicing", *_KBS),
    *_on("db-servicing", "KB5083769", "KB5082052"),
    *_on("winre-after-failed-boots", "KB5083769", "KB5082052", "KB5082200"),
    *_on("bcd", "KB5089549"),
    *_on("boot-app", "KB5089549"),
    *_on("firmware", *_NEW[:5]),
    *_on("firmware-resets-dbx", "Longitude 5450 1.14.2", "WorkPad T14 N3QET52W"),
    *_on("firmware-clears-tpm", "SlateBook 840 W70 01.09", "FlipNote 13 311"),
    *_on("firmware-secure-boot-off", "FlipNote 13 311", "Tower 7020 1.22.0"),
    *(Happening(name) for name, mechanism in MECHANISMS.items() if mechanism.by == "hand" and mechanism.happens),
]
CONFUSABLE = [
    (Happening("authority-under-policy", "KB5083769"), Happening("authority-not-resealed", "KB5083769")),
    (Happening("authority-not-resealed", "KB5083769"), Happening("dbx-servicing", "KB5083769")),
    (Happening("dbx-servicing", "KB5083769"), Happening("db-servicing", "KB5083769")),
    (Happening("dbx-servicing", "KB5083769"), Happening("dbx-servicing", "KB5089549")),
    (Happening("dbx-servicing", "KB5089549"), Happening("firmware-resets-dbx", "Longitude 5450 1.14.2")),
    (Happening("authority-under-policy", "KB5083769"), Happening("winre-after-failed-boots", "KB5083769")),
    (Happening("bcd", "KB5089549"), Happening("boot-app", "KB5089549")),
    (Happening("firmware-clears-tpm", "FlipNote 13 311"), Happening("tpm-cleared")),
    (Happening("network-unlock"), Happening("wrong-pin")),
    (Happening("firmware-secure-boot-off", "FlipNote 13 311"), Happening("secure-boot-off")),
    (Happening("wrong-pin"), Happening("lockout")),
    (Happening("own-keys"), Happening("db-servicing", "KB5082052")),
]


PROFILES = ((7, 11), (0, 2, 4, 11), (0, 2, 4, 7, 11))


@dataclass(frozen=True, slots=True)
class Device:
    """A device and what came in the window before its prompt. `firmware` is the version it runs now."""

    kb: str
    kb_came: bool
    model: str
    firmware: str
    firmware_came: bool
    profile: tuple[int, ...]
    policy: bool
    """A policy sets the profile although Windows finds the binding to PCR 7 not possible."""


def leaves(mechanism: Mechanism, device: Device) -> Seen:
    """Everything that this happening leaves behind on this device."""
    old, new = BRANCHES[device.kb]
    shows_codes = new.startswith("10.0.26")
    kind, label = mechanism.measured
    changed = {0, 1} if device.firmware_came else set()
    changed |= {mechanism.pcr} if mechanism.pcr is not None else set()
    compared = shows_codes and mechanism.pcr is not None
    return {
        "screen": (mechanism.screen if shows_codes else "") or mechanism.screen_text or None,
        "line": (mechanism.pcr, _NUMBERS[kind], label) if compared and label else None,
        "boot": (new if device.kb_came else old, mechanism.events),
        "mismatch": (mechanism.pcr, kind, label) if compared else None,
        "before": (old, device.kb if device.kb_came else "", mechanism.servicing),
        "pair": (tuple(sorted(changed)), mechanism.pcr, kind, label),
        "inventory": (device.model, device.firmware),
        "owner": "another device" if mechanism.name == "clone" else "this device",
        "collector": device.policy,
        "profile": device.profile,
    }


def _devices(happening: Happening) -> Iterator[Device]:
    """Every device that this can happen on."""
    mechanism = MECHANISMS[happening.mechanism]
    for kb, came, model, new_firmware, profile, policy in product(
        _KBS, (True, False), MODELS, (True, False), PROFILES, (True, False)
    ):
        if mechanism.by == "windows" and (kb != happening.trigger or not came):
            continue
        if mechanism.watched is not None and not mechanism.watched & set(profile):
            continue
        if (policy and 7 not in profile) or mechanism.policy not in (None, policy):
            continue
        if new_firmware and 0 in profile and happening.mechanism != "firmware":
            continue  # where PCR 0 is watched, the firmware's own code is what breaks the seal
        for firmware in MODELS[model]:
            if mechanism.by != "firmware" or (new_firmware and f"{model} {firmware}" == happening.trigger):
                yield Device(kb, came, model, firmware, new_firmware, profile, policy)


def _possible() -> Iterator[Happening]:
    """Everything that could happen in this fleet, whether it does or not."""
    for name, mechanism in MECHANISMS.items():
        triggers = {"windows": _KBS, "firmware": _ANY, "hand": ("",)}[mechanism.by]
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
    device = rng.choice(_candidates(truth))
    seen = {item: None if rng.random() < lost else value for item, value in leaves(mechanism, device).items()}
    if seen["boot"] is None:
        seen["before"] = seen["mismatch"] = None  # one file
    return Case(number, truth, device, seen, _words(rng, device))


@cache
def _candidates(truth: Happening) -> list[Device]:
    """Devices that it hits; firmware comes by chance to few."""
    found = list(_devices(truth))
    if MECHANISMS[truth.mechanism].by == "firmware":
        return found
    quiet = [device for device in found if not device.firmware_came]
    return quiet * 19 + [device for device in found if device.firmware_came]


def _words(rng: random.Random, device: Device) -> str:
    """Callers blame the update, also one that they have only read about."""
    said = "It asks for the BitLocker recovery key."
    if rng.random() < 0.3:
        said += f" It is because of {device.kb if rng.random() < 0.8 else rng.choice(_KBS)}."
    return said


def sizes(found: list[Case]) -> Counter[Happening]:
    """How often each cause happened."""
    return Counter(case.truth for case in found)
