"""The cause ledger: parts that add up, a cause without effect, causes alike, and two causes by hand."""

import itertools
import math

import numpy as np
import pytest

from experiments.cause import explain, explain_change
from experiments.cause_text import describe_explanation, ordered
from experiments.difference import differences, mixed
from experiments.preparation import prepare
from experiments.shapley import ORDERS, shapley
from model.error import OreblocError

QUESTION = ("outside_price_usd_per_t", "gallium_refined", "CHN")


def order(kind, actor, quarter="2025Q2", **fields):
    """Return a measure on gallium unless told otherwise."""
    return {"type": kind, "actor": actor, "quarter": quarter, "fields": {"good": "gallium_refined", **fields}}


TAX = order("export_tax", "CHN", rate=0.3)
TARIFF = order("import_tariff", "USA", rate=0.5)
ELSEWHERE = order("import_tariff", "USA", good="germanium_refined", rate=0.2)


def scenario(*measures, **changes):
    """Return a short scenario of gallium and germanium with these measures only."""
    rows = [*prepare("tiny").to_mapping()["measures"], *measures]
    return prepare("tiny", changes={"end": "2025Q4", "measures": rows, **changes})


def game(worth):
    """Return a game of sets from a function of one set."""
    return lambda sets: [worth(some) for some in sets]


def test_two_causes_by_hand():
    """f(0)=1, f(a)=3, f(b)=6, f(ab)=12: a gets (2 + 6) / 2, b gets (5 + 9) / 2."""
    table = {frozenset(): 1.0, frozenset({0}): 3.0, frozenset({1}): 6.0, frozenset({0, 1}): 12.0}
    found = shapley(game(table.__getitem__), 2)
    assert found.exact and found.evaluations == 4
    np.testing.assert_allclose(found.value, [4.0, 7.0], rtol=1e-15)


def random_game(causes, seed):
    """Return a game with interactions of all sizes, the same number for the same set."""
    weight = np.random.default_rng(seed).normal(size=(causes, causes))
    return lambda some: math.fsum(weight[i, j] for i in some for j in some) + 0.1 * math.exp(0.2 * len(some))


@pytest.mark.parametrize(("causes", "exact"), [(1, True), (5, True), (8, True), (9, False), (14, False)])
def test_parts_add_up_exactly(causes, exact):
    """All sets or sampled orders: the sum is the whole change to the last digit."""
    worth = random_game(causes, causes)
    found = shapley(game(worth), causes)
    whole = worth(frozenset(range(causes))) - worth(frozenset())
    assert found.exact is exact
    assert math.fsum(found.value) == pytest.approx(whole, rel=1e-14, abs=1e-14)
    assert np.all(found.error >= 0.0) and (exact or np.any(found.error > 0.0))


def test_exact_values_are_means_over_all_orders():
    """The formula over sets gives what walking all 120 orders gives."""
    worth = random_game(5, 3)
    steps = np.zeros((120, 5))
    for row, way in enumerate(itertools.permutations(range(5))):
        for k, cause in enumerate(way):
            steps[row, cause] = worth(frozenset(way[: k + 1])) - worth(frozenset(way[:k]))
    np.testing.assert_allclose(shapley(game(worth), 5).value, steps.mean(axis=0), rtol=1e-12)


def test_sampled_values_lie_near_the_exact_ones():
    """Beyond eight causes the sampled parts lie within four standard errors of the exact ones."""
    worth = random_game(9, 5)
    exact = shapley(game(worth), 9, most_exact=9)
    sampled = shapley(game(worth), 9, most_exact=8, orders=4 * ORDERS)
    assert exact.exact and not sampled.exact
    np.testing.assert_array_less(np.abs(sampled.value - exact.value), 4.0 * sampled.error + 1e-9)


def test_a_cause_without_effect_gets_nothing_and_causes_alike_get_the_same():
    """Dummy and symmetry, in the game itself."""
    found = shapley(game(lambda some: 5.0 * (0 in some and 1 in some) + (3 in some)), 4)
    np.testing.assert_allclose(found.value, [2.5, 2.5, 0.0, 1.0], atol=1e-15)


def test_two_scenarios_are_explained_by_their_measures():
    """The parts add up; a tax under a binding licence and a measure on another metal get nothing."""
    one, two = scenario(), scenario(TAX, TARIFF, ELSEWHERE)
    found = explain(one, two, *QUESTION, "2025Q3")
    assert found.exact and found.evaluations == 8 and found.early == 0
    assert math.fsum(part.value for part in found.parts) == pytest.approx(found.change, rel=1e-12)
    tax, tariff, idle = found.parts
    assert abs(tax.value) < 1e-9 * found.first  # the licence binds: the tax comes out of its rent
    assert abs(tariff.value) > 1e-4 * found.first
    assert abs(idle.value) < 1e-9 * found.first
    text = describe_explanation(found)
    assert "import tariff of USA" in text and max(map(len, text.splitlines())) <= 110
    assert ordered(found)[0].label == tariff.label


def test_a_measure_twice_is_two_causes_alike():
    """Two tariffs of the same size share their effect equally."""
    half = order("import_tariff", "USA", rate=0.25)
    other = order("import_tariff", "USA", quarter="2025-04-01", rate=0.25)
    found = explain(
        scenario(), scenario(half, other), "landed_price_usd_per_t", "gallium_refined", "USA", "2025Q3"
    )
    first, second = (part.value for part in found.parts)
    assert first == pytest.approx(second, rel=1e-6) and first != 0.0


def test_between_two_quarters_the_course_of_things_is_a_part_of_its_own():
    """What comes into force in between is told apart from what would have happened anyhow."""
    found = explain_change(scenario(TAX), *QUESTION, "2025Q1", "2025Q3")
    course, *rest = found.parts
    assert course.kind == "course"
    labels = [
        part.label.partition(" on ")[0] for part in rest
    ]  # the licences of the scenario change their rate too
    assert labels == ["changed: export licence of CHN", "export tax of CHN"]
    assert math.fsum(part.value for part in found.parts) == pytest.approx(found.change, rel=1e-12)


def test_an_end_and_a_step_between_two_quarters_are_causes():
    """A tax that ends and a duty that steps up are one cause each; without them the price goes on as it did."""
    ends = order("export_tax", "CHN", rate=0.5) | {"end": "2025Q2"}
    steps = order("import_tariff", "USA", rate=[0.1, 0.6])
    alone = prepare("tiny", changes={"end": "2025Q4", "measures": [ends, steps]})
    found = explain_change(alone, "landed_price_usd_per_t", "gallium_refined", "USA", "2025Q2", "2025Q3")
    course, *rest = found.parts
    value = {part.label.partition(" on ")[0]: part.value for part in rest}
    assert value["end of export tax of CHN"] < 0.0 < value["changed: import tariff of USA"]
    assert math.fsum(part.value for part in found.parts) == pytest.approx(found.change, rel=1e-12)


def test_without_causes_the_foot_says_so():
    found = explain_change(prepare("tiny", changes={"measures": []}), *QUESTION, "2025Q1", "2025Q3")
    assert "no measure, treaty, shock or event begins, ends or changes in this time" in str(found)


def test_all_causes_switched_is_the_other_scenario():
    """No cause gives A itself, all give B, some give A with their rows."""
    one, two = scenario(), scenario(TAX, TARIFF, **{"parameters.stock_days": 50.0})
    causes = differences(one, two)
    assert [cause.kind for cause in causes] == ["measure", "measure", "assumption"]
    assert mixed(one, two, causes, frozenset()) is one
    assert mixed(one, two, causes, frozenset(range(3))) is two
    half = mixed(one, two, causes, frozenset({1, 2}))
    assert [m.type for m in half.measures[-1:]] == ["import_tariff"] and len(half.measures) == len(
        one.measures
    ) + 1
    assert half.parameters["stock_days"] == 50.0
    assert len(differences(one, two, "actor")) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metric": "price"}, "Metric 'price' is unknown"),
        ({"good": "gold"}, "Good 'gold' is not in"),
        ({"country": "XXX"}, "Country 'XXX' is not in"),
        ({"at": "2031Q1"}, "Quarter 2031Q1 is not run"),
    ],
)
def test_what_is_not_there_is_refused(change, words):
    """A wrong metric, good, country or quarter is named, with what there is."""
    asked = {"metric": QUESTION[0], "good": QUESTION[1], "country": QUESTION[2], "at": "2025Q3", **change}
    with pytest.raises(OreblocError, match=words):
        explain(scenario(), scenario(TAX), **asked)


def test_nothing_to_explain_is_refused():
    """A scenario against itself has no causes; another span has no common world."""
    with pytest.raises(OreblocError, match="nothing to explain"):
        explain(scenario(), scenario(), *QUESTION, "2025Q3")
    with pytest.raises(OreblocError, match="base_year|end is|must be the same"):
        differences(scenario(), scenario(end="2026Q1"))
