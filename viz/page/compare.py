"""Two to four scenarios side by side, on common axes, under the same luck."""

from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from experiments.compare import check_comparable
from experiments.difference import differences
from experiments.outcome import ALL_GOODS
from experiments.title import goods_words, scenario_title, short_title
from model.error import OreblocError
from model.scenario import Scenario
from viz.country import country_name
from viz.drawing import axes, both_sizes, end_labels, line, nice_top, percent, short_number
from viz.live.message import named
from viz.live.plan import plan_words
from viz.live.record import Record, run_record
from viz.live.stage import stage_of
from viz.live.study_run import read_study_run
from viz.page.fork import (
    MOST_RUNS,
    comparable,
    described,
    first_beside,
    fork_names,
    fork_plan,
    fork_title,
    is_fork,
    keep,
)
from viz.page.path import path_table, widest_gap
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
    title = "Compare"
    purpose = (
        "Sets two to four runs side by side on common axes, under the same luck: scenarios that ship, your changes, "
        "and forks of them that you kept."
    )

    def begin(self) -> None:
        """Set the scenario as it stands against what is changed or kept, else against another that ships."""
        self._runs: dict[str, tuple[Scenario, Record]] = {}
        others = [*fork_names(self.plan), *self._mine()]
        if not others:
            ship = first_beside(self.plan.scenario, self.stage.scenario)
            others = [ship] if ship else []
        self.chosen = [self.plan.scenario, *others, *[_NONE] * MOST_RUNS][:MOST_RUNS]

    def _mine(self) -> list[str]:
        """Return the changes of the plan as a run, unless there are none or they are kept already."""
        if self.plan.changes_nothing or plan_words(self.plan) in self.plan.kept:
            return []
        return [_MINE]

    def asked(self) -> dict[str, str]:
        """Return the scenarios chosen."""
        return {f"s{n}": name for n, name in enumerate(self.chosen) if name != _NONE}

    def _choices(self) -> list[tuple[str, str]]:
        """Return what can be chosen: what runs over the same quarters."""
        ship = comparable(self.stage.scenario)
        here = [] if self.plan.scenario in ship else [self.plan.scenario]
        return [(name, self._title(name)) for name in (*self._mine(), *fork_names(self.plan), *here, *ship)]

    def fields(self) -> list[Ask]:
        """Return up to four runs, the good and the country, and what keeps a fork."""
        choices = self._choices()
        if len(choices) < 2:
            return []
        goods = [(good, short_title(good)) for good in self.stage.whole.goods]
        codes = sorted(
            ((code, country_name(code)) for code in self.stage.whole.countries), key=lambda pair: pair[1]
        )
        empty = [(_NONE, "none")]
        labels = ("A", "B", "C", "D")
        known = {name for name, _ in choices}
        picks = [
            Ask(f"s{n}", labels[n], "select", name, self._with(choices if n < 2 else [*empty, *choices], name, known))
            for n, name in enumerate(self.chosen[: max(2, len(choices))])
        ]  # fmt: skip
        fields = [*picks, Ask("good", "in the market of", "select", self.shown["good"], goods),
                  Ask("country", "seen from", "select", self.shown["country"], codes)]  # fmt: skip
        if self._mine():
            letter = labels[self.chosen.index(_MINE)] if _MINE in self.chosen else labels[1]
            fields.append(Ask("keep", f"Keep my changes as {letter}", "button"))
        if self.plan.kept:
            fields.append(Ask("forget", "Forget what is kept", "button"))
        return fields

    def _with(self, choices: list[tuple[str, str]], name: str, known: set[str]) -> list[tuple[str, str]]:
        """Return the choices, with what a link asks for beside them where it is none of them."""
        return choices if name in known or name == _NONE else [*choices, (name, self._title(name))]

    def act(self, button: str) -> None:
        """Keep the changes as a fork, or forget all forks."""
        if button == "keep":
            self.plan = keep(self.plan)
            name = fork_names(self.plan)[-1]
            self._runs[name] = self._runs.pop(_MINE) if _MINE in self._runs else self._run(name)
            if _MINE in self.chosen:
                self.chosen[self.chosen.index(_MINE)] = name
        elif button == "forget":
            self.plan = replace(self.plan, kept=())
            self.begin()

    def set(self, field: str, value: Any) -> None:
        """Take over a choice."""
        if field in ("good", "country"):
            self.shown[field] = str(value)
        elif field in ("s0", "s1", "s2", "s3"):
            self.chosen[int(field[1])] = str(value)

    def _run(self, name: str) -> tuple[Scenario, Record]:
        if name in self._runs:
            return self._runs[name]
        if name == _MINE or is_fork(name):
            plan = self.plan if name == _MINE else fork_plan(self.plan, name)
            scenario, stage = self.changed(plan), stage_of(plan.scenario, plan.seed)
            check_comparable(self.stage.scenario, scenario)
            made = scenario, stage.run(scenario)
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
        if len(self._choices()) < 2:
            return self._nothing_beside()
        names = list(dict.fromkeys(name for name in self.chosen if name != _NONE))
        if len(names) < 2:
            raise OreblocError("Only one scenario is chosen. Choose another one to set it against.")
        runs: dict[str, tuple[Scenario, Record]] = {}
        say = self.teller()
        for name in names:
            say(f"Running the scenarios: {len(runs) + 1} of {len(names)}…")
            scenario, record = self._run(name)
            check_comparable(next(iter(runs.values()))[0] if runs else scenario, scenario)
            if self.shown["good"] not in {good for good, _ in record.cells["inside_price_usd_per_t"]}:
                raise OreblocError(
                    f"{self._title(name)} has no {short_title(self.shown['good'])}. Choose another good or scenario."
                )
            runs[name] = scenario, record
        return self._told(runs)

    def _nothing_beside(self) -> str:
        """Return what the page says where no other run covers the same quarters."""
        scenario, there = self.stage.scenario, escape(f"/explore/?{self.link()}", quote=True)
        return (
            '<h1 class="finding">Nothing to set beside this scenario yet</h1>'
            f'<p class="lead">{escape(self._title(self.plan.scenario))} runs from {scenario.start} to {scenario.end}, '
            "and no other scenario that ships runs over the same quarters. Move a lever on Explore and come back: "
            "then the scenario with your changes stands beside it as it is.</p>"
            f'<div class="acts"><a class="main-act" href="{there}">Move a lever on Explore</a></div>'
        )

    def _title(self, name: str) -> str:
        if name == _MINE:
            return f"With my changes: {fork_title(self.plan)}"
        if is_fork(name):
            return f"Kept: {fork_title(fork_plan(self.plan, name))}"
        if name == self.plan.scenario and (self.stage.is_played or read_study_run(name)):
            return self.stage.scenario.title or name
        return scenario_title(name)

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
        head = self._head(paths, next(iter(runs.values()))[1].quarters, f"{where}'s share of {thing}")
        return (
            f'<h1 class="finding">{escape(head)}</h1>{self._who(list(runs))}<div class="board">{drawn}'
            + card(
                "Numbers", self._numbers(runs), "Same luck in all: differences come from the scenarios alone"
            )
            + card("What differs", self._levers(runs), f"Against {self._title(next(iter(runs)))}")
            + "</div>"
        )

    def _head(self, paths: dict[str, Any], quarters: tuple[str, ...], what: str) -> str:
        """Return where the shares are furthest apart, in which quarter, and where they end."""
        base, *_ = paths
        name, n = widest_gap(paths)
        if name == "":
            return f"{what} is the same in all: {percent(paths[base][-1])} in {quarters[-1]}"
        gap, letter = 100.0 * (paths[name][n] - paths[base][n]), chr(65 + list(paths).index(name))
        word = "less" if gap < 0 else "more"
        apart = (
            f"{what} is furthest apart in {quarters[n]}: {abs(gap):.1f} points {word} in {letter} than in A"
        )
        if n == len(quarters) - 1:
            return f"{apart} ({percent(paths[base][n])})"
        return f"{apart}; in {quarters[-1]} it is {self._ends({k: percent(p[-1]) for k, p in paths.items()})}"

    def _who(self, names: list[str]) -> str:
        """Return what each letter stands for, with what the scenario says of itself."""
        rows = []
        for n, name in enumerate(names):
            about = described(name)
            words = f": {about}" if about else ""
            rows.append(f"<li><b>{chr(65 + n)} {escape(self._title(name))}</b>{escape(words)}</li>")
        return f'<ul class="points">{"".join(rows)}</ul>'

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
        widest, n = widest_gap(paths)
        if widest and n < len(quarters) - 1:
            letter = chr(65 + list(paths).index(widest))
            first, other = show(next(iter(paths.values()))[n]), show(paths[widest][n])
            told += (
                f"; furthest apart in {quarters[n]}: {first} (A), {other} ({letter})"
                if first != other
                else ""
            )
        body = both_sizes(list(quarters), top, inside, told) + self._legend(list(paths))
        return card(
            told,
            body,
            unit,
            self._source(list(paths)),
            "half",
            path_table(title, quarters, self._titled(paths)),
        )

    def _ends(self, ends: dict[str, str]) -> str:
        """Return last values in words, each with its letter; one value where all are the same."""
        if len(set(ends.values())) == 1:
            return f"{next(iter(ends.values()))} in all"
        return ", ".join(f"{word} ({chr(65 + n)})" for n, word in enumerate(ends.values()))

    def _titled(self, paths: dict[str, Any]) -> dict[str, Any]:
        return {self._title(name): path for name, path in paths.items()}

    def _source(self, names: list[str]) -> str:
        said = ", ".join(f"{chr(65 + n)} {self._title(name)}" for n, name in enumerate(names))
        return self.source(said)

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
            told,
            body,
            unit,
            self._source(list(paths)),
            "half",
            path_table(title, quarters, self._titled(moved)),
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
