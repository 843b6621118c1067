"""The one read of a password, and the three answers that LDAP does not tell apart."""

import json
from pathlib import Path

import pytest

from tests.sources.active_directory.conftest import Connected
from tests.sources.active_directory.domain import MISLABELLED, TWINS, Domain
from tests.sources.active_directory.reader import read_in_child
from tests.sources.active_directory.relay import relay
from tests.support import memory_contains
from tui.errors import Problem, ProblemKind
from tui.model.on_prem import OnPremKey
from tui.sources.active_directory.password import PasswordRequest, read_password

AS_ATTRIBUTE = b"\x04\x16msfve-recoverypassword"
AS_PRESENCE_FILTER = b"\x87\x16msfve-recoverypassword"
"""How a name is encoded in a search's list of attributes and in a filter for presence (RFC 4511, 4.5.1)."""


async def key_of(connected: Connected, key_id: str) -> OnPremKey:
    key = await connected("read").key(key_id)
    assert key is not None
    return key


def refusal(domain: Domain, user: str, request: PasswordRequest) -> Problem:
    with pytest.raises(Problem) as caught:
        read_password(domain.server(user), request)
    return caught.value


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
async def test_the_right_password_is_read(domain: Domain, connected: Connected, scheme: str) -> None:
    for key_id in TWINS:
        key = await key_of(connected, key_id)
        server = domain.server(url=f"{scheme}://{domain.address}")
        password = read_password(server, PasswordRequest(key.object_guid, key_id.upper()))
        assert isinstance(password, bytearray)
        assert password.decode() == domain.passwords[key_id]


async def test_no_right_is_told_from_no_object(domain: Domain, connected: Connected) -> None:
    key = await key_of(connected, TWINS[0])
    request = PasswordRequest(key.object_guid, key.id)
    denied = refusal(domain, "list", request)
    assert (denied.kind, denied.code) == (ProblemKind.FORBIDDEN, "ad-confidential")
    assert "Control Access" in denied.why
    unseen = refusal(domain, "none", request)
    assert (unseen.kind, unseen.code) == (ProblemKind.NOT_FOUND, "ad-absent")
    gone = refusal(domain, "read", PasswordRequest("deadbeef-0000-4000-8000-000000000000", key.id))
    assert (gone.kind, gone.code) == (ProblemKind.NOT_FOUND, "ad-absent")
    assert len({denied.next_step, unseen.next_step}) == 2


async def test_another_objects_password_is_an_alarm_and_is_not_read(
    domain: Domain, connected: Connected, tmp_path: Path
) -> None:
    key = await key_of(connected, TWINS[0])
    async with relay(domain, tmp_path) as between:
        server = domain.server(url=f"ldaps://127.0.0.1:{between.port}")
        answer = json.loads(await read_in_child(server, key.object_guid, TWINS[1]))
    assert answer == {"kind": ProblemKind.ALARM}
    assert AS_ATTRIBUTE not in between.asked.lower()
    assert domain.passwords[TWINS[0]].encode() not in between.answered


async def test_an_object_whose_name_and_id_disagree_is_an_alarm(domain: Domain, connected: Connected) -> None:
    (key,) = await connected("read").keys_with_prefix("0badc0de")
    assert key.computer == "LT-WRONG"
    for key_id in (key.id, MISLABELLED):
        assert refusal(domain, "read", PasswordRequest(key.object_guid, key_id)).kind is ProblemKind.ALARM


async def test_a_computer_is_not_read_as_a_key(domain: Domain, connected: Connected) -> None:
    key = await key_of(connected, TWINS[0])
    assert refusal(domain, "read", PasswordRequest(key.device_id, key.id)).kind is ProblemKind.NOT_FOUND


def test_less_than_a_whole_id_is_refused_before_anything_is_asked(domain: Domain) -> None:
    whole = TWINS[0]
    for request in (PasswordRequest(whole, whole[:8]), PasswordRequest("*", whole), PasswordRequest("", "")):
        assert refusal(domain, "read", request).kind is ProblemKind.POLICY


async def test_one_read_asks_for_one_password_once(domain: Domain, connected: Connected, tmp_path: Path) -> None:
    key = await key_of(connected, TWINS[0])
    async with relay(domain, tmp_path) as between:
        server = domain.server(url=f"ldaps://127.0.0.1:{between.port}")
        answer = json.loads(await read_in_child(server, key.object_guid, key.id))
    assert answer == {"password": domain.passwords[key.id]}
    assert between.asked.lower().count(AS_ATTRIBUTE) == 1
    assert between.answered.count(domain.passwords[key.id].encode()) == 1
    assert not any(text.encode() in between.answered for key_id, text in domain.passwords.items() if key_id != key.id)


async def test_the_console_never_asks_for_a_password(domain: Domain, connected: Connected, tmp_path: Path) -> None:
    async with relay(domain, tmp_path) as between:
        directory = connected("read", url=f"ldaps://127.0.0.1:{between.port}", page_size=10)
        (computer,) = await directory.computers_named("LT-TWO")
        keys = [key async for page in directory.all_keys() for key in page]
        keys += [*await directory.keys_of_device(computer.object_guid), *await directory.keys_with_prefix("4f3a9c1b")]
        assert await directory.key(TWINS[0]) is not None
        await directory.absence(computer)
        assert AS_PRESENCE_FILTER not in between.asked.lower()
        assert await directory.may_read_password(keys[0])
        child = directory._child.pid
        assert child is not None
        held = memory_contains(child, domain.passwords[TWINS[0]]) | memory_contains(child, domain.passwords[TWINS[1]])
    assert between.asked.lower().count(AS_PRESENCE_FILTER) == 1
    assert AS_ATTRIBUTE not in between.asked.lower()
    assert not any(password.encode() in between.answered for password in domain.passwords.values())
    assert held == set()
    assert len(keys) > 60
