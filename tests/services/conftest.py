from collections.abc import Iterator

import pytest

from tests.demo.tenant import Running, running


@pytest.fixture(scope="session")
def demo_tenant() -> Iterator[Running]:
    """One demo tenant for tests that change nothing in it."""
    with running("--seed", "7", "--speed", "0.0001") as started:
        started.hand("advance", "POST", {"seconds": 2000})
        yield started
