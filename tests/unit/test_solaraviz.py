"""The example under Mesa's own SolaraViz: it renders, steps, and makes a new world when a parameter moves."""

import functools
import runpy
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("solara", reason="SKIPPED LOUDLY: the pages' libraries are not installed (make play)")
pytest.importorskip("altair", reason="SKIPPED LOUDLY: Mesa's pages need altair and matplotlib")
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "solaraviz_app.py"


def inside(widget: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """Return a widget and all that it holds."""
    from ipywidgets import Widget

    known = set() if seen is None else seen
    if id(widget) in known:
        return
    known.add(id(widget))
    yield widget
    stack = [getattr(widget, name) for name in ("children", "items") if hasattr(widget, name)]
    while stack:
        held = stack.pop()
        if isinstance(held, Widget):
            yield from inside(held, known)
        elif isinstance(held, list | tuple):
            stack += reversed(held)


def one(box: Any, kind: str, word: str) -> Any:
    """Return the widget of a kind whose label or text is this."""
    found = [w for w in inside(box) if type(w).__name__ == kind]
    return next(w for w in found if getattr(w, "label", None) == word or word in list(w.children))


def pictures(box: Any) -> list[bytes]:
    return [bytes(w.value) for w in inside(box) if type(w).__name__ == "Image"]


def test_the_world_runs_under_mesas_own_page() -> None:
    """Two charts are drawn, Step runs a quarter and draws them anew, slider and Reset make a world."""
    import solara

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        example = runpy.run_path(str(EXAMPLE))
        world, made = example["World"], []
        born = world.__init__

        @functools.wraps(born)
        def noted(self: Any, **given: Any) -> None:
            made.append(given)
            born(self, **given)

        world.__init__ = noted
        box, page = solara.render(solara.AppLayout(children=[example["Page"]]), handle_error=False)
        before = pictures(box)
        one(box, "Btn", "Step").click()
        after = pictures(box)
        assert len(before) == len(after) == 2
        assert before[0] != after[0] and before[1] != after[1]
        assert one(box, "Html", "Step: 1")
        one(box, "Slider", "Cost of capital").v_model = 0.15
        one(box, "Btn", "Reset").click()
        assert made and made[-1]["discount_private"] == 0.15
        assert one(box, "Html", "Step: 0")
        page.close()


def test_the_example_is_short() -> None:
    """It is meant to be read at a glance."""
    code = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(code) <= 40
