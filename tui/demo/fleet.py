"""Invented people and ordinary devices, made fast: a hundred thousand of them in a second or two."""

import random
from dataclasses import dataclass
from functools import cache

from tui.demo.ids import guid
from tui.demo.phrases import FIRST_NAMES, LAST_NAMES, VOICE_SHARES
from tui.demo.records import Build, Device, Hardware, Key, Person, Unit
from tui.demo.stories import Plot
from tui.demo.tenant import DOMAIN, FIXED_DATA, OPERATING_SYSTEM, Tenant

HOUR, DAY = 3600.0, 86400.0
UNIT_NAMES = ("Berlin Office", "Lyon Office", "Kraków Office", "Field Staff")
_ROUND = len(FIRST_NAMES) * len(LAST_NAMES)


@dataclass(slots=True)
class Fleet:
    """Makes people and devices of one tenant; every call moves the random sequence on."""

    rng: random.Random
    tenant: Tenant
    base: float
    """When the play starts, seconds since the epoch."""
    people: int = 0
    devices: int = 0

    def person(self, voice: str = "", vip: bool | None = None) -> Person:
        """A new invented user; names repeat after some hundred, user principal names never."""
        number, rng = self.people, self.rng
        self.people += 1
        first = FIRST_NAMES[(number * 5 + number // len(FIRST_NAMES)) % len(FIRST_NAMES)]
        last = LAST_NAMES[number % len(LAST_NAMES)]
        suffix = str(number // _ROUND) if number >= _ROUND else ""
        upn = f"{_plain(first)}.{_plain(last)}{number % _ROUND:03d}{suffix}@{DOMAIN}"
        chosen = voice or VOICE_SHARES[int(rng.random() * len(VOICE_SHARES))]
        person = Person(guid(rng), upn, f"{first} {last}", chosen, rng.random() < 0.03 if vip is None else vip)
        self.tenant.add_person(person)
        return person

    def device(self, hardware: Hardware, build: Build, owner: Person, name: str = "") -> Device:
        """A new device with one escrowed key, not yet part of the tenant: a case may still change it."""
        rng = self.rng
        self.devices += 1
        kind = "DT" if hardware.model.startswith("Tower") else "LT"
        called = name or f"DEMO-{kind}-{self.devices:04d}"
        registered = self.base - (30 + rng.random() * 700) * DAY
        seen = self.base - (1 + rng.random() * 30) * HOUR
        device = Device(
            object_id=guid(rng),
            device_id=guid(rng),
            managed_id=guid(rng),
            name=called,
            managed_name=called,
            serial=f"DEMO{rng.getrandbits(28):07X}",
            hardware=hardware,
            build=build,
            trust="AzureAd" if rng.random() < 0.8 else "ServerAd",
            owner=owner,
            primary_user=owner,
            unit=self._unit().id,
            registered=registered,
            last_seen=seen,
            last_sync=seen - rng.random() * 8 * HOUR,
        )
        device.keys.append(self.key(device, OPERATING_SYSTEM, registered + HOUR))
        return device

    def key(self, device: Device, volume: int, created: float, key_id: str = "") -> Key:
        """A key of a device, not yet escrowed."""
        return Key(key_id or guid(self.rng), device.device_id, volume, created)

    def ordinary(self, plot: Plot, owner: Person) -> Device:
        """A device that a plot can hit, with the odds and ends of real fleets, registered."""
        rng = self.rng
        hardware = plot.hardware[int(rng.random() * len(plot.hardware))]
        build = plot.builds[int(rng.random() * len(plot.builds))]
        device = self.device(hardware, build, owner)
        luck = rng.random()
        if luck < 0.10:
            device.keys.append(self.key(device, FIXED_DATA, device.registered + 2 * HOUR))
        elif luck < 0.18:
            device.keys.append(self.key(device, OPERATING_SYSTEM, self.base - rng.random() * 20 * DAY))
        if rng.random() < 0.06:
            device.compliance = "noncompliant"
        self.tenant.add_device(device)
        return device

    def _unit(self) -> Unit:
        units = self.tenant.units
        return units[int(self.rng.random() * len(units))]


@cache
def _plain(name: str) -> str:
    return "".join(letter for letter in name.translate(_PLAIN).lower() if letter.isascii() and letter.isalpha())


_PLAIN = str.maketrans("ÉÍŁöëíłśń", "EILoeilsn")
