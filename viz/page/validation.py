"""The model held to history, as the Method page shows it: tests with bands, results once somebody asks for them."""

import threading
from collections.abc import Mapping
from html import escape
from typing import Any

from experiments.commands.validate import total
from experiments.title import short_title
from experiments.validation import RUNS, Episode, Outcome, Verdict, episode_files, load_episode, validate
from experiments.validation_observable import OBSERVABLES
from viz.page.sheet import card, table

_LOCK = threading.Lock()
_VERDICTS: list[Verdict] = []
_HEAD = ("episode", "test", "what is looked at", "band", "in truth", "result", "direction", "in its band")


def run_validation() -> None:
    """Run the shipped episodes once for all who look."""
    with _LOCK:
        if not _VERDICTS:
            _VERDICTS.extend(validate(load_episode(name)) for name in episode_files())


def validation_card() -> str:
    """Return the table of the tests, with results where they have been run."""
    found = list(_VERDICTS)
    known = {(v.episode.name, o.test["id"]): o for v in found for o in v.outcomes}
    episodes = [load_episode(name) for name in episode_files()]
    asked = [(episode, test) for episode in episodes for test in episode.tests]
    rows = [_row(episode, test, known.get((episode.name, test["id"]))) for episode, test in asked]
    if found:
        note = f"{total(found)} Medians of {RUNS} runs; behaviour is that of every other scenario."
        calm = "; ".join(f"{v.episode.title}: the price rises {v.rise['placebo']:.2g}-fold" for v in found)
        note += f" With the shock taken out (placebo): {calm}."
    else:
        note = "Results are worked out when asked for, with the rules that run here: it takes a minute or so."
    button = (
        "" if found else '<button type="button" data-act="validate">Run the tests against history</button>'
    )
    return card(
        "Held to what happened", f"<p>{escape(note)}</p>{button}{table('validation', _HEAD, rows, (3, 4, 5))}",
        "Bands were set before the model was run; no parameter is set for an episode",
    )  # fmt: skip


def _row(episode: Episode, asked: Mapping[str, Any], outcome: Outcome | None) -> list[str]:
    band = f"{asked['low']:g} to {asked['high']:g}"
    told = [episode.title, str(asked["id"]), _what(asked), band, _number(asked["observed"])]
    if outcome is None:
        return [*told, "", "", ""]
    return [
        *told,
        _number(outcome.value),
        outcome.direction_words,
        "yes" if outcome.band else "no",
    ]


def _what(asked: Mapping[str, Any]) -> str:
    """Return what a test looks at: the words of its observable, its goods and window, and its note."""
    words = (
        (OBSERVABLES[asked["observable"]].__doc__ or "")
        .split("\n")[0]
        .split(";")[0]
        .rstrip(".")
        .replace("`", "")
    )
    goods = [asked["good"]] if isinstance(asked["good"], str) else asked["good"]
    window, base = _window(asked, "from", "to"), _window(asked, "base_from", "base_to")
    window += f" against {base}" if base else ""
    note = f"; {asked['note']}" if asked.get("note") else ""
    return f"{words}: {', '.join(short_title(good) for good in goods)}, {window}{note}"


def _window(asked: Mapping[str, Any], first: str, last: str) -> str:
    return " to ".join(dict.fromkeys(str(asked[key]) for key in (first, last) if asked.get(key)))


def _number(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.3g}"
