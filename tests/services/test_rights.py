"""What may I do: each part probed by itself, and a refusal explained by what is known."""

from pathlib import Path
from typing import Any

import pytest

from tests.demo.tenant import Running
from tests.services.cloud import NOW, Cloud
from tests.services.demo_cloud import demo_cloud
from tests.services.samples import SetClock
from tui.errors import ProblemKind
from tui.model.device import AdministrativeUnit
from tui.model.rights import Allowed, Capability, Rights, RoleGrant
from tui.services.refusal import Reuse, explain_refusal, out_of_reach
from tui.services.rights import RightsService, probe_rights

BERLIN, LYON = AdministrativeUnit("1", "Berlin"), AdministrativeUnit("2", "Lyon")
READER = RoleGrant("Helpdesk Administrator", "/", reads_keys=True)
SCOPED = RoleGrant("Helpdesk Administrator", "/administrativeUnits/1", reads_keys=True)
OTHER_ROLE = RoleGrant("Reports Reader", "/", reads_keys=False)


def rights(**rest: Any) -> Rights:
    fields: dict[str, Any] = {"observed_at": NOW, "active": (READER,), "eligible": ()}
    return Rights(**(fields | rest))


@pytest.mark.parametrize(
    ("known", "units", "change", "code"),
    [
        (None, (BERLIN,), Reuse.NO, "unknown"),
        (rights(scopes=("Device.Read.All",)), (BERLIN,), Reuse.NO, "scope-missing"),
        (rights(scopes=("bitlockerkey.readbasic.all",), active=()), (BERLIN,), Reuse.NO, "role-missing"),
        (rights(active=(OTHER_ROLE,), eligible=(READER,)), (BERLIN,), Reuse.NO, "pim-eligible"),
        (rights(active=(SCOPED,)), (LYON,), Reuse.NO, "outside-admin-unit"),
        (rights(active=(SCOPED,)), (), Reuse.YES, "outside-admin-unit"),
        (rights(active=(SCOPED,)), (BERLIN,), Reuse.YES, "owner-changed"),
        (rights(active=(SCOPED,)), (BERLIN,), Reuse.MAYBE, "owner-changed"),
        (rights(active=(SCOPED,)), None, Reuse.NO, "unknown"),
        (rights(active=(SCOPED,)), (BERLIN,), Reuse.NO, "conditional-access"),
        (rights(), None, Reuse.YES, "conditional-access"),
    ],
)
def test_a_refusal_has_the_most_certain_reason_and_the_contact(
    known: Rights | None, units: tuple[AdministrativeUnit, ...] | None, change: Reuse, code: str
) -> None:
    why = explain_refusal(known, units, change=change, contact="the directory team")
    assert why.code == code
    assert why.reason and why.next_step
    assert "Global Administrator" not in why.next_step
    if code not in ("scope-missing", "pim-eligible"):
        assert "the directory team" in why.next_step


def test_only_what_is_certain_counts_as_out_of_reach() -> None:
    assert out_of_reach(rights(active=(SCOPED,)), (LYON,))
    assert not out_of_reach(rights(active=(SCOPED,)), (BERLIN,))
    assert not out_of_reach(rights(active=(SCOPED,)), None)
    assert not out_of_reach(rights(active=None), (LYON,))
    assert not out_of_reach(None, (LYON,))


async def test_a_part_that_cannot_be_read_is_unknown_and_the_others_are_there() -> None:
    fail = {"eligible": ProblemKind.FORBIDDEN, "probe-devices": ProblemKind.UNREACHABLE}
    fail |= {"probe-directory-audit": ProblemKind.FORBIDDEN}
    found = await probe_rights(Cloud(fail=fail).sources.policies, SetClock())
    assert found.eligible is None
    assert found.active == (RoleGrant("Helpdesk Administrator", "/", reads_keys=True),)
    assert found.gaps == ("eligible failed",)
    asked = {probe.capability: probe.allowed for probe in found.probes}
    assert asked.pop(Capability.DEVICES) is Allowed.UNKNOWN
    assert asked.pop(Capability.DIRECTORY_AUDIT) is Allowed.NO
    assert set(asked.values()) == {Allowed.YES}


async def test_rights_are_kept_for_minutes_and_asked_again_on_demand() -> None:
    cloud, clock = Cloud(), SetClock()
    service = RightsService(cloud.cloud, clock)
    assert service.known is None
    assert await service.current() is await service.current() is service.known
    assert cloud.asked.count("roles") == 1
    await service.current(refresh=True)
    clock.go(301)
    await service.current()
    assert cloud.asked.count("roles") == 3


PERSONAS = {
    "engineer": (True, (), True, {"directory-audit": "yes", "intune-devices": "yes", "key-metadata": "yes"}),
    "au-engineer": (True, (), True, {"directory-audit": "no", "key-metadata": "yes"}),
    "no-role": (False, ("Cloud Device Administrator",), False, {"key-metadata": "no", "intune-devices": "no"}),
    "auditor": (True, (), False, {"directory-audit": "yes", "intune-devices": "no", "key-metadata": "yes"}),
}


@pytest.mark.parametrize("persona", PERSONAS)
async def test_s11_what_each_persona_may_do_in_the_demo_tenant(
    demo_tenant: Running, tmp_path: Path, persona: str
) -> None:
    reads, eligible, rotates, probes = PERSONAS[persona]
    async with demo_cloud(demo_tenant, tmp_path, persona, indexed=False) as cloud:
        found = await probe_rights(cloud.sources.policies, SetClock())
    assert bool(found.key_readers) is reads
    assert tuple(grant.role for grant in found.could_read_keys) == eligible
    assert found.may("RemoteTasks_RotateBitLockerKeys") is rotates
    asked = {str(probe.capability): str(probe.allowed) for probe in found.probes}
    assert asked.items() >= probes.items()
    assert found.scopes is None, "the demo's token is opaque"
    if persona == "au-engineer":
        assert found.key_readers[0].unit


async def test_no_probe_and_no_question_ever_names_a_key_to_be_read(demo_tenant: Running, tmp_path: Path) -> None:
    async with demo_cloud(demo_tenant, tmp_path, indexed=False) as cloud:
        await probe_rights(cloud.sources.policies, SetClock())
        paths = [call.path.lower() for call in cloud.wire.newest()]
    assert len(paths) >= 9
    assert not [path for path in paths if "select=key" in path]
