"""What blocs bring about emerges, and not with its mechanism off: paired ensembles on held-out luck and parameters."""

import emergent
import pytest
from emergent import CASES

QUICK = emergent.Draws(emergent.QUICK_RUNS, emergent.QUICK_SEED)
LONG = emergent.Draws(emergent.PAGE_RUNS, emergent.PAGE_SEED)
MUTATIONS = [(case.name, word) for case in CASES.values() for word in case.mutations]


def test_seeds_are_held_out():
    """No case is tested on the luck it was built with."""
    assert len({emergent.BUILT_WITH, emergent.QUICK_SEED, emergent.PAGE_SEED}) == 3


@pytest.mark.parametrize("name", CASES)
def test_it_emerges(name):
    """The claim holds with its interval."""
    found = CASES[name].measure(QUICK, "")
    assert not CASES[name].misses(found), {key: str(value) for key, value in found.items()}


@pytest.mark.parametrize(("name", "mutation"), MUTATIONS, ids=lambda word: word.replace(" ", "_"))
def test_it_does_not_with_its_mechanism_off(name, mutation):
    """The same test of the same claim fails."""
    found = CASES[name].measure(QUICK, mutation)
    assert CASES[name].misses(found), {key: str(value) for key, value in found.items()}


def test_every_case_has_a_mutation_and_stands_on_the_page():
    """docs/emergence.md tells each case, its world and its mutations."""
    text = emergent.PAGE.read_text(encoding="utf-8")
    for case in CASES.values():
        assert case.mutations and f"`{case.name}`" in text and case.claim in text and case.world in text
        assert all(f"{word}: {what}" in text for word, what in case.mutations.items())
    assert f"{emergent.PAGE_RUNS} runs" in text and f"seed {emergent.PAGE_SEED}" in text


@pytest.mark.soak
def test_the_page_has_the_figures():
    """The larger ensembles give the table of docs/emergence.md, to the digits it shows."""
    text = emergent.PAGE.read_text(encoding="utf-8")
    assert emergent.page(text, emergent.table(LONG.runs, LONG.seed)) == text, "run `python -m tests.emergent`"
