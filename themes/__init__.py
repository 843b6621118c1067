"""Colours. States are words and glyphs as well, so every theme, and none, can be worked with."""

from pathlib import Path

from textual.theme import Theme

FRONT = Path(__file__).with_name("front.tcss")
"""Styles of the first frame; reading the others would delay it."""

CONSOLE = FRONT.with_name("console.tcss")
"""Styles of everything behind it."""

DARK = Theme(
    name="reseal-dark",
    primary="#5fafd7",
    secondary="#87afaf",
    accent="#ffaf5f",
    foreground="#d0d4d8",
    background="#101418",
    surface="#161b20",
    panel="#1e252c",
    success="#87d787",
    warning="#ffd75f",
    error="#ff8787",
    dark=True,
)

LIGHT = Theme(
    name="reseal-light",
    primary="#005f87",
    secondary="#3a5f5f",
    accent="#8f4700",
    foreground="#1c2024",
    background="#f6f6f2",
    surface="#ecece6",
    panel="#e0e0d8",
    success="#1f6b1f",
    warning="#7a5200",
    error="#a81c1c",
    dark=False,
)

HIGH_CONTRAST = Theme(
    name="reseal-contrast",
    primary="#00ffff",
    secondary="#ffffff",
    accent="#ffff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    success="#00ff00",
    warning="#ffff00",
    error="#ff9090",
    dark=True,
)

THEMES = (DARK, LIGHT, HIGH_CONTRAST)
