"""What a page may read from disk: anything where the server is for its own machine, else results and what it serves."""

import os
from pathlib import Path

from model.error import OreblocError

#: Set by the server where other machines can reach it.
SHARED = "OREBLOC_SHARED"
#: The scenario that the server opens.
SERVED = "OREBLOC_SCENARIO"
#: Where runs and studies are written, below the folder the server was started in.
RESULTS = Path("results")


def check_reach(path: str | Path) -> None:
    """Raise `OreblocError` where others can reach this server and the path is none it is to show them."""
    if not os.environ.get(SHARED) or str(path) == os.environ.get(SERVED):
        return
    if not Path(path).resolve().is_relative_to(RESULTS.resolve()):
        raise OreblocError(
            f"{path} is outside {RESULTS}/, and other machines can reach this server. Choose one within it, or serve "
            "on 127.0.0.1."
        )
