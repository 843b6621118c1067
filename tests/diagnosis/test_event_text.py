"""Events as people paste them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import cases, disagreements
from tui.diagnosis.event_text import MAX_EVENTS, parse, recognise
from tui.diagnosis.sample import Sample

TRACE = "0a1b2c3d-0000-4000-8000-00000000beef"
API = "Microsoft-Windows-BitLocker-API"

VIEWER = f"""Protokollname: Microsoft-Windows-BitLocker/BitLocker Management
Quelle:        {API}
Datum:         15.04.2026 08:02:11
Ereignis-ID:   846
Ebene:         Fehler
Computer:      LAB-PC07
Beschreibung:
Die Wiederherstellungsinformationen für das Volume C: konnten nicht gesichert werden.

TraceId: {{{TRACE}}}
Fehler: 0x80072EE7
"""
XML = f"""<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">
  <System>
    <Provider Name="{API}" Guid="{{5d674230-ca9f-11da-a94d-0800200c9a66}}" />
    <EventID>846</EventID>
    <TimeCreated SystemTime="2026-04-15T06:02:11.000Z" />
  </System>
  <EventData><Data Name="VolumeMountPoint">C:</Data><Data Name="ErrorCode">0x80072ee7</Data></EventData>
</Event>
"""
LIST = f"""
TimeCreated  : 4/15/2026 8:02:11 AM
ProviderName : Microsoft-Windows-BitLocker-Driver
Id           : 24652
Message      : Windows was started with a recovery password. Protector ID:
               {{{TRACE}}}

TimeCreated  : 4/15/2026 8:02:10 AM
ProviderName : Microsoft-Windows-BitLocker-Driver
Id           : 24658
Message      : Bootmgr got no key.
"""
TABLE = f"""
   ProviderName: {API}

TimeCreated                     Id LevelDisplayName Message
-----------                     -- ---------------- -------
4/15/2026 8:02:11 AM           846 Error            Failed to back up volume C: ...
15.04.2026 08:02:12            778 Information      The volume D: was reverted
"""


def events(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parse(Sample("x.txt", text.encode(), text)).facts["events"]
    return found


def score(text: str) -> int:
    return recognise(Sample("x.txt", text.encode(), text))


def test_corpus_texts_agree_field_by_field() -> None:
    found = cases("event-text")
    assert found
    for case in found:
        text = case.data.decode()
        assert disagreements(case.expected, {"type": "event-text", "events": events(text)}) == [], case.path.name
        assert score(text) >= 60


def test_event_viewer_in_german() -> None:
    assert events(VIEWER) == [
        {
            "id": 846,
            "provider": API,
            "time": "15.04.2026 08:02:11",
            "volume": "C:",
            "trace_id": TRACE,
            "error": "0x80072EE7",
        }
    ]
    assert score(VIEWER) >= 70


def test_the_same_event_as_text_and_xml_is_one() -> None:
    assert events(VIEWER + "Ereignis-XML:\n" + XML) == events(VIEWER)


def test_two_events_of_one_id_stay_two() -> None:
    told = events(VIEWER + XML + VIEWER.replace("C:", "D:") + XML.replace("C:", "D:"))
    assert [event["volume"] for event in told] == ["C:", "D:"]


def test_xml_alone() -> None:
    (event,) = events(f"<Events>{XML}</Events>")
    assert event == {
        "id": 846,
        "provider": API,
        "time": "2026-04-15T06:02:11.000Z",
        "volume": "C:",
        "error": "0x80072ee7",
    }
    assert score(XML) >= 80


def test_mismatch_event_as_xml_names_its_pcr() -> None:
    data = '<Data Name="MismatchedPcr">7</Data><Data Name="ObservedEventLabel">dbx</Data>'
    (event,) = events(f"<Event><System><EventID>24705</EventID></System><EventData>{data}</EventData></Event>")
    assert (event["pcr"], event["label"]) == (7, "dbx")


def test_get_winevent_list() -> None:
    first, second = events(LIST)
    assert (first["id"], first["provider"]) == (24652, "Microsoft-Windows-BitLocker-Driver")
    assert first["protector_id"] == TRACE
    assert second["id"] == 24658
    assert "protector_id" not in second


def test_get_winevent_table() -> None:
    told = [(event["id"], event["provider"], event["volume"]) for event in events(TABLE)]
    assert told == [(846, API, "C:"), (778, API, "D:")]


def test_event_viewer_list_as_csv() -> None:
    text = f'Level,Date and Time,Source,Event ID,Task Category\nError,4/15/2026 8:02:11 AM,{API},846,None,"x"\n'
    (event,) = events(text)
    assert (event["id"], event["provider"]) == (846, API)


def test_converted_to_json() -> None:
    (event,) = events(f'{{\n  "Id":  846,\n  "ProviderName":  "{API}",\n  "Message":  "error 0x80072ee7"\n}}')
    assert (event["id"], event["provider"], event["error"]) == (846, API, "0x80072ee7")


@pytest.mark.parametrize(
    "line",
    [
        "Event ID: 846",
        "Event ID:846",
        "ID de l’événement : 846",
        "Id. del evento: 846",
        "ID evento: 846",
        "Identificação do Evento: 846",
        "Gebeurtenis-id: 846",
        "Identyfikator zdarzenia: 846",
        "Код события: 846",
        "イベント ID: 846",
        "事件 ID: 846",
        "事件 ID\uff1a846",
        "이벤트 ID: 846",
    ],
)
def test_labels_of_many_languages(line: str) -> None:
    assert [event["id"] for event in events(line)] == [846]
    assert score(line) >= 60


def test_prose_is_read_and_not_recognised() -> None:
    text = "We saw event 24652 and then Event ID 834 again, error 0x80310059 on the second."
    assert [event["id"] for event in events(text)] == [24652, 834]
    assert score(text) == 0


def test_unknown_events_are_not_recognised() -> None:
    assert score("Id: 5") == 0
    assert score("Source: Chatter\nEvent ID: 60000\n") == 0
    assert events("nothing here") == []


def test_paths_are_no_volumes() -> None:
    assert "volume" not in events("Event ID: 846\nC:\\Windows\\System32\\x.exe failed\n")[0]


def test_number_of_events_is_bounded() -> None:
    parsed = parse(Sample("x", b"", "Event ID: 846\n" * (MAX_EVENTS + 5)))
    assert len(parsed.facts["events"]) == MAX_EVENTS
    assert parsed.problems


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["<Event ", "<Provider ", "Event ", "a:", ",", " ", "protector ", "0x", "1/1/1 1:1 ", "<Data Name='a'>"]
)
def test_hostile_lines_are_quick(piece: str) -> None:
    text = piece * (120_000 // len(piece))
    parse(Sample("x", b"", text))
    score(text)


@given(st.text(max_size=300) | st.from_regex(r"(Event ID: ?\d{1,7}\n|<Event>|</Event>|<EventID>\d+</EventID>){0,8}"))
@settings(max_examples=150)
def test_arbitrary_text_never_raises(text: str) -> None:
    events(text)
    score(text)
