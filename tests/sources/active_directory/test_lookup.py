"""Look-ups in a real Active Directory, and what "nothing found" means there."""

from datetime import UTC, datetime

import pytest

from tests.sources.active_directory.conftest import Connected
from tests.sources.active_directory.domain import BASE, BULK, CLONED, SHARED_PREFIX, TWINS, Domain
from tui.errors import Problem, ProblemKind
from tui.model.on_prem import OnPremComputer
from tui.model.recovery_key import Escrow, RecoveryKey, Volume
from tui.ports import OnPremDirectory
from tui.sources.active_directory.directory import ActiveDirectory


async def one(directory: ActiveDirectory, name: str) -> OnPremComputer:
    (computer,) = await directory.computers_named(name)
    return computer


async def test_it_fits_its_protocol(connected: Connected) -> None:
    directory: OnPremDirectory = connected()
    assert isinstance(await directory.key(TWINS[0]), RecoveryKey)


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
async def test_both_keys_of_one_prefix_are_found(domain: Domain, connected: Connected, scheme: str) -> None:
    directory = connected(url=f"{scheme}://{domain.address}")
    found = await directory.keys_with_prefix(SHARED_PREFIX.upper())
    assert {(key.id, key.computer) for key in found} == {(TWINS[0], "LT-ONE"), (TWINS[1], "LT-TWO")}


async def test_a_longer_prefix_and_a_full_id_decide(connected: Connected) -> None:
    directory = connected()
    assert [key.id for key in await directory.keys_with_prefix(f"{SHARED_PREFIX}7d")] == [TWINS[0]]
    assert [key.id for key in await directory.keys_with_prefix(f"{SHARED_PREFIX}-0001-4000-8")] == [TWINS[1]]
    found = await directory.key(f"{{{TWINS[1].upper()}}}")
    assert found is not None
    assert (found.id, found.computer) == (TWINS[1], "LT-TWO")


async def test_a_key_says_where_it_is_kept_and_since_when(connected: Connected) -> None:
    directory = connected()
    key = await directory.key(TWINS[0])
    computer = await one(directory, "LT-ONE")
    assert key is not None
    assert key.escrow is Escrow.AD
    assert key.volume is Volume.UNKNOWN
    assert key.device_id == computer.object_guid
    assert key.computer_dn == computer.dn == f"CN=LT-ONE,OU=Desks,{BASE}"
    assert len(key.object_guid) == len(key.volume_guid) == 36
    assert key.created is not None
    assert abs((datetime.now(UTC) - key.created).total_seconds()) < 3600


async def test_a_computer_is_found_by_each_of_its_names(connected: Connected) -> None:
    directory = connected()
    computer = await one(directory, "lt-one")
    assert computer == await one(directory, "LT-ONE.corp.example")
    assert computer == await directory.computer(computer.object_guid)
    assert computer.dns_name == "lt-one.corp.example"
    assert computer.os == "Windows 11 Enterprise"
    assert computer.last_logon == datetime(2025, 11, 23, tzinfo=UTC)
    assert computer.enabled
    assert computer.holds_keys
    assert computer.container == f"OU=Desks,{BASE}"
    assert not (await one(directory, "LT-TWO")).enabled
    assert not (await one(directory, "LT-NONE")).holds_keys


async def test_keys_of_a_computer(connected: Connected) -> None:
    directory = connected()
    two, none = await one(directory, "LT-TWO"), await one(directory, "LT-NONE")
    keys = await directory.keys_of_device(two.object_guid)
    assert len(keys) == 2
    assert {key.device_id for key in keys} == {two.object_guid}
    assert TWINS[1] in {key.id for key in keys}
    assert await directory.keys_of_device(none.object_guid) == ()


async def test_nothing_is_found_for_what_is_not_there(connected: Connected) -> None:
    directory = connected()
    assert await directory.keys_with_prefix("deadbeef") == ()
    assert await directory.key("deadbeef-0000-4000-8000-000000000000") is None
    assert await directory.key("not an id") is None
    assert await directory.keys_of_device("deadbeef-0000-4000-8000-000000000000") == ()
    assert await directory.computer("deadbeef-0000-4000-8000-000000000000") is None
    assert await directory.computers_named("LT-NOBODY") == ()
    with pytest.raises(Problem) as caught:
        await directory.keys_with_prefix("4f3a9")
    assert caught.value.kind is ProblemKind.LOCAL


@pytest.mark.parametrize(
    "name", ["*", "LT-*", "LT-ONE)(cn=*", "*)(objectClass=*", "LT-ONE\\2a", "a\0b", "(", ")", "\\", "LT‮ONE", "ü" * 300]
)
async def test_a_hostile_name_is_only_a_name(connected: Connected, name: str) -> None:
    assert await connected().computers_named(name) == ()


async def test_a_key_id_on_two_computers_is_an_alarm(connected: Connected) -> None:
    directory = connected()
    with pytest.raises(Problem) as caught:
        await directory.key(CLONED)
    assert caught.value.kind is ProblemKind.ALARM
    assert "LT-CLONE-A" in caught.value.why
    assert "LT-CLONE-B" in caught.value.why
    assert len(await directory.keys_with_prefix(CLONED)) == 2


async def test_all_keys_come_page_by_page(domain: Domain, connected: Connected) -> None:
    directory = connected(page_size=7)
    pages = [page async for page in directory.all_keys()]
    assert max(map(len, pages)) <= 7
    assert len(pages) >= BULK // 7
    found = [key for page in pages for key in page]
    expected = sum(len(each["keys"]) for each in domain.plan["computers"] if each["unit"] == "Desks")
    assert len(found) == expected
    assert len({key.object_guid for key in found}) == expected


async def test_reading_all_keys_may_stop_anywhere(connected: Connected) -> None:
    directory = connected(page_size=5)
    async for page in directory.all_keys():
        assert len(page) == 5
        break
    assert await directory.key(TWINS[0]) is not None


async def test_more_than_a_page_below_one_base_is_not_cut(connected: Connected) -> None:
    narrow = await connected(page_size=1).keys_with_prefix(SHARED_PREFIX)
    assert len(narrow) == 2


@pytest.mark.parametrize(
    ("user", "name", "kind", "code"),
    [
        ("none", "LT-ONE", ProblemKind.FORBIDDEN, "ad-hidden"),
        ("none", "LT-NONE", ProblemKind.FORBIDDEN, "ad-hidden"),
        ("list", "LT-NONE", ProblemKind.NOT_FOUND, "ad-absent"),
        ("list", "LT-HIDDEN", ProblemKind.FORBIDDEN, "ad-hidden-unit"),
        ("list", "LT-ONE", ProblemKind.NOT_FOUND, "ad-other-id"),
    ],
)
async def test_no_key_is_never_a_bare_none(
    connected: Connected, user: str, name: str, kind: ProblemKind, code: str
) -> None:
    directory = connected(user)
    absence = await directory.absence(await one(directory, name))
    assert (absence.kind, absence.code) == (kind, code)
    assert absence.what
    assert absence.why
    assert absence.next_step


async def test_an_unknown_id_is_told_from_a_hidden_one_as_far_as_ad_can_tell(connected: Connected) -> None:
    assert (await connected("list").absence()).kind is ProblemKind.NOT_FOUND
    assert (await connected("none").absence()).kind is ProblemKind.FORBIDDEN
    assert await connected("list").sees_keys()
    assert not await connected("none").sees_keys()


async def test_who_may_read_is_asked_without_reading(connected: Connected) -> None:
    reader, lister, nobody = connected("read"), connected("list"), connected("none")
    key = await reader.key(TWINS[0])
    assert key is not None
    assert await reader.may_read_password(key)
    assert not await lister.may_read_password(key)
    assert not await nobody.may_read_password(key)
