"""Identifiers of the demo tenant, all made from the seed, and the recovery passwords, made when they are asked for."""

import random
from hashlib import blake2b

_BLOCKS = 8
_BLOCK_FACTOR = 11


def guid(rng: random.Random) -> str:
    """A GUID in canonical form."""
    return _dashed(f"{rng.getrandbits(128):032x}")


def guid_of(*parts: object) -> str:
    """The GUID that always belongs to these parts."""
    return _dashed(_digest(*parts).hex())


def sys_id(rng: random.Random) -> str:
    """A ServiceNow record id: 32 hex digits."""
    return f"{rng.getrandbits(128):032x}"


def recovery_password(seed: int, key_id: str) -> str:
    """The numerical password of a key: eight blocks, each a 16-bit word times 11, written with six digits."""
    digest = _digest("password", seed, key_id)
    words = (int.from_bytes(digest[2 * n : 2 * n + 2], "little") for n in range(_BLOCKS))
    return "-".join(f"{word * _BLOCK_FACTOR:06d}" for word in words)


def _digest(*parts: object) -> bytes:
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest()


def _dashed(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
