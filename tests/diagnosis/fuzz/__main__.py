"""Runs one target under atheris; see the package for how."""

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

_SECONDS = 600
_LIMITS = ("-timeout=10", "-rss_limit_mb=1024", "-max_len=200000", "-print_final_stats=1")


def main(arguments: list[str]) -> None:
    """Fuzz; atheris ends the process."""
    atheris: Any = importlib.import_module("atheris")
    # Only what is imported in here is instrumented.
    with atheris.instrument_imports(include=["tui"]):
        from tests.diagnosis.fuzz.targets import TARGETS, seeds

    name, *rest = arguments or [""]
    if name not in TARGETS:
        sys.exit(f"usage: python -m tests.diagnosis.fuzz {{{','.join(TARGETS)}}} [SECONDS] [LIBFUZZER OPTION...]")
    seconds = rest.pop(0) if rest and rest[0].isdigit() else str(_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(name)):
            Path(folder, str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", *_LIMITS, *rest, folder], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
