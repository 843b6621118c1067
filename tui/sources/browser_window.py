"""The engineer's browser, opened beside the console and never in it.

Python's own `webbrowser` takes a text browser where there is no display, which would draw over the console, and lets
a graphical one write its complaints there.
"""

import os
import shlex
import shutil
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping

from tui.errors import Problem, ProblemKind

NAME = "reseal"


def command_of(url: str, environ: Mapping[str, str], platform: str = sys.platform) -> list[str]:
    """What opens a URL here: $BROWSER, or the desktop's own opener; empty where there is neither."""
    for wanted in filter(None, environ.get("BROWSER", "").split(os.pathsep)):
        program, *rest = shlex.split(wanted.removesuffix("&"))
        if shutil.which(program, path=environ.get("PATH")):
            filled = [part.replace("%s", url) for part in rest]
            return [program, *filled] if "%s" in wanted else [program, *rest, url]
    desktop = platform == "darwin" or environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    for program in ("open",) if platform == "darwin" else ("xdg-open", "wslview"):
        if (desktop or program == "wslview") and shutil.which(program, path=environ.get("PATH")):
            return [program, url]
    return []


class BrowserWindow(webbrowser.BaseBrowser):
    """What `webbrowser.open` calls first once this is `use`d; `opened` is told when a browser was started."""

    def __init__(self, opened: Callable[[], None]) -> None:
        super().__init__(NAME)
        self._opened = opened

    def use(self) -> None:
        """Stand before every browser that Python would find; raises `Problem` where none can be opened."""
        if not command_of("", os.environ):
            what = "There is no display and no $BROWSER here, so no browser was opened"
            raise Problem(ProblemKind.SIGNED_OUT, what, "", 'Choose another [sign_in] method, such as "device-code"')
        webbrowser.register(NAME, None, self, preferred=True)

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        """Start a browser without a terminal of its own."""
        command = command_of(url, os.environ)
        silence = subprocess.DEVNULL
        browser = subprocess.Popen(  # noqa: S603
            command, stdin=silence, stdout=silence, stderr=silence, start_new_session=True
        )
        # A browser may stay open all night; somebody has to take note of its end.
        threading.Thread(target=browser.wait, name="browser", daemon=True).start()
        self._opened()
        return True
