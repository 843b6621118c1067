"""What is learned of an incident: the update in its own window, what came with it, and what directories add."""

import pytest

from tests.diagnosis.given import DRIVER, TPM_WMI, boot, entry, installed, msinfo, pair, recovery, screen, system_log
from tests.services.fleet_model import cases
from tests.services.fleet_reading import readable
from tui.diagnosis.sample import Parsed
from tui.model.cause import CauseCode
from tui.model.device import EntraDevice, Join, ManagedDevice
from tui.model.dossier import Dossier, Evidence, Query, Verdict
from tui.services.incident_evidence import Facets, IncidentEvidence, evidence_of_inputs, with_dossier

MARCH, APRIL = "10.0.26100.8037", "10.0.26100.8246"


def two_boots(before: str, now: str, *between: dict[str, object]) -> Parsed:
    return system_log(
        boot(10, "2026-04-13T07:00:00Z", before),
        *between,
        boot(50, "2026-04-15T06:00:00Z", now),
        recovery(80, "2026-04-15T06:00:09Z"),
    )


def test_the_update_that_came_with_the_boot_is_the_trigger() -> None:
    assert evidence_of_inputs([two_boots(MARCH, APRIL)]).kb == "KB5083769"


def test_an_update_that_was_in_force_before_is_none() -> None:
    assert evidence_of_inputs([two_boots(APRIL, APRIL)]).kb == "none"


def test_without_the_boot_before_only_an_installation_tells() -> None:
    cut = system_log(boot(50, "2026-04-15T06:00:00Z", APRIL), recovery(80, "2026-04-15T06:00:09Z"))
    assert evidence_of_inputs([cut]).kb == ""
    log = system_log(
        installed(20, "2026-04-14T20:00:00Z", "KB5083769"),
        boot(50, "2026-04-15T06:00:00Z", APRIL),
        recovery(80, "2026-04-15T06:00:09Z"),
    )
    assert evidence_of_inputs([log]).kb == "KB5083769"
    assert evidence_of_inputs([log]).servicing == "", (
        "a log without the boot before cannot say that nothing was serviced"
    )


def test_a_build_between_two_known_ones_names_no_update() -> None:
    assert evidence_of_inputs([two_boots(MARCH, "10.0.26100.8245")]).kb == ""


def test_servicing_of_windows_itself_is_known_or_known_to_be_none() -> None:
    dbx = entry(30, "2026-04-14T20:00:00Z", f"{TPM_WMI}/1034", "servicing")
    assert evidence_of_inputs([two_boots(MARCH, APRIL, dbx)]).servicing == "dbx"
    assert evidence_of_inputs([two_boots(MARCH, APRIL)]).servicing == "none"
    db = entry(31, "2026-04-14T20:00:01Z", f"{TPM_WMI}/1036", "servicing")
    assert evidence_of_inputs([two_boots(MARCH, APRIL, dbx, db)]).servicing == "", "two at once decide nothing"


@pytest.mark.parametrize(
    ("changed", "facets", "firmware"),
    [
        ([0, 1], Facets(model="Tower 7020", firmware="1.22"), "Tower 7020 1.22"),
        ([0, 1], Facets(model="Tower 7020"), ""),
        ([7], Facets(model="Tower 7020", firmware="1.22"), "none"),
    ],
)
def test_two_measured_boot_logs_tell_whether_firmware_came(changed: list[int], facets: Facets, firmware: str) -> None:
    causes = ["firmware_update"] if 0 in changed else ["secureboot_changed"]
    assert evidence_of_inputs([pair(causes, changed)], facets).firmware == firmware


def test_the_only_register_that_can_have_differed_is_named() -> None:
    log = two_boots(MARCH, APRIL)
    timeline = [*log.facts["timeline"], entry(70, "2026-04-15T06:00:05Z", f"{DRIVER}/24635", "cause", "pcr_mismatch")]
    timeline[-1], timeline[-2] = timeline[-2], timeline[-1]
    mismatch = system_log(*timeline)
    rom = pair([], [1, 2, 12], [{"pcr": 2, "b": {"event_type": "EV_EFI_BOOT_SERVICES_DRIVER"}}])
    cause = evidence_of_inputs([mismatch, rom]).cause
    assert cause is not None
    assert (cause.code, cause.pcr, cause.event) == (CauseCode.PCR_MISMATCH, 2, "option-rom")
    both = evidence_of_inputs([mismatch, pair([], [2, 4])]).cause
    assert both is not None
    assert both.pcr is None


def test_winre_and_network_unlock_are_marked() -> None:
    assert evidence_of_inputs([screen("not_bitlocker")]).winre
    unlock = entry(70, "2026-04-15T06:00:05Z", f"{DRIVER}/24645", "cause", "network_unlock")
    log = system_log(boot(50, "2026-04-15T06:00:00Z", APRIL), unlock, recovery(80, "2026-04-15T06:00:09Z"))
    assert evidence_of_inputs([log]).network_unlock
    assert not evidence_of_inputs([screen("tpm_absent", "E_FVE_TPM_NOT_DETECTED"), msinfo("bound")]).winre


def test_the_order_of_inputs_does_not_matter() -> None:
    for case in cases(80, seed=12):
        inputs = readable(case)
        assert evidence_of_inputs(inputs) == evidence_of_inputs(inputs[::-1])


def test_directories_add_facets_and_clones_but_never_the_trigger() -> None:
    device = EntraDevice("o", "d", "LT-1", Join.HYBRID, True, APRIL, None, None, None, None)
    managed = ManagedDevice("m", "d", "LT-1", "", "S", "Demo Computers", "Tower 7020", APRIL, True, "", None)
    evidence = Evidence(query=Query(), named=(device,), managed=managed)
    dossier = Dossier(
        evidence=evidence, verdict=Verdict.KEY_OF_ANOTHER_MACHINE, headline="", next_step="", key=None, facts=(),
        findings=(),
    )  # fmt: skip
    learned = with_dossier(None, dossier)
    assert learned.clone
    assert learned.kb == ""
    assert learned.facets == Facets(model="Demo Computers Tower 7020", build=APRIL, join="hybrid")
    kept = with_dossier(IncidentEvidence(kb="KB5083769", facets=Facets(policy="PCR 7, 11")), dossier)
    assert (kept.kb, kept.facets.policy) == ("KB5083769", "PCR 7, 11")
