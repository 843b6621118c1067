"""From the settings to a directory."""

from importlib.util import find_spec

import msgspec

from tui.config import ActiveDirectory as Settings
from tui.sources.active_directory.directory import ActiveDirectory
from tui.sources.active_directory.problems import no_ldap
from tui.sources.active_directory.server import DirectoryServer


def open_directory(settings: Settings) -> ActiveDirectory:
    """The directory of `[active_directory]`, not connected yet; raises `Problem(CONFIG)` for one that cannot work."""
    if find_spec("bonsai") is None:
        raise no_ldap("bonsai")
    return ActiveDirectory(msgspec.convert(msgspec.to_builtins(settings), DirectoryServer))
