"""`orebloc validate`: run episodes of history and hold the model to what happened."""

import argparse
import json
import math
from typing import Any

from experiments.validation import (
    MARK,
    RUNS,
    SPIKE,
    Verdict,
    band_share,
    episode_files,
    is_met,
    load_episode,
    validate,
)
from model.error import OreblocError

_VARIANTS = {
    "episode": "as it was",
    "placebo": "placebo, the shock taken out",
    "calm": "stock behaviour off: buyers fear nothing, stocks are buffers only",
    "stocks off": "no buyers' stocks at all, not even as buffers",
}


def add_validate_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `validate` to the command line."""
    parser = subparsers.add_parser(
        "validate",
        help="hold the model to episodes of history",
        description="Run the shipped episodes, or those named or in the files given, and print each test with its "
        "band, its result, and whether it passes. Exit code 0 if all directions are right and at least 70 % of the "
        "bands by weight hold, 1 if not, 2 for a file that cannot be read.",
    )
    parser.add_argument("file", metavar="FILE", nargs="*", help="episode files (docs/episodes.md), or names")
    parser.add_argument("--episode", metavar="NAME", action="append", default=[], help="one episode by name")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs behind every median (default {RUNS})")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.set_defaults(run=run_validate)


def run_validate(arguments: argparse.Namespace) -> int:
    """Print every test of the episodes asked for; return 0 where the marks are met, else 1."""
    if not 1 <= arguments.runs <= 999:
        raise OreblocError(
            f"Number of runs is {arguments.runs}; it must be 1 to 999. An odd one has a middle."
        )
    asked = [*arguments.episode, *arguments.file] or list(episode_files())
    episodes = [load_episode(name) for name in asked]
    verdicts = [validate(episode, arguments.runs) for episode in episodes]
    met = is_met(verdicts)
    if arguments.json:
        print(json.dumps({"met": met, "episodes": [as_mapping(verdict) for verdict in verdicts]}, indent=2))
    else:
        print("\n\n".join(describe(verdict) for verdict in verdicts))
        print("\n" + total(verdicts))
    return 0 if met else 1


def describe(verdict: Verdict) -> str:
    """Return an episode's tests as a table of text."""
    lines = [f"{verdict.episode.name}: {verdict.episode.title} (median of {verdict.runs} runs)", ""]
    lines.append(_line("test", "observable", "band", "observed", "result", "direction", "band"))
    for outcome in verdict.outcomes:
        test = outcome.test
        lines.append(
            _line(
                test["id"], test["observable"], f"{test['low']:g} to {test['high']:g}", _number(test["observed"]),
                _number(outcome.value), outcome.direction_words.replace("wrong", "WRONG"),
                "pass" if outcome.band else "FAIL",
            )
        )  # fmt: skip
    return "\n".join([*lines, "", *_rises(verdict)])


def _rises(verdict: Verdict) -> list[str]:
    lines = ["greatest rise of the headline price over the base year:"]
    for name, words in _VARIANTS.items():
        rise = verdict.rise[name]
        if name == "placebo":
            words += ": no spike" if rise < SPIKE else f": A SPIKE, {SPIKE:g} or more"
        lines.append(f"  {_number(rise):>7}  {words}")
    return lines


def _line(test: str, observable: str, band: str, observed: str, result: str, way: str, hit: str) -> str:
    return f"  {test:<8}{observable:<22}{band:>14}{observed:>10}{result:>10}  {way:<10}{hit}".rstrip()


def _number(value: float | None) -> str:
    return "-" if value is None or not math.isfinite(value) else f"{value:.3g}"


def total(verdicts: list[Verdict]) -> str:
    """Return the marks in words."""
    outcomes = [outcome for verdict in verdicts for outcome in verdict.outcomes]
    told = [outcome for outcome in outcomes if outcome.has_direction]
    right = sum(outcome.direction for outcome in told)
    close = sum(outcome.direction and outcome.close for outcome in told)
    hair = f", {close} of them barely" if close else ""
    share = band_share(outcomes)
    words = "The marks are met" if is_met(verdicts) else "The marks are NOT met"
    return (
        f"{words}: {right} of {len(told)} directions right{hair} (all asked), {share:.0%} of the bands by weight hold "
        f"({MARK:.0%} asked)."
    )


def as_mapping(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON values; what is unknown is null."""
    tests = [
        {
            "id": outcome.test["id"], "observable": outcome.test["observable"],
            "band": [outcome.test["low"], outcome.test["high"]], "observed": outcome.test["observed"],
            "weight": outcome.test["weight"], "result": _or_null(outcome.value),
            "direction_right": outcome.direction, "direction": outcome.direction_words, "in_band": outcome.band,
            "source": outcome.test["source"],
        }
        for outcome in verdict.outcomes
    ]  # fmt: skip
    rise = {name.replace(" ", "_"): _or_null(value) for name, value in verdict.rise.items()}
    return {
        "name": verdict.episode.name, "title": verdict.episode.title, "runs": verdict.runs, "tests": tests,
        "band_share": band_share(list(verdict.outcomes)), "headline_rise": rise,
        "placebo_has_no_spike": bool(verdict.rise["placebo"] < SPIKE),
    }  # fmt: skip


def _or_null(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
