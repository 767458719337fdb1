"""Two to four scenarios side by side, on common axes, under the same luck."""

from html import escape
from typing import Any

import numpy as np

from experiments.cause import differences
from experiments.compare import check_comparable
from experiments.outcome import ALL_GOODS
from experiments.scenario_file import load_scenario, scenario_files
from model.cache import rule_hash
from model.error import OreblocError
from model.scenario import Scenario
from viz.country import country_name
from viz.drawing import axes, both_sizes, end_labels, line, nice_top, percent, short_number
from viz.live.message import named
from viz.live.record import Record, run_record
from viz.live.stage import stage_of
from viz.live.study_run import read_study_run
from viz.live.title import goods_words, short_title
from viz.page.sheet import Ask, Sheet, card, table

#: One colour for each scenario, told apart by colour-blind readers (Okabe and Ito 2008).
_COLOURS = ("#5a636e", "#0072b2", "#d55e00", "#009e73")
_DASHES = ("", "", "6 3", "2 3")
_NONE = "-"
_MINE = "mine"
_AT = ("2027Q4", "2030Q4", "2035Q4", "2040Q4")


class Compare(Sheet):
    """Up to four runs: the scenario as it stands, with the changes, and others that ship."""

    busy = "Running the scenarios…"

    def begin(self) -> None:
        """Set the scenario as it stands against the changes, or against a bloc with a floor."""
        second = _MINE if not self.plan.changes_nothing else "us_eu_japan_floor"
        known = scenario_files()
        self.chosen = [
            self.plan.scenario,
            second if second == _MINE or second in known else _NONE,
            _NONE,
            _NONE,
        ]
        self._runs: dict[str, tuple[Scenario, Record]] = {}

    def asked(self) -> dict[str, str]:
        """Return the scenarios chosen."""
        return {f"s{n}": name for n, name in enumerate(self.chosen) if name != _NONE}

    def fields(self) -> list[Ask]:
        """Return four scenarios, the good and the country."""
        names = [(name, name.replace("_", " ").capitalize()) for name in scenario_files()]
        if self.plan.scenario not in scenario_files():
            names.append((self.plan.scenario, self._title(self.plan.scenario)))
        mine = [] if self.plan.changes_nothing else [(_MINE, "with my changes")]
        choices = [*mine, *names]
        goods = [(good, short_title(good)) for good in self.stage.whole.goods]
        codes = sorted(
            ((code, country_name(code)) for code in self.stage.whole.countries), key=lambda pair: pair[1]
        )
        empty = [(_NONE, "none")]
        labels = ("Compare", "with", "and", "and")
        picks = [
            Ask(f"s{n}", labels[n], "select", self.chosen[n], choices if n < 2 else [*empty, *choices])
            for n in range(4)
        ]
        return [*picks, Ask("good", "in the market of", "select", self.shown["good"], goods),
                Ask("country", "seen from", "select", self.shown["country"], codes)]  # fmt: skip

    def set(self, field: str, value: Any) -> None:
        """Take over a choice."""
        if field in ("good", "country"):
            self.shown[field] = str(value)
        elif field in ("s0", "s1", "s2", "s3"):
            self.chosen[int(field[1])] = str(value)

    def _run(self, name: str) -> tuple[Scenario, Record]:
        if name in self._runs:
            return self._runs[name]
        if name == _MINE:
            scenario = self.changed()
            made = (scenario, self.stage.run(scenario))
        else:
            made = self._run_like(name)
        self._runs[name] = made
        return made

    def _run_like(self, name: str) -> tuple[Scenario, Record]:
        """Return a scenario under the luck of this page's: a study's run has a seed and a number of its own."""
        here = self.stage
        if name == self.plan.scenario:
            return here.scenario, here.whole.baseline
        seed = here.scenario.seed if read_study_run(self.plan.scenario) else self.plan.seed
        ground = stage_of(name, seed).whole
        if not here.luck:
            return ground.scenario, ground.baseline
        return ground.scenario, run_record(ground.scenario, ground.world, ground.observer, luck=here.luck)

    def answer(self) -> str:
        """Return charts, numbers and what differs."""
        names = list(dict.fromkeys(name for name in self.chosen if name != _NONE))
        if len(names) < 2:
            raise OreblocError("Only one scenario is chosen. Choose another one to set it against.")
        first = load_scenario(names[0]) if names[0] in scenario_files() else self.changed()
        runs = {}
        for name in names:
            scenario, record = self._run(name)
            check_comparable(first, scenario)
            if self.shown["good"] not in {good for good, _ in record.cells["inside_price_usd_per_t"]}:
                raise OreblocError(
                    f"{self._title(name)} has no {short_title(self.shown['good'])}. Choose another good or scenario."
                )
            runs[name] = scenario, record
        return self._told(runs)

    def _title(self, name: str) -> str:
        if self.stage.is_played and name == self.plan.scenario:
            return self.stage.scenario.title
        return "With my changes" if name == _MINE else name.replace("_", " ").capitalize()

    def _told(self, runs: dict[str, tuple[Scenario, Record]]) -> str:
        good, country = self.shown["good"], self.shown["country"]
        leader = self.stage.whole.observer.restrictors[good]
        thing, place = goods_words(good), country_name(country)
        where, price = country_name(leader), "real 2024 dollars a tonne"
        gain = "dollars a quarter, all minerals, less that of the first scenario"
        charts = [
            (
                f"{where}'s share of {thing}",
                "share of world output",
                "production_share",
                good,
                leader,
                percent,
            ),
            (
                f"Price of {thing} outside {where}",
                price,
                "outside_price_usd_per_t",
                good,
                leader,
                short_number,
            ),
            (f"Price of {thing} inside {where}", price, "inside_price_usd_per_t", good, leader, short_number),
            (f"Welfare of {place}", gain, "welfare_total_usd", ALL_GOODS, country, short_number),
        ]
        drawn = "".join(self._chart(runs, *chart) for chart in charts)
        paths = {name: record.path("production_share", good, leader) for name, (_, record) in runs.items()}
        base, *others = paths
        gaps = {name: 100.0 * (paths[name][-1] - paths[base][-1]) for name in others}
        widest = max(gaps, key=lambda name: abs(gaps[name]))
        end = next(iter(runs.values()))[1].quarters[-1]
        word = "less" if gaps[widest] < 0 else "more"
        start = f"{where} ends with {percent(paths[base][-1])} of {thing} in \u201c{self._title(base)}\u201d"
        head = (
            f"{start} and {abs(gaps[widest]):.1f} points {word} in \u201c{self._title(widest)}\u201d ({end})"
        )
        return (
            f'<h1 class="finding">{escape(head)}</h1><div class="board">{drawn}'
            + card(
                "Numbers", self._numbers(runs), "Same luck in all: differences come from the scenarios alone"
            )
            + card("What differs", self._levers(runs), f"Against {self._title(base)}")
            + "</div>"
        )

    def _chart(
        self,
        runs: dict[str, tuple[Scenario, Record]],
        title: str,
        unit: str,
        metric: str,
        good: str,
        country: str,
        show: Any,
    ) -> str:
        records = {name: record for name, (_, record) in runs.items()}
        paths = {name: record.path(metric, good, country) for name, record in records.items()}
        quarters = next(iter(records.values())).quarters
        if metric.startswith("welfare"):
            return self._signed_chart(paths, title, unit, quarters)
        top = nice_top(
            float(max((np.nanmax(path) for path in paths.values() if np.isfinite(path).any()), default=1.0))
        )

        def inside(plot: Any) -> str:
            lines = [line(plot, list(path), _COLOURS[n], _DASHES[n]) for n, path in enumerate(paths.values())]
            ends = [(self._title(name), float(path[-1]), _COLOURS[n]) for n, (name, path) in enumerate(paths.items())
                    if np.isfinite(path[-1])]  # fmt: skip
            return (
                axes(plot, show)
                + "".join(lines)
                + end_labels(plot, [(chr(65 + n), v, c) for n, (_, v, c) in enumerate(ends)])
            )

        told = f"{title} ends at {self._ends({name: show(path[-1]) for name, path in paths.items()})}"
        body = both_sizes(list(quarters), top, inside, told) + self._legend(list(paths))
        return card(
            told, body, unit, self._source(), "half", _path_table(title, quarters, self._titled(paths))
        )

    def _ends(self, ends: dict[str, str]) -> str:
        """Return last values in words, each with its letter; one value where all are the same."""
        if len(set(ends.values())) == 1:
            return f"{next(iter(ends.values()))} in all"
        return ", ".join(f"{word} ({chr(65 + n)})" for n, word in enumerate(ends.values()))

    def _titled(self, paths: dict[str, Any]) -> dict[str, Any]:
        return {self._title(name): path for name, path in paths.items()}

    def _source(self) -> str:
        scenario = self.stage.scenario
        return f"Source: Orebloc, {scenario.name}, seed {scenario.seed}, rules {rule_hash()[:8]}"

    def _legend(self, names: list[str]) -> str:
        rows = "".join(
            f'<li><i style="background:{_COLOURS[n]}"></i>{chr(65 + n)} {escape(self._title(name))}</li>'
            for n, name in enumerate(names)
        )
        return f'<ul class="names">{rows}</ul>'

    def _signed_chart(self, paths: dict[str, Any], title: str, unit: str, quarters: tuple[str, ...]) -> str:
        """Draw differences to the first run, shifted up so that the axis can hold both signs."""
        base, *others = paths
        moved = {name: np.nan_to_num(paths[name] - paths[base]) for name in others}
        span = nice_top(max(float(np.abs(path).max()) for path in moved.values()) or 1.0)

        def show(value: float) -> str:
            return short_number(value - span)

        def inside(plot: Any) -> str:
            flat = line(plot, [span] * len(quarters), _COLOURS[0])
            lines = [
                line(plot, list(path + span), _COLOURS[n + 1], _DASHES[n + 1])
                for n, path in enumerate(moved.values())
            ]
            ends = [
                (chr(66 + n), float(path[-1] + span), _COLOURS[n + 1])
                for n, path in enumerate(moved.values())
            ]
            return axes(plot, show) + flat + "".join(lines) + end_labels(plot, ends)

        words = ", ".join(
            f"{'+' if path[-1] >= 0.0 else chr(8722)}{short_number(abs(float(path[-1])))} ({chr(66 + n)})"
            for n, path in enumerate(moved.values())
        )
        told = f"{title} in the last quarter: {words} against A"
        body = both_sizes(list(quarters), 2.0 * span, inside, told) + self._legend(list(paths))
        return card(
            told, body, unit, self._source(), "half", _path_table(title, quarters, self._titled(moved))
        )

    def _numbers(self, runs: dict[str, tuple[Scenario, Record]]) -> str:
        good, leader = self.shown["good"], self.stage.whole.observer.restrictors[self.shown["good"]]
        quarters = next(iter(runs.values()))[1].quarters
        at = [quarter for quarter in _AT if quarter in quarters] or [quarters[-1]]
        rows = []
        for title, metric, show in (
            (f"{country_name(leader)}'s share", "production_share", lambda v: f"{100 * v:.1f} %"),
            ("price outside, $/t", "outside_price_usd_per_t", lambda v: f"{v:,.0f}"),
            ("price inside, $/t", "inside_price_usd_per_t", lambda v: f"{v:,.0f}"),
        ):
            for name, (_, record) in runs.items():
                path = record.path(metric, good, leader)
                rows.append([title, self._title(name), *(show(path[quarters.index(q)]) for q in at)])
        code = self.shown["country"]
        base = next(iter(runs.values()))[1].path("welfare_total_usd", ALL_GOODS, code)
        for name, (_, record) in list(runs.items())[1:]:
            gain = np.cumsum(np.nan_to_num(record.path("welfare_total_usd", ALL_GOODS, code) - base))
            words = [f"{gain[quarters.index(q)] / 1e6:+,.0f}" for q in at]
            rows.append([f"gain of {country_name(code)} so far, $ m", self._title(name), *words])
        return table("comparison", ("number", "scenario", *at), rows, range(2, 2 + len(at)))

    def _levers(self, runs: dict[str, tuple[Scenario, Record]]) -> str:
        (first, _), *others = runs.values()
        rows = []
        for name, (scenario, _) in list(runs.items())[1:]:
            try:
                found = differences(first, scenario)
            except OreblocError as error:
                rows.append([self._title(name), "world", str(error)])
                continue
            rows += [[self._title(name), cause.kind, named(cause.label)] for cause in found]
        return table("differences", ("scenario", "kind", "what differs"), rows)


def _path_table(name: str, quarters: tuple[str, ...], paths: dict[str, Any]) -> str:
    """Return the numbers behind a chart, a row for each quarter."""
    rows = [
        [quarter, *(f"{path[n]:.6g}" if np.isfinite(path[n]) else "" for path in paths.values())]
        for n, quarter in enumerate(quarters)
    ]
    return table(name, ("quarter", *paths), rows, range(1, 1 + len(paths)))
