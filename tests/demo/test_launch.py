import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import httpx
import pytest

from tests.demo.tenant import started
from tui.demo.launch import running_demo
from tui.errors import Problem


def gone(pid: int) -> bool:
    """The process has ended (a zombie counts as ended)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_gone(pid: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not gone(pid):
        assert time.monotonic() < deadline, "the tenant outlives its end"
        time.sleep(0.02)


async def test_a_demo_runs_within_its_block_and_leaves_nothing() -> None:
    async with running_demo(size=20) as demo:
        config = tomllib.loads(demo.config.read_text(encoding="utf-8"))
        async with httpx.AsyncClient(trust_env=False) as client:
            headers = {"authorization": f"Bearer {demo.tokens['engineer']}"}
            assert (await client.get(f"{demo.graph}/v1.0/me", headers=headers)).status_code == 200
        pid = demo.process.pid
    assert gone(pid)
    assert demo.process.returncode == 0
    assert not demo.config.parent.exists()
    assert config["tenant"]["name"] == "Demo Tenant"
    assert config["graph"]["endpoint"] == demo.graph
    assert config["tickets"][0] | {"url": ""} == {
        "profile": "servicenow",
        "url": "",
        "token_command": ["cat", config["tickets"][0]["token_command"][1]],
        "poll_seconds": 2,
    }


async def test_files_are_private_and_stay_in_a_given_directory(tmp_path: Path) -> None:
    place = tmp_path / 'odd "name"'
    async with running_demo(directory=place) as demo:
        assert demo.config.parent == place
        config = tomllib.loads(demo.config.read_text(encoding="utf-8"))
        assert config["sign_in"]["token_file"] == str(place / "graph-token")
        assert (place / "graph-token").read_text(encoding="utf-8") == demo.tokens["engineer"]
    assert place.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in place.iterdir()} == {
        "config.toml": 0o600,
        "graph-token": 0o600,
        "tickets-token": 0o600,
    }


async def test_tokens_differ_from_run_to_run() -> None:
    async with running_demo(size=1) as one, running_demo(size=1) as other:
        assert one.control != other.control
        assert set(one.tokens.values()).isdisjoint(other.tokens.values())
        assert {"engineer", "au-engineer", "no-role", "no-scope", "expired"} <= set(one.tokens)


async def test_a_demo_that_cannot_start_says_why(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(Problem, match="did not start") as caught:
        async with running_demo(directory=blocked / "below"):
            raise AssertionError("it started")
    assert "NotADirectoryError" in caught.value.why


async def test_a_cancelled_block_ends_the_demo() -> None:
    pids: list[int] = []
    up = asyncio.Event()

    async def hold() -> None:
        async with running_demo(size=1) as demo:
            pids.append(demo.process.pid)
            up.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await asyncio.wait_for(up.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(pids[0])


_PARENT = """
import asyncio
from tui.demo.launch import running_demo
async def main():
    async with running_demo(size=1) as demo:
        print(demo.process.pid, demo.config.parent, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


def test_the_demo_dies_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-P", "-c", _PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, place = parent.stdout.readline().split()
        assert not gone(int(pid))
        parent.kill()
    wait_gone(int(pid))
    assert not Path(place).exists()


def test_the_demo_ends_when_its_standard_input_ends() -> None:
    with started("--follow-parent", "--size", "1") as (process, _):
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_demo_even_while_somebody_is_connected(number: int) -> None:
    with started("--size", "1") as (process, told), httpx.Client(trust_env=False) as client:
        assert {"config", "graph", "tickets", "control", "tokens"} == set(told)
        client.get(f"{told['graph']}/v1.0/me")
        os.kill(process.pid, number)
        assert process.wait(10) == 0
        assert not Path(told["config"]).parent.exists()


def test_starting_imports_neither_the_console_nor_an_sdk() -> None:
    probe = "import sys, json, tui.demo.serve; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-P", "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"textual", "msgraph", "azure", "aiosqlite", "httpx", "kiota_abstractions", "msal"}
