"""A ticket and a device name that attack a terminal and a markup parser, with a harmless payload."""

_CLIPBOARD = "\x1b]52;c;REVNTw==\x07"
_LINK = "\x1b]8;;https://demo.example/phish\x1b\\click\x1b]8;;\x1b\\"
_SCREEN = "\x1b[2J\x1b[H\x1b[31m"
_C1 = "\x9b31m\x9d0;owned\x9c"
_BIDI = "\u202etxet\u202c \u2066isolated\u2069"
_MARKUP = "[/foo] [@click=app.quit]press[/] [bold red]x[/bold red] [link=https://demo.example]y[/link] [[]"

HOSTILE_NAME = f"DEMO-LT-7003\x1b]0;owned\x07{_BIDI}[/foo][@click=app.quit]"
HOSTILE_TITLE = f"BitLocker{_SCREEN} on {_LINK}{_CLIPBOARD} {_BIDI} {_MARKUP}"
HOSTILE_BODY = "\r\n".join(
    (
        f"BitLocker recovery {_SCREEN}{_CLIPBOARD}{_C1}",
        f"Key ID starts with {{id}}. {_LINK}",
        f"{_MARKUP} {{0}} %s %(x)s ${{HOME}} $(id) `id`",
        f"{_BIDI} zero\u200bwidth \ufeffmark z{chr(0x301) * 60}algo nul\x00 bell\x07 back\x08\x08",
        "\x1bPq#0;2;0;0;0\x1b\\ \x1b[?1049l \x1b[6n \x1b[c \x1b[>q \x1b[21t \x1bc",
        "long " + "x" * 20_000,
        "| pipe | table |",
    )
)
