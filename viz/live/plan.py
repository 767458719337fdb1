"""A plan: what somebody changes in a scenario, and from when. It is a link, a file and a scenario.

The link holds words a person can read (`?scenario=baseline&from=2027Q1&floor.ndpr_refined=110`); the file is a scenario
in TOML that `orebloc run` takes and gives the same numbers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from experiments.scenario_file import extended_scenario
from model.error import OreblocError
from model.quarter_date import is_quarter, quarter_index
from model.scenario import Scenario
from viz.live.lever import BLOCS, LEVERS_BY_ID, Rows, ending, lever_rows, read_value

#: From when levers act, where nothing else is said: the first quarter nobody knows yet.
FROM = "2027Q1"


@dataclass(frozen=True)
class Plan:
    """Levers by (id, good) with their values, the bloc's members, a treaty signed, and the quarter they hold from.

    `kept` are other plans put by for a comparison, each as the words of its link.
    """

    scenario: str = "baseline"
    seed: int | None = None
    start: str = FROM
    bloc: tuple[str, ...] = BLOCS["thirty"][1]
    levers: Mapping[tuple[str, str], float | str] = field(default_factory=dict)
    treaty: Mapping[str, Any] | None = None
    kept: tuple[str, ...] = ()

    def with_lever(self, lever: str, good: str, value: Any) -> "Plan":
        """Return the plan with one lever moved; at its default it is dropped. Raises `OreblocError`."""
        found = read_value(lever, value)
        levers = dict(self.levers)
        levers.pop((lever, good), None)
        if found != LEVERS_BY_ID[lever].default:
            levers[lever, good] = found
        return replace(self, levers=levers)

    @property
    def changes_nothing(self) -> bool:
        """Whether it is the scenario itself."""
        return not self.levers and self.treaty is None

    @property
    def key(self) -> tuple[Any, ...]:
        """Something to compare plans by."""
        return (
            self.scenario,
            self.seed,
            self.start,
            self.bloc,
            tuple(sorted(self.levers.items(), key=str)),
            str(self.treaty),
        )


def rows_of(plan: Plan, leaders: Mapping[str, str], countries: list[str]) -> Rows:
    """Return everything the plan adds; `leaders` says whose exports each good's measures are about."""
    rows = Rows()
    for (lever, good), value in sorted(plan.levers.items(), key=str):
        lever_rows(rows, lever, good, value, plan.start, plan.bloc, leaders, countries)
    if plan.treaty is not None:
        rows.treaties.append(dict(plan.treaty))
    return rows


def mixed(base: Scenario, rows: Rows, start: str) -> Scenario:
    """Return the scenario with the rows in it. Raises `ScenarioError` for what cannot be carried out."""
    raw: dict[str, Any] = {**base.to_mapping()}
    old = list(raw.get("measures") or [])
    if rows.lifted:
        old = [part for order in base.measures for part in ending(order.to_mapping(), rows, start)]
    raw["measures"] = [*old, *rows.measures]
    raw["shocks"] = [*(raw.get("shocks") or []), *rows.shocks]
    raw["treaties"] = [*(raw.get("treaties") or []), *rows.treaties]
    raw["seats"] = {**(raw.get("seats") or {}), **rows.seats}
    return extended_scenario(raw)


def check_start(plan: Plan, base: Scenario) -> None:
    """Raise `OreblocError` where the plan begins outside its scenario."""
    if not is_quarter(plan.start):
        raise OreblocError(
            f"The quarter is {plan.start!r}; it must be one such as {FROM}. Write year and quarter."
        )
    first, last = base.start_index + 1, quarter_index(base.end)
    if not first <= quarter_index(plan.start) <= last:
        raise OreblocError(
            f"Changes from {plan.start} are outside the scenario, {base.quarter_label(1)} to {base.end}. "
            "Choose a quarter within it."
        )


def fitted(plan: Plan, quarters: Sequence[str]) -> Plan:
    """Return the plan with a start within the scenario, where it still has the one nobody chose."""
    if plan.start != FROM or plan.start in quarters[1:]:
        return plan
    return replace(plan, start=quarters[min(4, len(quarters) - 1)])


def to_link(plan: Plan, shown: Mapping[str, str], rules: str, version: str) -> str:
    """Return the query that brings the same plan and view back."""
    words = [*_words(plan), *((_KEPT, word) for word in plan.kept)]
    words += [(key, value) for key, value in shown.items() if value]
    return urlencode([*words, ("version", version), ("rules", rules)])


def plan_words(plan: Plan) -> str:
    """Return a plan by itself as the words of a link: nothing of the view, nothing kept beside it."""
    return urlencode(_words(plan))


def _words(plan: Plan) -> list[tuple[str, str]]:
    words: list[tuple[str, str]] = [("scenario", plan.scenario)]
    if plan.seed is not None:
        words.append(("seed", str(plan.seed)))
    if not plan.changes_nothing:
        words.append(("from", plan.start))
        words.append(("bloc", _bloc_word(plan.bloc)))
    for (lever, good), value in sorted(plan.levers.items(), key=str):
        words.append(
            (f"{lever}.{good}" if good else lever, f"{value:g}" if isinstance(value, float) else str(value))
        )
    if plan.treaty is not None:
        words.append(("treaty", json.dumps(plan.treaty, separators=(",", ":"), sort_keys=True)))
    return words


def _bloc_word(bloc: tuple[str, ...]) -> str:
    return next((name for name, (_, codes) in BLOCS.items() if codes == bloc), "-".join(bloc))


#: Words of a link that say what is shown, not what is changed.
SHOWN = ("mineral", "good", "country", "quarter", "colour")
#: What words of a link begin with that are a page's own: what is asked there.
ASKED = "ask."
_KEPT = "kept"


def from_link(query: str) -> tuple[Plan, dict[str, str], dict[str, str]]:
    """Return plan, what is shown, and the rest of a link: `version`, `rules` and what a page asks (`ask.first`).

    Raises `OreblocError` for what it cannot be.
    """
    plan, shown, made = Plan(), {}, {}
    for key, value in parse_qsl(query.lstrip("?"), keep_blank_values=True):
        if key in SHOWN:
            shown[key] = value
        elif key in ("version", "rules") or key.startswith(ASKED):
            made[key] = value
        else:
            plan = _read_word(plan, key, value)
    return plan, shown, made


def _read_word(plan: Plan, key: str, value: str) -> Plan:
    if key == "scenario":
        return replace(plan, scenario=value)
    if key == "seed":
        return replace(plan, seed=_whole(value))
    if key == "from":
        return replace(plan, start=value)
    if key == "bloc":
        return replace(plan, bloc=read_bloc(value))
    if key == "treaty":
        return replace(plan, treaty=_treaty(value))
    if key == _KEPT:
        from_link(value)  # refused here, where the link is read
        return replace(plan, kept=(*plan.kept, value))
    lever, _, good = key.partition(".")
    if lever in LEVERS_BY_ID:
        return plan.with_lever(lever, good, value)
    raise OreblocError(
        f"The link says {key}={value!r}, which this version does not know. Take that part out, or open the page anew."
    )


def _whole(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise OreblocError(
            f"Seed of the link is {value!r}; it must be a whole number. Take it out."
        ) from None


def read_bloc(value: str) -> tuple[str, ...]:
    """Return the members a link names: a known bloc, or codes with dashes. Raises `OreblocError`."""
    if value in BLOCS:
        return BLOCS[value][1]
    from model.name import COUNTRIES

    codes = tuple(code for code in value.split("-") if code)
    for code in codes:
        if code not in COUNTRIES:
            raise OreblocError(
                f"The bloc has a member {code!r}, which is no country. Write codes such as USA-EU27-JPN."
            )
    return codes


def _treaty(value: str) -> Mapping[str, Any]:
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise OreblocError("The treaty of the link cannot be read. Take it out, or copy the link again.")
    return found


def to_toml(base: str, scenario: Scenario, title: str, luck: int = 0) -> str:
    """Return the scenario as a TOML file that stands by itself; `luck` is the number of the run shown."""
    raw = {key: value for key, value in scenario.to_mapping().items() if value not in (None, "", [], {})}
    raw.update(name=f"{scenario.name}_changed", title=title)
    run = "orebloc run FILE" if not luck else f"orebloc run FILE --runs {luck + 1}; it is run {luck} of them"
    return f"# Made by Orebloc's pages from {base}. Run it: {run}\n" + _toml(raw)


def _toml(raw: Mapping[str, Any]) -> str:
    plain = [
        f"{key} = {_value(value)}"
        for key, value in raw.items()
        if not _is_table(value) and not _is_rows(value)
    ]
    tables = []
    for key, value in raw.items():
        if _is_rows(value):
            for row in value:
                inner = "\n".join(
                    f"{name} = {_value(item)}" for name, item in row.items() if item is not None
                )
                tables.append(f"[[{key}]]\n{inner}")
        elif _is_table(value):
            inner = "\n".join(
                f"{_key(name)} = {_value(item)}" for name, item in value.items() if item is not None
            )
            tables.append(f"[{key}]\n{inner}")
    return "\n".join(plain) + "\n\n" + "\n\n".join(tables) + "\n"


def _is_rows(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(item, Mapping) for item in value)
    )


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _key(name: object) -> str:
    text = str(name)
    return text if text.replace("_", "").replace("-", "").isalnum() else _value(text)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inner = ", ".join(
            f"{_key(name)} = {_value(item)}" for name, item in value.items() if item is not None
        )
        return f"{{ {inner} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
