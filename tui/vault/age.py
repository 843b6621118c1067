"""The age v1 format for one X25519 recipient: https://age-encryption.org/v1 (C2SP age.md). Any age tool opens it.

Written here because a recovery password is 93 bytes and the format 100 lines; the primitives are `cryptography`'s.
"""

import base64
import binascii
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tui.vault import bech32

LIMIT = 64 * 1024
"""Bytes of one chunk; a sealed key has less, so there is only one."""

_VERSION = b"age-encryption.org/v1\n"
_LABEL = b"age-encryption.org/v1/X25519"
_BEGIN, _END = "-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----"
_COLUMNS = 64
_TAG, _FILE_KEY, _NONCE = 16, 16, 16
_LAST_CHUNK = bytes(11) + b"\x01"
_NO_NONCE = bytes(12)


class AgeError(ValueError):
    """A key or a text that is not what it must be; the message says which, and quotes nothing."""


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A secret key."""

    secret: bytes

    @classmethod
    def new(cls) -> "Identity":
        """A key that nobody has had before."""
        return cls(os.urandom(32))

    @classmethod
    def parse(cls, text: str) -> "Identity":
        """`AGE-SECRET-KEY-1...`; raises `AgeError`."""
        return cls(_key(text, "age-secret-key-", "secret key"))

    def text(self) -> str:
        """As age keeps it in a file."""
        return bech32.encode("age-secret-key-", self.secret).upper()

    @property
    def recipient(self) -> "Recipient":
        """The public key."""
        return Recipient(X25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw())


@dataclass(frozen=True, slots=True)
class Recipient:
    """A public key."""

    public: bytes

    @classmethod
    def parse(cls, text: str) -> "Recipient":
        """`age1...`; raises `AgeError`."""
        return cls(_key(text, "age", "public key"))

    def text(self) -> str:
        """As age writes it."""
        return bech32.encode("age", self.public)


def encrypt(plain: bytes, recipient: Recipient) -> bytes:
    """An age file that only this recipient opens."""
    if len(plain) > LIMIT:
        raise AgeError("more than one chunk")
    file_key, nonce, ephemeral = os.urandom(_FILE_KEY), os.urandom(_NONCE), Identity.new()
    share = ephemeral.recipient.public
    wrapped = ChaCha20Poly1305(_wrap_key(ephemeral, recipient.public, share, recipient)).encrypt(
        _NO_NONCE, file_key, None
    )
    header = b"%s-> X25519 %s\n%s\n---" % (_VERSION, _b64(share), _b64(wrapped))
    body = ChaCha20Poly1305(_derive(file_key, nonce, b"payload")).encrypt(_LAST_CHUNK, plain, None)
    return b"%s %s\n%s%s" % (header, _b64(_mac(file_key, header).finalize()), nonce, body)


def decrypt(data: bytes, identity: Identity) -> bytes:
    """The content of an age file of one chunk; raises `AgeError`."""
    stanzas, header, mac, payload = _parse(data)
    for arguments, body in stanzas:
        file_key = _unwrapped(arguments, body, identity) if arguments[0] == b"X25519" else None
        if file_key is not None:
            break
    else:
        raise AgeError("it was sealed to another key")
    try:
        _mac(file_key, header).verify(mac)
    except InvalidSignature:
        raise AgeError("its header was changed") from None
    nonce, body = payload[:_NONCE], payload[_NONCE:]
    if len(nonce) < _NONCE or len(body) > LIMIT + _TAG:
        raise AgeError("its content is cut, or too long to be a sealed key")
    try:
        return ChaCha20Poly1305(_derive(file_key, nonce, b"payload")).decrypt(_LAST_CHUNK, body, None)
    except InvalidTag:
        raise AgeError("its content was changed or cut") from None


def armor(data: bytes) -> str:
    """An age file as text: PEM with lines of 64 (RFC 7468, strict)."""
    text = base64.b64encode(data).decode()
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def dearmor(text: str) -> bytes:
    """The age file in a text. Blanks around lines and around the whole, as copying leaves them, are no harm."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        raise AgeError("it does not begin and end with age's two lines")
    body = lines[1:-1]
    if any(len(line) != _COLUMNS for line in body[:-1]) or not 0 < len(body[-1]) <= _COLUMNS:
        raise AgeError("a line is cut or missing")
    try:
        data = base64.b64decode("".join(body), validate=True)
    except binascii.Error:
        raise AgeError("a letter is wrong or missing") from None
    if base64.b64encode(data).decode() != "".join(body):
        raise AgeError("a letter is wrong or missing")
    return data


def _key(text: str, name: str, what: str) -> bytes:
    try:
        found, data = bech32.decode(text.strip())
    except ValueError as error:
        raise AgeError(f"that is no {what}: {error}") from None
    if found != name or len(data) != 32:
        raise AgeError(f"that is no {what} of age's X25519 kind")
    return data


def _wrap_key(secret: Identity, public: bytes, share: bytes, recipient: Recipient) -> bytes:
    try:
        shared = X25519PrivateKey.from_private_bytes(secret.secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        # The shared secret would be zero.
        raise AgeError("its key exchange is not to be trusted") from None
    return _derive(shared, share + recipient.public, _LABEL)


def _derive(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def _mac(file_key: bytes, header: bytes) -> HMAC:
    mac = HMAC(_derive(file_key, b"", b"header"), SHA256())
    mac.update(header)
    return mac


Stanza = tuple[list[bytes], bytes]


def _parse(data: bytes) -> tuple[list[Stanza], bytes, bytes, bytes]:
    """Stanzas, the header as the MAC covers it, the MAC, and the payload."""
    if not data.startswith(_VERSION):
        raise AgeError("it is no age file of version 1")
    stanzas: list[Stanza] = []
    at = len(_VERSION)
    while data.startswith(b"-> ", at):
        line, at = _line(data, at)
        arguments = line[3:].split(b" ")
        if not all(argument and all(33 <= byte <= 126 for byte in argument) for argument in arguments):
            raise AgeError("its header cannot be read")
        body = b""
        while True:
            line, at = _line(data, at)
            body += line
            if len(line) < _COLUMNS:
                break
            if len(line) > _COLUMNS:
                raise AgeError("its header cannot be read")
        stanzas.append((arguments, _unb64(body)))
    line, end = _line(data, at)
    if not stanzas or not line.startswith(b"--- "):
        raise AgeError("its header cannot be read")
    return stanzas, data[: at + 3], _unb64(line[4:]), data[end:]


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    end = data.find(b"\n", at)
    if end < 0:
        raise AgeError("its header is cut")
    return data[at:end], end + 1


def _unwrapped(arguments: list[bytes], body: bytes, identity: Identity) -> bytes | None:
    if len(arguments) != 2 or len(share := _unb64(arguments[1])) != 32 or len(body) != _FILE_KEY + _TAG:
        raise AgeError("its header cannot be read")
    try:
        return ChaCha20Poly1305(_wrap_key(identity, share, share, identity.recipient)).decrypt(_NO_NONCE, body, None)
    except InvalidTag:
        return None


def _b64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _unb64(text: bytes) -> bytes:
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise AgeError("its header cannot be read") from None
    if _b64(data) != text:
        raise AgeError("its header cannot be read")
    return data
