"""Who may come in: codes, device keys, the facilitator's link, and how often somebody may try.

Keys travel in cookies that scripts cannot read; only their hashes are kept. Codes leave out what looks alike.
"""

import hashlib
import hmac
import secrets
from collections import deque

#: 31 symbols without 0 O 1 I L: seven of them make 27.5 billion codes.
SYMBOLS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH, RESUME_LENGTH = 7, 13  # 13 symbols are 64 bits
#: Wrong codes that the whole room may try in a minute before everyone has to wait a little.
WRONG_A_MINUTE = 100
COMMANDS_A_SECOND, BURST = 10.0, 30.0


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
        while self.times and now - self.times[0] > self.seconds:
            self.times.popleft()
        return len(self.times) >= self.most

    def spend(self, now: float) -> None:
        """Count a wrong try."""
        self.times.append(now)


class Bucket:
    """Lets so many commands a second through, with a burst."""

    def __init__(self, rate: float = COMMANDS_A_SECOND, burst: float = BURST) -> None:
        self.rate, self.burst = rate, burst
        self.level: float = burst
        self.at = 0.0

    def take(self, now: float) -> bool:
        """Take one; False where none is left."""
        self.level = min(self.burst, self.level + self.rate * max(now - self.at, 0.0))
        self.at = now
        if self.level < 1.0:
            return False
        self.level -= 1.0
        return True
