"""Bundles: real zips and folders, and everything a hostile one can be; Intune's package and its results.xml."""

import io
import os
import struct
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import cases, disagreements
from tui.diagnosis import bundle
from tui.diagnosis.bundle import Bundle, Member, read_zip, safe_path, walk
from tui.diagnosis.formats import diagnose_folder, diagnose_inputs

DSREGCMD = b"""
+----------------------------------------------------------------------+
| Device State                                                         |
+----------------------------------------------------------------------+
             AzureAdJoined : YES
          EnterpriseJoined : NO
              DomainJoined : NO
               Device Name : LAB-07
+----------------------------------------------------------------------+
| Device Details                                                       |
+----------------------------------------------------------------------+
                  DeviceId : 063ea4e1-220c-4293-ba01-4754620a96e7
              TpmProtected : YES
          DeviceAuthStatus : SUCCESS
"""
RESULTS = """<Collection HRESULT="0">
<ID>063ea4e1-220c-4293-ba01-4754620a96e7</ID>
    <RegistryKey HRESULT="0">HKLM\\Software\\Policies</RegistryKey>
    <Command HRESULT="0">%windir%\\system32\\Dsregcmd.exe /status</Command>
    <FoldersFiles HRESULT="-2147024893">%windir%\\ccm\\logs\\*.log</FoldersFiles>
    <OutputFileFormat>flattened</OutputFileFormat>
</Collection>
"""
POLICY = (
    "Windows Registry Editor Version 5.00\r\n\r\n"
    "[HKEY_LOCAL_MACHINE\\Software\\Policies\\Microsoft\\FVE\\OSPlatformValidation_UEFI]\r\n"
    '"Enabled"=dword:00000001\r\n"0"=dword:00000001\r\n"2"=dword:00000001\r\n"7"=dword:00000000\r\n"11"=dword:00000001\r\n'
)


def _zip(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def _read(data: bytes) -> tuple[list[Member], Bundle]:
    known = Bundle()
    return list(read_zip(data, known)), known


def test_the_corpus_agrees() -> None:
    for case in cases("intune-zip"):
        first = diagnose_inputs([(case.path.name, case.data)])[0]
        assert first.parsed.kind == "intune-zip"
        assert disagreements(case.expected, first.parsed.facts) == []


def test_an_intune_package_of_any_numbering() -> None:
    data = _zip(
        ("results.xml", RESULTS.encode()),
        ("(5) RegistryKey HKLM_Software_Policies export.reg", POLICY.encode("utf-16")),
        ("(77) Command windir_system32_Dsregcmd_exe_status output.log", DSREGCMD),
        ("(9) No Results - Error [0x80070003] FoldersFiles windir_ccm_logs_log", b""),
        ("(10) FoldersFiles windir_Logs\\a.etl", b"\0" * 64),
    )
    first, *members = diagnose_inputs([("C:/in/DiagLogs-LAB-07-20260415T080211Z.zip", data)])
    facts = first.parsed.facts
    assert (facts["computer_from_name"], facts["collected"]) == ("LAB-07", "20260415T080211Z")
    assert (facts["members"], facts["path_separator"]) == (5, "backslash")
    assert facts["fve_platform_validation_uefi"] == [0, 2, 11]
    assert facts["failed_items"] == [{"number": "9", "hresult": "0x80070003"}]
    assert facts["dsregcmd"]["join_state"] == "entra"
    assert facts["found"]["policies_reg"]
    assert facts["found"]["dsregcmd"]
    assert not facts["found"]["system_evtx"]
    assert facts["other_computer_names_inside"] == []
    assert [item.parsed.kind for item in members] == ["intune-zip", "dsregcmd"]
    assert members[1].path.endswith(".zip/(77) Command windir_system32_Dsregcmd_exe_status output.log")


def test_results_alone() -> None:
    facts = diagnose_inputs([("results.xml", RESULTS.encode())])[0].parsed.facts
    assert (facts["items"], facts["failed"], facts["position"]) == (3, 1, {"policies_registry": 1, "dsregcmd": 2})
    assert facts["failed_items"] == [{"number": "3", "hresult": "0x80070003", "item": "%windir%\\ccm\\logs\\*.log"}]
    cut = diagnose_inputs([("results.xml", RESULTS.encode()[:-40])])[0].parsed
    assert any("cut" in problem for problem in cut.problems)


def test_any_zip_gives_its_known_members_and_says_what_it_left() -> None:
    found = diagnose_inputs([("all.zip", _zip(("a/dsreg.txt", DSREGCMD), ("b/photo.jpg", b"\xff\xd8\xff\xe0")))])
    assert [(item.path, item.parsed.kind) for item in found] == [
        ("all.zip/a/dsreg.txt", "dsregcmd"),
        ("all.zip", "unknown"),
    ]
    assert found[1].parsed.problems == ("1 of 2 members are of no known format",)


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "\\\\host\\x", "C:\\x", "a\\..\\x", "..", " .. /x", ""]
)
def test_names_that_lead_out_are_refused(name: str) -> None:
    assert safe_path(name) is None


def test_backslashes_become_slashes() -> None:
    assert safe_path("(7) FoldersFiles temp\\.\\x.log") == "(7) FoldersFiles temp/x.log"
    assert safe_path("a..b/c") == "a..b/c"


def test_a_refused_member_costs_only_itself() -> None:
    members, known = _read(_zip(("../evil", b"x"), ("good.txt", b"y")))
    assert [member.path for member in members] == ["good.txt"]
    assert any("leads out" in problem for problem in known.problems)


def test_duplicate_names_are_both_read() -> None:
    members, known = _read(_zip(("a.txt", b"1"), ("A.TXT", b"2")))
    assert [member.data for member in members] == [b"1", b"2"]
    assert any("twice" in problem for problem in known.problems)


def test_a_zip_within_a_zip_is_opened_one_level_deep() -> None:
    inner = _zip(("deep.zip", _zip(("x.txt", b"x"))), ("y.txt", b"y"))
    members, known = _read(_zip(("in.zip", inner), ("logs.cab", b"MSCF\0\0\0\0")))
    assert [member.path for member in members] == ["in.zip/deep.zip", "in.zip/y.txt", "logs.cab"]
    assert any("not opened" in problem for problem in known.problems)
    assert any("cabinet" in problem for problem in known.problems)


def test_a_bomb_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "_SMALL", 1 << 16)
    members, known = _read(_zip(("bomb.bin", b"\0" * (1 << 26)), ("good.txt", b"y")))
    assert [member.path for member in members] == ["good.txt"]
    assert any("more than is read" in problem for problem in known.problems)


def test_a_stream_longer_than_it_claims_is_left_out() -> None:
    assert bundle._read(io.BytesIO(b"x" * 100), 99) is None
    assert bundle._read(io.BytesIO(b"x" * 100), 100) == b"x" * 100


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_claims() -> None:
    data = bytearray(_zip(("bomb.bin", b"\0" * (1 << 24))))
    struct.pack_into("<L", data, data.rfind(b"PK\x01\x02") + 24, 1000)
    members, known = _read(bytes(data))
    assert sum(member.size for member in members) <= 1000
    assert members or known.problems


def test_the_sum_is_bounded() -> None:
    known = Bundle(left=5)
    members = list(read_zip(_zip(("a", b"1234"), ("b", b"5678")), known))
    assert [member.path for member in members] == ["a"]


def test_ten_thousand_members_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MOST_MEMBERS", 50)
    members, known = _read(_zip(*((f"{n}.txt", b"") for n in range(60))))
    assert len(members) == 50
    assert any("60 members" in problem for problem in known.problems)


def test_a_directory_beyond_bounds_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LARGEST_DIRECTORY", 100)
    members, known = _read(_zip(*((f"{n}.txt", b"") for n in range(60))))
    assert members == []
    assert "too large" in known.problems[0]


def test_an_encrypted_member_is_said() -> None:
    data = bytearray(_zip(("secret.txt", b"x"), ("open.txt", b"y")))
    struct.pack_into("<H", data, data.find(b"PK\x01\x02") + 8, 1)
    members, known = _read(bytes(data))
    assert [member.path for member in members] == ["open.txt"]
    assert known.problems == ["secret.txt: encrypted, not read"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 600), st.binary(max_size=6), st.booleans())
def test_a_damaged_zip_never_raises(place: int, noise: bytes, cut: bool) -> None:
    whole = _zip(("dsreg.txt", DSREGCMD), ("b\\c.txt", b"text"))
    data = whole[:place] + noise + (b"" if cut else whole[place + len(noise) :])
    known = Bundle()
    list(read_zip(data, known))
    diagnose_inputs([("x.zip", data)])


def test_a_folder_is_walked_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "dsreg.txt").write_bytes(DSREGCMD)
    (tmp_path / "a.zip").write_bytes(_zip(("in/dsreg.txt", DSREGCMD)))
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "link.txt").symlink_to(tmp_path / "b" / "dsreg.txt")
    os.mkfifo(tmp_path / "pipe")
    known = Bundle()
    assert [member.path for member in walk(tmp_path, known)] == ["a.zip", "empty.txt", "b/dsreg.txt"]
    assert sorted(problem.split(":")[0] for problem in known.problems) == ["link.txt", "pipe"]
    found = diagnose_folder(tmp_path)
    assert [item.parsed.kind for item in found] == ["dsregcmd", "dsregcmd", "unknown"]
    assert found[0].path == "a.zip/in/dsreg.txt"
