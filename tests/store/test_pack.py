"""Evidence packs: they hold what they say, a changed byte shows wherever it is, and no recovery password leaves."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, Operator
from tui.paths import guard_directory
from tui.store.audit import open_audit
from tui.store.chain_key import KEY_BYTES, KEY_FILE, read_key
from tui.store.pack import PackCheck, Packed, check_pack, write_pack

NOW = datetime.now(UTC)


async def filled(state: Path, count: int = 5, note: str = "né \u202e") -> Path:
    guard_directory(state)
    async with await open_audit(state) as audit:
        for number in range(count):
            entry = AuditEntry(event=AuditEvent.VIEW, operator=Operator("ada"), ticket=f"INC{number}", note=note)
            await audit.append(entry)
    return state


def packed(state: Path, out: Path, since: datetime | None = None, until: datetime | None = None) -> Packed:
    return write_pack(state, out, since=since, until=until, now=NOW, version="0", tenant="t")


def checked(state: Path, pack: Path, head: str = "") -> PackCheck:
    return check_pack(pack, read_key(state / KEY_FILE), head=head)


async def test_a_pack_holds_and_is_proven_by_the_key_or_by_its_links(tmp_path: Path) -> None:
    state, out = await filled(tmp_path / "state"), tmp_path / "pack.zip"
    manifest = packed(state, out).manifest
    found = checked(state, out)
    assert (found.ok, found.proven, found.rows, found.first_seq, found.last_seq) == (True, "key", 5, 1, 5)
    assert found.head_mac == manifest.head_mac
    assert checked(state, out, manifest.head_mac.upper()).ok
    assert "noted" in checked(state, out, "0" * 64).why
    for other in (None, b"k" * KEY_BYTES):
        assert check_pack(out, other).proven == "links"
    assert out.stat().st_mode & 0o777 == 0o600


async def test_a_part_of_the_time_is_a_whole_stretch_of_the_chain(tmp_path: Path) -> None:
    state = await filled(tmp_path / "state", 3)
    middle = datetime.now(UTC)
    await filled(state, 2)
    packed(state, tmp_path / "late.zip", since=middle)
    packed(state, tmp_path / "early.zip", until=middle)
    assert [checked(state, tmp_path / name).last_seq for name in ("late.zip", "early.zip")] == [5, 3]
    assert checked(state, tmp_path / "late.zip").first_seq == 4
    with pytest.raises(Problem, match="no row"):
        packed(state, tmp_path / "none.zip", since=NOW + timedelta(days=1))


async def test_nothing_is_overwritten_and_a_broken_audit_is_not_packed(tmp_path: Path) -> None:
    state, out = await filled(tmp_path / "state"), tmp_path / "pack.zip"
    packed(state, out)
    with pytest.raises(Problem, match="not written"):
        packed(state, out)
    (state / KEY_FILE).unlink()
    with pytest.raises(Problem, match="does not hold"):
        packed(state, tmp_path / "other.zip")


async def test_a_recovery_password_never_leaves(tmp_path: Path) -> None:
    password = "-".join(f"{word * 11:06d}" for word in range(4321, 4329))
    state = await filled(tmp_path / "state", note=password)
    with pytest.raises(Problem) as caught:
        packed(state, tmp_path / "pack.zip")
    assert caught.value.kind is ProblemKind.ALARM
    assert password not in str(caught.value)
    assert not (tmp_path / "pack.zip").exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    root = tmp_path_factory.mktemp("pack")
    state = asyncio.run(filled(root / "state", 2))
    packed(state, root / "pack.zip")
    return state, (root / "pack.zip").read_bytes()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_change_of_any_byte_shows(whole: tuple[Path, bytes], tmp_path: Path, data: st.DataObject) -> None:
    state, pack = whole
    place = data.draw(st.integers(0, len(pack) - 1))
    change = data.draw(st.sampled_from(("flip", "cut", "insert", "drop")))
    bit = data.draw(st.integers(0, 7))
    altered = {
        "flip": pack[:place] + bytes([pack[place] ^ 1 << bit]) + pack[place + 1 :],
        "cut": pack[:place],
        "insert": pack[:place] + b"x" + pack[place:],
        "drop": pack[:place] + pack[place + 1 :],
    }[change]
    path = tmp_path / "altered.zip"
    path.write_bytes(altered)
    assert not checked(state, path).ok
    assert not check_pack(path, None).ok


async def test_another_history_under_another_key_is_never_called_proven(tmp_path: Path) -> None:
    state, out = await filled(tmp_path / "state"), tmp_path / "pack.zip"
    packed(state, out)
    forged = await filled(tmp_path / "forged", 5, note="another history")
    packed(forged, tmp_path / "forged.zip")
    assert checked(state, tmp_path / "forged.zip").proven == "links", "another key's rows are never called proven"
    assert not checked(state, tmp_path / "forged.zip", checked(state, out).head_mac).ok
    with pytest.raises(Problem, match="cannot be read"):
        checked(state, tmp_path / "absent.zip")
