"""Why a number changed: the cause ledger as a waterfall and in words."""

import threading
from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from experiments.cause import Explanation, explain, explain_change
from experiments.cause_text import base_year_note, ordered, show, show_change
from experiments.difference import differences
from experiments.scenario_file import extended_scenario
from experiments.title import goods_words, scenario_title, short_title
from model.error import OreblocError
from model.quarter_date import quarter_index
from model.scenario import Scenario
from viz.comparison import draw_waterfall, waterfall_start
from viz.country import country_name
from viz.live.message import named
from viz.live.stage import stage_of
from viz.page.fork import comparable, first_beside, fork_names, fork_plan, fork_title, is_fork
from viz.page.sheet import Ask, Sheet, card, table

_METRICS = (
    ("outside_price_usd_per_t", "price outside the leader"),
    ("inside_price_usd_per_t", "price inside the leader"),
    ("production_share", "share of world output"),
    ("landed_price_usd_per_t", "price paid on arrival"),
    ("import_dependence_share", "largest foreign supplier's part"),
    ("consumption_t", "use"),
)
_OF_LEADER = ("outside_price_usd_per_t", "inside_price_usd_per_t")
#: More causes than this are put together by kind.
_MOST = 6
#: Quarters in which the page looks for the turn it asks about first, and how far the price must move for one.
_EARLY, _FAR = 8, 0.2
_ORDERS = 6
#: What may be scrolled must be reached by the keyboard.
_FOCUS = 'tabindex="0" role="region" aria-label="Cause by cause"'


class Why(Sheet):
    """Picks a number and two quarters, the scenario and its change, or another run, and shows what did it."""

    title = "Why"
    purpose = (
        "Takes one change apart: what each measure, treaty or event did to a price, share, dependence or use."
    )
    busy = "Running the scenario with and without each cause…"

    def begin(self) -> None:
        """Ask about the change where there is one, else about the first year."""
        labels = self.stage.quarter_labels()
        self.question = "time" if self.plan.changes_nothing else "change"
        self.metric = "outside_price_usd_per_t"
        beside = self._beside()
        self.other = beside[0] if beside else ""
        self.first, self.at = labels[0], self._turn(labels)
        if self.question == "change":
            later = [label for label in labels if quarter_index(label) > quarter_index(self.plan.start)]
            wanted = self.shown["quarter"]
            self.at = wanted if wanted in later else (later[min(11, len(later) - 1)] if later else labels[-1])

    def _turn(self, labels: list[str]) -> str:
        """Return the quarter of the first two years in which the price outside is furthest from the first one."""
        leader = self.stage.whole.observer.restrictors[self.shown["good"]]
        price = self.stage.whole.baseline.path(self.metric, self.shown["good"], leader)[:_EARLY]
        usual = labels[min(3, len(labels) - 1)]
        if (
            len(price) < 2
            or not np.isfinite(price[0])
            or not price[0] > 0.0
            or not np.isfinite(price[1:]).any()
        ):
            return usual
        apart = np.abs(np.nan_to_num(price / price[0], nan=1.0) - 1.0)
        return labels[int(apart.argmax())] if apart.max() > _FAR else usual

    def asked(self) -> dict[str, str]:
        """Return what is asked, in the order in which it is set again."""
        words = {"question": self.question, "metric": self.metric, "at": self.at}
        if self.question == "time":
            return words | {"first": self.first}
        return words | ({"other": self.other} if self.question == "runs" else {})

    def _beside(self) -> list[str]:
        """Return the runs that this one can be set against: forks kept, then scenarios over the same quarters."""
        ship, here = comparable(self.stage.scenario), self.plan.scenario
        first = first_beside(here, self.stage.scenario)
        others = sorted((name for name in ship if name != here), key=lambda name: name != first)
        return [*fork_names(self.plan), *others]

    def _kinds(self) -> list[tuple[str, str]]:
        kinds = [("time", "between two quarters")]
        if not self.plan.changes_nothing:
            kinds.append(("change", "with and without my changes"))
        return kinds + ([("runs", "in another run")] if self._beside() else [])

    def _title(self, name: str) -> str:
        return f"Kept: {fork_title(fork_plan(self.plan, name))}" if is_fork(name) else scenario_title(name)

    def _other(self) -> Scenario:
        """Return the run that this one is set against."""
        if is_fork(self.other):
            return self.changed(fork_plan(self.plan, self.other))
        return stage_of(self.other, self.plan.seed).scenario

    def fields(self) -> list[Ask]:
        """Return number, good, country, and what is set against what."""
        stage, labels = self.stage, self.stage.quarter_labels()
        goods = [(good, short_title(good)) for good in stage.whole.goods]
        codes = sorted(
            ((code, country_name(code)) for code in stage.whole.countries), key=lambda pair: pair[1]
        )
        fields = [
            Ask("metric", "Why did the", "select", self.metric, _METRICS),
            Ask("good", "of", "select", self.shown["good"], goods),
        ]
        if self.metric not in _OF_LEADER:
            fields.append(Ask("country", "in", "select", self.shown["country"], codes))
        fields.append(Ask("question", "change", "select", self.question, self._kinds()))
        if self.question == "runs":
            beside = [(name, self._title(name)) for name in self._beside()]
            fields.append(Ask("other", "the other is", "select", self.other, beside))
        if self.question == "time":
            fields.append(
                Ask("first", "from", "select", self.first, [(label, label) for label in labels[:-1]])
            )
        fields.append(
            Ask(
                "at",
                "to" if self.question == "time" else "in",
                "select",
                self.at,
                [(q, q) for q in labels[1:]],
            )
        )
        return fields

    def set(self, field: str, value: Any) -> None:
        """Take over a choice; quarters that are the wrong way round are refused."""
        word = str(value)
        if field in ("good", "country"):
            self.shown[field] = word
        elif field == "metric":
            self.metric = _known(word, [name for name, _ in _METRICS], "number")
        elif field == "question":
            self.question = _known(word, [kind for kind, _ in self._kinds()], "question")
        elif field == "other":
            self.other = _known(word, self._beside(), "other run")
        elif field in ("first", "at"):
            before = getattr(self, field)
            setattr(self, field, _known(word, self.stage.quarter_labels(), "quarter"))
            if self.question == "time" and quarter_index(self.first) >= quarter_index(self.at):
                setattr(self, field, before)
                raise OreblocError(
                    f"{word} is not between: the first quarter must lie before the second. Choose another."
                )

    def answer(self) -> str:
        """Return the sentence, the waterfall and the parts."""
        good = self.shown["good"]
        country = (
            self.stage.whole.observer.restrictors[good]
            if self.metric in _OF_LEADER
            else self.shown["country"]
        )
        before = self._alone(self.stage.scenario)
        after = self._alone(self._other() if self.question == "runs" else self.changed())
        started, progress = self._progress()
        if self.question == "time":
            by = "each" if self._few(after) else "kind"
            found = explain_change(
                after,
                self.metric,
                good,
                country,
                self.first,
                self.at,
                by=by,
                orders=_ORDERS,
                started=started,
                progress=progress,
            )
        else:
            by = "each" if len(differences(before, after)) <= _MOST else "kind"
            found = explain(
                before,
                after,
                self.metric,
                good,
                country,
                self.at,
                by=by,
                orders=_ORDERS,
                started=started,
                progress=progress,
            )
        return self._told(found, country)

    def _progress(self) -> tuple[Callable[[int], None], Callable[[int], None]]:
        """Return what hears how many runs there will be, and of each that is done."""
        say, counts, lock = self.teller(), [0, 0], threading.Lock()

        def started(runs: int) -> None:
            counts[1] = runs

        def progress(done: int) -> None:
            with lock:
                counts[0] += done
                say(f"{self.busy.removesuffix(chr(8230))}: {counts[0]} of {counts[1]} steps{chr(8230)}")

        return started, progress

    def _about(self) -> str:
        both = self.stage.scenario.name + (
            f" and {self._title(self.other)}" if self.question == "runs" else ""
        )
        return f"{both}, {self._mineral()} by itself"

    def _alone(self, scenario: Scenario) -> Scenario:
        """Return a scenario with this mineral's chain and what bears on it only: others move it by thousandths."""
        mineral = self._mineral()
        goods = set(self.stage.goods_of(mineral))
        raw = {**scenario.to_mapping(), "goods": self.stage.alone(mineral).scenario.to_mapping()["goods"]}
        kept = [
            order.to_mapping()
            for order in scenario.measures
            if goods.intersection(order.fields.get("good") or goods)
        ]
        shocks = [row for row in raw.get("shocks") or [] if row["good"] in goods]
        return extended_scenario({**raw, "measures": kept, "shocks": shocks})

    def _mineral(self) -> str:
        return next(m for m in self.stage.minerals if self.shown["good"] in self.stage.goods_of(m))

    def _few(self, scenario: Scenario) -> bool:
        """Tell whether few measures come into force between the quarters."""
        span = range(quarter_index(self.first) + 1, quarter_index(self.at) + 1)
        return sum(quarter_index(order.quarter) in span for order in scenario.measures) <= _MOST

    def _told(self, found: Explanation, country: str) -> str:
        found = replace(found, parts=tuple(replace(part, label=named(part.label)) for part in found.parts))
        if self.question == "runs":
            ends = f"{self._title(self.plan.scenario)} {self.at}", f"{self._title(self.other)} {self.at}"
            found = replace(found, from_label=ends[0], at_label=ends[1])
        unit = found.unit
        what = dict(_METRICS)[found.metric]
        place, thing = country_name(country), goods_words(found.good)
        side = "outside" if found.metric == "outside_price_usd_per_t" else "inside"
        name = (
            f"The price of {thing} {side} {place}"
            if found.metric in _OF_LEADER
            else f"The {what} of {thing} in {place}"
        )
        when = {
            "time": f"from {self.first} to {self.at}",
            "change": f"in {self.at} with the changes",
            "runs": f"in {self.at} under {self._title(self.other)}",
        }[self.question]
        rise = "rises" if found.change > 0 else "falls" if found.change < 0 else "stays"
        parts = [part for part in ordered(found) if part.value]
        leading = [f"{_signed(part.value, unit)} from {part.label}" for part in parts[:3]]
        sums = f"{show(found.first, unit)} to {show(found.last, unit)}{_times(found.first, found.last)}"
        head = f"{name} {rise} {when}: {sums}"
        if found.change == 0 or not parts:
            head = f"{name} does not change {when}: {show(found.first, unit)}"
        rows = [
            [part.label, part.kind, _signed(part.value, unit), show_change(part.error, unit) if part.error else "exact"]
            for part in found.parts
        ]  # fmt: skip
        how = (
            f"All {found.evaluations} combinations of causes were run."
            if found.exact
            else f"{found.evaluations} combinations of causes were run, in sampled orders; the sum is exact."
        )
        method = (
            "A part is what its cause adds on average over all orders in which the causes could have come "
            f"(Shapley value), under the same luck, in this mineral's chain by itself. {how} {base_year_note(found)}"
        )
        words = f"<p class='lead'>{escape('Most of it: ' + '; '.join(leading) + '.')}</p>" if leading else ""
        return (
            f'<h1 class="finding">{escape(head)}</h1>{words}<div class="board">'
            + card(
                f"From {show(found.first, unit)} to {show(found.last, unit)}, cause by cause",
                f'<div class="scroll fall" {_FOCUS}><figure class="chart">{draw_waterfall(found)}</figure></div>',
                f"{what.capitalize()}; rising parts green, falling ones orange{_axis(found)}",
                f"{method} {self.source(self._about())}",
                numbers=table("waterfall", ("cause", "kind", "part", "standard error"), rows, (2, 3)),
            )
            + card(
                "Part by part",
                table("why", ("cause", "kind", "part", "standard error"), rows, (2, 3)),
                "",
                "",
            )
            + "</div>"
        )


def _axis(found: Explanation) -> str:
    start = waterfall_start(found)
    return f"; bars begin at {show(start, found.unit)}, not at 0" if start > 0.0 else ""


def _times(first: float, last: float) -> str:
    """Return how many times as much it is, where that says more than the difference."""
    ratio = last / first if first > 0.0 else 0.0
    return f", {ratio:.2g} times as much" if ratio >= 1.5 else ""


def _known(word: str, words: list[str], what: str) -> str:
    if word not in words:
        few = ", ".join(words) if len(words) < 9 else f"{words[0]} to {words[-1]}"
        raise OreblocError(f"The {what} is {word!r}; it must be one of {few}. Choose another.")
    return word


def _signed(value: float, unit: str) -> str:
    return ("+" if value >= 0.0 else "\u2212") + show_change(abs(value), unit)
