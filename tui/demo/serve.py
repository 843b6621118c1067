"""The demo tenant as a process: two servers on loopback until a signal, or until whoever started it is gone."""

import argparse
import asyncio
import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from tui.demo.control import Control
from tui.demo.faults import FaultBox, protocol
from tui.demo.graph.server import GraphServer
from tui.demo.identities import Identity, enrol
from tui.demo.ids import guid_of
from tui.demo.launch import Announcement
from tui.demo.play import Play
from tui.demo.table_api import TableApi
from tui.demo.tenant import TENANT_NAME
from tui.demo.traffic import Traffic
from tui.errors import Problem, ProblemKind
from tui.services.replay import Replay, read_replay

DEFAULT_SEED, DEFAULT_SIZE, DEFAULT_SPEED = 7, 60, 1.0
_TICK = 0.25
_CONFIG_NAME = "config.toml"
_BACKLOG = 512
_PR_SET_PDEATHSIG = 1
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


async def serve(
    seed: int,
    size: int,
    speed: float,
    state_dir: Path,
    *,
    follow_parent: bool = False,
    replay: Path | None = None,
    more_config: str = "",
) -> None:
    """Play until SIGTERM or SIGINT; with `follow_parent` also until standard input ends or the parent dies.

    `state_dir` (absolute) receives `config.toml` and two token files, all 0600. The first line of standard output is
    an `Announcement` as JSON. `replay` is a rehearsal to play instead of the seed's own morning; raises `Problem` when
    it cannot be read. `more_config` is TOML for the end of the config.
    """
    stop = asyncio.Event()
    _on_signals(stop)
    if follow_parent:
        _follow_parent(stop)
    play = Play(seed, size, speed, _rehearsal(replay))
    tokens, control, desk_token = enrol(play), secrets.token_urlsafe(32), f"desk-{secrets.token_urlsafe(32)}"
    graph, graph_socket = _graph_server(play, tokens, control)
    desk, desk_socket = _desk_server(play, desk_token, control)
    told = Announcement(
        str(state_dir / _CONFIG_NAME),
        _url(graph_socket),
        _url(desk_socket),
        control,
        {identity.persona: token for token, identity in tokens.items()},
    )
    _write_files(state_dir, told, desk_token, seed, more_config)
    await _run(play, ((graph, graph_socket), (desk, desk_socket)), told, stop)


def _rehearsal(path: Path | None) -> Replay | None:
    if path is None:
        return None
    try:
        return read_replay(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(
            ProblemKind.CONFIG, f"The replay {path} cannot be read", str(error), "Give another file"
        ) from error


def _graph_server(play: Play, tokens: Mapping[str, Identity], control: str) -> tuple["_Server", socket.socket]:
    box, traffic = FaultBox(), Traffic()
    graph = GraphServer(play, tokens, box, traffic)
    routes = Control(play, control, box, traffic).routes()
    return _server([*routes, Route("/{version}/{path:path}", graph.respond, methods=_METHODS)], box)


def _desk_server(play: Play, desk_token: str, control: str) -> tuple["_Server", socket.socket]:
    box, traffic = FaultBox(), Traffic()
    desk = TableApi(play, desk_token, box, traffic)
    routes = Control(play, control, box, traffic).routes()
    routes += [Route(f"/api/now/table/incident{tail}", desk.respond, methods=_METHODS) for tail in ("", "/{sys_id}")]
    return _server(routes, box)


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to `serve`, because two of them run in one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _run(
    play: Play, servers: tuple[tuple[_Server, socket.socket], ...], told: Announcement, stop: asyncio.Event
) -> None:
    # The sockets listen already, so a client that is told now is answered as soon as the loop turns.
    tasks = [asyncio.create_task(server.serve(sockets=[listening])) for server, listening in servers]
    ticking = asyncio.create_task(_tick(play))
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    sys.stdout.flush()
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([stopping, ticking, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for server, _ in servers:
        server.should_exit = server.force_exit = True
    ticking.cancel()
    stopping.cancel()
    ended = await asyncio.gather(*tasks, ticking, stopping, return_exceptions=True)
    for problem in ended:
        if isinstance(problem, Exception):
            raise problem


async def _tick(play: Play) -> None:
    while True:
        play.run()
        await asyncio.sleep(_TICK)


def _server(routes: list[Route], box: FaultBox) -> tuple[_Server, socket.socket]:
    # asyncio switches Nagle's algorithm off only where the protocol is named; left on, an answer takes 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(_BACKLOG)
    config = uvicorn.Config(
        Starlette(routes=routes),
        http=protocol(box.peers),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return _Server(config), listening


def _url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def _write_files(state_dir: Path, told: Announcement, desk_token: str, seed: int, more_config: str) -> None:
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    graph_token = state_dir / "graph-token"
    desk_file = state_dir / "tickets-token"
    _write_private(graph_token, told.tokens["engineer"])
    _write_private(desk_file, desk_token)
    text = _CONFIG.format(
        name=_toml(TENANT_NAME),
        tenant_id=guid_of("tenant", seed),
        client_id=guid_of("client", seed),
        token_file=_toml(str(graph_token)),
        graph=told.graph,
        tickets=told.tickets,
        desk_file=_toml(str(desk_file)),
    )
    _write_private(state_dir / _CONFIG_NAME, text + more_config)


_CONFIG = """\
[tenant]
name = {name}
cloud = "global"
tenant_id = "{tenant_id}"
client_id = "{client_id}"

[sign_in]
method = "token-env"
token_file = {token_file}

[graph]
endpoint = "{graph}"

[[tickets]]
profile = "servicenow"
url = "{tickets}"
token_command = ["cat", {desk_file}]
poll_seconds = 2
"""


def _toml(text: str) -> str:
    # A JSON string is a TOML basic string.
    return msgspec.json.encode(text).decode()


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    hang_up = getattr(signal, "SIGHUP", signal.SIGTERM)
    for number in (signal.SIGTERM, signal.SIGINT, hang_up):
        try:
            loop.add_signal_handler(number, stop.set)
        except (NotImplementedError, RuntimeError):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _follow_parent(stop: asyncio.Event) -> None:
    _die_with_parent()
    # A daemon thread, because a read of standard input cannot be cancelled and must not hold up the exit.
    watching = threading.Thread(target=_wait_for_parent, args=(asyncio.get_running_loop(), stop), daemon=True)
    watching.start()


def _wait_for_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


def _die_with_parent() -> None:
    """Linux sends SIGTERM when the thread that started this process ends; elsewhere the end of standard input does."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def main() -> None:
    """Command line of the process."""
    parser = argparse.ArgumentParser(prog="python -m tui.demo.serve", description=__doc__)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--size", type=int, default=DEFAULT_SIZE, help="tickets, up to 100000")
    parser.add_argument("--speed", type=float, default=DEFAULT_SPEED, help="seconds of the play in one second")
    parser.add_argument("--replay", type=Path, help="a rehearsal to play, as JSON Lines")
    parser.add_argument("--more-config", default="", help="TOML for the end of the config")
    parser.add_argument("--dir", type=Path, help="where config and tokens go; a temporary directory when left out")
    parser.add_argument("--forget-dir", action="store_true", help="remove that directory at the end")
    parser.add_argument("--follow-parent", action="store_true", help="stop when standard input ends or the parent dies")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        state_dir = given.dir or Path(tempfile.mkdtemp(prefix="reseal-demo-"))
        if given.forget_dir or given.dir is None:
            stack.callback(shutil.rmtree, state_dir, ignore_errors=True)
        playing = serve(
            given.seed,
            given.size,
            given.speed,
            state_dir.absolute(),
            follow_parent=given.follow_parent,
            replay=given.replay,
            more_config=given.more_config,
        )
        asyncio.run(playing)


if __name__ == "__main__":
    main()
