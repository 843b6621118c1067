"""Test-NetConnection in its forms. All samples are invented."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import agreement, disguises
from tui.diagnosis.decode import make_sample
from tui.diagnosis.network import FORMATS
from tui.diagnosis.sample import Parsed

(FORMAT,) = FORMATS
HOST = "enterpriseregistration.windows.net"
LIST = f"""ComputerName     : {HOST}
RemoteAddress    : 192.0.2.7
RemotePort       : 443
InterfaceAlias   : Ethernet
SourceAddress    : 198.51.100.4
TcpTestSucceeded : True
"""
EXPECTED = {
    "computer_name": HOST,
    "remote_address": "192.0.2.7",
    "remote_port": 443,
    "interface_alias": "Ethernet",
    "source_address": "198.51.100.4",
    "tcp_test_succeeded": True,
}
FAILED = f"""PS C:\\> Test-NetConnection {HOST} -Port 443
WARNING: TCP connect to (192.0.2.7 : 443) failed
WARNING: Ping to 192.0.2.7 failed with status: TimedOut

{LIST.replace("True", "False")}"""
TABLE = f"""ComputerName                       RemotePort TcpTestSucceeded
------------                       ---------- ----------------
{HOST}        443             True
"""


def read(data: bytes | str) -> Parsed:
    sample = make_sample("a.txt", data.encode() if isinstance(data, str) else data)
    assert FORMAT.recognise(sample) >= 50
    return FORMAT.parse(sample)


def test_a_list_says_the_same_in_every_disguise() -> None:
    for disguise, data in disguises(LIST).items():
        assert EXPECTED.items() <= read(data).facts.items(), disguise


@pytest.mark.parametrize(
    ("printed", "meant"), [("True", True), ("False", False), ("Wahr", True), ("Faux", False), ("", None), ("Zzz", None)]
)
def test_a_boolean_is_read_in_any_language_and_never_guessed(printed: str, meant: bool | None) -> None:
    assert read(LIST.replace("True", printed)).facts["tcp_test_succeeded"] is meant


def test_a_failure_keeps_its_warnings() -> None:
    facts = read(FAILED).facts
    assert (facts["tcp_test_succeeded"], len(facts["warnings"])) == (False, 2)
    assert facts["ping_succeeded"] is False


def test_warnings_alone_are_a_failure() -> None:
    facts = read(FAILED[: FAILED.index("ComputerName")]).facts
    assert (facts["computer_name"], facts["remote_port"], facts["tcp_test_succeeded"]) == (HOST, 443, False)


def test_a_ping_is_no_tcp_test() -> None:
    ping = LIST.replace("RemotePort       : 443\n", "").replace("TcpTestSucceeded :", "PingSucceeded    :")
    facts = read(ping).facts
    assert (facts["remote_port"], facts["tcp_test_succeeded"], facts["ping_succeeded"]) == (None, None, True)


def test_addresses_on_further_lines_belong_to_the_name() -> None:
    further = "".join(f"{name:>40}\n" for name in ("192.0.2.7", "other.example"))
    resolved = f"NameResolutionResults : 2001:db8::52\n{further}IsAdmin : False\n"
    facts = read(LIST + resolved).facts
    assert facts["name_resolution"] == ["2001:db8::52", "192.0.2.7"]
    assert facts["is_admin"] is False


def test_several_targets_are_all_kept_and_the_first_leads() -> None:
    facts = read(LIST + "\n" + LIST.replace(HOST, "login.example").replace("True", "False")).facts
    assert facts["computer_name"] == HOST
    assert [target["tcp_test_succeeded"] for target in facts["targets"]] == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        f"PS C:\\> Test-NetConnection -ComputerName {HOST} -Port 443 -InformationLevel Quiet\nTrue\n",
        json.dumps(
            {
                "ComputerName": HOST,
                "RemoteAddress": {"IPAddressToString": "192.0.2.7"},
                "RemotePort": 443,
                "TcpTestSucceeded": True,
            }
        ),
        TABLE,
    ],
)
def test_other_forms_say_the_same(text: str) -> None:
    facts = read(text).facts
    assert (facts["computer_name"], facts["remote_port"], facts["tcp_test_succeeded"]) == (HOST, 443, True)


def test_other_lists_are_no_connection_test() -> None:
    for text in (
        "ComputerName : PC\nMountPoint : C:\n",
        "WARNING: the disk is full",
        "RemoteAddress is 192.0.2.7, I think",
        "",
    ):
        assert FORMAT.recognise(make_sample("a.txt", text.encode())) == 0


@given(st.binary(max_size=200), st.text(max_size=100))
@settings(max_examples=100)
def test_no_input_makes_it_fail(data: bytes, text: str) -> None:
    for each in (
        data,
        f"tnc {text}\nTcpTestSucceeded : {text}\nRemotePort : {text}\n{text}".encode("utf-8", "replace"),
    ):
        sample = make_sample("a", each)
        assert 0 <= FORMAT.recognise(sample) <= 100
        assert FORMAT.parse(sample).kind == "test-netconnection"


@pytest.mark.parametrize(
    "hostile",
    [
        "RemotePort : 1\n" * 8_000,
        "tnc (" * 24_000,
        "RemoteAddress : " + ":" * 120_000,
        "WARNING: tnc (1 : 1) failed\n" * 4_000,
    ],
)
def test_hostile_text_takes_no_time(hostile: str) -> None:
    sample = make_sample("a.txt", hostile.encode())
    begun = time.process_time()
    FORMAT.recognise(sample)
    FORMAT.parse(sample)
    assert time.process_time() - begun < 5


def test_the_corpus_agrees() -> None:
    assert agreement("test-netconnection", lambda _, data: read(data).facts) == []
