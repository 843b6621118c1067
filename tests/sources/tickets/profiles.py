"""Profiles for tests: as they are, or with smaller pages."""

import msgspec

from tui.sources.tickets.profile import Profile, load_profile


def profile(name: str, *, size: int = 0) -> Profile:
    found = load_profile(name)
    assert isinstance(found, Profile)
    if size:
        found = msgspec.structs.replace(found, listing=msgspec.structs.replace(found.listing, size=size))
        if found.open_list:
            found = msgspec.structs.replace(found, open_list=msgspec.structs.replace(found.open_list, size=size))
    return found
