"""Where compiled rules are kept.

Numba's own cache does not notice a change in a rule that another rule imports. So the cache folder is
named by a hash of all compiled rules' sources, Numba, Python and the processor: any change gives a new folder.
`rule_hash()`, which goes into every result and log, covers every source of `model` and `agents`: a rule that is not
compiled decides too.
"""

import functools
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numba
from numba.core import caching, config

_KEEP = 3
_IN_USE_SECONDS = 86_400.0
#: Files without rules of their own whose constants are compiled into rules.
_CONSTANTS = ("network.py", "parameter.py", "schema.py")
_FOLDER = Path(__file__).parent
_RULE_FOLDERS = (_FOLDER, _FOLDER.parent / "agents")


@functools.cache
def rule_hash() -> str:
    """Return a hash of all that decides a run beside scenario, seed and data, 16 hexadecimal digits."""
    return _hash_of(compiled_only=False)


@functools.cache
def compiled_hash() -> str:
    """Return a hash of the source of every compiled rule, 16 hexadecimal digits."""
    return _hash_of(compiled_only=True)


def _hash_of(compiled_only: bool) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for folder in _RULE_FOLDERS for p in folder.rglob("*.py")):
        source = path.read_bytes()
        if not compiled_only or b"model.compiled" in source or path.name in _CONSTANTS:
            digest.update(path.relative_to(_FOLDER.parent).as_posix().encode())
            digest.update(source)
    return digest.hexdigest()[:16]


def _cache_root() -> Path:
    """Return the first writable of: the user's cache folder, a temporary folder."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    root = Path(base) / "orebloc"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError:
        root = Path(tempfile.gettempdir()) / f"orebloc-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
        root.mkdir(parents=True, exist_ok=True)
    return root


def _prune(root: Path, current: Path) -> None:
    """Delete all but the newest few cache folders; one used within a day is left alone, as it may be in use now."""
    others = sorted((p for p in root.iterdir() if p.is_dir() and p != current), key=_age, reverse=True)
    recent = time.time() - _IN_USE_SECONDS
    for stale in [p for p in others[_KEEP - 1 :] if _age(p) < recent]:
        shutil.rmtree(stale, ignore_errors=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


class RuleLocator:
    """Where Numba keeps a compiled rule: by its place in the package, wherever the package lies and whenever it came.

    Numba's own locators name the folder by the absolute path, so a second checkout or an installed copy of the same
    rules would compile all anew. What is compiled from other files (a test's, a user's) is left to those.
    """

    def __init__(self, place: Path, function: Any) -> None:
        self._path = Path(str(config.CACHE_DIR)) / place.parent
        self._line = function.__code__.co_firstlineno
        self._py_file = str(place)

    @classmethod
    def from_function(cls, function: Any, file: str) -> "RuleLocator | None":
        """Return the place of a rule of ours, None of anything else."""
        path = Path(file)
        if not config.CACHE_DIR or not any(path.is_relative_to(folder) for folder in _RULE_FOLDERS):
            return None
        return cls(path.relative_to(_FOLDER.parent), function)

    def ensure_cache_path(self) -> None:
        """Make the folder. Raises `OSError` where it cannot be."""
        self._path.mkdir(parents=True, exist_ok=True)

    def get_cache_path(self) -> str:
        """Return the folder."""
        return str(self._path)

    def get_source_stamp(self) -> str:
        """Return what a change of the source changes; all of it is in the folder's name."""
        return compiled_hash()

    def get_disambiguator(self) -> str:
        """Return what tells two rules of one name in one file apart."""
        return str(self._line)


#: Numba's own, for what is not ours, as far as its version has them.
_OTHERS = ("UserProvidedCacheLocator", "InTreeCacheLocator", "UserWideCacheLocator", "IPythonCacheLocator")


def use_cache() -> Path | None:
    """Point Numba at the folder of these compiled rules; the person's own NUMBA_CACHE_DIR wins."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        return None
    key = f"{compiled_hash()}-{numba.__version__}-{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(f"{key}-{platform.machine()}-{platform.processor()}".encode()).hexdigest()[:16]
    root = _cache_root()
    folder = root / digest
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    _prune(root, folder)
    config.CACHE_DIR = str(folder)
    if not os.environ.get("NUMBA_CACHE_LOCATOR_CLASSES"):
        others = [name for name in _OTHERS if hasattr(caching, name)]
        config.CACHE_LOCATOR_CLASSES = ",".join([f"{__name__}.RuleLocator", *others])
    return folder
