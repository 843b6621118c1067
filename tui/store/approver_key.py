"""An approver's own key: made once, kept in a private file under a passphrase, and never sent anywhere."""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tui.errors import Problem, ProblemKind
from tui.paths import create_private, guard_directory, read_private, sync_directory
from tui.services.approval import approver_line

NAME = "approver.key"
LEAST_CHARACTERS = 12
"""Of a passphrase: the file may be copied and tried at leisure."""

_LIMIT = 16 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class ApproverKey:
    """Who approves, and with what."""

    upn: str
    key: Ed25519PrivateKey

    @property
    def line(self) -> str:
        """For the config of those who ask."""
        return approver_line(self.upn, self.key.public_key())


def enrol(directory: Path, upn: str, passphrase: str) -> ApproverKey:
    """Make a key (Ed25519, PKCS #8 PEM, 0600) in the state directory; raises `Problem(LOCAL)`, so for a second one."""
    if "@" not in upn or any(character.isspace() for character in upn):
        raise _refused(f"{upn!r} is not a user principal name", "", "Give the name you sign in with")
    if len(passphrase) < LEAST_CHARACTERS:
        raise _refused(f"The passphrase has fewer than {LEAST_CHARACTERS} characters", "", "Take a longer one")
    made = ApproverKey(upn, Ed25519PrivateKey.generate())
    pem = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode()))
    guard_directory(directory)
    path = directory / NAME
    try:
        descriptor = create_private(path)
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{upn}\n".encode() + pem)
            file.flush()
            os.fsync(descriptor)
        sync_directory(directory)
    except FileExistsError:
        raise _refused(f"{path} is there already", "It would be lost", "Move it away to enrol anew") from None
    except OSError as error:
        raise _refused(f"{path} cannot be written", error.strerror or "", "Make the directory writable") from error
    return made


def open_key(directory: Path, passphrase: str) -> ApproverKey:
    """Read the key; raises `Problem(LOCAL)` when there is none, or when the passphrase is another."""
    path = directory / NAME
    try:
        content = read_private(path, _LIMIT)
    except OSError as error:
        raise _refused("There is no approver's key here", error.strerror or "", "Run: reseal approver enrol") from error
    name, _, pem = content.partition(b"\n")
    try:
        key = load_pem_private_key(pem, passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _refused(
            "The key did not open", "The passphrase is another, or the file is damaged", "Try again"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _refused(f"{path} holds a key of another kind", "", "Move it away and enrol anew")
    return ApproverKey(name.decode("utf-8", "replace").strip(), key)


def _refused(what: str, why: str, step: str) -> Problem:
    return Problem(ProblemKind.LOCAL, what, why, step)
