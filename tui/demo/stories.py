"""The causes that the Patch Tuesday brings, how often, on what, and how a story becomes the text of a ticket."""

from dataclasses import dataclass

from tui.demo.phrases import VOICES
from tui.demo.records import Build, Hardware, Story

_MAKER = "Demo Computers"
LONGITUDE_5450 = Hardware(_MAKER, "Longitude 5450", "1.14.2")
LONGITUDE_7450 = Hardware(_MAKER, "Longitude 7450", "1.11.0")
SLATEBOOK = Hardware("Sample Systems", "SlateBook 840", "W70 01.09.00")
WORKPAD = Hardware("Exemplar", "WorkPad T14", "N3QET52W")
TOWER = Hardware(_MAKER, "Tower 7020", "1.22.0")

# Build and update belong together as Microsoft's release information of 2026 has them.
APRIL_24H2 = Build("10.0.26100.8246", "KB5083769")
APRIL_25H2 = Build("10.0.26200.8246", "KB5083769")
APRIL_23H2 = Build("10.0.22631.6936", "KB5082052")
APRIL_WIN10 = Build("10.0.19045.7184", "KB5082200")
MAY_24H2 = Build("10.0.26100.8457", "KB5089549")
MAY_25H2 = Build("10.0.26200.8457", "KB5089549")


BEFORE = {
    APRIL_24H2: Build("10.0.26100.8117", "KB5086672"),
    APRIL_25H2: Build("10.0.26200.8117", "KB5086672"),
    APRIL_23H2: Build("10.0.22631.6783", "KB5078883"),
    APRIL_WIN10: Build("10.0.19045.7058", "KB5078885"),
}
"""What a device ran before its restart into an update of April."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A cause: its share of the tickets, the code on the recovery screen, and the machines that it hits."""

    name: str
    share: int
    code: str
    hardware: tuple[Hardware, ...]
    builds: tuple[Build, ...]


_ALL_HARDWARE = (LONGITUDE_5450, LONGITUDE_7450, SLATEBOOK, WORKPAD, TOWER)
_ALL_BUILDS = (APRIL_24H2, APRIL_25H2, APRIL_23H2, APRIL_WIN10, MAY_24H2, MAY_25H2)

PLOTS = {
    plot.name: plot
    for plot in (
        Plot("pcr7", 46, "E_FVE_SECUREBOOT_CHANGED", (LONGITUDE_5450, LONGITUDE_7450), (APRIL_24H2, APRIL_25H2)),
        Plot("dbx", 13, "E_FVE_SECUREBOOT_CHANGED", (WORKPAD,), (APRIL_23H2,)),
        Plot("firmware", 12, "E_FVE_PCR_MISMATCH", (SLATEBOOK,), (MAY_24H2, MAY_25H2)),
        Plot("tpm", 7, "E_FVE_TPM_INVALIDATED", _ALL_HARDWARE, _ALL_BUILDS),
        Plot("pin", 7, "E_FVE_DEVICE_LOCKEDOUT", _ALL_HARDWARE, _ALL_BUILDS),
        Plot("esc", 5, "E_FVE_USER_REQUESTED_RECOVERY", _ALL_HARDWARE, _ALL_BUILDS),
        Plot("unknown", 10, "E_FVE_RECOVERY_ERROR_UNKNOWN", _ALL_HARDWARE, _ALL_BUILDS),
    )
}
PLOT_SHARES = tuple(plot for plot in PLOTS.values() for _ in range(plot.share))
_BIOS_BROUGHT = "2.03.1"


def title_of(story: Story) -> str:
    """The short description."""
    if story.title:
        return story.title
    titles = VOICES[story.caller.voice].titles
    return titles[story.turn % len(titles)].format(device=story.device_name, name=story.caller.name)


def body_of(story: Story) -> str:
    """The description: what happened, and as much of key ID, code and update as this caller tells."""
    if story.body:
        return story.body
    voice = VOICES[story.caller.voice]
    parts = [voice.opening, voice.symptoms[story.plot].format(bios=_BIOS_BROUGHT)]
    if story.quoting == "full":
        parts.append(voice.full_id.format(id=_spelled(story.key_id, story.turn)))
    elif story.quoting == "prefix":
        parts.append(voice.prefix.format(id=_spelled(story.key_id[:8], story.turn)))
    if story.tells_code:
        parts.append(voice.code.format(code=PLOTS[story.plot].code))
    if story.tells_kb and story.kb:
        parts.append(voice.kb.format(kb=story.kb))
    parts.append(voice.closing.format(name=story.caller.name, device=story.device_name))
    return voice.joint.join(parts)


def _spelled(key_id: str, turn: int) -> str:
    return key_id if turn % 5 == 0 else key_id.upper()
