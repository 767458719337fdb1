"""`orebloc.compare` and `orebloc.explain`: two scenarios by name, file, table or object, under common luck."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.error import OreblocError
from model.scenario import Scenario

if TYPE_CHECKING:
    from experiments.cause import Explanation
    from experiments.compare import Comparison

Named = str | Path | Mapping[str, Any] | Scenario


def compare(
    a: Named = "baseline",
    b: Named | None = None,
    *,
    changes: Mapping[str, Any] | None = None,
    runs: int = 1,
    seed: int | None = None,
    until: str | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> "Comparison":
    """Run A and B (A with `changes` where B is left out) under common luck and return what differs.

    `print(...)` of it is the text of the command, `.differences` the rows with uncertainty, `.record()` JSON values.
    Raises `OreblocError` where nothing differs or the two do not run over the same quarters.
    """
    from experiments.compare import compare as compare_prepared

    one, two = pair(a, b, changes=changes, seed=seed, until=until)
    return compare_prepared(one, two, runs=runs, workers=workers, progress=progress)


def explain(
    a: Named,
    b: Named | None = None,
    *,
    metric: str,
    good: str,
    country: str = "WLD",
    at: str | None = None,
    changes: Mapping[str, Any] | None = None,
    by: str = "each",
    runs: int = 1,
    seed: int | None = None,
    workers: int | None = None,
) -> "Explanation":
    """Return what makes a number of B (A with `changes` where B is left out) differ from A's at the quarter `at`.

    The last quarter if `at` is left out; `by` groups causes as on the command line. The parts add up to the
    difference. Raises `OreblocError`.
    """
    from experiments.cause import explain as explain_prepared

    one, two = pair(a, b, changes=changes, seed=seed)
    return explain_prepared(one, two, metric, good, country, at or one.end, by=by, runs=runs, workers=workers)


def pair(
    a: Named,
    b: Named | None,
    *,
    changes: Mapping[str, Any] | None = None,
    seed: int | None = None,
    until: str | None = None,
) -> tuple[Scenario, Scenario]:
    """Return both scenarios as they will be run, B under the seed of A. Raises `OreblocError`."""
    from experiments.preparation import prepare

    if b is None and not changes:
        raise OreblocError("There is nothing to compare: give a second scenario b, or changes.")
    one = prepare(a, seed=seed, until=until)
    two = prepare(a if b is None else b, changes=changes, seed=one.seed, until=until)
    if one.title == two.title and one.name == two.name:
        two = two.with_changes({"title": f"{two.title}, changed"})
    return one, two
