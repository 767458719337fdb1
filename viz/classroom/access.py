"""Who may come in: codes, device keys, the facilitator's link, and how often somebody may try.

Keys travel in cookies that scripts cannot read; only their hashes are kept. Codes leave out what looks alike.
"""

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import MutableMapping
from typing import Any

#: 31 symbols without 0 O 1 I L: seven of them make 27.5 billion codes.
SYMBOLS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH, RESUME_LENGTH = 7, 13  # 13 symbols are 64 bits
#: Wrong codes in a minute after which an address has to wait, and after which the whole room has to.
WRONG_A_MINUTE, ROOM_WRONG_A_MINUTE = 30, 1000
COMMANDS_A_SECOND, BURST = 10.0, 30.0
#: Buckets and budgets that are full again are forgotten beyond so many.
MOST_KEPT = 1000


def new_code(length: int = CODE_LENGTH) -> str:
    """Return a code by chance."""
    return "".join(secrets.choice(SYMBOLS) for _ in range(length))


def new_key() -> str:
    """Return a key for a device or the facilitator's link, 256 bits."""
    return secrets.token_urlsafe(32)


def hashed(key: str) -> str:
    """Return the hash of a key or code, as it is kept. Codes are read in upper case without blanks and dashes."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def folded(code: str) -> str:
    """Return a code as it was made, however it was typed."""
    return "".join(c for c in code.upper() if c.isalnum())


def is_same(a: str, b: str) -> bool:
    """Return whether two codes are the same, in a time that tells nothing."""
    return hmac.compare_digest(a.encode(), b.encode())


class Budget:
    """Counts wrong tries: at most so many a minute, then whoever tries has to wait."""

    def __init__(self, most: int = WRONG_A_MINUTE, seconds: float = 60.0) -> None:
        self.most, self.seconds = most, seconds
        self.times: deque[float] = deque()

    def is_spent(self, now: float) -> bool:
        """Whether no try is left at this moment."""
        self._forget(now)
        return len(self.times) >= self.most

    def is_full(self, now: float) -> bool:
        """Whether nothing of it has been used of late."""
        self._forget(now)
        return not self.times

    def spend(self, now: float) -> None:
        """Count a wrong try."""
        self.times.append(now)

    def _forget(self, now: float) -> None:
        while self.times and now - self.times[0] > self.seconds:
            self.times.popleft()


class Guesses:
    """Wrong codes by address, and of the whole room: one device that guesses keeps nobody else waiting.

    Where several `codes` open something, fewer tries are let through, so that a hit stays as unlikely.
    """

    def __init__(self, codes: int = 1) -> None:
        self.room = Budget(ROOM_WRONG_A_MINUTE // codes)
        self.by_address: dict[str, Budget] = {}

    def is_spent(self, address: str, now: float) -> bool:
        """Whether this address may not try now."""
        own = self.by_address.get(address)
        return self.room.is_spent(now) or (own is not None and own.is_spent(now))

    def spend(self, address: str, now: float) -> None:
        """Count a wrong try of an address."""
        forget_full(self.by_address, now)
        self.by_address.setdefault(address, Budget()).spend(now)
        self.room.spend(now)


class Bucket:
    """Lets so many commands a second through, with a burst."""

    def __init__(self, rate: float = COMMANDS_A_SECOND, burst: float = BURST) -> None:
        self.rate, self.burst = rate, burst
        self.level: float = burst
        self.at = 0.0

    def take(self, now: float) -> bool:
        """Take one; False where none is left."""
        self._fill(now)
        if self.level < 1.0:
            return False
        self.level -= 1.0
        return True

    def is_full(self, now: float) -> bool:
        """Whether nothing of it has been used of late."""
        self._fill(now)
        return self.level >= self.burst

    def _fill(self, now: float) -> None:
        self.level = min(self.burst, self.level + self.rate * max(now - self.at, 0.0))
        self.at = now


def forget_full(kept: MutableMapping[str, Any], now: float) -> None:
    """Drop the buckets or budgets that are full again, where there are many: a new one is the same."""
    if len(kept) > MOST_KEPT:
        for name in [name for name, one in kept.items() if one.is_full(now)]:
            del kept[name]
