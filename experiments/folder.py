"""Writing a folder of tables and texts, all or nothing."""

import glob
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from model.error import OreblocError


def write_folder(folder: Path, tables: Mapping[str, pd.DataFrame], texts: Mapping[str, str]) -> Path:
    """Write tables (`NAME.parquet`) and texts (by file name) into a new or empty folder; return its path.

    It appears under its name once it is complete. Where only the renaming fails, what was written stays under its
    temporary name, which the message tells. Raises `OreblocError`.
    """
    target = Path(folder)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(target)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}-{os.getpid()}-", dir=target.parent))
    except OSError as error:
        raise OreblocError(_refusal(target, error)) from error
    try:
        for name, table in tables.items():
            table.to_parquet(work / f"{name}.parquet", index=False)
        for name, text in texts.items():
            (work / name).write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        raise OreblocError(_refusal(target, error)) from error
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    finish_folder(work, target)
    return target


def _clear_abandoned(target: Path) -> None:
    """Delete what killed runs to the same place left half written: hidden folders whose process has gone."""
    for left in target.parent.glob(f".{glob.escape(target.name)}-*-*"):
        process = left.name[len(target.name) + 2 :].split("-")[0]
        if left.is_dir() and process.isdigit() and not _runs(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def finish_folder(work: Path, target: Path) -> None:
    """Give a complete folder its name. Raises `OreblocError` that says where the results are if that fails."""
    try:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(work, 0o777 & ~mask)
        if target.exists():
            target.rmdir()
        work.rename(target)
    except OSError as error:
        raise OreblocError(
            f"Results cannot take the name {target}: {(error.strerror or str(error)).lower()}. They are complete in "
            f"{work.resolve()}. Rename that folder."
        ) from error


def _refusal(target: Path, error: OSError) -> str:
    return (
        f"Results cannot be written to {target}: {(error.strerror or str(error)).lower()}. Nothing was kept there. "
        "Free space there, or choose another folder."
    )
