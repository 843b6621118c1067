"""`reseal`, and `python -m tui`."""

import gc
import os
import sys
from pathlib import Path
from typing import NoReturn

from tui.errors import Problem, place_of

SHOW_TRACEBACK = "RESEAL_TRACEBACK"
"""Environment variable for whoever works on Reseal itself."""


def main() -> NoReturn:
    """Run; a problem becomes one line on stderr and the exit code of the outside contract."""
    try:
        code = _run(sys.argv[1:])
    except Problem as problem:
        _say(str(problem))
        sys.exit(problem.exit_code)
    except BrokenPipeError:
        # Whoever read us went away; Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(0)
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK):
            raise
        _say(f"stopped on {type(error).__name__}{place_of(error)}. With {SHOW_TRACEBACK}=1 it shows more.")
        sys.exit(3)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    # The parser of the verbs takes a tenth of the time to the first frame, and the console needs none of it.
    match arguments:
        case [] | ["--config", _]:
            # What an import makes stays; collecting among it only delays the first frame. The app turns it on again.
            gc.disable()
            from tui.console import open_console

            return open_console(Path(arguments[1]) if arguments else None, os.environ.get("RESEAL_TENANT", ""))
    from tui.cli import run

    return run()


def _say(text: str) -> None:
    print(f"reseal: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
