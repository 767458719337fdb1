"""One way to compile a rule, so that all rules share the same arithmetic.

No fast-math and no parallel reduction: the uncompiled function (`rule.py_func`) is the oracle in the
tests and must agree bit for bit on the rule's domain.
"""

import functools
import importlib
import operator
import pkgutil
import threading
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numba
from numba.core.options import DefaultOptions
from numba.core.registry import CPUDispatcher

_LOCK = threading.Lock()
#: Rules allocate nothing, so nobody need count who holds an array. Counting every array of a wide tuple at every call
#: takes as long as the work. The switch is Numba's own but not promised: without it rules are slower, not different.
_UNCOUNTED = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}
#: Every phase so far: its function, the names it uses, its narrow classes by wide class; and all wide classes seen.
_PHASES: list[tuple[Callable[..., Any], set[str], dict[type, Any]]] = []
_KINDS: dict[type, None] = {}


def rule(function: Callable[..., Any]) -> Any:
    """Compile `function` lazily, releasing the GIL, with the result kept in the compile cache.

    A rule creates no array and returns none: scratch is handed in.
    """
    return _compiled(function)


class _InnerRule(CPUDispatcher):
    """A compiled rule that Python cannot call; unguarded, such a call would end the process."""

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            f"Rule {self.py_func.__name__} is compiled for other rules only. Call {self.py_func.__name__}.py_func, or "
            "decorate it with `rule`."
        )


def inner(function: Callable[..., Any]) -> Any:
    """Compile `function` as a rule that only other rules call.

    A way in from Python unpacks every array of every tuple: for the market's wide ones that takes longer to compile
    than the rule itself.
    """
    compiled = _compiled(function, no_cpython_wrapper=True)
    compiled.__class__ = _InnerRule
    return compiled


def _compiled(function: Callable[..., Any], **options: bool) -> Any:
    """Return Numba's dispatcher; nobody calls a rule through a C function pointer, so there is none."""
    return numba.njit(
        cache=True,
        error_model="numpy",
        nogil=True,
        fastmath=False,
        no_cfunc_wrapper=True,
        **options,
        **_UNCOUNTED,
    )(function)


def phase(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop over runs and rows that takes wide named tuples, handing over only the fields it uses.

    Compiling against a tuple takes time for every field, used or not. The fields used are the attribute names in
    the function and in the rules it calls. `.compiled` is the dispatcher, `.py_func` the plain function.
    """
    compiled = rule(function)
    names: set[str] = set()
    parts: dict[type, tuple[type, Callable[[Any], Any]]] = {}
    _PHASES.append((function, names, parts))

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        if not names:
            names.update(_names_used(function))  # on first use: by then the whole module is there
        handed = []
        for a in arguments:
            if isinstance(a, tuple):
                narrow, pick = parts.get(type(a)) or _narrowed(type(a), names, parts, function)
                a = tuple.__new__(narrow, pick(a))  # what the class itself would do, by a longer way
            handed.append(a)
        return compiled(*handed)

    call.compiled = compiled  # type: ignore[attr-defined]
    call.py_func = function  # type: ignore[attr-defined]
    return call


def _names_used(function: Callable[..., Any]) -> set[str]:
    """Return the names a function uses, those of the rules it calls included."""
    names = set(function.__code__.co_names)
    for name in list(names):
        inner = getattr(function.__globals__.get(name), "py_func", None)
        if inner is not None and inner is not function:
            names |= _names_used(inner)
    return names


def _narrowed(kind: type, names: set[str], parts: dict[type, Any], function: Callable[..., Any]) -> Any:
    if kind not in parts:
        with _LOCK:
            _KINDS[kind] = None
            if kind not in parts:
                parts[kind] = _narrow_class(kind, names, function)
    return parts[kind]


def __getattr__(title: str) -> Any:
    """Return a narrow class that the compile cache names before this process has used it.

    A rule called by several phases is cached with the classes of all of them, whichever comes first here.
    """
    if "_of_" in title and not title.startswith("__"):
        for module in pkgutil.iter_modules(importlib.import_module("model.phase").__path__):
            importlib.import_module(f"model.phase.{module.name}")
        for function, names, parts in list(_PHASES):
            if title.endswith(f"_of_{_suffix(function)}"):
                if not names:
                    names.update(_names_used(function))
                for kind in list(_KINDS):
                    _narrowed(kind, names, parts, function)
        if title in globals():
            return globals()[title]
        if any(title.endswith(f"_of_{_suffix(function)}") for function, _, _ in _PHASES):
            # Of a tuple that has since been renamed: what was compiled for it is never asked for again.
            globals()[title] = _tuple_class(title, [])
            return globals()[title]
    raise AttributeError(f"module {__name__!r} has no attribute {title!r}")


def _suffix(function: Callable[..., Any]) -> str:
    return f"{function.__module__.replace('.', '_')}_{function.__name__}"


def _narrow_class(
    kind: Any, names: set[str], function: Callable[..., Any]
) -> tuple[Any, Callable[[Any], Any]]:
    """Return the class of the narrower tuple, known to this module for the compile cache, and what fills it."""
    fields = [name for name in kind._fields if name in names]
    title = f"{kind.__name__}_of_{_suffix(function)}"
    globals()[title] = narrow = _tuple_class(title, fields)
    places = [kind._fields.index(name) for name in fields]
    pick = operator.itemgetter(*places) if len(places) > 1 else None
    return narrow, pick or (lambda whole: [whole[place] for place in places])


def _tuple_class(title: str, fields: list[str]) -> Any:
    return namedtuple(title, fields, module=__name__)  # type: ignore[misc]
