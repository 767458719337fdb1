"""Method and data: sources, weak numbers, assumptions, parameters, limits of what is shown."""

from collections import Counter
from html import escape
from typing import Any

from experiments.data_report import CREDITS, good_rows
from experiments.title import short_title
from model.base.data import data_hash
from model.cache import rule_hash
from model.instruments import INSTRUMENTS
from model.parameter import PARAMETERS
from viz.page.session import version
from viz.page.sheet import Ask, Sheet, card, table
from viz.page.validation import run_validation, validation_card
from viz.report import WEAK

_LIMITS = (
    "Shares emerge from costs, capacity, tastes and measures; they are no forecast.",
    "A seller is a country: whose metal within it is shipped is not told apart.",
    "Behaviour that is judgement was set so that the scenario as it stands is quiet, not fitted to single years.",
    "Supply at risk is one quarter cleared without the leader, times four; building within the year is not in it.",
    "What allies owe each other besides money is not weighed when states decide about treaties.",
    "Bands hold what luck and the parameters named as uncertain leave open, and nothing that the model leaves out.",
)


class Method(Sheet):
    """Shows where numbers come from; the good chosen narrows the assumptions."""

    title = "Method and data"
    purpose = (
        "How the model works, what it does not tell, how it did against history, and where numbers come from."
    )
    busy = "Reading the data; the tests against history take a minute where they are asked for…"

    def begin(self) -> None:
        """Show the tests; they are run when asked for."""
        self._is_validated = False

    def fields(self) -> list[Ask]:
        """Return the good whose assumptions are shown."""
        goods = [(good, short_title(good)) for good in self.stage.whole.goods]
        return [Ask("good", "Assumptions behind", "select", self.shown["good"], goods)]

    def set(self, field: str, value: Any) -> None:
        """Take over the good."""
        self.shown["good"] = str(value)

    def act(self, button: str) -> None:
        """Hold the model to history with the answer that follows."""
        self._is_validated = button == "validate"

    def answer(self) -> str:
        """Return the cards."""
        if self._is_validated:
            self._is_validated = False
            run_validation()
        world, good = self.stage.whole.world, self.shown["good"]
        kinds = "".join(f"<li><b>{word}</b>: {escape(what)}</li>" for word, what in WEAK.items())
        limits = "".join(f"<li>{escape(words)}</li>" for words in _LIMITS)
        credits_ = "".join(f"<li>{escape(words)}</li>" for words in CREDITS)
        certificate = self.stage.whole.baseline.violation
        rows = world.assumptions[world.assumptions["good"] == good].to_dict("records")
        names = [name for name in world.assumptions.columns if name != "good"]
        told = [[str(row[name]) if row[name] == row[name] else "" for name in names] for row in rows]
        parameters = [
            [p.name.replace("_", " "), self._value(p.name), p.unit, p.what, p.source]
            for p in PARAMETERS.values()
        ]
        counted = Counter(p.source.split(":")[0] for p in PARAMETERS.values())
        instruments = [[i.title, i.summary] for i in INSTRUMENTS]
        how = (
            "<p>Each quarter all linked markets clear together: plants offer along their cost curves, buyers choose "
            "among suppliers by price on arrival with some inertia of taste, measures edit prices, volumes and costs. "
            "Firms build, idle and close by what they expect; states trade, tax and sign. Largest violation of the "
            f"conditions of equilibrium in the scenario as it stands: {certificate:.1e}.</p>"
            f"<p class='fine'>orebloc {escape(version())}, rules {rule_hash()[:8]}, data {data_hash()[:8]}, seed "
            f"{self.stage.scenario.seed}.</p>"
        )
        return (
            '<h1 class="finding">Where the numbers come from, and how far to trust them</h1><div class="board">'
            + card("How it works", how, wide="half")
            + card("What it does not tell", f"<ul class='points'>{limits}</ul>", wide="half")
            + validation_card()
            + card("Where the data are weak", f"<ul class='points'>{kinds}</ul>{self._weak()}",
                   "Rows of data behind each good")
            + card(f"What was assumed for {short_title(good)}", table("assumptions", names, told),
                   f"{len(rows)} steps between the published figures and the base year {self.stage.scenario.base_year}")
            + card("Parameters", table("parameters", ("name", "value", "unit", "what it is", "source"),
                                       parameters, (1,)),
                   f"{len(parameters)} numbers; {counted['judgement']} rest on judgement alone")
            + card("Instruments", table("instruments", ("instrument", "what it does"), instruments))
            + card("Sources", f"<ul class='points'>{credits_}</ul>", "Every row of data names its own in model/data")
            + "</div>"
        )  # fmt: skip

    def _value(self, name: str) -> str:
        scenario = self.stage.scenario
        return "uncertain" if name in scenario.uncertain else f"{scenario.parameters[name]:g}"

    def _weak(self) -> str:
        here = set(self.stage.whole.goods)
        rows = [
            [short_title(row["good"]), row["rows"], f"{row['recalled'] / max(row['rows'], 1):.0%}",
             f"{row['estimate'] / max(row['rows'], 1):.0%}"]
            for row in good_rows()
            if row["good"] in here
        ]  # fmt: skip
        return table("weak data", ("good", "rows", "recalled", "estimated"), rows, (1, 2, 3))
