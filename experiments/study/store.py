"""The folder of a study: what is written when, so that nothing is lost and nothing is half there.

    manifest.json           the study, its scenarios, hashes, versions; written before anything slow
    experiments.parquet     one row for each run: scenario, policy, point, replicate, luck, factors
    series/000000.parquet   run, quarter and one float32 column for each declared outcome; there means done
    runs/000000.parquet     status, error, seconds, host, worst certificate, hashes, outcomes in float64
    flows/, agents/         of the runs the study declares
    report.html             once asked for

Every file is written under a temporary name (never ending in `.parquet`), flushed to disk and renamed. The series of
a chunk comes last, so that where it is, the rest is.
"""

import contextlib
import errno
import json
import os
import platform
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.study.kernel import KILLED, Answer, arrow_table, parquet_bytes
from experiments.study.plan import Plan, chunk_size, make_plan
from experiments.study.study import Study, study_from
from model.base.data import data_hash
from model.cache import rule_hash
from model.error import OreblocError

FORMAT = 1
MANIFEST, EXPERIMENTS, LOCK = "manifest.json", "experiments.parquet", ".running"
SERIES, RUNS = "series", "runs"
#: The record of which chunks were joined, and the file of each table that they are joined in.
COMPACTION, JOINED = "compaction.json", "all.parquet"
#: Tables a chunk may have, the one whose presence means done last.
TABLES = ("flows", "agents", RUNS, SERIES)
#: What the system says where there is no room.
_FULL = (errno.ENOSPC, errno.EDQUOT)
_LIBRARIES = ("orebloc", "numba", "numpy", "pandas", "pyarrow", "scipy", "SALib")


class Store:
    """Reads and writes the folder of one study."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._made: pd.DataFrame | None = None

    def create(self, study: Study, plan: Plan, wanted: int | None = None) -> None:
        """Write manifest and table of runs into a new or empty folder. Raises `OreblocError`."""
        check_new(self.folder)
        with told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            manifest = {**manifest_of(study, plan), "wanted": wanted}
            text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
            write_file(self.folder / MANIFEST, (text + "\n").encode())
            self._write_experiments(plan)

    def _write_experiments(self, plan: Plan) -> None:
        table = plan.runs.assign(chunk=plan.chunk.astype("int32"))
        write_file(self.folder / EXPERIMENTS, parquet_bytes(arrow_table(table)))
        self._made = table

    def manifest(self) -> dict[str, Any]:
        """Return the manifest. Raises `OreblocError` where the folder holds no study."""
        path = self.folder / MANIFEST
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise OreblocError(
                f"{self.folder} holds no study: {MANIFEST} is missing. Give the folder of `orebloc study run`."
            ) from None
        except (OSError, ValueError) as error:
            raise OreblocError(
                f"{path} cannot be read: {error}. Run the study again into another folder."
            ) from None
        if not isinstance(found, dict) or "study" not in found:
            raise OreblocError(
                f"{self.folder} holds the results of something else, not of a study. Give the folder of `orebloc "
                f"study run`."
            )
        if found.get("format") != FORMAT:
            raise OreblocError(
                f"Study in {self.folder} has format {found.get('format')}; this version reads {FORMAT}. Use the "
                "version that wrote it."
            )
        return found

    def study(self) -> Study:
        """Return the study that the folder holds."""
        return study_from(self.manifest()["study"])

    def experiments(self) -> pd.DataFrame:
        """Return the table of runs, with the chunk of each. Raises `OreblocError` where it is damaged."""
        path = self.folder / EXPERIMENTS
        if self._made is not None:
            return self._made
        try:
            return pd.read_parquet(path)
        except (OSError, pa.ArrowException) as error:
            raise OreblocError(
                f"{path} cannot be read: {first_line(error)}. `orebloc study resume {self.folder}` makes the table of "
                "runs again from the manifest."
            ) from None

    def check_hashes(self) -> None:
        """Raise `OreblocError` where the folder's results were made by other rules or other base data."""
        found = self.manifest()
        for what, wanted, here in (
            ("rules", found["rule_hash"], rule_hash()),
            ("base data", found["data_hash"], data_hash()),
        ):
            if wanted != here:
                raise OreblocError(
                    f"Study in {self.folder} was begun with {what} {wanted}; this installation has {here}. "
                    f"Results of "
                    "both would be mixed. Use the version that began it, or run the study into another folder."
                )

    def done(self) -> set[int]:
        """Return the numbers of the chunks that are done."""
        joined = set(self.manifest_of_compaction().get("chunks", []))
        return joined | {int(path.stem) for path in (self.folder / SERIES).glob("[0-9]*.parquet")}

    def keep(self, answer: Answer) -> None:
        """Write a chunk's tables; the series comes last. Raises `OreblocError` where the disk refuses."""
        with told(self.folder):
            for name in TABLES:
                if name in answer.tables:
                    (self.folder / name).mkdir(exist_ok=True)
                    path = self.folder / name / f"{answer.chunk:06d}.parquet"
                    write_file(path, answer.tables[name], lasting=False)

    def settle(self) -> None:
        """Make the names of all chunks last through a power cut; one that is lost costs its chunk, nothing else."""
        for name in TABLES:
            if (self.folder / name).is_dir():
                _flush_folder(self.folder / name)

    def repair(self) -> list[str]:
        """Take away what is half written or damaged, so that it is computed anew; return what was done, in words."""
        told_of = [*self._sweep(), *self._remake_experiments(), *self._part_joined()]
        if self.manifest_of_compaction():
            return told_of
        for number in sorted(self.done()):
            found = self._fault(f"{number:06d}.parquet")
            if found:
                name, fault = found
                with told(self.folder):
                    (self.folder / SERIES / f"{number:06d}.parquet").unlink(missing_ok=True)
                told_of.append(f"chunk {number}: {name} {fault}; it is computed again")
        return told_of

    def forget_killed(self) -> int:
        """Give up the chunks with runs of status killed, so that they are computed again; return how many there are.

        Raises `OreblocError` where they were joined.
        """
        killed = [int(path.stem) for path in self.files(RUNS) if path.stem.isdigit() and _has_killed(path)]
        if self.manifest_of_compaction() and any(_has_killed(path) for path in self.files(RUNS)):
            raise OreblocError(
                f"Chunks in {self.folder} were joined, so runs that were killed cannot be computed by themselves. "
                "Run the study again into another folder."
            )
        with told(self.folder):
            for number in killed:
                (self.folder / SERIES / f"{number:06d}.parquet").unlink(missing_ok=True)
        return len(killed)

    def _fault(self, file: str) -> tuple[str, str] | None:
        """Return which of a chunk's files is damaged and how; None where none is."""
        for name in TABLES:
            path = self.folder / name / file
            if name in (SERIES, RUNS) or path.is_file():
                fault = damage(path)
                if fault:
                    return f"{name}/{file}", fault
        return None

    def _part_joined(self) -> list[str]:
        """Give up joined files where one of them, or the record of what was joined, is damaged."""
        path = self.folder / COMPACTION
        if not path.is_file():
            return []
        record = _readable(path)
        fault = (COMPACTION, "is damaged") if record is None else self._fault(JOINED)
        if fault is None:
            return []
        with told(self.folder):
            path.unlink()
            for name in TABLES:
                (self.folder / name / JOINED).unlink(missing_ok=True)
        chunks = f"{len(record['chunks'])} chunks that were joined are" if record else "what was joined is"
        return [f"{fault[0]} {fault[1]}; {chunks} computed again"]

    def _remake_experiments(self) -> list[str]:
        if self._made is not None or not damage(self.folder / EXPERIMENTS):
            return []
        with told(self.folder):
            self._write_experiments(make_plan(self.study(), self.manifest()["wanted"]))
        return ["the table of runs was made again from the manifest"]

    def _sweep(self) -> list[str]:
        left = [path for path in self.folder.rglob(".*.part") if path.is_file()]
        for path in left:
            path.unlink(missing_ok=True)
        count = len(left)
        return [f"{count} half-written file{'s' if count > 1 else ''} taken away"] if count else []

    def files(self, table: str) -> list[Path]:
        """Return the files of a table, in order; the joined one where the chunks were joined."""
        joined = bool(self.manifest_of_compaction())
        return sorted((self.folder / table).glob(JOINED if joined else "[0-9]*.parquet"))

    def manifest_of_compaction(self) -> dict[str, Any]:
        """Return what was joined: the numbers of the chunks. Raises `OreblocError` where that cannot be read."""
        path = self.folder / COMPACTION
        if not path.is_file():
            return {}
        found = _readable(path)
        if found is None:
            raise OreblocError(
                f"{path} cannot be read. `orebloc study resume {self.folder}` computes what was joined again."
            )
        return found

    def compact(self) -> int:
        """Join the chunks of a finished study into one file a table; return how many there were.

        Raises `OreblocError`.
        """
        waiting = self.manifest()["chunks"] - len(self.done())
        if waiting:
            raise OreblocError(
                f"Study in {self.folder} has {waiting} chunks to go; it must be finished. `orebloc study resume "
                f"{self.folder}` goes on."
            )
        if self.manifest_of_compaction():
            return 0
        parts = {name: self.files(name) for name in TABLES}
        with told(self.folder):
            for name in TABLES:
                if parts[name]:
                    join_files(self.folder / name / JOINED, parts[name])
            record = {"chunks": sorted(self.done())}
            write_file(self.folder / COMPACTION, json.dumps(record).encode())
            for path in (path for name in TABLES for path in parts[name]):
                path.unlink()
        return len(parts[SERIES])

    def size_bytes(self) -> dict[str, int]:
        """Return bytes by table."""
        return {
            name: sum(path.stat().st_size for path in self.files(name))
            for name in TABLES
            if (self.folder / name).is_dir()
        }


def manifest_of(study: Study, plan: Plan) -> dict[str, Any]:
    """Return what a folder says of itself."""
    return {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "name": study.name,
        "title": study.title,
        "question": study.question,
        "study": study.to_mapping(),
        "seed": study.seed,
        "runs": plan.count,
        "chunks": plan.chunks,
        "chunk": chunk_size(study, plan.count),
        "quarters": study.quarters,
        "columns": list(study.columns),
        "notes": list(plan.notes),
        "rule_hash": rule_hash(),
        "data_hash": data_hash(),
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for name in _LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _readable(path: Path) -> dict[str, Any] | None:
    """Return the record of joined chunks; None where it is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("chunks"), list) else None


def check_new(folder: Path) -> None:
    """Raise `OreblocError` where a study cannot begin in a folder, because something is there."""
    if folder.exists() and not folder.is_dir():
        raise OreblocError(
            f"Output {folder} is a file; it must be a new or empty folder. Choose another --out."
        )
    if folder.is_dir() and any(folder.iterdir()):
        if (folder / MANIFEST).is_file():
            name = _name_of(folder)
            if name == "?":
                raise OreblocError(
                    f"Output folder {folder} holds a study whose {MANIFEST} cannot be read; nothing was overwritten. "
                    "Choose another --out."
                )
            raise OreblocError(
                f"Output folder {folder} holds study {name}; nothing was overwritten. `orebloc study resume "
                f"{folder}` "
                "goes on with it; choose another --out to run anew."
            )
        raise OreblocError(
            f"Output folder {folder} holds {len(list(folder.iterdir()))} files; it must be new or empty. Choose "
            f"another "
            "--out."
        )


def _name_of(folder: Path) -> str:
    try:
        return str(json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("name", "?"))
    except (OSError, ValueError):
        return "?"


def write_file(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write a file under a temporary name, flush it to disk, and rename it; no trace is left where that fails.

    With `lasting` the new name is flushed too.
    """
    part = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.part")
    try:
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    if lasting:
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def join_files(target: Path, parts: Iterable[Path]) -> None:
    """Join Parquet files into one, a row group each, without holding them all."""
    part = target.with_name(f".{target.stem}-{secrets.token_hex(4)}.part")
    writer: pq.ParquetWriter | None = None
    try:
        for path in parts:
            table = pq.read_table(path)
            writer = writer or pq.ParquetWriter(part, table.schema, compression="zstd")
            writer.write_table(table.cast(writer.schema))
        if writer:
            writer.close()
        with open(part, "rb") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _has_killed(path: Path) -> bool:
    """Return whether a file of runs that can be read has one that was killed."""
    try:
        return bool((pd.read_parquet(path, columns=["status"])["status"] == KILLED).any())
    except (OSError, pa.ArrowException):
        return False


def damage(path: Path) -> str:
    """Return what is wrong with a Parquet file in words, nothing where it can be read to its end."""
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                file.read_row_group(group, use_threads=False)
    except FileNotFoundError:
        return "is missing"
    except (OSError, pa.ArrowException):
        return "is damaged"
    return ""


class told(contextlib.AbstractContextManager[None]):
    """Turns what the disk refuses into a message for the person."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, OSError):
            reason = (error.strerror or str(error)).lower()
            begun = (self.folder / MANIFEST).is_file()
            remedy = f"then `orebloc study resume {self.folder}`" if begun else "then run it again"
            kept = " What was finished is kept." if begun else ""
            way = "Free space there" if error.errno in _FULL else "Mend that"
            raise OreblocError(
                f"Study cannot be written to {self.folder}: {reason}.{kept} {way}, {remedy}."
            ) from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error's words, without its full stop."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as JSON has it."""
    return json.loads(json.dumps(record, default=str))  # type: ignore[no-any-return]
