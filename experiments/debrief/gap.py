"""Rule or people: what of the gap between two games that differ in one value is the value's, what is its players'."""

from collections.abc import Mapping
from typing import Any

from experiments.debrief.outcome import outcome
from experiments.game import Game

_BASE, _TWIN = 0, 1


def part_gap(base: Game, twin: Game) -> dict[str, Any]:
    """Return the gap between the last rounds of two games, parted by playing each one's orders under the other's rule.

    `{quarter, prices: [{good, base, twin, rule, people}], scores: {seat: ...}}`: `twin - base = rule + people`, the
    means of both orders in which the two can change (Shapley values of two causes). Prices outside, usd_per_t; scores
    of the last round, usd. Raises `OreblocError` for orders that the other's rule does not allow.
    """
    rules, rounds = (base, twin), (base.record["rounds"], twin.record["rounds"])
    seen = {(n, n): outcome(game) for n, game in enumerate(rules)}
    for rule, played in ((_TWIN, _BASE), (_BASE, _TWIN)):
        game = rules[rule]
        crossed = Game.of({**game.record, "rounds": rounds[played]}, world=game.engine.world)
        seen[rule, played] = outcome(crossed)
    tables = {key: {row["good"]: row["outside"] for row in one["prices"]} for key, one in seen.items()}
    scores = {
        key: {seat: row.get("score_usd") for seat, row in one["seats"].items()} for key, one in seen.items()
    }
    return {
        "quarter": seen[_BASE, _BASE]["quarter_to"],
        "prices": [{"good": good, **parts} for good, parts in _parted(tables).items()],
        "scores": _parted(scores),
    }


def _parted(seen: Mapping[tuple[int, int], Mapping[str, float | None]]) -> dict[str, dict[str, float]]:
    """Return for each name known in all four games its values and the parts of the gap; keys are (rule, players)."""
    found = {}
    for name in seen[_BASE, _BASE]:
        values = {key: one.get(name) for key, one in seen.items()}
        known = {key: value for key, value in values.items() if value is not None}
        if len(known) < len(seen):
            continue
        first, last = known[_BASE, _BASE], known[_TWIN, _TWIN]
        rule = 0.5 * (known[_TWIN, _BASE] - first + last - known[_BASE, _TWIN])
        found[name] = {"base": first, "twin": last, "rule": rule, "people": last - first - rule}
    return found
