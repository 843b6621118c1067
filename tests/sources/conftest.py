"""A jump host and a device behind it, for the tests that log in to them."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.sources.ssh_pair import Pair, ssh_pair


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with ssh_pair(tmp_path_factory.mktemp("ssh")) as pair:
        yield pair


@pytest.fixture
def pair(hosts: Pair) -> Iterator[Pair]:
    hosts.behave("good")
    for trace in hosts.notes.iterdir():
        if trace.name != "behaviour":
            trace.unlink()
    yield hosts
    for left in hosts.home.iterdir():
        subprocess.run(["rm", "-rf", str(left)], check=True)
