"""What the model is asked in a session: to check a sheet, preview it, play a round, answer for a state, re-run a game.

Runs in a worker process (`model_worker.py`); plain JSON values in and out. A game is kept as long as its record is the
one asked for, else it is played again from the record.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.debrief.board import use_worth
from experiments.debrief.gap import part_gap
from experiments.debrief.outcome import causes, opening_cells, outcome
from experiments.game import Game
from model.error import ClearingError, OreblocError
from model.name import did_you_mean
from model.treaty_text import text
from viz.classroom.student_class import class_orders, is_class
from viz.classroom.word import fault_word, measure_word

#: Of a seat's view, what its page shows: the whole would be seventy kilobytes.
_KEPT_STATE = ("treasury_usd", "tariffs_usd", "export_taxes_usd", "support_usd", "tension", "advice")
_KEPT_GOOD = ("good", "output_t", "use_t", "price_usd_per_t", "landed_price_usd_per_t", "leading_supplier",
              "dependence_share", "stock_days", "reserve_t", "suppliers")  # fmt: skip
_KEPT_FIRM = ("cash_usd", "revenue_usd", "cost_usd", "advice", "country", "owner")
_KEPT_SITE = ("good", "country", "capacity_t", "idle_t", "output_t", "pipeline_t", "room_t", "price_usd_per_t",
              "expected_value_usd_per_t", "lead_quarters", "capex_usd_per_t_per_year")  # fmt: skip
#: Calibrated worlds and games kept: those of all worlds of a class, as they share the processes.
_WORLDS, _GAMES = 6, 14


class ModelDesk:
    """Answers the jobs of a session. One at a time."""

    def __init__(self) -> None:
        self.games: dict[str, Game] = {}
        self.worlds: dict[str, Any] = {}

    def answer(self, job: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return `{"ok": True, ...}`, or `{"ok": False, "message"}` for what the model refuses."""
        try:
            return {"ok": True, **getattr(self, f"_{job}")(**arguments)}
        except (OreblocError, ClearingError) as error:
            return {"ok": False, "message": fault_word(str(error))}

    def game(self, record: Mapping[str, Any]) -> Game:
        """Return the game of a record; it must not be played on but by a fork."""
        key = json.dumps(record, sort_keys=True)
        if key not in self.games:
            base = json.dumps(record["scenario"], sort_keys=True)
            shorter = {**record, "rounds": record["rounds"][:-1]}
            before = self.games.get(json.dumps(shorter, sort_keys=True)) if record["rounds"] else None
            if before is not None:
                last = record["rounds"][-1]
                found = before.copy()
                found.play_round(last["sheets"], last["pilots"], last["events"], last["treaties"])
            else:
                found = Game.of(record, world=self.worlds.get(base))
            self.worlds = {base: found.engine.world} | dict(list(self.worlds.items())[: _WORLDS - 1])
            self.games = dict(list(self.games.items())[1 - _GAMES :]) | {key: found}
        return self.games[key]

    def _warm(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Get ready, so that the first round does not wait for compiled rules and a calibrated world."""
        self.game(record)
        return {}

    def _open(self, record: Mapping[str, Any], seats: Sequence[str]) -> dict[str, Any]:
        game = self.game(record)
        twin = game.fork()
        twin.quarters_per_round = 1
        twin.play_round()
        first = outcome(twin, seats=seats)
        first["headline"] = f"The game begins in {game.quarter}."
        worth = {code: sum(goods.values()) for code, goods in use_worth(game.engine.world).items()}
        return {
            "opening": {**first, "worth": worth, "views": {seat: seat_view(game, seat) for seat in seats}}
        }

    def _check(self, record: Mapping[str, Any], seat: str, orders: Sequence[Any]) -> dict[str, Any]:
        return {"texts": [measure_word(told) for told in self.game(record).check(seat, orders)]}

    def _draft(
        self, record: Mapping[str, Any], document: Mapping[str, Any], ask: bool = True
    ) -> dict[str, Any]:
        game = self.game(record)
        for name, missing in (
            ("members", "two members or more. Choose members"),
            ("clauses", "a clause. Add one"),
        ):
            given = document.get(name)
            if isinstance(given, list) and len(given) < (2 if name == "members" else 1):
                raise OreblocError(f"A treaty needs {missing}.")
        treaty = game.treaty(document, is_signed=False)
        answers = game.would_sign(document) if ask else {}
        return {"text": text(treaty), "answers": answers, "title": treaty.title}

    def _event(self, record: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
        self.game(record).fork().engine.inject(event)
        return {"event": dict(event)}

    def _preview(
        self,
        record: Mapping[str, Any],
        seat: str,
        orders: Sequence[Any],
        documents: Sequence[Mapping[str, Any]],
    ) -> dict[str, Any]:
        """Play the round on forks with and without the sheet, all other seats left to machines."""
        game = self.game(record)
        other, mine = game.fork(), game.fork()
        other.play_round({seat: []})
        mine.play_round({seat: orders}, treaties=documents)
        start = None if game.played else opening_cells(game)
        before, after = (outcome(one, seats=[seat], opening=start) for one in (other, mine))
        rows = []
        for old, new in zip(before["prices"], after["prices"], strict=True):
            rows.append({"good": old["good"], "without": old["outside"], "with": new["outside"],
                         "inside_without": old["inside"], "inside_with": new["inside"]})  # fmt: skip
        return {"prices": rows, "without": before["seats"].get(seat), "with": after["seats"].get(seat)}

    def _resolve(
        self, record: Mapping[str, Any], locked: Mapping[str, Any], pilots: Mapping[str, str],
        events: Sequence[Mapping[str, Any]], treaties: Sequence[Mapping[str, Any]], seats: Sequence[str],
        is_practice: bool, classes: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Play the round; orders that cannot be are dropped one by one and told. Return `{entry, outcome}`.

        `classes` are the paths of classes from files by the name under which they are pilots; what they order goes into
        the record as sheets do.
        """
        before = self.game(record)
        locked, faults = _with_classes(before, locked, pilots, classes or {})
        pilots = {seat: who for seat, who in pilots.items() if not is_class(who)}
        sheets, dropped = {}, faults
        for seat, sheet in locked.items():
            sheets[seat], lost = _possible(before, seat, sheet["orders"])
            if lost:
                dropped[seat] = [*dropped.get(seat, []), *lost]
        game = before.copy()
        entry = game.play_round(sheets, pilots, events, treaties)
        start = None if before.played else opening_cells(before)
        found = outcome(game, seats=seats, opening=start)
        found["views"] = {seat: seat_view(game, seat) for seat in seats} if not game.is_done else {}
        found["dropped"] = dropped
        if not is_practice:
            self.games[json.dumps(game.record, sort_keys=True)] = game
            self.games = dict(list(self.games.items())[-_GAMES:])
        return {"entry": entry, "outcome": found}

    def _causes(self, record: Mapping[str, Any], round: int) -> dict[str, Any]:
        """Return why the prices outside moved in a round, good by good."""
        before = self.game({**record, "rounds": record["rounds"][: round - 1]})
        entry = record["rounds"][round - 1]
        goods = list(dict.fromkeys(row["good"] for row in outcome(self.game(record))["prices"]))
        leaders = before.recorder.observer.restrictors
        return {
            "causes": causes(
                before, entry, [("outside_price_usd_per_t", good, leaders[good]) for good in goods]
            )
        }

    def _what_if(self, record: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
        """Play the class's own game again with one thing changed, and tell the last round's differences."""
        real, other = (
            self.game(record),
            Game.of(_changed(record, change), world=self.game(record).engine.world),
        )
        was, would = outcome(real), outcome(other)
        prices = [
            {"good": a["good"], "real": a["outside"], "otherwise": b["outside"]}
            for a, b in zip(was["prices"], would["prices"], strict=True)
        ]
        scores = {
            seat: {"real": was["seats"][seat].get("score_usd"), "otherwise": would["seats"][seat].get("score_usd")}
            for seat in was["seats"] if seat in would["seats"]
        }  # fmt: skip
        return {"change": dict(change), "quarter": was["quarter_to"], "prices": prices, "scores": scores}

    def _part_gap(self, record: Mapping[str, Any], twin: Mapping[str, Any]) -> dict[str, Any]:
        """Tell what of the gap between two worlds is the rule's and what their people's."""
        return part_gap(self.game(record), self.game(twin))


def _with_classes(
    game: Game, locked: Mapping[str, Any], pilots: Mapping[str, str], classes: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the locked sheets with those that classes from files give, and what went wrong with these."""
    sheets, faults = dict(locked), {}
    for seat, who in pilots.items():
        if not is_class(who):
            continue
        try:
            orders = class_orders(classes.get(who), who, seat, game.view(seat))
        except OreblocError as error:
            orders, faults[seat] = [], [fault_word(str(error))]
        sheets[seat] = {"orders": orders, "how": "class"}
    return sheets, faults


def seat_view(game: Game, seat: str) -> dict[str, Any]:
    """Return the part of a seat's view that its page shows."""
    full = game.view(seat)
    if game.seats[seat].is_firm:
        sites = [{key: site[key] for key in _KEPT_SITE if key in site} for site in full["sites"]]
        return {**{key: full[key] for key in _KEPT_FIRM if key in full}, "sites": sites}
    goods = [{key: good[key] for key in _KEPT_GOOD if key in good} for good in full["goods"]]
    return {**{key: full[key] for key in _KEPT_STATE if key in full}, "goods": goods,
            "measures": [m for m in full["measures"] if m["actor"] == seat]}  # fmt: skip


def _possible(
    game: Game, seat: str, orders: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the orders that can be, and why the others cannot."""
    kept: list[dict[str, Any]] = []
    lost: list[str] = []
    for order in orders:
        try:
            game.check(seat, [*kept, order])
            kept.append(dict(order))
        except OreblocError as error:
            lost.append(fault_word(str(error)))
    return kept, lost


def _changed(record: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with one thing changed. Raises `OreblocError` for what is not in it.

    `{"what": "order", "round", "seat", "number"}`, `{"what": "treaty" | "event", "round", "number"}` leave it out;
    `{"what": "seat", "seat"}` lets the machine decide for that seat in all rounds.
    """
    rounds = [
        {**entry, "sheets": {seat: list(orders) for seat, orders in entry["sheets"].items()},
         "pilots": dict(entry["pilots"]), "events": list(entry["events"]), "treaties": list(entry["treaties"])}
        for entry in record["rounds"]
    ]  # fmt: skip
    what = change.get("what")
    try:
        if what == "seat":
            for entry in rounds:
                entry["sheets"].pop(change["seat"], None)
                entry["pilots"].pop(change["seat"], None)
        elif what == "order":
            rounds[_at(change["round"])]["sheets"][change["seat"]].pop(_at(change["number"]))
        elif what in ("treaty", "event"):
            kind = {"treaty": "treaties", "event": "events"}[what]
            rounds[_at(change["round"])][kind].pop(_at(change["number"]))
        else:
            hint = did_you_mean(
                str(what), ("order", "treaty", "event", "seat"), "It is order, treaty, event or seat."
            )
            raise OreblocError(f"What to change is {what!r}. {hint}")
    except (KeyError, IndexError, TypeError) as error:
        raise OreblocError(
            "That order, treaty, event or seat is not in this game. Choose one that is."
        ) from error
    return {**record, "rounds": rounds}


def _at(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise IndexError(number)
    return number - 1
