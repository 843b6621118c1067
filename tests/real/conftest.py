"""Real ticket systems: one of each for the whole run, and none where it is not installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.real import redmine, request_tracker
from tests.real.redmine import Redmine
from tests.real.request_tracker import RequestTracker


@pytest.fixture(scope="session")
def rt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RequestTracker]:
    """Tokens are checked quickly: the tests ask hundreds of times."""
    with _launched(tmp_path_factory.mktemp("rt"), bcrypt_cost=5) as running:
        yield running


@pytest.fixture
def rt_as_shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RequestTracker]:
    """As slow as it is with its own defaults."""
    with _launched(tmp_path_factory.mktemp("rt"), bcrypt_cost=12) as running:
        yield running


@contextmanager
def _launched(folder: Path, *, bcrypt_cost: int) -> Iterator[RequestTracker]:
    if why := request_tracker.missing():
        pytest.skip(why)
    running = request_tracker.launch(folder, bcrypt_cost=bcrypt_cost)
    try:
        yield running
    finally:
        running.server.stop()


@pytest.fixture(scope="session")
def redmine_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redmine]:
    if why := redmine.missing():
        pytest.skip(why)
    running = redmine.launch(tmp_path_factory.mktemp("redmine"))
    try:
        yield running
    finally:
        running.server.stop()
