"""The class against machine-played games: where prices, shares and seats lie among a thousand games of machines."""

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from experiments.machine.table import POINTS, Table, find_table
from experiments.scenario_file import scenario_files
from viz.classroom.chart import band_figure
from viz.classroom.markup import bullets, card, table
from viz.classroom.word import good_word, money_word, price_word
from viz.country import country_name
from viz.drawing import percent
from viz.figure import Figure

#: Numbers that get a chart: those of which the class lies furthest from the middle of the games.
MOST_CHARTS, MOST_LINES = 4, 4
#: Scoreboards by name: heading, what a higher number means, how it is written.
_BOARDS = {
    "wealth": ("wealth", "richer", money_word), "cash": ("cash", "richer", money_word),
    "security": ("supply at risk", "more at risk", money_word),
    "independence": ("bought from one supplier", "more dependent", percent),
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where the class lies: the number's key, its value in each round, and the percent of games below in the last."""

    key: tuple[str, ...]
    values: tuple[float, ...]
    percent: float

    @property
    def far(self) -> float:
        """How far from the middle of the games, 0 to 50."""
        return abs(self.percent - 50.0)


def found_table(record: Mapping[str, Any]) -> Table | None:
    """Return the table for a session's record, None for a session that has none."""
    return find_table(record) if record.get("scenario") else None


def places(games: Table, rounds: Sequence[Mapping[str, Any]]) -> list[Place]:
    """Return where every number of the rounds that the table knows lies in the last of these, furthest first."""
    told = [_numbers(found) for found in rounds[: len(games.rounds)]]
    found = []
    for key, value in told[-1].items() if told else ():
        place = games.place(len(told), key, value)
        if place is not None:
            found.append(Place(key, tuple(one.get(key, math.nan) for one in told), place))
    return sorted(found, key=lambda one: -one.far)


def _numbers(found: Mapping[str, Any]) -> dict[tuple[str, ...], float]:
    """Return what a round brought by the keys of the table; only what everybody is told."""
    numbers: dict[tuple[str, ...], float | None] = {}
    for row in found["prices"]:
        numbers["price outside", row["good"]] = row["outside"]
        numbers["price inside", row["good"]] = row["inside"]
    for row in found["shares"]:
        numbers["share", row["good"], row["country"]] = row["share"]
    for board, rows in found.get("scoreboards", {}).items():
        numbers.update({(board, row["seat"]): row["value"] for row in rows})
    return {key: float(value) for key, value in numbers.items() if value is not None}


def place_word(value: float, more: str = "higher", less: str = "") -> str:
    """Return a percentile in words, such as `higher than in 82 of 100 games`."""
    less = less or {"richer": "poorer", "higher": "lower"}.get(more, more.replace("more", "less"))
    if value >= 99.5:
        return f"{more} than in nearly all games"
    if value <= 0.5:
        return f"{less} than in nearly all games"
    if 45.0 <= value <= 55.0:
        return "in the middle of the games"
    return (
        f"{more} than in {value:.0f} of 100 games"
        if value > 50.0
        else f"{less} than in {100.0 - value:.0f} of 100 games"
    )


def lines(games: Table | None, rounds: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """Return the few sentences that tell where the class lies furthest from the middle, for the wall; plain text."""
    if games is None or not rounds:
        return []
    chosen = [one for one in places(games, rounds) if one.key[0] in ("price outside", *_BOARDS)]
    told = [f"{_what(one, names)}: {_word(one)}" for one in chosen[:MOST_LINES]]
    rules = "" if games.is_current else ", under earlier rules"
    return (
        [*told, f"{games.games:,} games were played by machines in {len(games.seats)} seats{rules}."]
        if told
        else []
    )


def _word(one: Place) -> str:
    return place_word(one.percent, _BOARDS[one.key[0]][1] if one.key[0] in _BOARDS else "higher")


def _what(one: Place, names: Mapping[str, str]) -> str:
    kind, about = one.key[0], one.key[1]
    if kind in _BOARDS:
        return f"{names.get(about) or country_name(about)}, {_BOARDS[kind][0]}"
    if kind == "share":
        return f"{good_word(about)} made in {country_name(one.key[2])}"
    return f"{good_word(about)}, {kind}"


def games_command(told: Mapping[str, Any]) -> str:
    """Return the command that plays a session's game by machines, with its scenario, seats and rounds."""
    name = str(told.get("scenario") or "")
    words = ["--scenario", name if name in scenario_files() else f"{name}.toml"] if name else []
    words += ["--seats", ",".join(told["about"]), "--rounds", str(told["rounds"])]
    return shlex.join(["orebloc", "games", *words])


def against_part(
    games: Table | None, rounds: Sequence[Mapping[str, Any]], names: Mapping[str, str], how: str
) -> str:
    """Return the part of the debrief's page as HTML; `how` is the command that makes a table where there is none."""
    title = '<h2 id="machines">Your class against machine-played games</h2>'
    if games is None:
        return title + card(
            "No games to compare with yet",
            "<p>Machines can play this game a thousand times, so that you see what was your doing and what would have "
            f"come anyway. Run <code>{escape(how)}</code> on the host's computer, then open this page again.</p>",
        )
    found = places(games, rounds)
    if not found:
        return ""
    compared = min(len(rounds), len(games.rounds))
    figures = [_figure_of(games, one, names, rounds[:compared]) for one in _charted(games, found)]
    drawn = "".join(_drawn(figure) for figure in figures)
    told = _seats(found, names) + _prices(games, found, compared)
    return (
        f"{title}{_how_played(games, compared, len(rounds), how)}"
        f'<div class="charts machines">{drawn}</div><div class="boards">{told}</div>'
    )


def _how_played(games: Table, compared: int, played: int, how: str) -> str:
    told = (
        f"{games.games:,} games of the same scenario: in half of them built-in behaviours decide for everybody, in the "
        "others about half of the seats give orders by chance."
    )
    lost = f" {games.failed:,} more could not be worked out." if games.failed else ""
    short = (
        f" The games have {compared} rounds, so round {compared} is compared." if compared < played else ""
    )
    old = (
        "" if games.is_current
        else f" They were played under earlier rules or data: make them anew with <code>{escape(how)}</code>."
    )  # fmt: skip
    return f'<p class="soft">{told}{lost}{short}{old}</p>'


def _charted(games: Table, found: Sequence[Place]) -> list[Place]:
    """Return the numbers to draw: prices outside and shares, one a good, furthest from the middle first.

    A number that is unknown in a round, of the class or of the games, has no line to be drawn.
    """
    goods: dict[str, Place] = {}
    for one in found:
        is_known = all(map(math.isfinite, one.values)) and all(
            games.values(number, one.key) for number in range(1, len(one.values) + 1)
        )
        if is_known and one.key[0] in ("price outside", "share"):
            goods.setdefault(one.key[1], one)
    return list(goods.values())[:MOST_CHARTS]


def _figure_of(
    games: Table, one: Place, names: Mapping[str, str], rounds: Sequence[Mapping[str, Any]]
) -> Figure:
    bands = [
        games.values(number, one.key) or [math.nan] * len(POINTS) for number in range(1, len(rounds) + 1)
    ]
    at = {point: [values[POINTS.index(point)] for values in bands] for point in (5, 25, 50, 75, 95)}
    quarters = [found["quarter_to"] for found in rounds]
    title = f"{_what(one, names)}: {place_word(one.percent)}"
    return band_figure("-".join(one.key), title, quarters, one.values, at, one.key[0] == "share")


def _drawn(figure: Figure) -> str:
    legend = "".join(
        f'<li><svg class="key" viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" fill="{colour}" '
        f'fill-opacity="{strength}"/></svg>{escape(word)}</li>'
        for (word, colour), strength in zip(figure.legend, (1, 0.22, 0.45, 1), strict=True)
    )
    return (
        f'<figure class="card"><figcaption><h3>{escape(figure.title)}</h3><p class="soft">{escape(figure.unit)}</p>'
        f'</figcaption>{figure.body}<ul class="legend">{legend}</ul></figure>'
    )


def _seats(found: Sequence[Place], names: Mapping[str, str]) -> str:
    """Return a list of seats, each with where it lies on the boards; nothing where boards are not shown."""
    by_seat: dict[str, list[str]] = {}
    for board in _BOARDS:
        for one in sorted(found, key=lambda place: place.key):
            if one.key[0] == board:
                heading, _, show = _BOARDS[board]
                told = f"{heading} {show(one.values[-1])}, {_word(one)}"
                by_seat.setdefault(one.key[1], []).append(told)
    rows = [
        f"<b>{escape(names.get(seat) or country_name(seat))}</b>: {escape('; '.join(told))}"
        for seat, told in by_seat.items()
    ]
    return card("Seat by seat", bullets(rows)) if rows else ""


def _prices(games: Table, found: Sequence[Place], number: int) -> str:
    rows = []
    for one in sorted(found, key=lambda place: place.key):
        values = games.values(number, one.key)
        if one.key[0] == "price outside" and values is not None:
            low, middle, high = (price_word(values[POINTS.index(point)]) for point in (5, 50, 95))
            rows.append(
                [good_word(one.key[1]), price_word(one.values[-1]), middle, f"{low} to {high}", _word(one)]
            )
    heads = ["mineral", "your class", "middle of the games", "90 of 100 games", "your class is"]
    return card("Prices outside", table(heads, rows, {1, 2, 3})) if rows else ""
