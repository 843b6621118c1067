"""Escrow listings of Entra ID and AD DS; passwords are a marker wherever one stood."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import cases, disagreements
from tui.diagnosis.decode import make_sample
from tui.diagnosis.escrow import AD, ENTRA, FORMATS
from tui.diagnosis.formats import identify
from tui.diagnosis.redact import MARKER

ONE, TWO = "063ea4e1-220c-4293-ba01-4754620a96e7", "24b0aa32-f8d0-40ba-bb05-73a800324c09"
PASSWORD = "-".join(f"{word * 11:06d}" for word in (1201, 40000, 777, 65000, 31337, 5, 22222, 9999))
"""Invented."""
ENTRY = f"2023-10-10T10:00:00-08:00{{{ONE.upper()}}}"
PATH = f"CN={ENTRY},CN=PC01,OU=Laptops,DC=corp,DC=example"

POWERSHELL = f"""
DistinguishedName      : {PATH}
msFVE-RecoveryPassword : {PASSWORD}
Name                   : {ENTRY}
ObjectClass            : msFVE-RecoveryInformation
ObjectGUID             : 11111111-2222-3333-4444-555555555555
whenCreated            : 10/10/2023 8:00:00 PM
"""
LDIF = f"""dn: {PATH}
objectClass: msFVE-RecoveryInformation
msFVE-RecoveryPassword:: {base64.b64encode(PASSWORD.encode()).decode()}
"""
VIEWER = f"Computer: pc01.corp.example\nDate: 2023-10-10\nPassword ID: {ONE.upper()}\nRecovery Password: {PASSWORD}\n"
GRAPH = json.dumps(
    {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#informationProtection/bitlocker/recoveryKeys",
        "value": [
            {"id": ONE, "createdDateTime": "2026-04-15T07:12:00Z", "volumeType": "1", "deviceId": TWO},
            {"id": TWO, "createdDateTime": "2026-04-16T07:12:00Z", "volumeType": "2", "deviceId": TWO},
        ],
    },
    indent=1,
)


def test_the_corpus_agrees() -> None:
    for case in cases("escrow"):
        parsed = identify(make_sample(case.path.name, case.data))
        assert parsed.kind == case.expected["type"]
        assert disagreements(case.expected, parsed.facts) == []


@pytest.mark.parametrize("text", [POWERSHELL, LDIF, VIEWER])
def test_an_ad_listing(text: str) -> None:
    parsed = identify(make_sample("ad.txt", text.encode()))
    assert parsed.kind == AD
    assert [(key["id"], key["password"]) for key in parsed.facts["keys"]] == [(ONE, MARKER)]
    assert parsed.facts["device"].split(".")[0].upper() == "PC01"
    assert PASSWORD[:6] not in repr(parsed)


def test_an_ad_listing_without_passwords_tells_of_missing_rights() -> None:
    parsed = identify(make_sample("ad.txt", f"DistinguishedName : {PATH}\nName : {ENTRY}\n".encode()))
    assert parsed.facts["keys"] == [{"id": ONE, "password": None, "created": "2023-10-10T10:00:00-08:00"}]
    assert any("no right" in problem for problem in parsed.problems)


def test_a_path_with_an_escaped_plus_sign() -> None:
    path = PATH.replace("-08:00", "\\+02:00")
    parsed = identify(make_sample("ad.txt", f"dn: {path}\n".encode()))
    assert parsed.facts["keys"] == [{"id": ONE, "password": None, "created": "2023-10-10T10:00:00+02:00"}]


def test_several_computers_in_one_ad_listing() -> None:
    second = PATH.replace("PC01", "PC02").replace(ONE.upper(), TWO.upper())
    parsed = identify(make_sample("ad.txt", f"dn: {PATH}\n\ndn: {second}\n".encode()))
    assert parsed.facts["devices"] == ["PC01", "PC02"]
    assert [key["id"] for key in parsed.facts["keys"]] == [ONE, TWO]


def test_a_graph_listing_has_dates_and_volumes_and_no_password() -> None:
    parsed = identify(make_sample("keys.json", GRAPH.encode()))
    assert parsed.kind == ENTRA
    assert parsed.facts["device_id"] == TWO
    assert [(key["id"], key["volume"], key["password"]) for key in parsed.facts["keys"]] == [
        (ONE, "operating-system", None),
        (TWO, "fixed-data", None),
    ]


def test_an_entra_listing_with_a_masked_password() -> None:
    text = (
        f"Device name: LAB-01\n Key id: {ONE}\n BitLocker recovery key: {PASSWORD[:27]}-XXXXXX-XXXXXX-XXXXXX-XXXXXX\n"
    )
    parsed = identify(make_sample("entra.txt", text.encode()))
    assert parsed.kind == ENTRA
    assert parsed.facts["device"] == "LAB-01"
    assert parsed.facts["keys"] == [{"id": ONE, "password": None}]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400), st.sampled_from([POWERSHELL, LDIF, VIEWER, GRAPH, ""]), st.integers(0, 400))
def test_any_text_is_read(noise: str, listing: str, place: int) -> None:
    sample = make_sample("x.txt", (listing[:place] + noise + listing[place:]).encode())
    for form in FORMATS:
        assert 0 <= form.recognise(sample) <= 100
        assert PASSWORD not in repr(form.parse(sample))
