"""Real ticket systems: one of each for the whole run, and none where it is not installed."""

from collections.abc import Iterator

import pytest

from tests.real import redmine, request_tracker
from tests.real.redmine import Redmine
from tests.real.request_tracker import RequestTracker


@pytest.fixture(scope="session")
def rt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RequestTracker]:
    if why := request_tracker.missing():
        pytest.skip(why)
    running = request_tracker.launch(tmp_path_factory.mktemp("rt"))
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
