"""Play solo: one visitor's game, what the page asks and is shown. Without Solara, so that tests need none."""

import json
import threading
from collections.abc import Callable, Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode

from experiments.game_advice import Advice, advise, at_stake
from experiments.preparation import prepare
from experiments.results import Results
from experiments.scenario_file import scenario_files
from experiments.seat_score import seat_scores
from experiments.solo import Solo
from model.cache import rule_hash
from model.error import ClearingError, OreblocError
from viz.live.game_word import is_class_game
from viz.live.message import named, packed, scenario_choices
from viz.live.order_form import Known, entries, kinds_of, read_order, told_fault
from viz.live.reach import check_reach
from viz.live.seat_word import seat_title, stakes_of, suggested
from viz.live.stage import stage_of
from viz.page.play_form import sheet_html
from viz.page.play_link import from_link, to_link
from viz.page.play_result import advice_html, against, debrief_html, preview_html, result_html
from viz.page.play_setup import briefing_html, setup_html, watched
from viz.page.play_world import world_html

#: Years that a game may have, and usually has; orders whose worth is worked out at the end; characters of a link.
MOST_YEARS, USUAL_YEARS, _LEFT_OUT, _LONGEST = 15, 6, 16, 6000
_AHEAD = 1


class Play:
    """One visitor's page. `emit(bytes)` hands it a message; it may be called from a thread of its own."""

    def __init__(self, emit: Callable[[bytes], None], query: str = "", scenario: str = "baseline") -> None:
        self.emit, self.scenario = emit, scenario
        self.screen = "setup"
        self.solo: Solo | None = None
        self.seat, self.kind, self.good = "", "", ""
        self.advice: list[Advice] = []
        self.extra = ""
        self.error = ""
        self.until = ""
        self.is_closed = self.is_busy = False
        self._results: tuple[int, Results] | None = None
        self._debrief: tuple[Any, str] = (None, "")
        self._lock = threading.RLock()
        self._query = query
        self._waiting: Mapping[str, Any] | None = None  # the last choice made while something was worked out

    def close(self) -> None:
        """Forget what is under way."""
        self.is_closed = True

    def take(self, message: Mapping[str, Any]) -> None:
        """Do what the page asks for in a thread of its own; while that works, nothing else is begun."""
        if message.get("act") == "look":
            self._look(message)
            return
        with self._lock:
            if self.is_busy:
                if str(message.get("act")) in _KEPT:
                    self._waiting = message
                return
            self.is_busy = True
        self.tell(busy=True, status=_WAITS.get(str(message.get("act")), ""))
        threading.Thread(target=self.work, args=(message,), name="orebloc-play", daemon=True).start()

    def work(self, message: Mapping[str, Any]) -> None:
        """Do what the page asks for, and show what came of it; a refusal is told and leaves all as it was."""
        act, fault = str(message.get("act")), ""
        try:
            self.error = ""
            doing = _ACTS.get(act)
            if doing is None:
                raise OreblocError(f"The page asked for {act!r}, which there is not. Reload it.")
            doing(self, message)
        except ClearingError as error:
            self.error = (
                f"The market could not be cleared: {error} The year was not played; your sheet stays. "
                "Change an order and try again."
            )
        except OreblocError as error:
            fault, self.error = self._fault(str(error))
        except Exception as error:  # the page must say so, whatever it was
            self.error = f"The model stopped: {type(error).__name__}: {error}. The game stays as it was."
        try:
            self.show(fault)
        except Exception as error:
            self.tell(
                error=f"The page could not be drawn: {type(error).__name__}: {error}. Save the game and reload."
            )
        finally:
            self.is_busy = False
            waiting, self._waiting = self._waiting, None
            if waiting is not None and (waiting.get("act") != "start" or self.screen == "setup"):
                self.take(waiting)

    def _fault(self, message: str) -> tuple[str, str]:
        if self.solo is None or not self.kind:
            return "", message
        return told_fault(message, entries(self._kind(), self._known()))

    # ------------------------------------------------------------------------------------------ what is shown
    def tell(self, **header: Any) -> None:
        """Send the page something, unless it has gone."""
        if not self.is_closed:
            self.emit(packed({"kind": "play", "screen": self.screen, **header}))

    def show(self, fault: str = "") -> None:
        """Send the whole screen; the page replaces what differs."""
        error, faults = self.error, {}
        if fault:
            faults, error = {fault: self.error}, ""
        regions = self.regions()
        self.is_busy = False  # before the page hears of it: what it asks next must not be dropped
        self.tell(regions=regions, error=error, faults=faults, status="", busy=False, address=self.link())

    def regions(self) -> dict[str, str]:
        """Return the screen's parts as HTML by name."""
        empty = dict.fromkeys(("head", "sheet", "extra", "world"), "")
        if self.solo is None:
            return empty | {"head": self._setup()}
        if self.screen == "briefing":
            return empty | {"head": briefing_html(self.solo)}
        if self.screen == "result":
            return empty | {"head": result_html(self.solo, self.results()), "world": self._world()}
        if self.screen == "debrief":
            return empty | {"head": self._debriefing(), "world": self._world(), "extra": _KEEP}
        return {
            "head": self._head(),
            "sheet": self._sheet(),
            "extra": self.extra + _KEEP,
            "world": self._world(),
        }

    def _setup(self) -> str:
        stage = stage_of(self.scenario)
        scenario = stage.scenario
        quarters = [scenario.quarter_label(n) for n in range(scenario.quarters)]
        ends = [
            quarters[min(4 * n + 3, len(quarters) - 1)]
            for n in range(min(MOST_YEARS, -(-len(quarters) // 4)))
        ]
        game = Solo(scenario, [stage.whole.countries[0]], world=stage.whole.world).game
        first = suggested(game.seats, stakes_of(game))
        chosen = [name for name in ("JPN",) if name in game.seats] or first[:1]
        end = self.until if self.until in ends else ends[min(USUAL_YEARS, len(ends)) - 1]
        return setup_html(
            scenario_choices(self.scenario, scenario), self.scenario, ends, end, game.seats, first, chosen
        )

    def _head(self) -> str:
        solo = self._game()
        n, year = len(solo.years) + 1, solo.game.quarter[:4]
        number, words = watched(solo.game.view(self.seat))
        tabs = "".join(
            f'<button type="button" data-act="seat" data-value="{escape(name, quote=True)}" '
            f'aria-pressed="{str(name == self.seat).lower()}">'
            f"{escape(seat_title(solo.game.seat(name)))}</button>"
            for name in solo.seats
        )
        tabs = (
            f'<div class="stages" role="group" aria-label="Seat">{tabs}</div>' if len(solo.seats) > 1 else ""
        )
        score = ""
        if solo.years:
            last = solo.years[-1]
            score = (
                f" You are {against(last.scores[self.seat].total_usd - last.machine[self.seat].total_usd)}."
            )
        title = f"{seat_title(solo.game.seat(self.seat))}, {year}: what do you order?"
        return (
            f'{tabs}<h1 class="finding">{escape(title)}</h1><p class="lead">Year {n} of {solo.game.rounds}. '
            f"<b>{escape(number)}</b> {escape(words)}{escape(score)}</p>"
        )

    def _sheet(self) -> str:
        solo = self._game()
        kind = kinds_of(self._is_firm()).get(self.kind)
        words = solo.words(self.seat)
        acts = (
            '<div class="acts"><button type="button" class="main-act" data-act="play">'
            f"Play {solo.game.quarter[:4]}</button>"
            '<button type="button" data-act="preview">What would happen</button>'
            '<button type="button" data-act="advice">Ask for advice</button></div>'
        )
        return (
            sheet_html(
                self.seat, seat_title(solo.game.seat(self.seat)), words, kind, self._known(), self._is_firm()
            )
            + acts
        )

    def _world(self) -> str:
        solo = self._game()
        return world_html(solo, self.seat, self.good, self._goods(), self.results() if solo.years else None)

    def results(self) -> Results:
        """Return the tables of the years played, worked out once a year."""
        solo = self._game()
        if self._results is None or self._results[0] != len(solo.years):
            self._results = len(solo.years), solo.game.results()
        return self._results[1]

    def _debriefing(self) -> str:
        solo = self._game()
        key = (id(solo), len(solo.years))
        if self._debrief[0] != key:
            left, refused = [], []
            asked = solo.orders()
            for place in asked[:_LEFT_OUT]:
                try:
                    left.append(solo.without(*place))
                except (OreblocError, ClearingError):
                    refused.append(
                        f"Without an order of {solo.years[place[1]].first[:4]} a later one could not be given, so "
                        "its worth is not known."
                    )
            if len(asked) > _LEFT_OUT:
                refused.append(f"The first {_LEFT_OUT} of {len(asked)} orders were tried.")
            self._debrief = key, debrief_html(solo, left, list(dict.fromkeys(refused)))
        return self._debrief[1]

    def _game(self) -> Solo:
        if self.solo is None:
            raise OreblocError("No game is under way. Take a seat first.")
        return self.solo

    def _is_firm(self) -> bool:
        return self._game().game.seat(self.seat).is_firm

    def _known(self) -> Known:
        game = self._game().game
        return Known.of(game.view(self.seat), game.scenario.end)

    def _kind(self) -> Any:
        kind = kinds_of(self._is_firm()).get(self.kind)
        if kind is None:
            raise OreblocError("No order is chosen. Choose one under Add an order.")
        return kind

    def _goods(self) -> list[str]:
        game = self._game().game
        view = game.view(self.seat)
        own = [row["good"] for row in view.get("goods", view.get("sites", []))]
        return list(dict.fromkeys([*own, *(str(name) for name in game.engine.world.goods["name"])]))

    # ------------------------------------------------------------------------------- what the page may ask for
    def _hello(self, message: Mapping[str, Any]) -> None:
        words = {key: value[-1] for key, value in parse_qs(self._query.lstrip("?")).items()}
        self._query = ""
        if "game" in words and self.solo is None:
            self._open(from_link(words["game"]))
        elif "scenario" in words and self.solo is None:
            self._scenario({"value": words["scenario"]})

    def _scenario(self, message: Mapping[str, Any]) -> None:
        name = str(message.get("value"))
        if is_class_game(name):
            raise OreblocError("A class's game opens in Explore and Compare. Choose a scenario to play one.")
        check_reach(name)
        stage_of(name)
        self.scenario = name

    def _start(self, message: Mapping[str, Any]) -> None:
        values = message.get("values") or {}
        seats = [str(name) for name in values.get("seats") or []]
        until = str(values.get("until") or "") or None
        self._scenario({"value": values.get("scenario") or self.scenario})
        stage = stage_of(self.scenario)
        self._enter(Solo(stage.scenario, seats, until=until))
        self.until = until or ""

    def _enter(self, solo: Solo) -> None:
        self.solo, self.seat = solo, solo.seats[0]
        self.kind, self.extra, self.advice = "", "", []
        view = solo.game.view(self.seat)
        self.good = at_stake(view)[0]["good"] if "goods" in view else view["sites"][0]["good"]
        self.screen = "debrief" if solo.game.is_done else "orders" if solo.years else "briefing"

    def _open(self, saved: Any) -> None:
        solo = Solo.of(saved)
        self._enter(solo)
        for name, orders in (saved.get("open") or {}).items():
            for order in orders if name in solo.seats else ():
                solo.add(name, order)
                self.screen = "orders"
        if saved.get("rule_hash") not in (None, rule_hash()):
            self.error = (
                f"The game was saved under other rules ({saved['rule_hash'][:8]}, here {rule_hash()[:8]}): "
                "the same orders were given, the numbers may differ."
            )

    def _load(self, message: Mapping[str, Any]) -> None:
        try:
            saved = json.loads(str(message.get("value")))
        except ValueError as error:
            raise OreblocError(f"The file is not JSON: {error}. Choose one saved by this page.") from error
        self._open(saved)

    def _save(self, message: Mapping[str, Any]) -> None:
        solo = self._game()
        name = f"{solo.game.scenario.name}_{'_'.join(solo.seats)}.json".replace(" ", "_").lower()
        text = json.dumps(solo.saved, indent=1, ensure_ascii=False)
        self.emit(packed({"kind": "file", "name": name, "text": text, "mime": "application/json"}))

    def _log(self, message: Mapping[str, Any]) -> None:
        if not self._game().years:
            raise OreblocError("Years played are 0; a log needs 1 or more. Play a year first.")
        self.emit(
            packed(
                {"kind": "file", "name": "log.jsonl", "text": self.results().log, "mime": "application/jsonl"}
            )
        )

    def _begin(self, message: Mapping[str, Any]) -> None:
        self._game()
        self.screen = "orders"

    def _leave(self, message: Mapping[str, Any]) -> None:
        self.solo, self.screen, self._results = None, "setup", None

    def _again(self, message: Mapping[str, Any]) -> None:
        solo = self._game()
        self._enter(Solo(solo.game.scenario, solo.seats, world=solo.game.engine.world))
        self._results = None

    def _choose_kind(self, message: Mapping[str, Any]) -> None:
        self.kind = str(message.get("value") or "")

    def _choose_good(self, message: Mapping[str, Any]) -> None:
        good = str(message.get("value"))
        if good not in self._goods():
            raise OreblocError(f"Good {good!r} is not in this world. Choose one of the list.")
        self.good = good

    def _choose_seat(self, message: Mapping[str, Any]) -> None:
        name = str(message.get("value"))
        if name not in self._game().seats:
            raise OreblocError(
                f"Seat {name!r} is not yours in this game. Yours are {', '.join(self._game().seats)}."
            )
        self.seat, self.kind, self.extra, self.advice = name, "", "", []

    def _order(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return read_order(self._kind(), message.get("values") or {}, self._known())

    def _look(self, message: Mapping[str, Any]) -> None:
        """Say at once, beside the form, what an order would do or where it is at fault; nothing is kept."""
        if self.is_busy or self.solo is None or not self.kind:
            return
        try:
            text = self.solo.check(self.seat, self._order(message))
            self.tell(said=named(text), faults={})
        except OreblocError as error:
            place, words = self._fault(str(error))
            self.tell(said="" if place else words, faults={place: words} if place else {})

    def _add(self, message: Mapping[str, Any]) -> None:
        self._game().add(self.seat, self._order(message))
        self.kind, self.extra = "", ""

    def _remove(self, message: Mapping[str, Any]) -> None:
        self._game().remove(self.seat, int(message.get("value") or 0))
        self.extra = ""

    def _preview(self, message: Mapping[str, Any]) -> None:
        solo = self._game()
        mine, none = solo.ahead(_AHEAD)
        names = list(solo.seats)
        self.extra = "<h2>What would happen</h2>" + preview_html(
            solo, (seat_scores(mine, names), seat_scores(none, names)), _AHEAD
        )

    def _advise(self, message: Mapping[str, Any]) -> None:
        solo = self._game()
        self.advice = advise(
            solo.game, self.seat, sheets=solo.sheets,
            tell=self._tried,
        )  # fmt: skip
        self.extra = "<h2>Advice</h2>" + advice_html(self.advice, self.seat)

    def _tried(self, done: int, all_: int) -> None:
        words = f"{_WAITS['advice'].rstrip(chr(8230))}: {done + 1} of {all_}\u2026"
        self.tell(busy=True, status=words)

    def _take_advice(self, message: Mapping[str, Any]) -> None:
        number = int(message.get("value") or 0)
        if not 0 <= number < len(self.advice):
            raise OreblocError("This advice is gone. Ask for advice again.")
        for order in self.advice[number].orders:
            self._game().add(self.seat, order)
        self.advice, self.extra = [], ""

    def _play(self, message: Mapping[str, Any]) -> None:
        self._game().play()
        self.kind, self.extra, self.advice, self.screen = "", "", [], "result"

    def _on(self, message: Mapping[str, Any]) -> None:
        self.screen = "debrief" if self._game().game.is_done else "orders"

    # ------------------------------------------------------------------------------------------------ the link
    def link(self) -> str:
        """Return the query that brings the game back where it is short enough and the scenario is one that ships."""
        if self.solo is None:
            return urlencode({"scenario": self.scenario})
        if self.scenario not in scenario_files() or self.solo.game.scenario.to_mapping() != _shipped(
            self.scenario, self.solo
        ):
            return ""
        word = to_link(self.solo, self.scenario)
        return urlencode({"scenario": self.scenario, "game": word}) if len(word) <= _LONGEST else ""


def _shipped(name: str, solo: Solo) -> Any:
    return prepare(name, seed=solo.game.engine.seed, until=solo.game.scenario.end).to_mapping()


_KEEP = (
    '<div class="acts keep"><button type="button" data-act="save">Save the game</button>'
    '<button type="button" data-act="log">Log for orebloc replay</button></div>'
)
#: Choices that are not lost while something else is worked out.
_KEPT = ("kind", "good", "seat", "scenario", "start")
_WAITS = {
    "hello": "Opening\u2026",
    "start": "Setting up the world\u2026",
    "scenario": "Setting up the world\u2026",
    "play": "Playing the year, and the machines' game beside it\u2026",
    "preview": "Playing a copy of the year\u2026",
    "advice": "Trying sensible orders on copies of the game\u2026",
    "load": "Playing the saved game again\u2026",
    "on": "Working out what each order was worth\u2026",
}
_ACTS: dict[str, Callable[[Play, Mapping[str, Any]], None]] = {
    "hello": Play._hello,
    "scenario": Play._scenario,
    "start": Play._start,
    "load": Play._load,
    "save": Play._save,
    "log": Play._log,
    "begin": Play._begin,
    "leave": Play._leave,
    "again": Play._again,
    "kind": Play._choose_kind,
    "good": Play._choose_good,
    "seat": Play._choose_seat,
    "add": Play._add,
    "remove": Play._remove,
    "preview": Play._preview,
    "advice": Play._advise,
    "take": Play._take_advice,
    "play": Play._play,
    "on": Play._on,
}
