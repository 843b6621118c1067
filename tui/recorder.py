"""Is this session recorded? What can be seen is named; over SSH it is assumed: a server's recorder is invisible."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

RECORDERS = frozenset({"script", "asciinema", "ttyrec", "tlog-rec", "tlog-rec-session", "termrec", "ttyd"})
"""Process names of terminal recorders."""

TMUX_SECONDS = 1.0


def recorded_by(policy: Literal["auto", "local", "recorded"], environment: Mapping[str, str] = os.environ) -> str:
    """`no`, the recorder that was seen, or `assumed`. `policy` is `reveal.session` of the config.

    A recorder that is seen counts whatever the policy says.
    """
    seen = _ancestor() or _tmux_pipe(environment)
    if seen:
        return seen
    if policy == "recorded":
        return "policy"
    if policy == "auto" and (environment.get("SSH_CONNECTION") or environment.get("SSH_TTY")):
        return "assumed"
    return "no"


def _ancestor() -> str:
    pid = os.getppid()
    for _ in range(64):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        name = stat[stat.index("(") + 1 : stat.rindex(")")]
        if name in RECORDERS:
            return name
        pid = int(stat[stat.rindex(")") + 2 :].split()[1])
        if pid <= 1:
            return ""
    return ""


def _tmux_pipe(environment: Mapping[str, str]) -> str:
    """tmux's pipe-pane of this pane; a tmux that does not answer is not asked twice."""
    pane = environment.get("TMUX_PANE", "")
    if not environment.get("TMUX") or not pane:
        return ""
    try:
        answer = subprocess.run(  # noqa: S603
            ["tmux", "display-message", "-p", "-t", pane, "#{pane_pipe}"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=TMUX_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "tmux pipe-pane" if answer.stdout.strip() == "1" else ""
