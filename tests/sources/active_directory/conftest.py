"""The domain of a test session, and adapters to it that are closed again."""

import importlib.util
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.sources.active_directory import domain as samba
from tests.sources.active_directory.domain import SHARED_PREFIX, Domain
from tui.errors import Problem
from tui.sources.active_directory.directory import ActiveDirectory

Connected = Callable[..., ActiveDirectory]


@pytest.fixture(scope="session")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domain]:
    reason = samba.why_not()
    if not reason and importlib.util.find_spec("bonsai") is None:
        reason = "no LDAP here: the extra is not installed (reseal[ad])"
    if reason:
        pytest.skip(reason)
    running = samba.build(tmp_path_factory.mktemp("ad"))
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def bind_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_AD_PASSWORD", samba.USER_PASSWORD)


@pytest.fixture
async def connected(domain: Domain) -> AsyncIterator[Connected]:
    open_ones: list[ActiveDirectory] = []

    def start(user: str = "read", **changes: Any) -> ActiveDirectory:
        open_ones.append(ActiveDirectory(domain.server(user, **changes)))
        return open_ones[-1]

    yield start
    for each in open_ones:
        await each.close()


async def problem_of(directory: ActiveDirectory) -> Problem:
    """What a question that must fail says."""
    with pytest.raises(Problem) as caught:
        await directory.keys_with_prefix(SHARED_PREFIX)
    assert caught.value.what
    assert caught.value.next_step
    return caught.value
