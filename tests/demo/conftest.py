from collections.abc import Iterator

import pytest

from tests.demo.tenant import Running, running


@pytest.fixture(scope="session")
def tenant() -> Iterator[Running]:
    """One tenant for the tests that leave no trace in each other's way: every ticket is there."""
    with running("--seed", "7") as started:
        started.hand("advance", "POST", {"seconds": 2000})
        yield started


@pytest.fixture
def fresh() -> Iterator[Running]:
    """A tenant of the test's own, at the start of its play; its clock hardly moves by itself."""
    with running("--seed", "7", "--speed", "0.0001") as started:
        yield started
