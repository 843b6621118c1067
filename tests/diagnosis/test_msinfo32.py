"""msinfo32 as text and NFO. All samples are invented."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import agreement, disguises
from tui.diagnosis.decode import make_sample
from tui.diagnosis.msinfo32 import FORMATS
from tui.diagnosis.sample import Facts, Parsed

(FORMAT,) = FORMATS
PAIRS = [
    ("OS Name", "Microsoft Windows 11 Pro"),
    ("Version", "10.0.26100 Build 26100"),
    ("Other OS Description", "Not Available"),
    ("OS Manufacturer", "Microsoft Corporation"),
    ("System Name", "PC-7"),
    ("System Manufacturer", "Example Inc."),
    ("System Model", "Book 14"),
    ("System Type", "x64-based PC"),
    ("BIOS Version/Date", "Example Inc. 1.20.0, 01.02.2026"),
    ("SMBIOS Version", "3.6"),
    ("BIOS Mode", "UEFI"),
    ("Platform Role", "Mobile"),
    ("Secure Boot State", "On"),
    ("PCR7 Configuration", "Bound"),
    ("Hardware Abstraction Layer", 'Version = "10.0.26100.1000"'),
    ("Automatic Device Encryption Support", "Meets prerequisites"),
]
EXPECTED: Facts = {
    "type": "msinfo32",
    "system_name": "PC-7",
    "model": "Book 14",
    "build": "10.0.26100",
    "bios": "Example Inc. 1.20.0, 01.02.2026",
    "bios_mode": "UEFI",
    "secure_boot": "On",
    "pcr7": "bound",
    "device_encryption_reasons": [],
}


def report(parting: str, pairs: list[tuple[str, str]] = PAIRS) -> str:
    return "[System Summary]\n\n" + "".join(f"{name}{parting}{value}\n" for name, value in pairs)


def changed(**values: str) -> str:
    """The report with other values; a keyword names the line with underscores for blanks."""
    return report("\t", [(name, values.get(name.replace(" ", "_"), value)) for name, value in PAIRS])


def read(data: bytes | str) -> Parsed:
    sample = make_sample("a.txt", data.encode() if isinstance(data, str) else data)
    assert FORMAT.recognise(sample) >= 40
    return FORMAT.parse(sample)


@pytest.mark.parametrize("parting", ["\t", "    ", ": ", " | ", " "])
def test_a_report_says_the_same_however_names_and_values_are_parted(parting: str) -> None:
    for disguise, data in disguises(report(parting)).items():
        facts = read(data).facts
        assert {key: value for key, value in facts.items() if key != "encoding"} == EXPECTED, disguise


@pytest.mark.parametrize(("item", "value"), [("Item", "Value"), ("Element", "Wert"), ("要素", "値")])
def test_an_nfo_says_the_same_whatever_its_columns_are_called(item: str, value: str) -> None:
    rows = "".join(
        f"<Data>\n<{item}><![CDATA[{a}]]></{item}>\n<{value}><![CDATA[{b}]]></{value}>\n</Data>\n" for a, b in PAIRS
    )
    text = f'<?xml version="1.0"?>\n<MsInfo>\n<Category name="System Summary">\n{rows}</Category></MsInfo>'
    for data in (text.encode(), b"\xff\xfe" + text.encode("utf-16-le"), text[:-200].encode()):
        facts = read(data).facts
        kept = {key: value for key, value in facts.items() if key != "encoding"}
        assert {**kept, "device_encryption_reasons": []} == EXPECTED


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("Bound", "bound"),
        ("Binding Possible", "binding_possible"),
        ("Binding Not Possible", "binding_not_possible"),
        ("Elevation Required to View", "elevation_required"),
        ("Gebunden", "bound"),
        ("Bindung möglich", "binding_possible"),
        ("Bindung nicht möglich", "binding_not_possible"),
        ("Liaison impossible", "binding_not_possible"),
        ("Der kræves elevation for at se", "elevation_required"),
        ("无法绑定", "binding_not_possible"),
        ("已绑定", "bound"),
        ("バインドできません", "binding_not_possible"),
        ("Zzz", None),
    ],
)
def test_the_binding_is_told_and_never_guessed(printed: str, meant: str | None) -> None:
    parsed = read(changed(PCR7_Configuration=printed))
    assert parsed.facts["pcr7"] == meant
    assert bool(parsed.problems) == (meant in {None, "elevation_required"})


@pytest.mark.parametrize(
    ("printed", "meant"),
    [("On", "On"), ("Off", "Off"), ("Unsupported", "Unsupported"), ("Ein", "On"), ("Aus", "Off"),
     ("Désactivé", "Off"), ("Slået til", "On"), ("Nicht unterstützt", "Unsupported"),
     ("启用", "On"), ("关闭", "Off"), ("Zzz", None)],
)  # fmt: skip
def test_the_state_of_secure_boot_is_told(printed: str, meant: str | None) -> None:
    assert read(changed(Secure_Boot_State=printed)).facts["secure_boot"] == meant


def test_reasons_are_a_list_and_unknown_without_elevation() -> None:
    why = "Reasons for failed automatic device encryption: TPM is not usable, PCR7 binding is not supported"
    reasons = read(changed(Automatic_Device_Encryption_Support=why)).facts["device_encryption_reasons"]
    assert reasons == ["TPM is not usable", "PCR7 binding is not supported"]
    assert (
        read(changed(Automatic_Device_Encryption_Support="Elevation Required to View")).facts[
            "device_encryption_reasons"
        ]
        is None
    )


@pytest.mark.parametrize(
    ("printed", "meant"),
    [("UEFI", "UEFI"), ("Legacy", "Legacy"), ("Hérité", "Legacy"), ("レガシ", "Legacy"), ("Ccc", None), ("", None)],
)
def test_the_mode_of_the_firmware_is_told_or_unknown(printed: str, meant: str | None) -> None:
    assert read(changed(BIOS_Mode=printed)).facts["bios_mode"] == meant


def test_a_language_nobody_knows_is_read_by_place() -> None:
    kept = {
        "BIOS Version/Date": "BIOS Aaa/Bbb",
        "SMBIOS Version": "SMBIOS Aaa",
        "BIOS Mode": "BIOS Ccc",
        "PCR7 Configuration": "PCR7 Ddd",
    }
    strange = [(kept.get(name, f"Xx{n}"), value) for n, (name, value) in enumerate(PAIRS)]
    facts = read(report("\t", strange)).facts
    assert {**facts, "device_encryption_reasons": []} == EXPECTED


def test_a_name_of_an_operating_system_is_no_name_of_a_computer() -> None:
    pairs = [("操作系统名称", "Microsoft Windows 11"), ("版本", "10.0.26100 版本 26100"), ("系统名称", "PC-7"),
             ("系统型号", "Book 14"), ("BIOS 模式", "UEFI"), ("安全启动状态", "启用"),
             ("PCR7 配置", "已绑定")]  # fmt: skip
    facts = read(report("\t", pairs)).facts
    assert (facts["system_name"], facts["model"], facts["build"]) == ("PC-7", "Book 14", "10.0.26100")


def test_other_texts_are_no_report() -> None:
    for text in (
        "After the BIOS update the PC asked for a key.",
        "a\tb\nc\td\n",
        "",
        "Version\t10.0.26100 Build 26100\n",
    ):
        assert FORMAT.recognise(make_sample("a.txt", text.encode())) == 0


@given(st.binary(max_size=200), st.text(max_size=100))
@settings(max_examples=100)
def test_no_input_makes_it_fail(data: bytes, text: str) -> None:
    for each in (data, f"PCR7 {text}\t{text}\nBIOS {text}\t{text}\n<MsInfo><Data>{text}".encode("utf-8", "replace")):
        sample = make_sample("a", each)
        assert 0 <= FORMAT.recognise(sample) <= 100
        assert FORMAT.parse(sample).kind == "msinfo32"


@pytest.mark.parametrize(
    "hostile",
    [
        "<MsInfo>" + "<Data> <a>" * 12_000,
        "bios " + "a " * 60_000,
        "bios\t" * 24_000,
        "bios" + " " * 120_000,
        "bios : " * 17_000,
    ],
)
def test_hostile_text_takes_no_time(hostile: str) -> None:
    sample = make_sample("a.txt", hostile.encode())
    begun = time.process_time()
    FORMAT.recognise(sample)
    FORMAT.parse(sample)
    assert time.process_time() - begun < 5


def test_the_corpus_agrees() -> None:
    assert agreement("msinfo32", lambda _, data: read(data).facts) == []
