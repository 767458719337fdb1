"""What the runs of a study say: which factor matters, which policy is regretted least, where it tips.

Every function takes an `Archive` and the name of an outcome and returns a table. Runs that are not complete are left
out, and a design that rests on blocks drops the blocks they are in. Sources: Saltelli2010, Campolongo2007,
Savage1951.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.study.archive import Archive
from experiments.study.design import MORRIS_LEVELS, problem_of, saltelli_block
from experiments.study.factor import Factor
from experiments.study.forest import SURE, Fit, judged_out_of_sample
from experiments.study.kernel import OK
from experiments.study.peeling import best_box
from experiments.study.policy import labels_of, value_word
from experiments.study.study import Outcome, Study
from model.error import OreblocError
from model.name import did_you_mean

Floats = NDArray[np.float64]
#: The method by which factors are scored where the design allows no other.
BY_TREES = "part of the variance in runs held out, by extra trees"
_WITHOUT_TREES = ("saltelli", "morris")
_LOW, _HIGH = 0.05, 0.95
#: Fewest complete runs that an analysis says anything about.
LEAST_RUNS = 8
#: Part of a factor's range that a box must leave out for its limits to be told.
_TRIMMED = 0.1


def find_outcome(archive: Archive, name: str) -> Outcome:
    """Return an outcome of an archive's study by its name. Raises `OreblocError`."""
    return outcome_of(archive.study, name)


def outcome_of(study: Study, name: str) -> Outcome:
    """Return an outcome of a study by its name. Raises `OreblocError`."""
    known = {outcome.name: outcome for outcome in study.outcomes}
    if name not in known:
        remedy = did_you_mean(name, known, "It has " + ", ".join(known) + ".")
        raise OreblocError(f"Outcome {name!r} is not one of the study's. {remedy}")
    return known[name]


def complete(archive: Archive) -> pd.DataFrame:
    """Return runs and outcomes of the runs that ended well, with `label`, the policy in words."""
    table = archive.table
    table = table[table["status"] == OK].reset_index(drop=True)
    names = policy_labels(archive)
    return table.assign(label=[names[number] for number in table["policy"]])


def policy_labels(archive: Archive) -> dict[int, str]:
    """Return each policy of a study in words, those too that have no run yet."""
    return labels_of(archive.store.experiments(), archive.study.levers)


def sampled_factors(archive: Archive) -> list[Factor]:
    """Return the factors that the design of points varies."""
    study = archive.study
    return [*study.factors] if study.design.together else [*study.uncertainties]


def sobol_indices(archive: Archive, outcome: str, policy: int | None = None) -> pd.DataFrame:
    """Return first-order and total Sobol indices with their 95 % confidence: factor, S1, S1_conf, ST, ST_conf.

    Needs a Saltelli design; replicates are averaged. Raises `OreblocError` for another design.
    """
    from SALib.analyze import sobol

    study, factors = archive.study, sampled_factors(archive)
    _needs(archive, "saltelli", "Sobol indices")
    block = saltelli_block(len(factors), study.design.second_order)
    values = _whole_blocks(_by_point(archive, outcome, policy), block)
    found = sobol.analyze(
        problem_of(factors), values, calc_second_order=study.design.second_order, seed=study.seed
    )
    rows = {key: found[key] for key in ("S1", "S1_conf", "ST", "ST_conf")}
    return pd.DataFrame({"factor": [factor.name for factor in factors], **rows})


def morris_effects(archive: Archive, outcome: str, policy: int | None = None) -> pd.DataFrame:
    """Return Morris' elementary effects over the whole range: factor, mu_star, mu_star_conf, mu, sigma."""
    from SALib.analyze import morris
    from SALib.sample import morris as sample

    study, factors = archive.study, sampled_factors(archive)
    _needs(archive, "morris", "Elementary effects")
    values = _by_point(archive, outcome, policy)
    block = len(factors) + 1
    # The unit cube is drawn again as the design drew it: distributions need not be linear in it.
    cube = sample.sample(problem_of(factors), values.size // block, num_levels=MORRIS_LEVELS, seed=study.seed)
    kept = np.isfinite(values.reshape(-1, block)).all(axis=1)
    cube = cube.reshape(-1, block, len(factors))[kept].reshape(-1, len(factors))
    values = values.reshape(-1, block)[kept].ravel()
    found = morris.analyze(problem_of(factors), cube, values, num_levels=MORRIS_LEVELS, seed=study.seed)
    rows = {key: np.asarray(found[key], float) for key in ("mu_star", "mu_star_conf", "mu", "sigma")}
    return pd.DataFrame({"factor": [factor.name for factor in factors], **rows})


def _needs(archive: Archive, kind: str, what: str) -> None:
    if archive.study.design.kind != kind:
        raise OreblocError(
            f"{what} need a {kind} design; study {archive.study.name} has {archive.study.design.kind}. "
            f"Write kind = {kind!r} in [design]."
        )


def _by_point(archive: Archive, outcome: str, policy: int | None) -> Floats:
    """Return [points]: the mean over replicates under one policy, unknown where a run is missing."""
    find_outcome(archive, outcome)
    table = complete(archive)
    chosen = int(table["policy"].max()) if policy is None else policy
    experiments = archive.store.experiments()
    points = int(experiments["point"].max()) + 1
    mine = table[table["policy"] == chosen]
    count = mine.groupby("point")[outcome].count().reindex(range(points), fill_value=0)
    mean = mine.groupby("point")[outcome].mean().reindex(range(points))
    return mean.where(count == archive.study.replicates).to_numpy(float)


def _whole_blocks(values: Floats, block: int) -> Floats:
    rows = values.reshape(-1, block)
    whole = rows[np.isfinite(rows).all(axis=1)]
    if len(whole) < 2:
        raise OreblocError(
            f"Complete blocks of the design are {len(whole)}; there must be 2 or more. Run more points."
        )
    return whole.ravel()


def feature_scores(archive: Archive, outcome: str) -> pd.DataFrame:
    """Return how much each factor, and the policy, tells of an outcome in runs that were held out, by extra trees.

    Columns: factor, score (part of the variance it carries with all it does together with others), error (twice its
    standard error), sure (told apart from luck). `unexplained` has the part that no factor carries.
    """
    names, fit = _fit(archive, outcome)
    if fit is None:
        nothing = np.zeros(len(names))
        return pd.DataFrame({"factor": names, "score": nothing, "error": np.nan, "sure": False})
    error = SURE * fit.errors
    scores = pd.DataFrame({
        "factor": names, "score": fit.scores, "error": error,
        "sure": (fit.scores > error) & fit.is_better_than_luck,
    })  # fmt: skip
    return scores.sort_values("score", ascending=False, ignore_index=True)


def unexplained(archive: Archive, outcome: str) -> float | None:
    """Return the part of an outcome's variance that the trees do not foretell in runs that were held out.

    That is luck, and what no tree sees. None where nothing varies, too few runs are complete, or the design scores
    factors without trees.
    """
    if archive.study.design.kind in _WITHOUT_TREES:
        return None
    fit = _fit(archive, outcome)[1]
    return None if fit is None else 1.0 - max(fit.told, 0.0)


def _fit(archive: Archive, outcome: str) -> tuple[list[str], Fit | None]:
    """Return the names of the features, and how far they foretell an outcome; computed once for an archive."""
    find_outcome(archive, outcome)
    key = ("fit", outcome)
    if key not in archive.answers:
        table = complete(archive)
        x, names = _features(archive, table)
        y = table[outcome].to_numpy(float)
        known = np.isfinite(y)
        future = (table["point"] * archive.study.replicates + table["replicate"]).to_numpy()
        enough = known.sum() >= LEAST_RUNS and np.ptp(y[known]) > 0.0
        fit = judged_out_of_sample(x[known], y[known], future[known], archive.study.seed) if enough else None
        archive.answers[key] = (names, fit)
    return archive.answers[key]  # type: ignore[no-any-return]


def _features(archive: Archive, table: pd.DataFrame) -> tuple[Floats, list[str]]:
    """Return [runs, features]: the sampled factors as numbers, and the policy where there are several."""
    columns = {factor.name: _as_number(table[factor.name]) for factor in sampled_factors(archive)}
    if table["policy"].nunique() > 1:
        columns["policy"] = table["policy"].to_numpy(float)
    return np.column_stack(list(columns.values())), list(columns)


def _as_number(values: "pd.Series[Any]") -> Floats:
    if values.dtype == "category" or values.dtype == object:
        return pd.factorize(values)[0].astype(float)
    return np.nan_to_num(values.to_numpy(float), nan=-1.0)


@dataclass(frozen=True)
class Box:
    """Where an outcome tends to be as asked: limits of factors, and how well they tell.

    `coverage` is the share of the cases inside, `density` the share of the inside that are cases, `mass` the share of
    all runs inside. `limits` holds factor, low, high of the factors that are bounded.
    """

    outcome: str
    condition: str
    cases: float
    coverage: float
    density: float
    mass: float
    limits: tuple[tuple[str, float, float], ...]


def discover(archive: Archive, outcome: str, worst: float = 0.25) -> Box | None:
    """Return the box of uncertainties in which the worst quarter (by its goal) of an outcome gathers, by PRIM.

    None where nothing varies, or too few runs are complete.
    """
    target = find_outcome(archive, outcome)
    table = complete(archive)
    factors = [factor for factor in sampled_factors(archive) if factor.is_number]
    y = table[outcome].to_numpy(float)
    if len(table) < 4 * LEAST_RUNS or not factors or np.ptp(y) == 0.0 or not np.isfinite(y).all():
        return None
    upper = target.goal != "higher"
    limit = float(np.quantile(y, 1.0 - worst if upper else worst))
    cases = y >= limit if upper else y <= limit
    names = [factor.name for factor in factors]
    x = table[names].to_numpy(float)
    least = min(1.2 * float(cases.mean()), 1.0)  # a box must hold cases more densely than all runs do
    found = best_box(x, cases, least)
    if found is None:
        return None
    limits = tuple(
        (name, float(low), float(high))
        for name, low, high, width in zip(names, found.low, found.high, np.ptp(x, axis=0), strict=True)
        if high - low < (1.0 - _TRIMMED) * width
    )
    condition = f"{'above' if upper else 'below'} {limit:.6g}"
    return Box(outcome, condition, float(cases.mean()), found.coverage, found.density, found.mass, limits)


def classify(archive: Archive, outcome: str, worst: float = 0.25) -> pd.DataFrame:
    """Return the leaves of a classification tree (CART) for the worst part of an outcome.

    Limits, mass, density, coverage.
    """
    target = find_outcome(archive, outcome)
    table = complete(archive)
    factors = [factor for factor in sampled_factors(archive) if factor.is_number]
    y = table[outcome].to_numpy(float)
    upper = target.goal != "higher"
    limit = float(np.quantile(y, 1.0 - worst if upper else worst))
    cases = y >= limit if upper else y <= limit
    x = table[[factor.name for factor in factors]].astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench.analysis import cart

        tree = cart.CART(x, cases.astype(int), mass_min=0.05)
        tree.build_tree()
        return tree.stats_to_dataframe()  # type: ignore[no-any-return]


def regret(archive: Archive, outcome: str) -> pd.DataFrame:
    """Return what each policy falls short of the best one, future by future.

    A future is a point and a replicate; policies meet it with the same luck. Columns: policy, label, mean, high (95 %
    of the futures lie below), worst, best_share (share of futures in which it is best, ties shared out). Empty
    without a goal.
    """
    target = find_outcome(archive, outcome)
    wide = by_future(archive, outcome)
    if target.goal == "none" or wide.shape[1] < 2:
        return pd.DataFrame(columns=["policy", "label", "mean", "high", "worst", "best_share"])
    sign = 1.0 if target.goal == "lower" else -1.0
    cost = sign * wide.to_numpy(float)
    short = cost - cost.min(axis=1, keepdims=True)
    best = short <= 0.0
    names = policy_labels(archive)
    return pd.DataFrame({
        "policy": wide.columns, "label": [names[int(number)] for number in wide.columns], "mean": short.mean(axis=0),
        "high": np.quantile(short, _HIGH, axis=0), "worst": short.max(axis=0),
        "best_share": (best / best.sum(axis=1, keepdims=True)).mean(axis=0),
    }).sort_values("mean", ignore_index=True)  # fmt: skip


def by_future(archive: Archive, outcome: str) -> pd.DataFrame:
    """Return an outcome with one row for each future that all policies have met, one column for each policy."""
    table = complete(archive)
    wide = table.pivot(index=["point", "replicate"], columns="policy", values=outcome)
    return wide.dropna()


def robustness(archive: Archive, outcome: str) -> pd.DataFrame:
    """Return how an outcome lies under each policy: policy, label, runs, low, median, high, mean, error, sd."""
    rows = []
    for (number, label), part in complete(archive).groupby(["policy", "label"], sort=True):
        y = part[outcome].dropna().to_numpy(float)
        if not y.size:
            continue
        low, median, high = np.quantile(y, (_LOW, 0.5, _HIGH))
        spread = float(y.std(ddof=1)) if y.size > 1 else 0.0
        rows.append(
            (number, label, y.size, low, median, high, float(y.mean()), spread / np.sqrt(y.size), spread)
        )
    names = ["policy", "label", "runs", "low", "median", "high", "mean", "error", "sd"]
    return pd.DataFrame(rows, columns=names)


def paired_differences(archive: Archive, outcome: str) -> pd.DataFrame:
    """Return how each policy differs from the first under the same luck, and the variance that this saves.

    Columns: policy, label, mean, error, low, high (of 90 % of the futures), same_sign (share of futures), saved (part
    of the variance of the difference that independent luck and points would have had on top; None without common
    luck).
    """
    wide = by_future(archive, outcome)
    names = policy_labels(archive)
    rows = []
    for number in wide.columns[1:]:
        first, other = wide.iloc[:, 0].to_numpy(float), wide[number].to_numpy(float)
        apart = other - first
        alone = first.var(ddof=1) + other.var(ddof=1) if apart.size > 1 else 0.0
        saved = 1.0 - apart.var(ddof=1) / alone if archive.study.common_luck and alone > 0.0 else None
        error = apart.std(ddof=1) / np.sqrt(apart.size) if apart.size > 1 else np.nan
        mean = float(apart.mean())
        same = float((np.sign(apart) == np.sign(mean)).mean())
        low, high = np.quantile(apart, (_LOW, _HIGH))
        rows.append((int(number), names[int(number)], mean, error, low, high, same, saved))
    return pd.DataFrame(
        rows, columns=["policy", "label", "mean", "error", "low", "high", "same_sign", "saved"]
    )


def identical_policies(archive: Archive) -> dict[str, str]:
    """Return the policies that change nothing: label to the earlier one whose outcomes are the same to the last digit.

    In every future that both have met with the same luck; empty without common luck.
    """
    if not archive.study.common_luck:
        return {}
    names = policy_labels(archive)
    wide = [by_future(archive, outcome.name) for outcome in archive.study.outcomes]
    seen: dict[tuple[bytes, ...], str] = {}
    found = {}
    for number in wide[0].columns if len(wide[0]) else ():
        paths = tuple(table[number].to_numpy(float).tobytes() for table in wide)
        if paths in seen:
            found[names[int(number)]] = seen[paths]
        seen.setdefault(paths, names[int(number)])
    return found


def convergence(archive: Archive, outcome: str) -> pd.DataFrame:
    """Return how each policy's mean settles with the number of runs: policy, label, runs, mean, error."""
    rows = []
    for (number, label), part in complete(archive).groupby(["policy", "label"], sort=True):
        y = part.sort_values("run")[outcome].dropna().to_numpy(float)
        sizes = [size for size in 2 ** np.arange(2, 24) if size < y.size] + [y.size]
        for size in sizes:
            error = y[:size].std(ddof=1) / np.sqrt(size) if size > 1 else np.nan
            rows.append((number, label, int(size), float(y[:size].mean()), error))
    return pd.DataFrame(rows, columns=["policy", "label", "runs", "mean", "error"])


def fan(archive: Archive, column: str) -> dict[str, pd.DataFrame]:
    """Return low, median and high of a path over the runs of each policy, by quarter: label to table.

    `column` is an outcome's name, whose column is meant, or a column of the series.
    """
    columns = {outcome.name: outcome.column for outcome in archive.study.outcomes}
    runs, paths = archive.paths(columns.get(column, column))
    found = {}
    for (_, label), part in complete(archive).groupby(["policy", "label"], sort=True):
        mine = paths[np.searchsorted(runs, part["run"].to_numpy())].astype(float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a quarter in which nothing is known
            bands = np.nanquantile(mine, (_LOW, 0.5, _HIGH), axis=0)
        quarters = pd.Index(archive.manifest["quarters"], name="quarter")
        found[str(label)] = pd.DataFrame(bands.T, columns=["low", "median", "high"], index=quarters)
    return found


def tipping_map(
    archive: Archive, outcome: str, across: str, along: str, cells: int = 5, policy: int | None = None
) -> pd.DataFrame:
    """Return the mean of an outcome over a grid of parts of `across` (rows) and `along`; unknown where no run is.

    Of the runs of one policy where its number is given.
    """
    table = complete(archive)
    if policy is not None:
        table = table[table["policy"] == policy]
    for name in (across, along):
        if name not in table or name not in [factor.name for factor in archive.study.factors]:
            known = [factor.name for factor in archive.study.factors]
            raise OreblocError(
                f"{name!r} is no factor. {did_you_mean(name, known, 'It has ' + ', '.join(known) + '.')}"
            )
    table = table.dropna(subset=[across, along])
    rows, columns = (_binned(table[name], cells) for name in (across, along))
    found = table.groupby([rows, columns], observed=True)[outcome].mean().unstack()
    return found.reindex(index=_ordered(rows), columns=_ordered(columns))


def _binned(values: "pd.Series[Any]", cells: int) -> "pd.Series[Any]":
    """Return each value's part of the range in words, as ordered categories."""
    words = values.dtype == "category"
    if words or values.nunique() <= cells + 3:
        order = [*values.unique()] if words else sorted(values.unique())  # words come as the study lists them
        return pd.Series(
            pd.Categorical(values.map(value_word), [value_word(v) for v in order]),
            values.index,
            name=values.name,
        )
    cut = pd.qcut(values, cells, duplicates="drop")
    words = [f"{part.left:.3g} to {part.right:.3g}" for part in cut.cat.categories]
    return cut.cat.rename_categories(words)  # type: ignore[no-any-return]


def _ordered(values: "pd.Series[Any]") -> pd.Index:
    return pd.Index(values.cat.categories, name=values.name)


def deciding_factors(archive: Archive, outcome: str) -> pd.DataFrame:
    """Return what decides an outcome by the best method its design allows: factor, score, error, method, sure.

    `error` is half a confidence interval of 95 %, `sure` tells whether the score is told apart from luck.
    """
    kind = archive.study.design.kind
    if kind == "saltelli":
        found = sobol_indices(archive, outcome)
        table = found.rename(columns={"ST": "score", "ST_conf": "error"})[["factor", "score", "error"]]
        table = table.assign(method="total Sobol index")
    elif kind == "morris":
        found = morris_effects(archive, outcome)
        table = found.rename(columns={"mu_star": "score", "mu_star_conf": "error"})[
            ["factor", "score", "error"]
        ]
        table = table.assign(method="mean elementary effect")
    else:
        table = feature_scores(archive, outcome).assign(method=BY_TREES)
    if "sure" not in table:
        table = table.assign(sure=table["score"] > table["error"])
    return table.sort_values("score", ascending=False, ignore_index=True)
