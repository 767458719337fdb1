"""Write the generated tables of docs/odd.md: `python -m tests.odd` from the repository's root.

The page is prose with tables between `<!-- table: NAME -->` and `<!-- end -->`; the tables come from the code.
A test fails when the committed page is not what this writes.
"""

import ast
import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

if __package__:  # run as a module: the tests' own folder is not on the path
    sys.path.insert(0, str(Path(__file__).parent))

from equation import COURSES, EQUATIONS, MARKET, resolve, rules

from agents.doctrine import DOCTRINES, USUAL
from model import quarter
from model.clauses import CLAUSES
from model.draw import CHANNELS
from model.event import EVENT_KINDS
from model.field import REQUIRED, Field
from model.instrument import Edit
from model.instruments import INSTRUMENTS
from model.measure_plan import PUSHES
from model.mode import MODE_WORDS
from model.parameter import PARAMETERS
from model.schema import COLUMNS, ROW_KINDS
from model.treaty_state import STATE_WORDS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "odd.md"
_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

_KINDS = {
    "plant": "capacity that turns inputs into outputs in fixed proportions",
    "site": "one firm's plants of one recipe: where it builds",
    "arrival": "a site in a coming quarter: capacity under construction",
    "node": "a seller: a country in a market",
    "buyer": "a buyer: a country in a market, its final users and the plants that take the good",
    "route": "from a node to a buyer",
    "firm": "a miner or refiner",
    "country": "a state",
    "pair": "a state and another one",
    "good": "a mineral at a stage",
    "account": "an account of the ledger",
    "project": "capacity somebody has announced",
    "run": "one play",
    "treaty": "a document with members and clauses",
    "membership": "a treaty and a country",
}
_MODES = {
    "normal": "no stance of its own",
    "negotiate": "restrictions suspended for concessions",
    "milk": "a wedge on exports",
    "limit": "the wedge that keeps outsiders' price just below an entrant's full cost",
    "flood": "support of its producers while they run low or outsiders have announced much",
    "coerce": "a licence against one state that provoked it",
}


def page(text: str) -> str:
    """Return the page with every table written anew. Raises `KeyError` for a table that is not known."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}", text)


def _grid(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    return "\n".join(lines + [f"| {' | '.join(_cell(word) for word in row)} |" for row in rows])


def _cell(word: Any) -> str:
    return f"{word:g}" if isinstance(word, float) else str(word).replace("|", "\\|").replace("\n", " ")


def _code(word: Any) -> str:
    return f"`{word}`"


def _entities() -> str:
    count = {kind: sum(column.rows == kind for column in COLUMNS) for kind in ROW_KINDS}
    return _grid(("row", "stands for", "columns"), [(kind, _KINDS[kind], count[kind]) for kind in ROW_KINDS])


def _columns() -> str:
    rows = [
        (_code(c.name), c.unit, c.writer, c.what) for kind in ROW_KINDS for c in COLUMNS if c.rows == kind
    ]
    return _grid(("state variable", "unit", "written in", "meaning"), rows)


def _sentence(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def _phases() -> str:
    rows = []
    for number, name in enumerate(_called(quarter.run_quarter), 1):
        phase = getattr(quarter, name)
        rows.append((number, name, _sentence(phase), ", ".join(_code(step) for step in _steps(phase))))
    return _grid(("", "phase", "what happens", "in order"), rows)


def _called(function: Any) -> list[str]:
    """Return the functions that one calls, in the order of its source."""
    tree = ast.parse(inspect.getsource(function))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    return [ast.unparse(call.func) for call in calls]


def _steps(phase: Any) -> list[str]:
    """Return what a phase calls of the rest of the model, functions of its own module followed down."""
    found = []
    for name in _called(phase):
        if "." not in name and hasattr(quarter, name) and name != "ClearingError":
            own = getattr(quarter, name).__module__ == quarter.__name__
            if name == "miss_message":
                continue
            found += _steps(getattr(quarter, name)) if own else [name]
        elif inspect.ismodule(getattr(quarter, name.split(".")[0], None)) and not name.startswith("np."):
            found.append(name.split(".")[1])
        elif name.startswith(("e.plan.", "e.clearer.", "decide.")):
            found.append(name.removeprefix("e."))
    return found


def _parameters() -> str:
    return _grid(
        ("parameter", "default", "unit", "from", "to", "meaning", "source"),
        [(_code(p.name), p.default, p.unit, p.low, p.high, p.what, p.source) for p in PARAMETERS.values()],
    )


def _fields(fields: Iterable[Field]) -> str:
    return ", ".join(_code(field.name) + ("" if field.default is REQUIRED else "?") for field in fields)


def _instruments() -> str:
    return _grid(
        ("instrument", "what it does", "fields (`?`: may be left out)"),
        [(_code(i.name), i.summary, _fields(i.fields)) for i in INSTRUMENTS],
    )


def _edits() -> str:
    return _grid(("edit", "what it is"), [(_code(kind.__name__), _sentence(kind)) for kind in Edit.__args__])


def _pushes() -> str:
    meaning = {column.name: column.what for column in COLUMNS}
    return _grid(("push", "a factor"), [(_code(name), meaning[name]) for name in PUSHES])


def _clauses() -> str:
    return _grid(
        ("clause", "what it does", "fields (`?`: may be left out)"),
        [(_code(c.name), c.summary, _fields(c.fields)) for c in CLAUSES],
    )


def _doctrines() -> str:
    words = [name for name in DOCTRINES[0].__dataclass_fields__ if name not in ("title", "summary")]
    rows = [[getattr(d, name) for name in words] for d in DOCTRINES]
    spread = _grid([word.replace("_", " ") for word in words], rows)
    told = _grid(("doctrine", "in words", "usual of"), [
        (d.name, d.summary, ", ".join(code for code, name in USUAL.items() if name == d.name) or
         ("all others" if d.name == "laissez_faire" else "")) for d in DOCTRINES
    ])  # fmt: skip
    return f"{told}\n\n{spread}"


def _modes() -> str:
    return _grid(("mode", "what it is"), [(word, _MODES[word]) for word in MODE_WORDS])


def _events() -> str:
    rows = [
        (_code(k.name), k.what, k.tension, k.outage_share, k.demand_factor, k.capex_factor)
        for k in EVENT_KINDS.values()
    ]
    return _grid(("event", "what happens", "tension", "outage", "demand", "capital cost"), rows)


def _channels() -> str:
    return _grid(("number", "channel"), [(number, _code(name)) for name, number in CHANNELS.items()])


def _states() -> str:
    return ", ".join(STATE_WORDS) + "."


def _market() -> str:
    rows = [(_code(path), _equation(eq), _words(resolve(path))) for path, eq in MARKET.items()]
    return _grid(("function", "equation", "in words"), rows)


def _equation(text: str) -> str:
    return "<br>".join(_code(step.strip()) for step in text.rstrip(",").split(";"))


def _words(function: Any) -> str:
    """Return what a rule says it returns."""
    told = re.sub(r" Sources?: [^.]+\.$", "", _sentence(function.py_func))
    return told.removeprefix("Return ").removeprefix("Tell ").rstrip(".")


def _source(function: Any) -> str:
    return ", ".join(re.findall(r"Sources?: ([^.]+)\.", inspect.getdoc(function.py_func) or "")).replace(
        "\n", " "
    )


def _rules_of(module: str) -> str:
    rows = []
    for path, function in rules().items():
        if path.split(".")[0] != module:
            continue
        text = "a course of states" if path in COURSES else _equation(EQUATIONS[module][path.split(".")[1]])
        rows.append((_code(path), text, _words(function), _used(path), _source(function)))
    return _grid(("rule", "equation", "in words", "used in", "source"), rows)


@functools.cache
def users() -> dict[str, list[str]]:
    """Return for each rule the files of the product that call it, or the rules of its own module that do."""
    found: dict[str, list[str]] = {path: [] for path in rules()}
    for folder in ("model", "agents", "experiments"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            called = {name for node in ast.walk(tree) for name in _names(node)}
            for module, name in _imported(tree):
                if f"{module}.{name}" in found and name in called:
                    found[f"{module}.{name}"].append(str(file.relative_to(ROOT)))
            if file.parent == ROOT / "model" / "rules":
                for name in called:
                    own = f"{file.stem}.{name}"
                    if own in found and _calls(tree, name):
                        found[own].append(f"{file.stem}")
    return found


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Call):
        function = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        return [function.id] if isinstance(function, ast.Name) else []
    return []


def _calls(tree: ast.Module, name: str) -> bool:
    """Tell whether a function of a file other than `name` itself calls it."""
    others = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name != name]
    return any(name in _names(node) for other in others for node in ast.walk(other))


def _imported(tree: ast.Module) -> list[tuple[str, str]]:
    """Return (module, name) of what a file takes from model/rules."""
    taken = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return [
        (node.module.removeprefix("model.rules."), alias.name)
        for node in taken
        if node.module.startswith("model.rules.")
        for alias in node.names
    ]


def _used(path: str) -> str:
    files = users()[path]
    return ", ".join(_code(file.removesuffix(".py")) for file in files) or "no run yet"


def _of(module: str) -> Callable[[], str]:
    return lambda: _rules_of(module)


TABLES: dict[str, Callable[[], str]] = {
    "entities": _entities,
    "columns": _columns,
    "phases": _phases,
    "parameters": _parameters,
    "instruments": _instruments,
    "edits": _edits,
    "pushes": _pushes,
    "clauses": _clauses,
    "doctrines": _doctrines,
    "modes": _modes,
    "events": _events,
    "channels": _channels,
    "states": _states,
    "market": _market,
    **{f"rules_{module}": _of(module) for module in EQUATIONS},
}

if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote the tables of {PAGE}")
