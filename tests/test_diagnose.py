"""The verbs: real files, real child processes, exit codes, and nothing on stdout but the answer."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.diagnosis.corpus import ROOT
from tests.diagnosis.test_collector_output import _CONTENT, SCRIPT
from tests.diagnosis.test_report import PASSWORD
from tui.diagnose import LARGEST_TEXT, LONGEST_LINE, read_paths, run_diagnose, run_triage
from tui.errors import Problem

_SCREEN = "E_FVE_TPM_NOT_DETECTED\nkey ID 063EA4E1\nhttps://aka.ms/aadrecoverykey\n"


def _run(capsys: pytest.CaptureFixture[str], *paths: Path) -> tuple[int, dict[str, Any]]:
    code = run_diagnose(paths, as_json=True, collector=False)
    said = capsys.readouterr()
    assert said.err == ""
    assert "\x1b" not in said.out
    document: dict[str, Any] = json.loads(said.out)
    return code, document


def test_a_screen_names_its_cause(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "screen.txt"
    file.write_text(_SCREEN)
    code, document = _run(capsys, file)
    assert code == 0
    assert document["cause"]["code"] == "tpm_absent"
    assert document["inputs"][0]["path"] == str(file)


def test_text_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "msinfo.txt"
    file.write_bytes(_CONTENT["msinfo32.txt"].replace(b"Bound", b"Binding Not Possible"))
    assert run_diagnose((file,), as_json=False, collector=False) == 1
    said = capsys.readouterr().out
    assert "pcr7-binding-not-possible" in said
    assert "next:" in said


def test_a_folder_and_a_zip_of_the_collector(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "facts"
    for name, content in _CONTENT.items():
        path = folder / {"MeasuredBoot": "MeasuredBoot/0000000001-0000000000.log"}.get(name, name)
        path = path.with_name("manage-bde-protectors-C.txt") if name.endswith("-") else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, str(path.relative_to(folder)).replace("/", "\\"))
    bundle = tmp_path / "bitlocker-facts-LAB-PC07-20260415T080211Z.zip"
    bundle.write_bytes(packed.getvalue())
    kinds = []
    for source in (folder, bundle):
        _, document = _run(capsys, source)
        kinds.append(sorted(each["kind"] for each in document["inputs"]))
    assert kinds[0] == kinds[1]
    for kind in (
        "manage-bde-status",
        "manage-bde-protectors",
        "get-bitlockervolume",
        "dsregcmd",
        "msinfo32",
        "tcg",
        "evtx",
    ):
        assert kind in kinds[0]


def test_a_recovery_password_never_reaches_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "listing.txt"
    file.write_bytes(_CONTENT["manage-bde-protectors-"].replace(b"[removed]", PASSWORD.encode()))
    tickets = tmp_path / "tickets.jsonl"
    tickets.write_text(json.dumps({"id": PASSWORD, "text": f"bitlocker recovery key {PASSWORD}"}) + "\n")
    for as_json in (True, False):
        run_diagnose((file,), as_json=as_json, collector=False)
        run_triage(tickets, as_json=as_json)
    said = capfd.readouterr()
    assert "removed" in said.out
    for block in PASSWORD.split("-"):
        assert block not in said.out + said.err


def test_inputs_of_no_known_format_and_unreadable_ones_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd, large = tmp_path / "odd.bin", tmp_path / "large.txt"
    odd.write_bytes(b"\x00\x01\x02" * 100)
    with large.open("wb") as file:
        file.truncate(LARGEST_TEXT + 1)
    pipe = tmp_path / "fifo"
    os.mkfifo(pipe)
    code, document = _run(capsys, odd, large, pipe)
    assert code == 1
    assert [each["kind"] for each in document["inputs"]] == ["unknown"] * 3
    assert all(each["problems"] for each in document["inputs"])


def test_an_event_log_streams_from_its_path(tmp_path: Path) -> None:
    file = tmp_path / "System.evtx"
    file.write_bytes(b"ElfFile\0" + bytes(4088))
    (read,) = read_paths((file,))
    assert read.parsed.kind == "evtx"


def test_usage_errors_are_problems(tmp_path: Path) -> None:
    with pytest.raises(Problem) as nothing:
        run_diagnose((), as_json=False, collector=False)
    with pytest.raises(Problem) as missing:
        run_diagnose((tmp_path / "none.txt",), as_json=True, collector=False)
    with pytest.raises(Problem) as no_tickets:
        run_triage(tmp_path / "none.jsonl", as_json=True)
    assert [error.value.exit_code for error in (nothing, missing, no_tickets)] == [2, 2, 2]


def test_the_collector_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_diagnose((), as_json=False, collector=True) == 0
    assert capsys.readouterr().out == SCRIPT


def test_tickets_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tickets.jsonl"
    lines = [
        "\ufeff" + json.dumps({"id": "INC1", "text": "bitlocker recovery, key ID 063EA4E1, E_FVE_TPM_NOT_DETECTED"}),
        "not json",
        "",
        json.dumps({"id": 7, "text": "KB5083769 and then the recovery key was asked for"}),
        json.dumps({"id": "INC3"}),
        json.dumps({"id": "x", "text": "a" * LONGEST_LINE}),
        json.dumps({"id": "INC4", "text": "last"}),
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert run_triage(file, as_json=True) == 1
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert [ticket["id"] for ticket in answer["tickets"]] == ["INC1", "7", "INC4"]
    assert answer["tickets"][0]["key_id_prefixes"] == ["063ea4e1"] or answer["tickets"][0]["key_id_prefixes"]
    assert answer["tickets"][1]["kbs"] == ["KB5083769"]
    assert [line.split()[1] for line in said.err.splitlines()] == ["2", "5", "6"]
    assert answer["groups"]


_CHILD = "import sys; from tui.diagnose import run_triage; sys.exit(run_triage(None, as_json=True))"


def test_tickets_from_stdin_in_a_process_of_its_own() -> None:
    line = json.dumps({"id": "a", "text": "E_FVE_SECUREBOOT_CHANGED on the bitlocker screen"}) + "\n"
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], input=line.encode(), capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    (ticket,) = json.loads(done.stdout)["tickets"]
    assert (ticket["cause"]["code"], ticket["cause"]["pcr"]) == ("secureboot_changed", 7)


def test_the_verbs_import_no_screen_and_no_cloud() -> None:
    probe = "import sys, tui.diagnose; print([n for n in ('textual', 'msgraph', 'httpx', 'azure') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, timeout=60, check=True)
    assert done.stdout.strip() == b"[]"


def test_two_logs_add_their_difference_and_the_corpus_its_causes(capsys: pytest.CaptureFixture[str]) -> None:
    if not ROOT.is_dir():
        pytest.skip("the corpus of real samples is not beside the project (../shared/corpus)")
    pair = ROOT / "tcg-pairs"
    code, document = _run(
        capsys, pair / "win-firmware-and-dbx-update.a.log", pair / "win-firmware-and-dbx-update.b.log"
    )
    assert code == 0
    assert [each["kind"] for each in document["inputs"]] == ["tcg", "tcg", "tcg-pair"]
    assert document["cause"]["code"] in {"firmware_update", "secureboot_changed"}
    _, whole = _run(capsys, ROOT / "intune-zip")
    assert any(each["kind"] == "evtx" for each in whole["inputs"])
