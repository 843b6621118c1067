"""What the surroundings say about clipboards. The console asks here; it loads no clipboard itself."""

import os
from collections.abc import Mapping

from tui.errors import Problem, ProblemKind

DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR")
"""What a clipboard program needs to find its display."""


def refuse_remote(environment: Mapping[str, str] = os.environ) -> None:
    """Raise `Problem(POLICY)` over SSH: the clipboard would be the jump host's."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        raise Problem(
            ProblemKind.POLICY,
            "The key is not copied over SSH",
            "It would land on the clipboard of this machine, not on yours",
            "Read it out, or seal it to your public key",
        )
