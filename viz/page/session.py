"""What one open page knows: its plan, what it looks at, the last good run. Without Solara, so that tests need none."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from model.cache import rule_hash
from model.error import OreblocError
from viz.live.link import capped, sound_plan, sound_view
from viz.live.message import events_of, frame_header, idle_words, packed, plan_header, run_titles
from viz.live.plan import (
    FROM,
    SHOWN,
    Plan,
    check_start,
    fitted,
    from_link,
    mixed,
    read_bloc,
    rows_of,
    to_toml,
)
from viz.live.record import Record
from viz.live.stage import Stage, stage_of
from viz.live.worker import Answer, Request, Worker, apart, baseline_arrays, frame_of

#: What is shown first: the mineral of the newest rules, and a buyer it matters to.
FIRST = {
    "mineral": "rare_earths",
    "good": "ndpr_refined",
    "country": "JPN",
    "quarter": "2030Q4",
    "colour": "share",
}


def version() -> str:
    """Return the version of the product."""
    from importlib import metadata

    try:
        return metadata.version("orebloc")
    except metadata.PackageNotFoundError:
        return "source"


class Session:
    """One visitor's state. `emit(bytes)` hands a message to the page; it may be called from the worker's thread."""

    def __init__(self, emit: Callable[[bytes], None], query: str = "", scenario: str = "baseline") -> None:
        self.emit = emit
        self.scenario = scenario
        self.plan = Plan(scenario=scenario)
        self.shown = dict(FIRST)
        self.target = ""
        self.record: Record | None = None
        self.notices: list[str] = []
        self._sent_frame: tuple[Any, ...] | None = None
        self._number = 0
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        self._read(query)
        self.worker = Worker(self._publish)

    def _read(self, query: str) -> None:
        """Take over what a link says; what it says wrongly is told, and the scenario opens without it."""
        if not query.strip("?"):
            return
        try:
            plan, shown, made = from_link(query)
            plan = plan if "scenario=" in query else replace(plan, scenario=self.scenario)
            stage = stage_of(plan.scenario, plan.seed)
            plan = fitted(plan, stage.quarter_labels())
            check_start(plan, stage.scenario)
            self.plan, changed = sound_plan(plan, stage)
            shown, unknown = sound_view(shown, stage)
            self.shown.update(shown)
            self.notices += changed + unknown
            if made.get("rules") and made["rules"] != rule_hash()[:8]:
                self.notices.append(
                    f"This link was made under other rules ({made['rules']}, here {rule_hash()[:8]}): "
                    "the same levers are set, the numbers may differ."
                )
        except OreblocError as error:
            self.notices.append(f"The link could not be read. {error} The scenario opens without it.")

    def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call `heard` whenever there is a new exact run; returns what ends that."""
        self._listeners.append(heard)
        return lambda: self._listeners.remove(heard) if heard in self._listeners else None

    def close(self) -> None:
        """End the session's thread."""
        self.worker.close()

    def take(self, message: Mapping[str, Any]) -> None:
        """Do what the page asks for. A refusal is told on the page; the plan stays as it was."""
        number = int(message.get("number") or 0)
        with self._lock:
            before = self.plan
            try:
                shown = message.get("shown") or {}
                self.shown.update({key: str(shown[key]) for key in SHOWN if shown.get(key)})
                act = _ACTS.get(str(message.get("type")))
                if act is None:
                    raise OreblocError(
                        f"The page asked for {message.get('type')!r}, which there is not. Reload it."
                    )
                if act(self, message):
                    self._ask(number)
            except OreblocError as error:
                self.plan = before
                self._fail(str(error), number)

    def _ask(self, number: int) -> None:
        self._number = number
        check_start(self.plan, stage_of(self.plan.scenario, self.plan.seed).scenario)
        self.worker.ask(Request(self.plan, self.shown["mineral"], number, fan=True))

    def _fail(self, message: str, number: int) -> None:
        header = {
            "kind": "error",
            "message": message,
            "number": number,
            **plan_header(self.plan, rule_hash()[:8], version()),
        }
        self.emit(packed(header))

    def _publish(self, answer: Answer) -> None:
        plan, number = answer.request.plan, answer.request.number
        if answer.step == "failed":
            self._fail(answer.error, number)
            return
        stage = stage_of(plan.scenario, plan.seed)
        if answer.step == "progress":
            of = len(stage.quarter_labels())
            self.emit(packed({"kind": "progress", "number": number, "done": answer.runs, "of": of}))
            return
        if answer.step == "fan":
            off = apart(stage, answer.request.mineral)
            self.emit(packed({"kind": "fan", "number": number, "runs": answer.runs, "off": off}, answer.fan))
            return
        assert answer.arrays is not None
        mineral = answer.request.mineral
        is_new = self._sent_frame != (stage, mineral)
        frame, base = frame_of(stage, mineral), baseline_arrays(stage, mineral)
        rules = rule_hash()[:8]
        scenario = self._scenario(stage, plan)
        header = {
            "kind": "run", "step": answer.step, "number": number, **plan_header(plan, rules, version()),
            "titles": run_titles(frame, answer.arrays, stage.quarter_labels(), stage.scenario.base_year),
            "events": events_of(scenario, stage.scenario, stage.goods_of(mineral), plan.start),
        }  # fmt: skip
        if answer.record is not None:
            header["idle"] = idle_words(answer.record, stage.whole.baseline)
        arrays = {f"r/{name}": array for name, array in answer.arrays.items()}
        if is_new:
            target = self._target(stage, mineral)
            header |= frame_header(stage, frame, base, plan, target) | {
                "shown": self._shown(stage, mineral),
                "rules": rules,
                "notices": self.notices,
            }
            self.notices = []
            arrays |= {f"b/{name}": array for name, array in base.items()}
            self._sent_frame = (stage, mineral)
        self.emit(packed(header, arrays))
        if answer.step == "exact":
            self.record = answer.record
            self._tell_risk(stage, answer.record, frame.goods, number)
            for heard in list(self._listeners):
                heard()

    def _tell_risk(self, stage: Stage, record: Record | None, goods: Any, number: int) -> None:
        if record is None:
            return
        base = stage.whole.baseline
        arrays: dict[str, Any] = {}
        for good in goods:
            for name, run in (("r", record), ("b", base)):
                if good.good in run.risk:
                    found = run.risk[good.good]
                    arrays[f"{name}/{good.good}"] = found.cost_usd
                    arrays[f"{name}/{good.good}/leader"] = found.leader
                    for n, part in enumerate(("users", "producers", "treasury")):
                        arrays[f"{name}/{good.good}/{part}"] = found.part_usd[:, :, n]
        self.emit(packed({"kind": "risk", "number": number, "years": list(base.risk_steps)}, arrays))

    def _scenario(self, stage: Stage, plan: Plan) -> Any:
        if plan.changes_nothing:
            return stage.scenario
        return mixed(
            stage.scenario, rows_of(plan, stage.whole.observer.restrictors, stage.whole.countries), plan.start
        )

    def _target(self, stage: Stage, mineral: str) -> str:
        goods = stage.goods_of(mineral)
        if self.target not in goods:
            refined = [good for good in goods if good.endswith("_refined")]
            self.target = next(good for good in ("ndpr_refined", *refined, goods[-1]) if good in goods)
        return self.target

    def _shown(self, stage: Stage, mineral: str) -> dict[str, str]:
        goods = stage.goods_of(mineral)
        good = self.shown["good"] if self.shown["good"] in goods else self._target(stage, mineral)
        labels = stage.quarter_labels()
        quarter = (
            self.shown["quarter"] if self.shown["quarter"] in labels else labels[min(23, len(labels) - 1)]
        )
        self.shown.update(good=good, mineral=mineral, quarter=quarter)
        return dict(self.shown)

    # what the page may ask for: each returns whether a run is needed -------------------------------------------
    def _hello(self, message: Mapping[str, Any]) -> bool:
        stage = stage_of(self.plan.scenario, self.plan.seed)
        self.plan = fitted(self.plan, stage.quarter_labels())
        if self.shown["mineral"] not in stage.minerals:
            self.shown["mineral"] = stage.minerals[0]
        self._sent_frame = None
        return True

    def _lever(self, message: Mapping[str, Any]) -> bool:
        plan = self.plan.with_lever(
            str(message.get("id")), str(message.get("good") or ""), message.get("value")
        )
        stage = stage_of(plan.scenario, plan.seed)
        rows_of(plan, stage.whole.observer.restrictors, [])
        self.plan, told = capped(plan, stage)
        if told:
            self.emit(packed({"kind": "notice", "texts": told}))
        return True

    def _reset(self, message: Mapping[str, Any]) -> bool:
        self.plan = replace(self.plan, levers={}, treaty=None)
        return True

    def _unsign(self, message: Mapping[str, Any]) -> bool:
        self.plan = replace(self.plan, treaty=None)
        return True

    def _start(self, message: Mapping[str, Any]) -> bool:
        self.plan = replace(self.plan, start=str(message.get("value")))
        return True

    def _bloc(self, message: Mapping[str, Any]) -> bool:
        self.plan = replace(self.plan, bloc=read_bloc(str(message.get("value"))))
        return True

    def _set_target(self, message: Mapping[str, Any]) -> bool:
        self.target = str(message.get("value"))
        self._sent_frame = None
        return True

    def _mineral(self, message: Mapping[str, Any]) -> bool:
        stage, mineral = stage_of(self.plan.scenario, self.plan.seed), str(message.get("value"))
        if mineral not in stage.minerals:
            raise OreblocError(
                f"The scenario has no mineral {mineral!r}. It has {', '.join(stage.minerals)}."
            )
        self.shown["mineral"], self.target = mineral, ""
        self._sent_frame = None
        return True

    def _open(self, message: Mapping[str, Any]) -> bool:
        plan = replace(self.plan, scenario=str(message.get("value")), levers={}, treaty=None)
        stage = stage_of(plan.scenario, plan.seed)
        labels = stage.quarter_labels()
        plan = fitted(plan if plan.start in labels[1:] else replace(plan, start=FROM), labels)
        if self.shown["mineral"] not in stage.minerals:
            self.shown["mineral"], self.target = stage.minerals[0], ""
        self.plan, self._sent_frame = plan, None
        return True

    def _file(self, message: Mapping[str, Any]) -> bool:
        stage = stage_of(self.plan.scenario, self.plan.seed)
        if stage.is_played:
            raise OreblocError(
                "A scenario's file does not hold what people ordered. Keep the session's file: `orebloc replay` and "
                "`orebloc export` take it."
            )
        scenario = self._scenario(stage, self.plan)
        text = to_toml(self.plan.scenario, scenario, f"{stage.scenario.title}, changed", stage.luck)
        self.emit(packed({"kind": "file", "name": f"{scenario.name}_changed.toml", "text": text}))
        return False


_ACTS: dict[str, Callable[[Session, Mapping[str, Any]], bool]] = {
    "hello": Session._hello,
    "lever": Session._lever,
    "reset": Session._reset,
    "unsign": Session._unsign,
    "start": Session._start,
    "bloc": Session._bloc,
    "target": Session._set_target,
    "mineral": Session._mineral,
    "scenario": Session._open,
    "file": Session._file,
}
