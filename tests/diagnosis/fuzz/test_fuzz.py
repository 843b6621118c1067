"""The fuzz targets: on changed seeds always, and under atheris in the long version."""

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.diagnosis.fuzz.targets import TARGETS, seeds

MINUTES = 10
ROUNDS = 30


@pytest.mark.parametrize("target", TARGETS)
def test_changed_seeds_are_read(target: str) -> None:
    pick = random.Random(target)
    known = [seed[:20_000] for seed in seeds(target)]
    for _ in range(ROUNDS):
        TARGETS[target](_changed(pick.choice(known), pick))


@pytest.mark.parametrize("target", TARGETS)
def test_a_broken_promise_is_noticed(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.diagnosis.fuzz.targets.msgspec.json.encode", _broken)
    monkeypatch.setattr("tests.diagnosis.fuzz.targets.read_ticket", _broken)
    with pytest.raises(ZeroDivisionError):
        TARGETS[target](next(seeds(target)))


@pytest.mark.long
@pytest.mark.timeout(MINUTES * 60 + 120)
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_breaks_under_atheris(target: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed (uv pip install atheris)")
    command = [sys.executable, "-m", "tests.diagnosis.fuzz", target, str(MINUTES * 60), f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MINUTES * 60 + 90, check=False)
    assert done.returncode == 0, done.stderr[-4_000:]


def _broken(*_: object) -> None:
    raise ZeroDivisionError


def _changed(seed: bytes, pick: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(pick.randrange(1, 8)):
        at = pick.randrange(len(data) + 1)
        match pick.randrange(4):
            case 0:
                data[at:at] = pick.randbytes(pick.randrange(1, 9))
            case 1:
                del data[at : at + pick.randrange(1, 99)]
            case 2:
                data[at : at + 4] = pick.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
            case _:
                data[at : at + 1] = pick.randbytes(1)
    return bytes(data)
