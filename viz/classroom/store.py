"""One SQLite file a session: events with a hash chain, and the answers to commands. The only writer is the server.

What `append` has returned from is on the disk: write-ahead log, full synchronisation, one transaction.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from model.error import OreblocError
from viz.classroom.event import FORMAT, Event, body_text, chained

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL,
    chain TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (by TEXT NOT NULL, id TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (by, id));
"""


class Store:
    """A session's file, open for writing. Raises `OreblocError` where it is no session or of another format."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if not path.exists():  # what people say is for the host's eyes
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._refuse_foreign()
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=FULL")
            self.connection.executescript(_TABLES)
            self.connection.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?)", (str(FORMAT),))
            found = self.connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()[0]
        except (sqlite3.Error, OSError) as error:
            raise OreblocError(
                f"Session file {path} cannot be opened: {error}. Give a session's file, or a new name in a folder "
                "that can be written."
            ) from error
        if found != str(FORMAT):
            raise OreblocError(f"Session file {path} has format {found}; this version reads format {FORMAT}.")
        self.chain, self.is_together = self._last_chain(), False

    def _refuse_foreign(self) -> None:
        """Raise `OreblocError` for a database of another program, before anything is written to it."""
        tables = {
            row[0] for row in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        if tables and "events" not in tables:
            self.connection.close()
            raise OreblocError(
                f"Session file {self.path} is a database of another program. Give a session's file, or a new name."
            )

    def _last_chain(self) -> str:
        row = self.connection.execute("SELECT chain FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return row[0] if row else ""

    def append(self, events: Sequence[Event], by: str = "", command: str = "", answer: Any = None) -> None:
        """Write events and the answer to the command they came from, all or nothing, and wait for the disk.

        Raises `OreblocError` where the disk refuses, ValueError for what is not JSON; nothing is written then.
        """
        chain, rows = self.chain, []
        for event in events:
            chain = chained(chain, event)
            rows.append((event.seq, event.at, event.kind, event.by, body_text(event.body), chain))
        if self.is_together:
            self._insert(rows, by, command, answer)
        else:
            with self.together():
                self._insert(rows, by, command, answer)
        self.chain = chain

    def _insert(self, rows: Sequence[tuple[Any, ...]], by: str, command: str, answer: Any) -> None:
        with self._told():
            if (
                not self.connection.in_transaction
            ):  # a full disk ends a transaction: what comes after it would stand alone
                raise sqlite3.OperationalError("what was written before it was refused")
            self.connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
            if command:
                kept = (by, command, json.dumps(answer))
                self.connection.execute("INSERT INTO answers VALUES (?, ?, ?)", kept)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write everything that is appended inside as one, all or nothing, with one wait for the disk.

        Raises `OreblocError` where the disk refuses. What fails inside leaves nothing written.
        """
        chain = self.chain
        try:
            with self._told():
                self.connection.execute("BEGIN IMMEDIATE")
            self.is_together = True
            yield
            with self._told():
                self.connection.execute("COMMIT")
        except BaseException:
            self.chain = chain
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        finally:
            self.is_together = False

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the disk refuses into a message. Raises `OreblocError`."""
        try:
            yield
        except sqlite3.Error as error:
            raise OreblocError(
                f"Session file {self.path} cannot be written: {error}. Make room on the disk; nothing was lost."
            ) from error

    def rewrite(self, events: Sequence[Event], more: Sequence[Event] = ()) -> None:
        """Put these events in the place of those with their numbers, and append more; nothing of the old ones stays.

        All or nothing, with the hash chain made anew; then the file is written afresh, so that no page of it still
        holds what was replaced. Raises `OreblocError` where the disk refuses.
        """
        self.connection.execute("PRAGMA secure_delete=ON")
        chain, rows = "", []
        for event in events:
            chain = chained(chain, event)
            rows.append((body_text(event.body), chain, event.seq))
        with self.together():
            with self._told():
                self.connection.executemany("UPDATE events SET body = ?, chain = ? WHERE seq = ?", rows)
            self.chain = chain
            self.append(more)
        with self._told():
            self.connection.execute("VACUUM")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def answer(self, by: str, command: str) -> Any:
        """Return the answer that a command got before, None if it is new."""
        row = self.connection.execute(
            "SELECT answer FROM answers WHERE by = ? AND id = ?", (by, command)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def beat(self, now: float) -> None:
        """Note that the server runs at this time. Raises `OreblocError` where the disk refuses."""
        with self._told():
            self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('alive', ?)", (repr(now),))

    def last_beat(self) -> float:
        """Return the last time noted, 0 where none was."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = 'alive'").fetchone()
        return float(row[0]) if row else 0.0

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


def read_events(path: Path) -> list[Event]:
    """Return a session's events, checked against their hash chain. Raises `OreblocError`."""
    if not path.is_file():
        raise OreblocError(f"Session file {path} does not exist. Give the file that `orebloc host` wrote.")
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        rows = connection.execute("SELECT seq, at, kind, by, body, chain FROM events ORDER BY seq").fetchall()
        connection.close()
    except sqlite3.Error as error:
        raise OreblocError(f"Session file {path} cannot be read: {error}. Give a session's file.") from error
    events, chain = [], ""
    for number, (seq, at, kind, by, body, written) in enumerate(rows, start=1):
        event = Event(seq, at, kind, by, json.loads(body))
        chain = chained(chain, event)
        if seq != number or chain != written:
            raise OreblocError(
                f"Session file {path} was changed after it was written: event {seq} does not fit the hash of those "
                "before it. Take the file as the server left it."
            )
        events.append(event)
    return events
