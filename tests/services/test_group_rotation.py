"""A group's rotation against the demo tenant over HTTP: a storm of 429s, two kills, each device once."""

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.demo.tenant import Running, running
from tui.model.audit import AuditEntry, AuditEvent, AuditRow, DeviceRef, Operator
from tui.services.rotation import DEBT_EVENTS, DebtState, debts_of
from tui.store.audit import open_audit

ROTATE = "rotateBitLockerKeys"


def with_debts(tenant: Running, count: int) -> dict[str, tuple[str, str, str]]:
    """Tickets whose device has one name, one object and one Intune record: number -> (name, Entra id, Intune id)."""
    managed = {
        each["azureADDeviceId"]: each["id"] for each in tenant.everything("/v1.0/deviceManagement/managedDevices")
    }
    named: dict[str, list[str]] = {}
    for device in tenant.everything("/v1.0/devices"):
        named.setdefault(device["displayName"], []).append(device["deviceId"])
    found: dict[str, tuple[str, str, str]] = {}
    for ticket in tenant.desk(limit="10000").json()["result"]:
        ids = named.get(ticket["cmdb_ci"], [])
        if len(ids) == 1 and ids[0] in managed and len(found) < count:
            found[ticket["number"]] = (ticket["cmdb_ci"], ids[0], managed[ids[0]])
    return found


async def owe(state: Path, owing: dict[str, tuple[str, str, str]]) -> None:
    """A disclosure for each, as the audit records it."""
    async with await open_audit(state) as audit:
        for number, (name, device_id, _) in owing.items():
            await audit.append(
                AuditEntry(
                    event=AuditEvent.DRAW,
                    operator=Operator("engineer@demo.example", "1"),
                    ticket=number,
                    device=DeviceRef(device_id, name),
                    key_id=f"00000000-0000-4000-8000-{int(number[3:]):012d}",
                )
            )


async def rows_of(state: Path) -> list[AuditRow]:
    async with await open_audit(state) as audit:
        return list(await audit.rows_of(DEBT_EVENTS))


def rotate(tenant: Running, state: Path, kill_at: int = 0) -> str:
    """Run the console; kill it once so many devices are done. Answers with its last line."""
    command = [sys.executable, "-m", "tests.services.rotate_group", str(tenant.config), str(state)]
    root = Path(__file__).resolve().parents[2]
    line = ""
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if kill_at and line.startswith("done") and int(line.split()[1]) >= kill_at:
                process.kill()
                break
        process.wait(60)
    return line.strip()


def storm(tenant: Running) -> int:
    """Two refusals for every pair of hex digits that a device's id can begin with."""
    for number in range(256):
        tenant.fault("429", f"managedDevices/{number:02x}.*{ROTATE}", method="POST", count=2, retry_after="0")
    return 512


def a_storm_and_two_kills(tmp_path: Path, size: int, devices: int) -> None:
    state = tmp_path / "state"
    with running("--seed", "7", "--size", str(size), "--speed", "0.0001") as tenant:
        tenant.hand("advance", "POST", {"seconds": 2000})
        owing = with_debts(tenant, devices)
        assert len(owing) == devices
        asyncio.run(owe(state, owing))
        storm(tenant)
        rotate(tenant, state, kill_at=devices // 3)
        rotate(tenant, state, kill_at=2 * devices // 3)
        assert rotate(tenant, state).startswith("ended finished")
        asked = Counter[str]()
        for request, count in tenant.hand("state")["requests"].items():
            if request.endswith(ROTATE):
                asked[request.split("/")[-2]] += count
        rows = asyncio.run(rows_of(state))
    refused = Counter(row.entry.device.id for row in rows if row.entry.http_status == 429)
    accepted = {entra_id: asked[intune_id] - refused[entra_id] for _, entra_id, intune_id in owing.values()}
    assert sum(refused.values()) > devices // 4, "there was a storm"
    assert max(accepted.values()) == 1, "no device was asked twice"
    assert set(asked) <= {intune_id for _, _, intune_id in owing.values()}, "no device without debt was asked"
    # A kill between the row and the request leaves a device that nobody asked; its debt stays open and is seen.
    assert sum(count != 1 for count in accepted.values()) <= 2
    debts = debts_of(rows)
    assert {debt.state for debt in debts} == {DebtState.PENDING}
    assert len(debts) == devices


def test_each_device_is_asked_once_through_refusals_and_kills(tmp_path: Path) -> None:
    a_storm_and_two_kills(tmp_path, size=120, devices=40)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_five_hundred_devices_are_asked_once_each(tmp_path: Path) -> None:
    a_storm_and_two_kills(tmp_path, size=900, devices=500)
