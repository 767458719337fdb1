"""Designs: where they look, how many points they take, and what luck their points meet."""

import numpy as np
import pytest
from small_study import DOUBTS, small_study

from experiments.study.design import choose_points, nearest_power
from experiments.study.plan import batches, chunk_size, make_plan, variant_codes
from experiments.study.study import Sampling, Study
from model.error import OreblocError


def doubtful(**changes: object) -> Study:
    """Return a study of one scenario with two uncertainties."""
    return small_study(**{"scenarios": ["tiny"], "levers": {}, **changes})


@pytest.mark.parametrize(
    ("kind", "asked", "points"),
    [
        ("latin_hypercube", 37, 37),
        ("monte_carlo", 37, 37),
        ("sobol", 37, 32),
        ("sobol", 50, 64),
        ("saltelli", 37, 32),
        ("morris", 37, 36),
        ("full_factorial", 37, 36),
    ],
)
def test_a_design_takes_the_nearest_size_and_says_so(kind: str, asked: int, points: int) -> None:
    """Each design has as many points as come nearest to those asked for; where that differs, a note tells."""
    found = choose_points(Sampling(kind), doubtful().uncertainties, 3, asked)
    assert found.count == points
    assert (found.note == "") == (asked == points)
    assert found.note == "" or (str(points) in found.note and str(asked) in found.note)


def test_the_nearest_power() -> None:
    """Powers of two: the nearer neighbour, the smaller one half way."""
    assert [nearest_power(n) for n in (1, 2, 3, 5, 6, 7, 96, 97)] == [0, 1, 1, 2, 2, 3, 6, 7]


@pytest.mark.parametrize(
    "kind", ["latin_hypercube", "monte_carlo", "sobol", "saltelli", "morris", "full_factorial"]
)
def test_values_follow_their_distributions(kind: str) -> None:
    """Values stay within the range; the triangular one gathers about its mode."""
    found = choose_points(Sampling(kind), doubtful().uncertainties, 3, 1024)
    rate, days = (np.array(found.values[name]) for name in DOUBTS)
    assert rate.min() >= 0.05 and rate.max() <= 0.15
    assert days.min() >= 20 and days.max() <= 90
    if kind not in ("morris", "full_factorial"):
        assert abs(rate.mean() - 0.10) < 0.004
        assert abs(days.mean() - (20 + 45 + 90) / 3) < 1.5


def test_values_drawn_at_once_are_those_drawn_one_by_one() -> None:
    """Many numbers at once are bit for bit the distribution's own."""
    u = np.concatenate([np.random.default_rng(1).random(500), [0.0, 1.0]])
    for factor in doubtful().uncertainties:
        assert factor.spread is not None
        assert list(factor.at(u)) == [factor.spread.sample(float(place)) for place in u]


def test_a_latin_hypercube_meets_every_layer() -> None:
    """Of n points one lies in each n-th part of every range."""
    found = choose_points(Sampling("latin_hypercube"), doubtful().uncertainties, 3, 20)
    layers = np.floor((np.array(found.values["discount_private"]) - 0.05) / 0.10 * 20)
    assert sorted(layers) == list(range(20))


def test_a_block_of_a_saltelli_design_shares_its_luck() -> None:
    """Points that differ in one factor, to tell what it does, meet the same luck; other blocks other luck."""
    found = choose_points(Sampling("saltelli"), doubtful().uncertainties, 3, 32)
    assert found.luck.tolist() == [n for n in range(8) for _ in range(4)]
    rate, days = (np.array(found.values[name]) for name in DOUBTS)
    assert rate[0] != rate[1] and days[0] == days[1]


def test_a_seed_gives_the_same_points() -> None:
    """The same seed gives the same plan, another one another."""
    one, two, other = make_plan(small_study()), make_plan(small_study()), make_plan(small_study(seed=6))
    assert one.runs.equals(two.runs)
    assert not one.runs["discount_private"].equals(other.runs["discount_private"])


def test_one_s_own_table() -> None:
    """Rows of a table are the points, as they stand."""
    rows = [{"discount_private": 0.06, "stock_days": 30}, {"discount_private": 0.12, "stock_days": 80}]
    plan = make_plan(doubtful(design={"kind": "table", "rows": rows}, replicates=2))
    assert plan.runs["discount_private"].tolist() == [0.06, 0.06, 0.12, 0.12]
    assert plan.runs["luck"].tolist() == [0, 1, 2, 3]


def test_levers_act_where_they_are_said_to() -> None:
    """A scenario without the lever has one policy, the other one for each value."""
    runs = make_plan(small_study()).runs
    assert runs.groupby("scenario", observed=True)["policy"].nunique().to_dict() == {"plain": 1, "taxed": 2}
    assert runs.loc[runs["scenario"] == "plain", "tax"].isna().all()
    assert sorted(runs["tax"].dropna().unique()) == [0.1, 0.2]


def test_luck_of_one_s_own() -> None:
    """Without common luck no two runs share it; with shared luck all points do."""
    apart = make_plan(small_study(common_luck=False)).runs["luck"]
    assert apart.is_unique
    shared = make_plan(doubtful(luck="shared", replicates=3)).runs["luck"]
    assert sorted(shared.unique()) == [0, 1, 2]


def test_few_runs_are_spread_over_ranged_levers() -> None:
    """Fewer runs than settings of levers that have ranges: so many settings, one point each."""
    study = small_study(
        levers={"tax": {"path": "measures.3.fields.rate", "low": 0.1, "high": 0.2, "scenarios": ["taxed"]}},
        policies={"kind": "latin_hypercube", "runs": 50},
    )
    assert (
        make_plan(study, 10).count == 12 and make_plan(study).count == 51 * 40
    )  # 1 + 5 policies, 2 points each


def test_a_study_is_cut_so_that_workers_have_several_chunks() -> None:
    """Chunks hold what the study says, else 64 to 256 runs, an eighth of all if that lies between."""
    given = small_study(design={"kind": "latin_hypercube", "runs": 1000})
    free = given.with_changes(chunk=None)
    assert chunk_size(given, 3000) == 64
    assert [chunk_size(free, runs) for runs in (100, 800, 3000)] == [64, 100, 256]
    assert make_plan(free).chunks == 12


@pytest.mark.parametrize(("wanted", "runs"), [(60, 60), (61, 60), (1, 3)])
def test_a_number_of_runs_is_shared_out(wanted: int, runs: int) -> None:
    """`--runs N` is N in all: three policies get a third each."""
    plan = make_plan(small_study(), wanted)
    assert plan.count == runs
    assert bool(plan.notes) == (wanted != runs)


def test_replicates_take_the_runs_where_nothing_is_uncertain() -> None:
    """A study of levers only spends the runs asked for on replicates."""
    plan = make_plan(small_study(uncertainties={}, design={"kind": "monte_carlo"}), 30)
    assert plan.count == 30 and plan.runs["replicate"].max() == 9


@pytest.mark.parametrize(
    "study", [small_study(), doubtful(luck="shared", replicates=3)], ids=["plain", "shared"]
)
def test_batches_hold_each_run_once_and_count_up(study: Study) -> None:
    """Every run is in one batch; a batch is of one variant, its luck counts up by one, and it is not too large."""
    runs = make_plan(study).runs
    variant = variant_codes(study, runs)
    found = batches(runs, variant, 7)
    assert sorted(np.concatenate(found)) == list(range(len(runs)))
    for part in found:
        assert len(part) <= 7 and len(set(variant[part])) == 1
        assert set(np.diff(runs["luck"].to_numpy()[part])) <= {1}


def test_too_many_runs_are_refused() -> None:
    """A grid beyond ten million runs is refused with the number."""
    grid = {"kind": "full_factorial", "levels": 4000}
    with pytest.raises(OreblocError, match="must be between 2 and 1000"):
        doubtful(design=grid)
    with pytest.raises(OreblocError, match=r"16,000,000 runs; it must have 10,000,000 or fewer"):
        make_plan(doubtful(design={"kind": "full_factorial", "levels": 400}, replicates=100))
