"""`orebloc study search`: the best policy under a budget, or parameters that meet targets or history."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands.argument import whole_number

if TYPE_CHECKING:
    import pandas as pd

    from experiments.study.search_file import Search
    from experiments.study.search_run import Verdict

_BEST_SHOWN = 5


def add_search(actions: Any) -> None:
    """Join `search` to `orebloc study`."""
    search = actions.add_parser(
        "search", help="find the best policy under a budget, or parameters that meet targets or history"
    )
    search.add_argument("file", metavar="FILE", help="name of a search that ships, or TOML file")
    search.add_argument(
        "--out", type=Path, metavar="DIR",
        help="new folder, or that of the same search, which goes on (default: results/NAME-TIME)",
    )  # fmt: skip
    search.add_argument(
        "--rounds", type=whole_number("Number of rounds", "1 or more", "8"), metavar="N",
        help="batches of candidates (default: the file's)",
    )  # fmt: skip
    search.add_argument(
        "--workers", type=whole_number("Number of workers", "1 or more", "2"), metavar="N",
        help="processes (default: one per core)",
    )  # fmt: skip
    search.add_argument(
        "--limit", type=whole_number("Time limit", "1 or more", "3600"), metavar="SECONDS", default=3600,
        help="replace a worker that gives no sign of life for so long (default: 3600)",
    )  # fmt: skip
    search.add_argument("--json", action="store_true", help="print what was found as JSON only")
    search.set_defaults(run=run_search_command)


def run_search_command(arguments: argparse.Namespace) -> int:
    """Search; return 0, 130 where it was interrupted."""
    from experiments.results import default_folder
    from experiments.study.search_file import load_search
    from experiments.study.search_run import run_search

    search = load_search(arguments.file)
    folder = arguments.out or default_folder(search.name)
    rounds = search.rounds if arguments.rounds is None else arguments.rounds
    if not arguments.json:
        print(f"{search.title}: {search.question}")
        print(
            f"{rounds} rounds of {search.batch} candidates, {_each(search)}, seed {search.seed}", flush=True
        )

    def show(number: int, trials: "pd.DataFrame") -> None:
        if not arguments.json:
            within = trials[trials["over"] <= 0.0]
            best = (
                f"least {_loss_word(search)} {within['loss'].min():.4g}"
                if len(within)
                else "none within the budget"
            )
            print(f"  round {number + 1} of {rounds}: {best}", flush=True)

    try:
        verdict = run_search(
            search,
            folder,
            rounds=rounds,
            workers=arguments.workers,
            limit=float(arguments.limit),
            progress=show,
        )
    except KeyboardInterrupt:
        print(
            f"interrupted; rounds that are done are kept. The same command with --out {folder} goes on.",
            file=sys.stderr,
        )
        return 130
    if arguments.json:
        print(
            json.dumps(
                {"folder": str(folder), **json.loads((folder / "found.json").read_text(encoding="utf-8"))}
            )
        )
        return 0
    print(described(search, verdict))
    print(f"results: {folder} (trials.csv has every candidate)")
    return 0


def _each(search: "Search") -> str:
    if search.episodes:
        names = ", ".join(episode.name for episode in search.episodes)
        return f"each {search.runs} runs of {names}"
    assert search.study is not None
    from experiments.study.plan import make_plan

    settings = {"kind": "table", "rows": [{lever.name: lever.ends()[0] for lever in search.levers}]}
    runs = make_plan(search.study.with_changes(policies=settings)).count
    return f"each in {runs} futures of {len(search.study.quarters)} quarters"


def _loss_word(search: "Search") -> str:
    if search.outcome:
        assert search.study is not None
        goal = next(o.goal for o in search.study.outcomes if o.name == search.outcome)
        return search.outcome if goal == "lower" else f"-{search.outcome}"
    return "misfit"


def described(search: "Search", verdict: "Verdict") -> str:
    """Return what a search found, in words and a table of the best candidates."""
    lines = [f"best of {len(verdict.found.trials)} candidates:"]
    for name, value in verdict.found.best.items():
        low, high = verdict.range[name]
        lines.append(f"  {name} {_word(value)} (the best tenth: {_word(low)} to {_word(high)})")
    if search.episodes:
        for name, before in verdict.before.items():
            fitted = name in [episode.name for episode in search.episodes]
            lines.append(
                f"  misfit of {name}: {before:.3f} as parameters ship, {verdict.after[name]:.3f} as found"
                f"{'' if fitted else ' (not searched on)'}"
            )
        return "\n".join(lines)
    lines += [f"  mean {name}: {_word(value)}" for name, value in verdict.means.items()]
    for name, value in search.targets.items():
        lines.append(f"  target {name}: {_word(value)}")
    if search.budget is not None:
        lines.append(f"  budget: {search.budget.words()}")
    names = [*verdict.found.best, *verdict.means]
    trials = verdict.found.trials
    shown = (
        trials[trials["over"] <= 0.0]
        .sort_values("loss", kind="stable")[names]
        .drop_duplicates()
        .head(_BEST_SHOWN)
    )
    table = shown.map(_word) if hasattr(shown, "map") else shown
    return "\n".join([*lines, f"the {len(shown)} best:", table.to_string(index=False)])


def _word(value: Any) -> str:
    return (
        f"{value:,.4g}"
        if isinstance(value, float) and abs(value) < 1e4
        else (f"{value:,.0f}" if isinstance(value, int | float) else str(value))
    )
