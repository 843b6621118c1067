"""A key that leaves the vault as ciphertext only: age text, or the same as a QR code in half blocks."""

from tui.errors import Problem, ProblemKind
from tui.vault import age
from tui.vault.drawing import Picture, Stroke
from tui.vault.messages import Seal
from tui.vault.password import RecoveryPassword

_BLACK_ON_WHITE = "38;2;0;0;0;48;2;255;255;255"


def sealed(password: RecoveryPassword, key_id: str, order: Seal) -> Picture:
    """The ciphertext as the order wants it; raises `Problem`."""
    try:
        recipient = age.Recipient.parse(order.recipient)
    except age.AgeError as error:
        raise Problem(
            ProblemKind.LOCAL, "The key cannot be sealed", str(error), "Give the public key as age writes it: age1..."
        ) from None
    digits = password.dashed()
    plain = bytearray(key_id.encode() + b"\n" + digits + b"\n")
    try:
        data = age.encrypt(bytes(plain), recipient)
    finally:
        plain[:], digits[:] = bytes(len(plain)), bytes(len(digits))
    return _as_text(data, order) if order.form == "text" else _as_code(data, order)


def _as_text(data: bytes, order: Seal) -> Picture:
    return _picture(age.armor(data).splitlines(), order.sgr, order)


def _as_code(data: bytes, order: Seal) -> Picture:
    # Only here: it is needed when somebody asks for a code.
    from tui.vault.codes import half_blocks

    return _picture(half_blocks(data), _BLACK_ON_WHITE, order)


def _picture(lines: list[str], sgr: str, order: Seal) -> Picture:
    width = max(map(len, lines))
    if width > order.width or len(lines) > order.height:
        raise Problem(
            ProblemKind.LOCAL,
            f"The sealed key needs {width} columns and {len(lines)} rows",
            f"The pane has {order.width} and {order.height}",
            "Make the terminal larger, or show it as text",
        )
    column, row = order.cell
    if order.form == "qr":
        column += (order.width - width) // 2
    return Picture(
        sgr,
        [Stroke((column, row + place), len(line), line.encode(), " " * len(line)) for place, line in enumerate(lines)],
    )
