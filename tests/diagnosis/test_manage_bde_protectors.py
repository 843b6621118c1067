"""Key protectors and errors of manage-bde. All samples are invented."""

import json
import time

import pytest

from tests.diagnosis.corpus import disguises, invented_password
from tests.diagnosis.test_manage_bde import KEY, PASSWORD, read
from tui.diagnosis.decode import make_sample
from tui.diagnosis.manage_bde import FORMATS
from tui.diagnosis.redact import MARKER

ONE = "Volume C: []\nAll Key Protectors\n\n    Numerical Password:\n      ID: {}\n      Password:\n        {}\n"
LISTING = f"""BitLocker Drive Encryption: Configuration Tool version 10.0.26100
Copyright (C) 2013 Microsoft Corporation. All rights reserved.

Volume C: [OS]
All Key Protectors

    TPM And PIN:
      ID: {{{KEY}}}
      PCR Validation Profile:
        0, 2, 4, 5, 8,
        9, 10, 11

    Numerical Password:
      ID: {{5BB89AC4-C100-4214-A5DD-8FE1FC905CC7}}
      Password:
        {PASSWORD}
      Backup type:
        AAD backup
        Microsoft account backup

    External Key:
      ID: {{6BB89AC4-C100-4214-A5DD-8FE1FC905CC7}}
      External Key File Name:
        6BB89AC4-C100-4214-A5DD-8FE1FC905CC7.BEK
      Automatic unlock enabled.

    Data Recovery Agent (Certificate Based):
      ID: {{7BB89AC4-C100-4214-A5DD-8FE1FC905CC7}}
      Certificate Thumbprint:
        f46563b1d4791d5bd827f32265341ff9068b0c42
"""
PROTECTORS = [
    {"type": "TpmPin", "id": KEY, "pcrs": [0, 2, 4, 5, 8, 9, 10, 11], "uses_secure_boot": False},
    {
        "type": "RecoveryPassword",
        "id": "5BB89AC4-C100-4214-A5DD-8FE1FC905CC7",
        "password": MARKER,
        "backup_types": ["AAD backup", "Microsoft account backup"],
    },
    {
        "type": "ExternalKey",
        "id": "6BB89AC4-C100-4214-A5DD-8FE1FC905CC7",
        "external_key_file": "6BB89AC4-C100-4214-A5DD-8FE1FC905CC7.BEK",
        "automatic_unlock": True,
    },
    {
        "type": "PublicKey",
        "id": "7BB89AC4-C100-4214-A5DD-8FE1FC905CC7",
        "thumbprint": "f46563b1d4791d5bd827f32265341ff9068b0c42",
    },
]


def test_a_listing_says_the_same_in_every_disguise() -> None:
    for disguise, data in disguises(LISTING).items():
        parsed = read(data)
        assert parsed.kind == "manage-bde-protectors", disguise
        assert parsed.facts["volumes"] == [{"mount": "C:", "label": "OS", "protectors": PROTECTORS}], disguise
        assert parsed.facts["tool_version"] == "10.0.26100", disguise


@pytest.mark.parametrize(
    ("header", "name", "inner", "secure"),
    [
        ('Volume "C:" [OS]', "Numerisches Kennwort:", "Kennwort:", "(Verwendet den sicheren Start für die Prüfung)"),
        ("Volume C: [OS]", "Mot de passe numérique :", "Mot de passe :", "(Utilise le démarrage sécurisé)"),
        ("卷 C: [OS]", "数字密码:", "密码:", "（使用安全启动进行完整性验证）"),
        ("C: 볼륨 [OS]", "숫자 암호:", "암호:", "(보안 부팅 사용)"),
        ("Xxx C: [OS]", "Yyy:", "Zzz:", "(Www)"),
    ],
)
def test_structure_carries_every_language(header: str, name: str, inner: str, secure: str) -> None:
    text = (
        f"manage-bde -protectors -get C:\n{header}\nQqq\n\n"
        f"    TPM:\n      ID: {{{KEY}}}\n      Rrr:\n        7, 11\n        {secure}\n\n"
        f"    {name}\n      ID: {{{KEY}}}\n      {inner}\n        {PASSWORD}\n"
    )
    volume = read(text).facts["volumes"][0]
    assert (volume["mount"], volume["label"]) == ("C:", "OS")
    assert volume["protectors"] == [
        {"type": "Tpm", "id": KEY, "pcrs": [7, 11], "uses_secure_boot": True},
        {"type": "RecoveryPassword", "id": KEY, "password": MARKER},
    ]
    remarked = read(text.replace("7, 11", "0, 2, 4, 11")).facts["volumes"][0]["protectors"][0]
    assert remarked["uses_secure_boot"] is False


def test_added_protectors_without_a_header_belong_to_the_drive_of_the_command() -> None:
    added = "Key Protectors Added:\n\n    Numerical Password:\n"
    details = f"      ID: {{{KEY}}}\n      Password:\n        {PASSWORD}\n"
    text = f"PS C:\\> manage-bde -protectors -add d: -rp\n{added}{details}"
    volume = read(text).facts["volumes"][0]
    assert (volume["mount"], volume["label"]) == ("D:", None)
    assert volume["protectors"][0]["password"] == MARKER


@pytest.mark.parametrize("masked", ["{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}", "<GUID>", "{...}", "{********}"])
def test_a_masked_id_is_null(masked: str) -> None:
    text = ONE.format(masked, "XXXXXX-XXXXXX")
    assert read(text).facts["volumes"][0]["protectors"] == [{"type": "RecoveryPassword", "id": None}]


def test_a_malformed_password_is_said_and_not_given() -> None:
    text = ONE.format(f"{{{KEY}}}", PASSWORD[:-8])
    parsed = read(text)
    assert "password" not in parsed.facts["volumes"][0]["protectors"][0]
    assert parsed.problems == (f"The recovery password of {KEY} is malformed or incomplete.",)


@pytest.mark.parametrize("width", [20, 30, 34, 40, 56])
def test_no_password_survives_a_wrapped_listing(width: int) -> None:
    wrapped = "\n".join(line[n : n + width] for line in LISTING.split("\n") for n in range(0, max(len(line), 1), width))
    parsed = read(wrapped)
    assert parsed.facts["volumes"][0]["protectors"][0]["id"] == KEY
    told = json.dumps([parsed.facts, parsed.problems]) + (make_sample("a", wrapped.encode()).text or "")
    assert not [group for group in PASSWORD.split("-") if group in told]


def test_no_protectors_is_an_empty_list_and_a_cut_listing_is_null() -> None:
    banner = "BitLocker Drive Encryption: Configuration Tool version 10.0.26100\n\n"
    listing = f"{banner}Volume C: []\nAll Key Protectors\n\n"
    assert read(listing).facts["volumes"] == [{"mount": "C:", "label": "", "protectors": None}]
    parsed = read(f"{listing}ERROR: No key protectors found.\n")
    assert parsed.facts["volumes"] == [{"mount": "C:", "label": "", "protectors": []}]
    assert parsed.problems == ("manage-bde failed: No key protectors found.",)


@pytest.mark.parametrize(
    ("printed", "code", "message"),
    [
        (
            "ERROR: An error occurred (code 0x80310001):\nThis drive is not encrypted.",
            "0x80310001",
            "This drive is not encrypted.",
        ),
        ("FEHLER: Fehler (Code 0x80310024):\nDas Laufwerk\nist zu klein.", "0x80310024", "Das Laufwerk ist zu klein."),
        ("ERROR: Access was denied.\nBe an administrator.\n\nNOTE: x", None, "Access was denied. Be an administrator."),
    ],
)
def test_an_error_is_its_code_and_message(printed: str, code: str | None, message: str) -> None:
    banner = "BitLocker Drive Encryption: Configuration Tool version 10.0.26100\nCopyright (C) 2013 Microsoft\n"
    parsed = read(f"C:\\>manage-bde -on E: -used\n{banner}\n{printed}\n")
    assert parsed.kind == "manage-bde-error"
    facts = parsed.facts
    assert (facts["error_code"], facts["message"], facts["mount"]) == (code, message, "E:")
    assert (facts["tool_version"], facts["command"]) == ("10.0.26100", "-on E: -used")


def test_status_and_protectors_in_one_paste_are_both_kept() -> None:
    fields = "Size: 10 GB\nConversion Status: Fully Encrypted\nPercentage Encrypted: 100%\nLock Status: Unlocked\n"
    parsed = read(f"Volume C: [OS]\n[OS Volume]\n{fields}\nPS C:\\> manage-bde -protectors -get C:\n{LISTING}")
    assert parsed.kind == "manage-bde-status"
    assert parsed.facts["volumes"][0]["conversion_status"] == "FullyEncrypted"
    assert parsed.facts["key_protectors"][0]["protectors"] == PROTECTORS


@pytest.mark.parametrize(
    "hostile",
    ["Volume C: [" * 10_000, "ID: {" * 20_000, "[" * 120_000, "a:" * 60_000, " " * 120_000, "\nVolume C: []" * 9_000,
     "0x8" * 40_000, "manage-bde " * 10_000, "\n  a: b" * 17_000, "x" * 120_000 + "\n> >>>" * 100],
)  # fmt: skip
def test_hostile_text_takes_no_time(hostile: str) -> None:
    sample = make_sample("a.txt", hostile.encode())
    begun = time.process_time()
    for format in FORMATS:
        format.recognise(sample)
        format.parse(sample)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("torn", ["{ " + PASSWORD, "ID: {" + PASSWORD + "\n", "[" + PASSWORD + "]: {"])
def test_a_torn_brace_around_a_password_harms_nothing(torn: str) -> None:
    sample = make_sample("a.txt", torn.encode())
    for format in FORMATS:
        assert format.recognise(sample) == 0
        assert PASSWORD not in str(format.parse(sample))


def test_invented_passwords_differ() -> None:
    assert invented_password(1) != invented_password(2)
