"""Invented recovery passwords, built from 16-bit words, and key IDs."""

import random
import uuid


def invented_password(seed: int) -> str:
    """A recovery password that holds by its form and belongs to no device."""
    words = random.Random(seed)
    return "-".join(f"{words.randrange(2**16) * 11:06d}" for _ in range(8))


def invented_key_id(seed: int) -> str:
    """A key ID."""
    return str(uuid.UUID(int=random.Random(f"key {seed}").getrandbits(128), version=4))
