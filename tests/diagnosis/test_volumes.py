"""Get-BitLockerVolume in every shape. All samples are invented."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import agreement, disguises, invented_password
from tui.diagnosis.decode import make_sample
from tui.diagnosis.redact import MARKER
from tui.diagnosis.sample import Parsed
from tui.diagnosis.volumes import FORMATS

(FORMAT,) = FORMATS
PASSWORD = invented_password(21)
TPM_ID, PASSWORD_ID = "5E0A3B77-12C4-4D1E-9A66-0F8B7C21D934", "6E0A3B77-12C4-4D1E-9A66-0F8B7C21D934"
VOLUME: dict[str, Any] = {
    "mount": "C:",
    "volume_type": "OperatingSystem",
    "capacity_gb": 237.8653,
    "volume_status": "FullyEncrypted",
    "encryption_percentage": 100,
    "protectors": ["Tpm", "RecoveryPassword"],
    "protection": "On",
    "encryption_method": "XtsAes256",
    "lock": "Unlocked",
}
LISTED = {
    "recovery_passwords": [MARKER],
    "key_protectors": [{"type": "Tpm", "id": TPM_ID}, {"type": "RecoveryPassword", "id": PASSWORD_ID}],
}
LIST = """ComputerName         : PC-7
MountPoint           : C:
EncryptionMethod     : XtsAes256
AutoUnlockEnabled    :
AutoUnlockKeyStored  : False
MetadataVersion      : 2
VolumeStatus         : FullyEncrypted
ProtectionStatus     : On
LockStatus           : Unlocked
EncryptionPercentage : 100
WipePercentage       : 0
VolumeType           : OperatingSystem
CapacityGB           : 237,8653
KeyProtector         : {Tpm, RecoveryPassword}
"""
TABLE = """
   ComputerName: PC-7

VolumeType      Mount CapacityGB VolumeStatus           Encryption KeyProtector              AutoUnlock Protection
                Point                                   Percentage                           Enabled    Status
----------      ----- ---------- ------------           ---------- ------------              ---------- ----------
OperatingSystem C:      237,8653 FullyEncrypted         100        {Tpm, RecoveryPassword}              On
Data            E:                                                 {Password, RecoveryPas...            Unknown
"""
CHOSEN = """MountPoint VolumeStatus   ProtectionStatus
---------- ------------   ----------------
D:         FullyDecrypted              Off
"""


def protector(kind: Any, key_id: str, password: str) -> dict[str, Any]:
    return {"KeyProtectorId": f"{{{key_id}}}", "KeyProtectorType": kind, "RecoveryPassword": password, "Thumbprint": ""}


def volume(numeric: bool, protectors: Any) -> dict[str, Any]:
    enums = (7, 1, 1, 0, 0) if numeric else ("XtsAes256", "FullyEncrypted", "On", "Unlocked", "OperatingSystem")
    method, status, protection, lock, kind = enums
    return {
        "ComputerName": "PC-7",
        "MountPoint": "C:",
        "EncryptionMethod": method,
        "VolumeStatus": status,
        "ProtectionStatus": protection,
        "LockStatus": lock,
        "EncryptionPercentage": 100,
        "VolumeType": kind,
        "CapacityGB": 237.8653,
        "KeyProtector": protectors,
    }


def clixml() -> str:
    def enum(field: str, text: str, number: int) -> str:
        return f'<Obj N="{field}" RefId="9"><TNRef RefId="1"/><ToString>{text}</ToString><I32>{number}</I32></Obj>'

    def listed(kind: str, number: int, key_id: str, password: str) -> str:
        texts = f'<S N="KeyProtectorId">{{{key_id}}}</S><S N="RecoveryPassword">{password}</S>'
        return f'<Obj RefId="8"><Props>{enum("KeyProtectorType", kind, number)}{texts}</Props></Obj>'

    protectors = listed("Tpm", 1, TPM_ID, "") + listed("RecoveryPassword", 3, PASSWORD_ID, PASSWORD)
    enums = {
        "EncryptionMethod": ("XtsAes256", 7),
        "VolumeStatus": ("FullyEncrypted", 1),
        "ProtectionStatus": ("On", 1),
        "LockStatus": ("Unlocked", 0),
        "VolumeType": ("OperatingSystem", 0),
    }
    texts = '<S N="ComputerName">PC-7</S><S N="MountPoint">C:</S><Db N="EncryptionPercentage">100</Db>'
    numbers = '<Sg N="CapacityGB">237.8653</Sg>' + "".join(enum(name, *value) for name, value in enums.items())
    listing = f'<Obj N="KeyProtector" RefId="5"><IE>{protectors}</IE></Obj>'
    space = 'Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"'
    volumes = f'<Obj RefId="0"><ToString>C:</ToString><Props>{texts}{numbers}{listing}</Props></Obj>'
    return f"<Objs {space}>{volumes}</Objs>"


def read(data: bytes | str) -> Parsed:
    sample = make_sample("a.txt", data.encode() if isinstance(data, str) else data)
    assert FORMAT.recognise(sample) >= 60
    return FORMAT.parse(sample)


def test_a_list_says_the_same_in_every_disguise() -> None:
    for disguise, data in disguises(f"PS C:\\> Get-BitLockerVolume | fl\n\n{LIST}").items():
        facts = read(data).facts
        assert (facts["shape"], facts["computer"], facts["volumes"]) == ("list", "PC-7", [VOLUME]), disguise


def test_a_table_gives_what_it_shows_and_says_what_it_cut() -> None:
    for disguise, data in disguises(TABLE).items():
        facts = read(data).facts
        first, second = facts["volumes"]
        assert (facts["shape"], facts["computer"]) == ("table", "PC-7"), disguise
        assert first == {key: value for key, value in VOLUME.items() if key not in {"encryption_method", "lock"}}, (
            disguise
        )
        assert (second["mount"], second["capacity_gb"], second["volume_status"]) == ("E:", None, None), disguise
        assert (second["protectors"], second["protectors_truncated"]) == (["Password", "RecoveryPas..."], True), (
            disguise
        )
        assert second["protection"] == "Unknown", disguise


def test_a_table_of_chosen_columns_leaves_the_others_null() -> None:
    (only,) = read(CHOSEN).facts["volumes"]
    assert (only["mount"], only["volume_status"], only["protection"]) == ("D:", "FullyDecrypted", "Off")
    assert (only["protectors"], only["capacity_gb"]) == (None, None)


PROTECTORS = [protector(1, TPM_ID, ""), protector(3, PASSWORD_ID, PASSWORD)]


@pytest.mark.parametrize(
    "value",
    [
        volume(True, PROTECTORS),
        [volume(False, [protector("Tpm", TPM_ID, ""), protector("RecoveryPassword", PASSWORD_ID, PASSWORD)])],
        {"value": [volume(True, {"value": PROTECTORS, "Count": 2})], "Count": 1},
        [volume(True, PROTECTORS) | {"CapacityGB": "237,8653", "ProtectionStatus": {"value": 1, "Value": "On"}}],
    ],
)
def test_json_says_the_same_with_numbers_names_and_wrappers(value: Any) -> None:
    for disguise, data in disguises(json.dumps(value, indent=4)).items():
        facts = read(data).facts
        assert (facts["shape"], facts["computer"]) == ("json", "PC-7"), disguise
        assert facts["volumes"] == [VOLUME | LISTED], disguise


def test_json_of_protectors_alone_names_no_volume() -> None:
    (only,) = read(f"PS C:\\> (Get-BitLockerVolume C:).KeyProtector | ConvertTo-Json\n{json.dumps(PROTECTORS)}").facts[
        "volumes"
    ]
    assert only["mount"] is None
    assert only["protectors"] == ["Tpm", "RecoveryPassword"]


@pytest.mark.parametrize(
    ("protectors", "expected"),
    [
        (PROTECTORS[0], ["Tpm"]),
        ([], []),
        (None, []),
        ("Tpm RecoveryPassword", ["Tpm", "RecoveryPassword"]),
        ("{Tpm, RecoveryPassword}", ["Tpm", "RecoveryPassword"]),
        ([1, 3], ["Tpm", "RecoveryPassword"]),
        (["Microsoft.BitLocker.Structures.BitLockerVolumeKeyProtector"], None),
    ],
)
def test_flattened_protectors_of_json_are_understood(protectors: Any, expected: list[str] | None) -> None:
    (only,) = read(json.dumps(volume(True, protectors))).facts["volumes"]
    assert only["protectors"] == expected


def test_clixml_says_the_same() -> None:
    for disguise, data in disguises(f'<?xml version="1.0" encoding="utf-16"?>\n{clixml()}').items():
        facts = read(data).facts
        assert (facts["shape"], facts["computer"]) == ("clixml", "PC-7"), disguise
        assert facts["volumes"] == [VOLUME | LISTED], disguise


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f'<!DOCTYPE a [<!ENTITY b "c">]>{clixml()}', "declares"),
        (clixml()[:-40], "cut off"),
        (clixml().replace("</Props></Obj></Objs>", "&b;</Props></Obj></Objs>"), "cut off"),
    ],
)
def test_clixml_that_declares_entities_or_is_cut_is_refused(text: str, why: str) -> None:
    parsed = read(text)
    assert parsed.facts["volumes"] == []
    assert why in parsed.problems[0]


def test_a_list_of_protectors_after_a_volume_is_its_own() -> None:
    block = "\nKeyProtectorId   : {{{}}}\nKeyProtectorType : {}\nRecoveryPassword : {}\n"
    blocks = block.format(TPM_ID, "Tpm", "") + block.format(PASSWORD_ID, "RecoveryPassword", PASSWORD)
    assert read(LIST + blocks).facts["volumes"] == [VOLUME | LISTED]
    bare = read(blocks).facts
    assert (bare["shape"], bare["volumes"][0]["mount"]) == ("keyprotector-list", None)
    assert bare["volumes"][0]["recovery_passwords"] == [MARKER]


def test_a_wrapped_value_and_a_cut_list_are_joined_and_said() -> None:
    wrapped = LIST.replace(
        "{Tpm, RecoveryPassword}", "{Tpm, RecoveryPassword, ExternalKey,\n                       TpmPin...}"
    )
    (only,) = read(wrapped).facts["volumes"]
    assert only["protectors"] == ["Tpm", "RecoveryPassword", "ExternalKey", "TpmPin"]
    assert only["protectors_truncated"] is True


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity", "9" * 400])
def test_an_absurd_number_is_null(number: str) -> None:
    (only,) = read(f'{{"MountPoint": "C:", "CapacityGB": {number}, "VolumeStatus": {number}}}').facts["volumes"]
    assert only["capacity_gb"] is None


def test_a_masked_password_is_said_and_not_given() -> None:
    masked = "-".join([*PASSWORD.split("-")[:5], "XXXXXX", "XXXXXX", "XXXXXX"])
    parsed = read(json.dumps(volume(True, [protector(3, PASSWORD_ID, masked)])))
    assert "recovery_passwords" not in parsed.facts["volumes"][0]
    assert "malformed or incomplete" in parsed.problems[0]


@pytest.mark.parametrize("text", [LIST, TABLE, json.dumps(volume(True, PROTECTORS)), clixml()])
def test_no_password_is_told_wherever_a_text_is_cut(text: str) -> None:
    for end in range(0, len(text), 7):
        parsed = FORMAT.parse(make_sample("a", text[:end].encode()))
        assert PASSWORD not in json.dumps([parsed.facts, parsed.problems])
        whole = parsed.facts["volumes"] == FORMAT.parse(make_sample("a", text.encode())).facts["volumes"]
        assert whole or parsed.problems or parsed.facts["shape"] in {"list", "table", "json"}


NAMES = st.sampled_from(["MountPoint", "KeyProtector", "VolumeStatus", "KeyProtectorType", "value", "CapacityGB"])
LEAVES = st.none() | st.integers() | st.floats() | st.text(max_size=8)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner), max_leaves=12))
@settings(max_examples=150)
def test_no_json_makes_it_fail(value: Any) -> None:
    sample = make_sample("a.json", json.dumps(value).encode())
    assert 0 <= FORMAT.recognise(sample) <= 100
    assert FORMAT.parse(sample).kind == FORMAT.name


@given(st.binary(max_size=300), st.text(max_size=200))
@settings(max_examples=100)
def test_no_input_makes_it_fail(data: bytes, text: str) -> None:
    mixed = f"MountPoint : {text}\nKeyProtector : {text}\nCapacityGB : {text}\n{text}".encode("utf-8", "replace")
    for each in (data, mixed, b'<Objs xmlns="http://schemas.microsoft.com/powershell/2004/04">' + data):
        assert FORMAT.parse(make_sample("a", each)).kind == FORMAT.name


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 100_000,
        '{"a":' * 20_000,
        "<Objs" + "<Obj>" * 25_000,
        LIST * 300,
        "- " * 60_000,
        "--" * 60_000,
        "{}\n" * 40_000,
    ],
)
def test_hostile_text_takes_no_time(hostile: str) -> None:
    sample = make_sample("a.txt", hostile.encode())
    begun = time.process_time()
    FORMAT.recognise(sample)
    FORMAT.parse(sample)
    assert time.process_time() - begun < 5


def test_the_corpus_agrees() -> None:
    assert agreement("get-bitlockervolume", lambda _, data: read(data).facts) == []
