"""What a page may read from disk: anything where the server is for its own machine, else results and what it serves."""

import os
from pathlib import Path

from experiments.scenario_file import scenario_files
from model.error import OreblocError
from viz.live.game_word import SESSION

#: Set by the server where other machines can reach it: to `class` where a class plays on it, which reads no files.
SHARED = "OREBLOC_SHARED"
CLASS = "class"
#: The scenario that the server opens.
SERVED = "OREBLOC_SCENARIO"
#: Where runs and studies are written, below the folder the server was started in.
RESULTS = Path("results")


def check_reach(path: str | Path) -> None:
    """Raise `OreblocError` where others can reach this server and the path is none it is to show them."""
    if not os.environ.get(SHARED) or str(path) == os.environ.get(SERVED) or str(path) in scenario_files():
        return
    if os.environ[SHARED] == CLASS or Path(path).suffix == SESSION:
        raise OreblocError(
            f"{path} is a file, and this server shows others no files of the kind. Open it on your own machine with "
            "`orebloc serve`."
        )
    if not Path(path).resolve().is_relative_to(RESULTS.resolve()):
        raise OreblocError(
            f"{path} is outside {RESULTS}/, and other machines can reach this server. Choose one within it, or serve "
            "on 127.0.0.1."
        )


def shows_results() -> bool:
    """Whether this server may show what lies in the folder of results: not where a class plays on it."""
    return os.environ.get(SHARED) != CLASS
