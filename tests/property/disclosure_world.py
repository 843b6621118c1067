"""Invented tenants full of traps: names that repeat, prefixes that collide, clones, reuse, rotations under way.

A case knows the truth: which ID stands on the blue screen, whose machine it is, and what an honest answer would be.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from tests.services.cloud import NOW, Cloud, entra, key, managed
from tui.model.device import EntraDevice, User
from tui.model.ids import format_key_id
from tui.model.recovery_key import RecoveryKey

TRAPS = (
    "plain", "plain", "plain", "whole-id", "same-name", "renamed", "twin-object", "no-device",
    "same-prefix", "near-prefix", "clone", "wrong-ticket", "stale", "misread", "look-alike", "doubtful",
    "rotated-after", "rotated-before", "other-id-answered", "old-index",
)  # fmt: skip
HONEST = frozenset({"plain", "whole-id", "same-name", "renamed", "twin-object", "no-device", "old-index"})
"""Cases in which an engineer does everything right, and nothing is wrong."""

MISREAD = {"0": "8", "1": "7", "2": "3", "3": "8", "4": "a", "5": "6", "6": "5", "7": "1", "8": "b", "9": "6",
           "a": "4", "b": "d", "c": "e", "d": "b", "e": "c", "f": "e"}  # fmt: skip
ALIKE = {"0": "O", "1": "l", "5": "S", "2": "Z"}


@dataclass
class World(Cloud):
    """A cloud whose devices have owners. `gone_at_read` leave the escrow before the vault reads."""

    owner_of: dict[str, User] = field(default_factory=dict)
    gone_at_read: frozenset[str] = frozenset()
    answers_with: str = ""
    """The ID that Graph answers with, if not the one asked for."""

    async def owners(self, device_id: str) -> Sequence[User]:
        await self._call("owners", device_id)
        return [self.owner_of[device_id]] if device_id in self.owner_of else []

    async def owned_devices(self, upn: str) -> Sequence[EntraDevice]:
        await self._call("owned", upn)
        return [each for each in self.devices if self.owner_of[each.device_id].upn == upn]


@dataclass(frozen=True, slots=True)
class Case:
    """What happens at the desk. `forbidden` is set when not even the key on the screen may be disclosed."""

    trap: str
    world: World
    on_screen: str
    typed: str
    device_name: str
    caller: str
    forbidden: bool = False


class Maker:
    """Makes cases from a seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def case(self) -> Case:
        """Some devices of some people, and one trap."""
        rng, trap = self._rng, self._rng.choice(TRAPS)
        world = World()
        for number in range(rng.randint(4, 9)):
            self._add(world, f"LT-{number}", f"user{number}@demo.example")
        mine = rng.choice(world.keys)
        made: Case = getattr(self, "_" + trap.replace("-", "_"))(world, mine)
        return made

    def _add(self, world: World, name: str, owner: str, key_id: str = "", serial: str = "") -> RecoveryKey:
        device_id = self._guid()
        registered = NOW - timedelta(days=400)
        world.devices.append(entra(device_id, name, registered_at=registered))
        world.records.append(
            managed(device_id, self._guid(), name=name, user=owner, serial=serial or f"S{len(world.records)}")
        )
        world.owner_of[device_id] = User(owner, owner, owner.split("@")[0])
        added = key(key_id or self._guid(), device_id, created=registered + timedelta(hours=1))
        world.keys.append(added)
        world.index.append(added)
        return added

    def _guid(self) -> str:
        return format_key_id(f"{self._rng.getrandbits(128):032x}")

    def _told(self, trap: str, world: World, mine: RecoveryKey, typed: str = "", **rest: object) -> Case:
        device = next(each for each in world.devices if each.device_id == mine.device_id)
        told = {"device_name": device.name, "caller": world.owner_of[device.device_id].upn, **rest}
        return Case(trap, world, mine.id, self._written(typed or mine.id[:8]), **told)  # type: ignore[arg-type]

    def _written(self, text: str) -> str:
        """As people write IDs."""
        ways = (str, str.upper, lambda it: "{" + it + "}", lambda it: f" {it} ", lambda it: f"ID: {it.upper()}")
        return self._rng.choice(ways)(text)

    def _plain(self, world: World, mine: RecoveryKey) -> Case:
        return self._told("plain", world, mine)

    def _whole_id(self, world: World, mine: RecoveryKey) -> Case:
        return self._told("whole-id", world, mine, mine.id)

    def _same_name(self, world: World, mine: RecoveryKey) -> Case:
        device = next(each for each in world.devices if each.device_id == mine.device_id)
        self._add(world, device.name, "stranger@demo.example")
        return self._told("same-name", world, mine)

    def _renamed(self, world: World, mine: RecoveryKey) -> Case:
        return self._told("renamed", world, mine, device_name="LT-BEFORE")

    def _twin_object(self, world: World, mine: RecoveryKey) -> Case:
        """The machine was set up anew, and the key is of the older object."""
        place = [each.device_id for each in world.devices].index(mine.device_id)
        twin = self._add(
            world, f"{world.devices[place].name}-NEW", "x@demo.example", serial=world.records[place].serial
        )
        world.owner_of[twin.device_id] = world.owner_of[mine.device_id]
        return self._told("twin-object", world, mine, device_name=world.devices[-1].name)

    def _no_device(self, world: World, mine: RecoveryKey) -> Case:
        return self._told("no-device", world, mine, device_name="")

    def _old_index(self, world: World, mine: RecoveryKey) -> Case:
        world.indexed = self._rng.choice((None, NOW - timedelta(hours=5)))
        return self._told("old-index", world, mine)

    def _same_prefix(self, world: World, mine: RecoveryKey) -> Case:
        other = mine.id[:8] + self._guid()[8:]
        self._add(world, "LT-OTHER", "other@demo.example", other)
        typed = self._rng.choice((mine.id[:8], mine.id[:8], mine.id))
        return self._told("same-prefix", world, mine, typed)

    def _near_prefix(self, world: World, mine: RecoveryKey) -> Case:
        """One misread character, and another device's key begins just so; sometimes the ticket names no device."""
        misread = self._slip(mine.id[:8], 1)
        self._add(world, "LT-OTHER", "other@demo.example", misread + mine.id[8:])
        ways: tuple[dict[str, object], ...] = (
            {},
            {"device_name": ""},
            {"device_name": "", "caller": ""},
            {"device_name": "LT-GONE"},
        )
        return self._told("near-prefix", world, mine, misread, **self._rng.choice(ways))

    def _clone(self, world: World, mine: RecoveryKey) -> Case:
        """The screen shows the ID of the donor's disk; the ticket is about another machine."""
        others = [each for each in world.devices if each.device_id != mine.device_id]
        here = self._rng.choice(others)
        typed = self._rng.choice((mine.id, mine.id[:8]))
        named = {"device_name": here.name, "caller": world.owner_of[here.device_id].upn, "forbidden": True}
        return self._told("clone", world, mine, typed, **named)

    def _wrong_ticket(self, world: World, mine: RecoveryKey) -> Case:
        """The caller's own ID, in somebody else's ticket."""
        others = [each for each in world.devices if each.device_id != mine.device_id]
        return self._told("wrong-ticket", world, mine, device_name=self._rng.choice(others).name, forbidden=True)

    def _stale(self, world: World, mine: RecoveryKey) -> Case:
        """Read from an old printout; the screen has another ID."""
        old = key(self._guid(), mine.device_id)
        world.index.append(old)
        return self._told("stale", world, mine, self._rng.choice((old.id, old.id[:8])))

    def _misread(self, world: World, mine: RecoveryKey) -> Case:
        typed = self._slip(self._rng.choice((mine.id, mine.id[:8])), self._rng.randint(1, 3))
        return self._told("misread", world, mine, typed)

    def _look_alike(self, world: World, mine: RecoveryKey) -> Case:
        """B for 8 or 8 for B: both are digits; another device's key begins as it was read."""
        typed = mine.id[:8].translate(str.maketrans("8b", "b8"))
        if typed != mine.id[:8]:
            self._add(world, "LT-OTHER", "other@demo.example", typed + mine.id[8:])
        return self._told("look-alike", world, mine, typed)

    def _doubtful(self, world: World, mine: RecoveryKey) -> Case:
        """From a photo: letters that are no digits."""
        return self._told("doubtful", world, mine, "".join(ALIKE.get(each, each) for each in mine.id))

    def _rotated_after(self, world: World, mine: RecoveryKey) -> Case:
        """The device rotates between the answer and the read."""
        world.gone_at_read = frozenset({mine.id})
        return self._told("rotated-after", world, mine)

    def _rotated_before(self, world: World, mine: RecoveryKey) -> Case:
        """The index still has the old key, which the escrow has no more; the screen shows the new one."""
        old = key(self._guid(), mine.device_id)
        world.index.append(old)
        world.index.remove(mine)
        return self._told("rotated-before", world, mine, self._rng.choice((old.id[:8], mine.id, mine.id[:8])))

    def _other_id_answered(self, world: World, mine: RecoveryKey) -> Case:
        world.answers_with = self._rng.choice([each.id for each in world.keys if each is not mine])
        return self._told("other-id-answered", world, mine)

    def _slip(self, text: str, count: int) -> str:
        """Characters misheard."""
        places = self._rng.sample([place for place, each in enumerate(text) if each != "-"], count)
        return "".join(MISREAD[each] if place in places else each for place, each in enumerate(text))
