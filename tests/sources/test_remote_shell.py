"""The collector over SSH, against a real jump host and a real device server on loopback."""

import asyncio
import base64
from dataclasses import replace

import pytest

from tests.sources.device_side import bundle
from tests.sources.ssh_pair import CONSENT, LIMITS, TARGET, Pair, collect, problem_of
from tui.diagnosis.collector import collector_script
from tui.errors import Problem, ProblemKind
from tui.services.collection import Progress
from tui.sources import remote_login
from tui.sources.remote_shell import RemoteShell, command_line, native_path


async def until(condition: str, pair: Pair) -> None:
    async with asyncio.timeout(20):
        while not (pair.notes / condition).exists():  # noqa: ASYNC110 (the file is written by another process)
            await asyncio.sleep(0.01)


async def test_the_bundle_comes_back_and_nothing_stays_on_the_device(pair: Pair) -> None:
    seen: list[Progress] = []
    answer = await RemoteShell(pair.settings(), LIMITS).collect(TARGET, CONSENT, seen.append)
    assert answer.data == bundle()
    assert answer.left_behind == ""
    assert list(pair.home.iterdir()) == []
    assert [progress.says for progress in seen if "fetching" not in progress.says] == [
        f"logging in to the jump host 127.0.0.1:{pair.jump_port}",
        f"logging in to 127.0.0.1:{pair.device_port}",
        f"sending the collector to 127.0.0.1:{pair.device_port}",
        f"collecting on 127.0.0.1:{pair.device_port}, which takes up to five minutes",
        f"removing the collector from 127.0.0.1:{pair.device_port}",
    ]
    fetched = [progress for progress in seen if "fetching" in progress.says]
    assert fetched[-1].done == fetched[-1].of == len(bundle())


async def test_the_device_gets_this_script_and_the_consent_and_no_agent(pair: Pair) -> None:
    await collect(pair.settings())
    assert pair.note("script") == collector_script()
    assert "-Consent -Reference 'INC0010042, agreed by the owner''s phone' -Path '" in pair.note("call")
    assert pair.note("agent") == ""
    assert len(pair.note("command")) < 8_191


@pytest.mark.parametrize("victim", ["device", "jump"])
async def test_a_connection_killed_in_the_middle_is_told_with_what_is_left(pair: Pair, victim: str) -> None:
    pair.behave("waits")
    running = asyncio.create_task(problem_of(pair.settings()))
    await until("waiting", pair)
    assert pair.kill_sessions(victim)
    problem = await asyncio.wait_for(running, 30)
    assert problem.kind is ProblemKind.UNREACHABLE
    assert "broke before" in problem.what
    assert f"left on the device: {pair.home}/reseal-" in problem.why
    assert len(list(pair.home.iterdir())) == 1


async def test_a_peer_that_hangs_is_noticed(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_login, "KEEPALIVE_SECONDS", 0.2)
    pair.behave("waits")
    running = asyncio.create_task(problem_of(pair.settings(), replace(LIMITS, tidy=0.5)))
    await until("waiting", pair)
    pair.freeze("device")
    problem = await asyncio.wait_for(running, 20)
    pair.kill_sessions("device")
    assert problem.kind is ProblemKind.UNREACHABLE


async def test_cancelling_ends_it_and_tidies_up(pair: Pair) -> None:
    pair.behave("waits")
    running = asyncio.create_task(collect(pair.settings()))
    await until("waiting", pair)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 20)
    assert list(pair.home.iterdir()) == []
    pair.kill_sessions("device")


async def test_a_collector_that_does_not_end_is_given_up(pair: Pair) -> None:
    pair.behave("waits")
    problem = await problem_of(pair.settings(), replace(LIMITS, collect=0.5))
    assert "was given up" in problem.what
    assert list(pair.home.iterdir()) == []
    pair.kill_sessions("device")


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("ten gigabytes", "It offers 10737418240 bytes"),
        ("endless", "no regular file"),
        ("pipe", "no regular file"),
        ("floods", "It printed more than"),
        ("two zips", "more than one zip"),
        ("many files", "more files than the collector writes"),
    ],
)
async def test_a_hostile_device_is_refused(pair: Pair, how: str, why: str) -> None:
    pair.behave(how)
    problem = await problem_of(pair.settings())
    assert (problem.kind, problem.what) == (ProblemKind.ALARM, "The device sent something that no collector writes")
    assert why in problem.why
    if how != "many files":
        assert list(pair.home.iterdir()) == []


async def test_a_file_that_grows_while_it_is_fetched_is_cut_off(pair: Pair) -> None:
    grown = False

    def grow(progress: Progress) -> None:
        nonlocal grown
        if "fetching" in progress.says and not grown:
            grown = True
            folder = next(pair.home.iterdir())
            with next(folder.glob("*.zip")).open("ab") as file:
                file.truncate(64 << 20)

    with pytest.raises(Problem) as caught:
        await RemoteShell(pair.settings(), LIMITS).collect(TARGET, CONSENT, grow)
    assert "It sent more than" in caught.value.why
    assert list(pair.home.iterdir()) == []


async def test_hostile_file_names_are_nobodys_and_are_removed(pair: Pair) -> None:
    pair.behave("hostile names")
    problem = await problem_of(pair.settings())
    assert "wrote no zip" in problem.what
    assert "\x1b" not in str(problem)
    assert list(pair.home.iterdir()) == []


async def test_what_cannot_be_removed_is_said(pair: Pair) -> None:
    pair.behave("a folder inside")
    answer = await collect(pair.settings())
    assert answer.data == bundle()
    assert f"{pair.home}/reseal-" in answer.left_behind


@pytest.mark.parametrize(
    ("how", "kind", "says"),
    [
        ("not elevated", ProblemKind.FORBIDDEN, "administrator"),
        ("fails", ProblemKind.UPSTREAM, "It ended with 1: the tool is missing"),
    ],
)
async def test_a_collector_that_fails_says_why(pair: Pair, how: str, kind: ProblemKind, says: str) -> None:
    pair.behave(how)
    problem = await problem_of(pair.settings())
    assert problem.kind is kind
    assert says in problem.why


def test_windows_paths() -> None:
    assert native_path("/C:/Users/an account/x.ps1") == "C:\\Users\\an account\\x.ps1"
    assert native_path("/home/x") == "/home/x"


@pytest.mark.parametrize("consent", ["' ; Remove-Item C:\\ ; '", "\u2019; evil; \u2018", '"`$(evil)', "a\r\nb\x1b[2J"])
def test_nothing_in_the_consent_reference_is_run(consent: str) -> None:
    line = command_line("C:\\x\\a.ps1", "C:\\x", consent)
    assert set(line.rsplit(" ", 1)[1]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    call = base64.b64decode(line.rsplit(" ", 1)[1]).decode("utf-16-le")
    inside = call.split("-Reference '", 1)[1].rsplit("' -Path 'C:\\x'; exit $LASTEXITCODE", 1)[0]
    for quote in "'\u2018\u2019\u201a\u201b":
        assert inside.count(quote) % 2 == 0
        assert quote not in inside.replace(quote * 2, "")
    assert not set(inside) & set("\r\n\x1b")
