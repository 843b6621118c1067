"""The other end of a sealed key: the laptop of whoever holds the secret key. The key is drawn once, and never printed.

Drawn on the alternate screen of the terminal itself, so that no pipe, file or scrollback gets it.
"""

import os
import select
import signal
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.clock import boottime_ns
from tui.errors import Problem, ProblemKind
from tui.model.ids import parse_guid
from tui.paths import check_private, create_private
from tui.recorder import recorded_by
from tui.vault import age
from tui.vault.hardening import harden
from tui.vault.password import BLOCKS, RecoveryPassword, checked

SHOWN_SECONDS = 120
_CODE_PREFIX = "AGE:"


def new_identity(path: Path) -> str:
    """Make a key pair; the secret key goes into a new file (0600). Answers the public key; raises `Problem(LOCAL)`."""
    identity = age.Identity.new()
    public = identity.recipient.text()
    try:
        descriptor = create_private(path)
    except FileExistsError:
        raise Problem(
            ProblemKind.LOCAL, f"There is a file already: {path}", "A secret key is never overwritten", "Name another"
        ) from None
    except OSError as error:
        raise Problem(ProblemKind.LOCAL, f"{path} cannot be written", error.strerror or "", "Name another") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"# public key: {public}\n{identity.text()}\n")
    return public


def open_sealed(
    identity_file: Path, text: str, *, seconds: int = SHOWN_SECONDS, accept_recording: bool = False
) -> None:
    """Decrypt what the console sealed, and draw it until a key is pressed or the time is up.

    `text` is the armored text, or what a reader made of the QR code. Raises `Problem`.
    """
    harden()
    _refuse_recorder(accept_recording)
    key_id, password = _unsealed(_identity(identity_file), text)
    try:
        with _alternate_screen() as terminal:
            os.write(terminal, _page(key_id, password, seconds))
            _wait(terminal, seconds)
    finally:
        password.wipe()


def _refuse_recorder(accepted: bool) -> None:
    recorder = recorded_by("auto")
    if recorder != "no" and not accepted:
        raise Problem(
            ProblemKind.POLICY,
            f"This session counts as recorded ({recorder})",
            "What is drawn here would stay in the recording",
            "Open the key in a terminal of your own machine",
        )


def _identity(path: Path) -> age.Identity:
    check_private(path)
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        return age.Identity.parse(next(line for line in lines if line and not line.startswith("#")))
    except OSError as error:
        why = error.strerror or ""
    except StopIteration:
        why = "There is no key in it"
    except ValueError as error:
        why = str(error) if isinstance(error, age.AgeError) else "It is no text"
    raise Problem(
        ProblemKind.LOCAL,
        f"The secret key cannot be read from {path}",
        why,
        "Make one with `reseal open --new-identity`",
    )


def _unsealed(identity: age.Identity, text: str) -> tuple[str, RecoveryPassword]:
    try:
        plain = age.decrypt(_data(text.strip()), identity)
    except age.AgeError as error:
        raise Problem(
            ProblemKind.LOCAL, "The sealed key cannot be opened", str(error), "Copy the whole text again"
        ) from None
    key_id, _, rest = plain.decode("ascii", "replace").partition("\n")
    if parse_guid(key_id) is None:
        raise Problem(ProblemKind.LOCAL, "That is no sealed recovery key", "It holds something else", "Seal it again")
    return key_id, RecoveryPassword(checked(rest.rstrip("\n")))


def _data(text: str) -> bytes:
    if not text.startswith(_CODE_PREFIX):
        return age.dearmor(text)
    from tui.vault.base45 import from_base45

    try:
        return from_base45(text.removeprefix(_CODE_PREFIX))
    except ValueError:
        raise age.AgeError("a letter of the code is wrong or missing") from None


def _page(key_id: str, password: RecoveryPassword, seconds: int) -> bytes:
    lines = [f"Recovery key  {key_id.upper()}", ""]
    for first in range(0, BLOCKS, 4):
        blocks = (f"{block + 1} {bytes(password.block(block)).decode()}" for block in range(first, first + 4))
        lines += ["    ".join(blocks), ""]
    lines.append(f"Any key clears it; it clears itself in {seconds} s.")
    return ("\x1b[H\x1b[2J" + "\r\n".join(lines)).encode()


@contextmanager
def _alternate_screen() -> Iterator[int]:
    """The terminal itself, in a mode in which one key is enough; left as it was, whatever happens."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        raise Problem(
            ProblemKind.LOCAL,
            "There is no terminal to draw on",
            "A recovery password is drawn on a terminal and nowhere else",
            "Run it in a terminal",
        ) from None
    before = termios.tcgetattr(terminal)
    handlers = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    try:
        tty.setraw(terminal)
        os.write(terminal, b"\x1b[?1049h")
        yield terminal
    finally:
        os.write(terminal, b"\x1b[H\x1b[2J\x1b[?1049l")
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(terminal)


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _wait(terminal: int, seconds: int) -> None:
    """A key, or the deadline in boot time."""
    deadline = boottime_ns() + seconds * 1_000_000_000
    poll = select.poll()
    poll.register(terminal, select.POLLIN)
    while boottime_ns() < deadline and not poll.poll(200):
        continue
