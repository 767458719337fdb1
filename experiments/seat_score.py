"""A seat's score in a game, by part: what a state or a firm has gained since the game began.

A state's parts are the lines of `score_usd` with its weights; a firm's score is its cash.
"""

from dataclasses import dataclass

from experiments.game import Game
from experiments.outcome import ALL_GOODS
from experiments.standing import SCORE_WEIGHTS
from model.welfare import PARTS

#: The parts of a state's score, in the order they are told, and of a firm's.
STATE_PARTS = (*PARTS, "investment", "supply_at_risk")
FIRM_PARTS = ("cash",)


@dataclass(frozen=True)
class Score:
    """Usd by part, weighted, so that the parts add up to `total_usd`."""

    parts: dict[str, float]

    @property
    def total_usd(self) -> float:
        """The sum of the parts."""
        return sum(self.parts.values())

    def __sub__(self, other: "Score") -> "Score":
        return Score({part: value - other.parts[part] for part, value in self.parts.items()})


def parts_of(is_firm: bool) -> tuple[str, ...]:
    """Return the parts of a seat's score."""
    return FIRM_PARTS if is_firm else STATE_PARTS


def seat_scores(game: Game, seats: list[str]) -> dict[str, Score]:
    """Return the scores of some seats over the rounds that `game` holds results of; before the first all are 0.

    A firm's cash is that since the game began, of a fork too. Raises `OreblocError` for a seat that is not there.
    """
    found = {name: game.seat(name) for name in seats}
    scores = {}
    if game.engine.step_number and any(not seat.is_firm for seat in found.values()):
        series = game.results().series
        series = series[series["country"].isin([name for name, seat in found.items() if not seat.is_firm])]
        totals = series.assign(
            metric=series["metric"].astype(str),
            country=series["country"].astype(str),
            good=series["good"].astype(str),
        )
    for name, seat in found.items():
        if seat.is_firm:
            scores[name] = Score({"cash": float(game.engine.columns.balance_usd[0, seat.row])})
        elif not game.engine.step_number:
            scores[name] = Score(dict.fromkeys(STATE_PARTS, 0.0))
        else:
            scores[name] = _state_score(totals[totals["country"] == name])
    return scores


def _state_score(rows: object) -> Score:
    """Return the weighted sums of a state's lines; a year's expected loss counts in the quarter it is worked out."""
    sums = rows.groupby(["metric", "good"])["value"].sum()  # type: ignore[attr-defined]
    parts = {}
    for part in STATE_PARTS:
        metric = f"welfare_{part}_usd" if part in PARTS else f"{part}_usd"
        if metric not in sums.index.get_level_values(0):
            parts[part] = 0.0
            continue
        values = sums.loc[metric]
        amount = values.get(ALL_GOODS, 0.0) if part != "supply_at_risk" else values.sum()
        parts[part] = SCORE_WEIGHTS[part] * float(amount)
    return Score(parts)
