"""Pages of questions and answers: fields on top, the answer below as HTML. Without Solara, so that tests need none."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from model.cache import rule_hash
from model.error import ClearingError, OreblocError
from model.scenario import Scenario
from viz.live.message import packed
from viz.live.plan import ASKED, Plan, check_start, fitted, from_link, mixed, rows_of, to_link
from viz.live.stage import Stage, stage_of
from viz.page.session import FIRST, version


@dataclass(frozen=True)
class Ask:
    """One field: `kind` is select, number, text, check, checks or button."""

    id: str
    label: str
    kind: str
    value: Any = None
    choices: Sequence[tuple[str, str]] = ()
    help: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    group: str = ""
    more: bool = False  # stands folded, under more terms of its group

    def record(self) -> dict[str, Any]:
        """Return the field as JSON has it."""
        record = {**self.__dict__, "choices": [list(choice) for choice in self.choices]}
        return {
            key: value
            for key, value in record.items()
            if value not in (None, "", []) and (key, value) != ("more", False)
        } | {"value": self.value}


class Superseded(Exception):
    """Raised inside an answer that nobody waits for any more."""


class Sheet:
    """One visitor's page of this kind. A kind gives `fields`, `set`, `answer`, and may give `act`."""

    #: What is said while an answer is worked out; what the page is called, and what it is for.
    busy = "Working it out…"
    title = ""
    purpose = ""

    def __init__(self, emit: Callable[[bytes], None], query: str = "", scenario: str = "baseline") -> None:
        self.emit = emit
        self.plan = Plan(scenario=scenario)
        self.shown = dict(FIRST)
        self.error = ""
        self.number = 0
        self.words: dict[str, str] = {}
        self.refused: dict[str, tuple[Any, str]] = {}  # by field: what was written, and why it cannot be
        self._asked = 0
        self._thread = threading.local()
        self._lock = threading.RLock()
        try:
            plan, shown, rest = from_link(query)
            self.words = {
                key.removeprefix(ASKED): word for key, word in rest.items() if key.startswith(ASKED)
            }
            self.plan = plan if "scenario=" in query else replace(plan, scenario=scenario)
            self.plan = fitted(self.plan, self.stage.quarter_labels())
            check_start(self.plan, self.stage.scenario)
            self.shown.update(shown)
        except OreblocError as error:
            self.plan = Plan(scenario=scenario)
            self.error = f"The link could not be read. {error} The scenario opens without it."
        if (
            self.shown["mineral"] not in self.stage.minerals
            or self.shown["good"] not in self.stage.whole.goods
        ):
            self.shown["mineral"] = self.stage.minerals[0]
            self.shown["good"] = self.stage.goods_of(self.shown["mineral"])[-1]
        labels = self.stage.quarter_labels()
        if self.shown["quarter"] not in labels:
            self.shown["quarter"] = labels[-1]
        self.begin()
        for field, word in self.words.items():
            try:
                self.set(field, word)
            except OreblocError as error:
                self.error = f"The link could not be read in full. {error}"

    @property
    def stage(self) -> Stage:
        """The scenario's worlds."""
        return stage_of(self.plan.scenario, self.plan.seed)

    def changed(self, plan: Plan | None = None) -> Scenario:
        """Return the scenario with the plan's changes."""
        chosen = plan or self.plan
        stage = stage_of(chosen.scenario, chosen.seed)
        if chosen.changes_nothing:
            return stage.scenario
        rows = rows_of(chosen, stage.whole.observer.restrictors, stage.whole.countries)
        return mixed(stage.scenario, rows, chosen.start)

    def begin(self) -> None:
        """Set what the page opens with; what the link asks is set after it."""

    def asked(self) -> dict[str, str]:
        """Return what is asked, by field: it stands in the address, so that a link brings the answer back."""
        return {}

    def fields(self) -> list[Ask]:
        """Return the fields with their present values."""
        return []

    def set(self, field: str, value: Any) -> None:
        """Take over what somebody chose. Raises `OreblocError`."""

    def act(self, button: str) -> None:
        """Do what a button says. Raises `OreblocError`."""

    def answer(self) -> str:
        """Return the answer as HTML; runs in a thread of its own. Raises `OreblocError`, `ClearingError`."""
        return ""

    def close(self) -> None:
        """Forget what is under way."""
        self._asked += 1

    def take(self, message: Mapping[str, Any]) -> None:
        """Do what the page asks for, then work out the answer; what was under way is dropped."""
        with self._lock:
            self.number = int(message.get("number") or 0)
            if message.get("type") == "stop":
                self._asked += 1
                self.tell(status="Stopped. Change something to ask again.", stale=True)
                return
            try:
                self._do(message)
            except OreblocError as error:
                self.error = "" if message.get("type") == "set" else str(error)
                self.tell(error=self._faults(), stale=True)
                return
            self._asked += 1
            asked = self._asked
        self.tell(busy=True, status=self.busy)
        threading.Thread(
            target=self._work, args=(asked, self.number), name="orebloc-sheet", daemon=True
        ).start()

    def _do(self, message: Mapping[str, Any]) -> None:
        """Take over a choice, or do what a button says. What is refused stands in its field until that is mended."""
        name, value = str(message.get("id")), message.get("value")
        if message.get("type") in ("set", "act"):
            self.error = ""
        if message.get("type") == "set":
            self.refused.pop(name, None)
            try:
                self.set(name, value)
            except OreblocError as error:
                self.refused[name] = value, str(error)
                raise
        elif message.get("type") == "act":
            if self.refused:
                raise OreblocError("Mend first what stands in red.")
            self.act(name)

    def _faults(self) -> str:
        """Return all that is wrong now, in words."""
        return " ".join(
            dict.fromkeys(words for words in (self.error, *(f for _, f in self.refused.values())) if words)
        )

    def teller(self) -> Callable[[str], None]:
        """Return what an answer says how far it is with; it raises `Superseded` once nobody waits for the answer.

        To be called in the answer's own thread; what it returns may be called in any.
        """
        asked = getattr(self._thread, "asked", None)

        def say(words: str) -> None:
            if asked is None:
                return
            if asked != self._asked:
                raise Superseded
            self.tell(busy=True, status=words)

        return say

    def _work(self, asked: int, number: int) -> None:
        html, error = None, self.error
        self._thread.asked = asked
        try:
            html = self.answer()
        except Superseded:
            return
        except (OreblocError, ClearingError) as found:
            html, error = "", str(found)
        except Exception as found:  # the page must say so, whatever it was
            error = f"The model stopped: {type(found).__name__}: {found}. The last answer stays on the page."
        if asked == self._asked:
            faults = self._faults()
            whole = f"{error} {faults}".strip() if faults not in (error, "") else error
            self.tell(html=html, error=whole, number=number, stale=bool(faults) or html is None)

    def tell(self, **header: Any) -> None:
        """Send the page its fields and what there is."""
        fields = [self._field(field) for field in self.fields()]
        self.emit(
            packed(
                {"kind": "sheet", "number": self.number, "fields": fields, "address": self.link(),
                 "title": self.title, "purpose": self.purpose, **header}
            )
        )  # fmt: skip

    def _field(self, field: Ask) -> dict[str, Any]:
        record = field.record()
        if field.id in self.refused:
            record["value"], record["fault"] = self.refused[field.id]
        return record

    def source(self, about: str = "") -> str:
        """Return a card's source line: the scenario, seed and rules that its numbers come from."""
        scenario = self.stage.scenario
        return f"Source: Orebloc, {about or scenario.name}; seed {scenario.seed}, rules {rule_hash()[:8]}"

    def link(self) -> str:
        """Return the query that brings this page back."""
        asked = {f"{ASKED}{field}": word for field, word in self.asked().items()}
        return to_link(self.plan, {**self.shown, **asked}, rule_hash()[:8], version())

    def go(self, page: str) -> None:
        """Lead to another page with the same plan."""
        self.emit(packed({"kind": "go", "address": f"/explore/{page}?{self.link()}"}))


def table(
    name: str, head: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[int] = ()
) -> str:
    """Return a table that can be taken along; `numbers` are the columns set to the right."""
    top = "".join(f'<th scope="col"{_side(n, numbers)}>{escape(word)}</th>' for n, word in enumerate(head))
    lines = "".join(
        f"<tr>{''.join(_cell(n, cell, numbers) for n, cell in enumerate(row))}</tr>" for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name, quote=True)}">'
        f'<table class="plain" data-name="{escape(name, quote=True)}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _cell(n: int, cell: object, numbers: Sequence[int]) -> str:
    tag = "td" if n else 'th scope="row"'
    return f"<{tag}{_side(n, numbers)}>{escape(str(cell))}</{tag.split()[0]}>"


def _side(n: int, numbers: Sequence[int]) -> str:
    return ' class="n"' if n in numbers else ""


def card(
    title: str, body: str, unit: str = "", source: str = "", wide: str = "full", numbers: str = ""
) -> str:
    """Return a card as the Explore page has them; the title is escaped, the body is HTML.

    `numbers` is a `table` of what a chart in the body shows: the page offers it in the chart's place, and as CSV.
    """
    under = f'<p class="unit">{escape(unit)}</p>' if unit else ""
    foot = f'<p class="source">{escape(source)}</p>' if source else ""
    kept = f'<div class="numbers" hidden>{numbers}</div>' if numbers else ""
    return (
        f'<section class="card {wide}"><header><div><h2>{escape(title)}</h2>{under}</div></header>'
        f'<div class="body">{body}</div>{kept}{foot}</section>'
    )
