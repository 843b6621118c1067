"""A device whose SFTP server lies: names, sizes and paths that no Windows has."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import asyncssh
import pytest

from tui.errors import Problem
from tui.sources.remote_shell import _Place


class HostileFiles(asyncssh.SFTPServer):
    """An SFTP server that no Windows has: it lists, sizes and sends what it likes."""

    listed: tuple[str, ...] = ()
    home = b"/C:/Users/demo"
    removed: ClassVar[list[bytes]] = []

    def realpath(self, path: bytes) -> bytes:
        return self.home

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Pretend."""

    def rmdir(self, path: bytes) -> None:
        """Pretend."""

    def remove(self, path: bytes) -> None:
        self.removed.append(path)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        for name in self.listed:
            yield asyncssh.SFTPName(name.encode(), "", asyncssh.SFTPAttrs())

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(size=10, permissions=0o100644)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        return object()

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        return b"x" * size

    def close(self, file_obj: object) -> None:
        """Pretend."""


@asynccontextmanager
async def hostile_place(files: type[HostileFiles]) -> AsyncIterator[_Place]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    async with (
        asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[key], sftp_factory=files, server_factory=NoQuestions
        ) as server,
        asyncssh.connect(
            "127.0.0.1", server.get_port(), known_hosts=([key.convert_to_public()], [], []), config=None, username="x"
        ) as connection,
    ):
        yield await _Place.make(connection)


class NoQuestions(asyncssh.SSHServer):
    """Lets anybody in."""

    def begin_auth(self, username: str) -> bool:
        return False


@pytest.mark.parametrize(
    "name", ["../../x.zip", "/etc/passwd", "..\\..\\x.zip", "C:\\x\\bitlocker-facts-a-20260415T080211Z.zip"]
)
async def test_a_listing_that_leads_out_of_the_folder_is_refused(name: str) -> None:
    class Files(HostileFiles):
        listed = (name,)
        removed: ClassVar[list[bytes]] = []

    async with hostile_place(Files) as place:
        with pytest.raises(Problem) as caught:
            await place.only_zip()
        assert "leads out" in caught.value.why
        assert "reseal-" in await place.remove(5)
    assert Files.removed == []


async def test_a_server_that_never_stops_listing_or_sending() -> None:
    class Files(HostileFiles):
        async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
            for number in itertools.count():
                yield asyncssh.SFTPName(str(number).encode(), "", asyncssh.SFTPAttrs())

    async with hostile_place(Files) as place:
        with pytest.raises(Problem) as caught:
            await place.only_zip()
        assert "more files" in caught.value.why
        with pytest.raises(Problem) as caught:
            await place.fetch("x.zip", 1 << 20, lambda _: None)
        assert "It sent more than" in caught.value.why
        assert place.native.startswith("C:\\Users\\demo\\reseal-")


@pytest.mark.parametrize("home", [b"relative", b"/a\x1b]0;x\x07", b"/" + b"x" * 300, b"", b"/a\nb"])
async def test_a_home_directory_with_an_impossible_name(home: bytes) -> None:
    class Files(HostileFiles):
        pass

    Files.home = home
    with pytest.raises(Problem) as caught:
        async with hostile_place(Files):
            raise AssertionError("it was taken")
    assert "home directory" in caught.value.why
