"""The report of a study: one page that opens without network, pictures first.

It says what was asked, what came out in sentences and pictures, what decides, where it tips, how sure it is, and how
to get the same again.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import pandas as pd

from experiments.study import analysis
from experiments.study.archive import Archive
from experiments.study.sign_check import check_signs
from experiments.study.study import Outcome
from model.error import OreblocError
from viz.figure import Figure
from viz.study_chart import amount_words, bar_figure, fan_figure, interval_figure, map_figure, number_words
from viz.study_finding import (
    bar_title,
    deciding_words,
    fan_title,
    headline,
    map_title,
    outcome_title,
    policy_words,
    sign_words,
)

#: Policies and factors shown in one picture.
_MOST_LINES, _MOST_BARS = 8, 10
#: Letters from which a cell of a table is a text.
_LONG = 60
#: The name of what no factor explains, among factors.
LUCK = "luck, and what is not explained"
#: How many times as often as everywhere the worst runs must lie in a box for it to be told.
_MUCH = 1.5
_TAKES = {
    "last": "at the last quarter looked at", "first": "at the first quarter looked at", "mean": "mean over the "
    "quarters",
    "sum": "sum over the quarters", "min": "lowest of the quarters", "max": "highest of the quarters",
}  # fmt: skip


def draw_study(archive: Archive) -> str:
    """Return the report of a study as one HTML page. Raises `OreblocError` where too few runs are complete."""
    table = analysis.complete(archive)
    if len(table) < analysis.LEAST_RUNS:
        goes_on = f"`orebloc study resume {archive.store.folder}` goes on."
        remedy = "Run the study anew with more runs." if archive.is_complete else goes_on
        raise OreblocError(
            f"Complete runs of study {archive.study.name} are {len(table)}; a report needs {analysis.LEAST_RUNS} "
            f"or more. {remedy}"
        )
    study = archive.study
    parts = [_outcome(archive, outcome, number > 0) for number, outcome in enumerate(study.outcomes)]
    sections = [
        _first_pictures(archive),
        _answer(archive),
        *parts,
        _trust(archive),
        _asked(archive),
        _again(archive),
    ]
    body = f"{_head(archive, len(table))}<main id='main'>{''.join(sections)}</main>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{escape(study.title)} - Orebloc</title><link rel="icon" href="data:,">'
        f"<style>{_style()}</style></head><body>{body}</body></html>"
    )


@cache
def _style() -> str:
    return files("viz").joinpath("page.css").read_text(encoding="utf-8")


def _head(archive: Archive, runs: int) -> str:
    study, manifest = archive.study, archive.manifest
    facts = {
        "runs": f"{runs:,} complete of {manifest['runs']:,}, seed {study.seed}",
        "time": f"{manifest['quarters'][0]} to {manifest['quarters'][-1]}",
        "design": study.design.kind.replace("_", " "),
        "worst certificate": f"{archive.runs['worst_violation'].max():.1e}",
    }
    rows = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    return (
        f'<a class="skip" href="#main">Skip to the results</a><header><p class="brand">Orebloc study</p>'
        f"<h1>{escape(study.title)}</h1><p>{escape(study.question)}</p><dl>{rows}</dl></header>"
    )


def _answer(archive: Archive) -> str:
    told = "".join(
        f"<h3>{escape(outcome_title(outcome))}</h3><ul>"
        + "".join(f"<li>{escape(text)}</li>" for text in sentences(archive, outcome))
        + "</ul>"
        for outcome in archive.study.outcomes
    )
    expected = "".join(f"<li>{escape(text)}</li>" for text in archive.study.expected)
    was = (
        f"<section><h2>Expected before the runs</h2><ul>{expected}</ul>{_signs(archive)}</section>"
        if expected
        else ""
    )
    return f"<section><h2>What came out</h2>{_inert(archive)}{told}</section>{was}{_found(archive)}"


def _inert(archive: Archive) -> str:
    """Return a note for each policy that is another one to the last digit, as HTML; empty where there is none."""
    told = "".join(
        f"<li>{escape(policy_words(label))} changes nothing: every outcome of every future is that of "
        f"{escape(policy_words(other))} to the last digit. Look whether its lever acts in these quarters; a constant "
        "rate of a measure that is in force in the base year cancels out.</li>"
        for label, other in analysis.identical_policies(archive).items()
    )
    return f"<ul class='note'>{told}</ul>" if told else ""


def _signs(archive: Archive) -> str:
    """Return each expected sign and whether the runs show it, as a table."""
    units = {outcome.name: outcome.unit for outcome in archive.study.outcomes}
    rows = [
        (
            check.sign.says,
            "not told" if check.missing else "yes" if check.shown else "no",
            sign_words(check, units[check.sign.outcome]),
        )
        for check in check_signs(archive)
    ]
    return _rows(("expected", "do the runs show it", "by"), rows) if rows else ""


def _found(archive: Archive) -> str:
    """Return what the study's author found, and how the runs it was read off differ from these."""
    study, manifest = archive.study, archive.manifest
    if not study.found:
        return ""
    notes = []
    if study.found_by and study.found_by != manifest["rule_hash"]:
        notes.append(f"it was read off runs of rules {study.found_by}, these are of {manifest['rule_hash']}")
    if manifest["wanted"] is not None:
        notes.append(
            f"it was read off the study at its own size, here {manifest['runs']:,} runs were asked for"
        )
    note = f"<p class='source'>Not read off these runs: {escape('; '.join(notes))}.</p>" if notes else ""
    return f"<section><h2>What the study's author found</h2><p>{escape(study.found)}</p>{note}</section>"


def sentences(archive: Archive, outcome: Outcome) -> list[str]:
    """Return what the runs say of an outcome, in sentences."""
    show = amount_words(outcome.unit)
    rows = analysis.robustness(archive, outcome.name)
    first = rows.iloc[0]
    told = [
        f"Median {show(first['median'])} under {policy_words(first['label'])} (nine runs in ten between "
        f"{show(first['low'])} and {show(first['high'])})."
    ]
    apart = analysis.paired_differences(archive, outcome.name)
    if len(apart):
        largest = apart.loc[apart["mean"].abs().idxmax()]
        told.append(_difference(largest, str(first["label"]), amount_words(outcome.unit, apart=True)))
    factors = analysis.deciding_factors(archive, outcome.name)
    luck = analysis.unexplained(archive, outcome.name)
    words = deciding_words(factors, luck)
    return [*told, words] if words else told


def _difference(row: Any, first: str, show: Any) -> str:
    if abs(row["mean"]) < 2.0 * row["error"] or row["mean"] == 0.0:
        return f"No policy differs from {policy_words(first)} by more than chance may make it."
    way = "higher" if row["mean"] > 0.0 else "lower"
    sure = (
        f"; so it is in {100 * row['same_sign']:.0f} % of the futures"
        if row["same_sign"] == row["same_sign"]
        else ""
    )
    return (
        f"The policy furthest from {policy_words(first)} is {policy_words(row['label'])}: on average "
        f"{show(abs(row['mean']))} {way} (give or take {show(2 * row['error'])}){sure}."
    )


def _first_pictures(archive: Archive) -> str:
    """Return the pictures of the first outcome: what a reader sees before any words."""
    drawn = "".join(figure_html(figure) for figure in by_policy(archive, archive.study.outcomes[0]))
    return f"<section><div class='charts'>{drawn}</div></section>"


def _source(archive: Archive) -> str:
    """Return where the numbers of a study's pictures come from."""
    manifest = archive.manifest
    return (
        f"Source: study {manifest['name']}, {len(archive.runs):,} runs, seed {manifest['seed']}, Orebloc "
        f"{manifest['versions'].get('orebloc', '')}, rules {manifest['rule_hash'][:8]}."
    )


def by_policy(archive: Archive, outcome: Outcome) -> list[Figure]:
    """Return the fan over time and the interval of an outcome under each policy."""
    bands = dict(list(analysis.fan(archive, outcome.column).items())[:_MOST_LINES])
    unit = outcome.unit
    note = f"Line: median. Band: nine runs in ten. {_source(archive)}"
    source = f"Dot: median. Bar: nine runs in ten. {_TAKES[outcome.take].capitalize()}. {_source(archive)}"
    rows = analysis.robustness(archive, outcome.name)
    return [
        fan_figure(bands, fan_title(bands, outcome), unit, note),
        interval_figure(rows, f"By policy: {headline(rows, outcome)}", unit, source),
    ]


def _outcome(archive: Archive, outcome: Outcome, with_first: bool) -> str:
    figures = [
        *(by_policy(archive, outcome) if with_first else []),
        *what_decides(archive, outcome),
        *tipping(archive, outcome),
    ]
    drawn = "".join(figure_html(figure) for figure in figures)
    title = escape(outcome_title(outcome))
    return (
        f"<section><h2>{title}</h2><div class='charts'>{drawn}</div>{box_words(archive, outcome)}"
        f"{policy_tables(archive, outcome)}</section>"
    )


def what_decides(archive: Archive, outcome: Outcome) -> list[Figure]:
    """Return the scores of the factors, by the best method the design allows; none where there is no factor."""
    factors = analysis.deciding_factors(archive, outcome.name).head(_MOST_BARS)
    if factors.empty:
        return []
    table = pd.DataFrame({
        "label": factors["factor"].str.replace("_", " "), "value": factors["score"], "error": factors["error"],
    })  # fmt: skip
    luck = analysis.unexplained(archive, outcome.name)
    if luck is not None:
        table.loc[len(table)] = [LUCK, luck, float("nan")]
    method = str(factors["method"].iloc[0])
    note = f"Black line: 95 % confidence. {_source(archive)}"
    return [bar_figure(table, bar_title(factors), method, note)]


def tipping_pair(archive: Archive, outcome: Outcome) -> tuple[str, str] | None:
    """Return the factors a map is drawn over: the first lever, or the first doubt, and the doubt that decides most."""
    scores = analysis.deciding_factors(archive, outcome.name)
    levers = [lever.name for lever in archive.study.levers]
    doubts = [name for name in scores["factor"] if name != "policy" and name not in levers]
    pair = [*levers[:1], *doubts][:2]
    return (pair[1], pair[0]) if len(pair) == 2 else None


def tipping(archive: Archive, outcome: Outcome, pair: tuple[str, str] | None = None) -> list[Figure]:
    """Return a map of an outcome over two factors (`tipping_pair` if None); none where there is no such pair."""
    chosen = pair or tipping_pair(archive, outcome)
    if chosen is None:
        return []
    number, label = _mapped_policy(archive, outcome, chosen)
    table = analysis.tipping_map(archive, outcome.name, *chosen, policy=number)
    if not table.notna().to_numpy().any():
        return []
    note = f"Mean over the runs in each cell; darker is higher. {_source(archive)}"
    return [map_figure(table, map_title(table, outcome, label), outcome.unit, note)]


def _mapped_policy(archive: Archive, outcome: Outcome, pair: tuple[str, str]) -> tuple[int | None, str]:
    """Return the policy a map is of: the one furthest from the first; none where one of its sides is a lever.

    A mean over policies would show the mix of them rather than what the two factors do.
    """
    apart = analysis.paired_differences(archive, outcome.name)
    if apart.empty or any(lever.name in pair for lever in archive.study.levers):
        return None, ""
    row = apart.loc[apart["mean"].abs().idxmax()]
    return int(row["policy"]), str(row["label"])


def figure_html(figure: Figure) -> str:
    """Return a figure with title, unit, legend, source and its table, for a report."""
    legend = "".join(
        f'<li><i style="background:{colour}"></i>{escape(word)}</li>' for word, colour in figure.legend
    )
    listed = (
        ""
        if figure.name == "map"
        else f"<details class='numbers'><summary>Table</summary>{_table(figure.table)}</details>"
    )
    return (
        f'<figure class="chart {figure.name}"><figcaption><h3>{escape(figure.title)}</h3>'
        f'<p class="unit">{escape(figure.unit)}</p></figcaption><div class="draw">{figure.body}</div>'
        + (f'<ul class="legend">{legend}</ul>' if legend else "")
        + f'<p class="source">{escape(figure.source)}</p>{listed}</figure>'
    )


def box_words(archive: Archive, outcome: Outcome) -> str:
    """Return where the worst quarter of the runs gathers (scenario discovery) as HTML; empty where nowhere."""
    box = analysis.discover(archive, outcome.name)
    if box is None or not box.limits or box.density < _MUCH * box.cases:
        return ""
    limits = " and ".join(
        f"{name.replace('_', ' ')} from {low:.3g} to {high:.3g}" for name, low, high in box.limits
    )
    worst = escape(_condition(box.condition, outcome))
    return (
        f"<p><b>Where the worst quarter of the runs gathers</b> ({worst}): {escape(limits)}. "
        f"These limits hold {100 * box.coverage:.0f} % of those runs; {100 * box.density:.0f} % of what lies "
        f"inside is such a run ({100 * box.cases:.0f} % of all are).</p>"
    )


def _condition(words: str, outcome: Outcome) -> str:
    """Return the limit of the worst runs as people read it: above 77.1 %, below 185bn usd."""
    side, _, number = words.partition(" ")
    return f"{side} {amount_words(outcome.unit)(float(number))}"


def policy_tables(archive: Archive, outcome: Outcome) -> str:
    """Return the policies under the same luck, and their regret, as HTML tables."""
    show = amount_words(outcome.unit, apart=True)
    apart, short = analysis.paired_differences(archive, outcome.name), analysis.regret(archive, outcome.name)
    parts = []
    if len(apart):
        rows = [
            (row.label, f"{show(row.mean)} ± {show(2 * row.error)}", f"{show(row.low)} to {show(row.high)}",
             f"{100 * row.same_sign:.0f} %", "-" if row.saved is None else f"{100 * row.saved:.0f} %")
            for row in apart.itertuples()
        ]  # fmt: skip
        head = (
            "policy",
            "against the first, mean",
            "nine futures in ten",
            "same sign",
            "variance saved by common luck",
        )
        parts.append(
            f"<details open><summary>Policies under the same luck</summary>{_rows(head, rows)}</details>"
        )
    if len(short):
        rows = [
            (row.label, show(row.mean), show(row.high), show(row.worst), f"{100 * row.best_share:.0f} %")
            for row in short.itertuples()
        ]
        head = ("policy", "mean regret", "95 % below", "worst", "best in")
        parts.append(f"<details><summary>Regret: what each falls short of the best, future by future</summary>"
                     f"{_rows(head, rows)}</details>")  # fmt: skip
    return "".join(parts)


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    names = "".join(f'<th scope="col">{escape(word)}</th>' for word in head)
    lines = "".join("<tr>" + "".join(_cell(str(cell)) for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0"><table class="plain"><thead><tr>{names}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _cell(text: str) -> str:
    """Return a cell; one with many words is kept wide on a narrow screen, where its table scrolls."""
    return f"<td{' class=long' if len(text) > _LONG else ''}>{escape(text)}</td>"


def _table(table: pd.DataFrame) -> str:
    head = ("", *(str(name) for name in table.columns))
    rows = [
        (str(label), *("" if value != value else f"{value:.4g}" for value in row))
        for label, row in zip(table.index, table.to_numpy(float), strict=True)
    ]
    return _rows(head, rows)


def _trust(archive: Archive) -> str:
    runs = archive.runs
    bad = runs[runs["status"] != "ok"]
    rows = [(str(row.run), str(row.status), str(row.error)) for row in bad.head(20).itertuples()]
    failed = "<p>Every run is complete: each market of each quarter cleared within its tolerance.</p>"
    if not archive.is_complete:
        failed = f"<p>{_unfinished(archive)}</p>"
    if rows:
        listed = _rows(("run", "status", "error"), rows)
        left_out = f"<p>{len(bad):,} runs are not complete and left out.</p>{listed}"
        failed = left_out if archive.is_complete else failed + left_out
    parts = []
    for outcome in archive.study.outcomes:
        table, show = analysis.convergence(archive, outcome.name), number_words(outcome.unit)
        off = amount_words(outcome.unit, apart=True)
        lines = [
            (row.label, f"{row.runs:,}", show(row.mean), f"± {off(2 * row.error)}")
            for row in table.itertuples()
        ]
        what = f"{escape(outcome_title(outcome))}: how the mean settles with the number of runs"
        parts.append(f"<details><summary>{what}</summary>"
                     f"{_rows(('policy', 'runs', 'mean', 'twice the standard error'), lines)}</details>")  # fmt: skip
    return f"<section><h2>How sure it is</h2>{failed}{''.join(parts)}</section>"


def _unfinished(archive: Archive) -> str:
    """Return how many runs are not done, and which policies have none, as HTML."""
    left = archive.manifest["runs"] - len(archive.runs)
    labels, done = analysis.policy_labels(archive), set(analysis.complete(archive)["policy"])
    none = ", ".join(policy_words(label) for number, label in labels.items() if number not in done)
    rest = f" No complete run yet: {escape(none)}." if none else ""
    return f"{left:,} runs of the study are not done; `orebloc study resume` goes on.{rest}"


def _asked(archive: Archive) -> str:
    study = archive.study
    rows = [
        (
            factor.name,
            factor.role,
            factor.path,
            _range(factor),
            factor.unit,
            ", ".join(factor.scenarios or ("all",)),
        )
        for factor in study.factors
    ]
    changes = {row["name"]: _changes(row) for row in study.to_mapping()["scenarios"]}
    scenarios = [
        (name, scenario.title, changes.get(name, ""), scenario.description)
        for name, scenario in study.scenarios.items()
    ]
    outcomes = [(o.name, outcome_title(o), o.column, o.take, o.goal) for o in study.outcomes]
    notes = "".join(f"<li>{escape(note)}</li>" for note in archive.manifest["notes"])
    return (
        "<section><h2>What was asked</h2>"
        f"{_rows(('scenario', 'title', 'changed in it', 'what it is'), scenarios)}"
        f"{_rows(('factor', 'role', 'path', 'range', 'unit', 'acts in'), rows)}"
        f"{_rows(('outcome', 'what', 'column', 'taken', 'better'), outcomes)}<ul>{notes}</ul></section>"
    )


def _changes(row: Any) -> str:
    """Return what a study changes in a scenario it compares, in the words of its file."""
    changes = row.get("changes", {})
    return "; ".join(f"{path} = {_value_words(value)}" for path, value in changes.items())


def _value_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value_words(part)}" for key, part in value.items())
    if isinstance(value, list):
        return "; ".join(_value_words(part) for part in value)
    return str(value)


def _range(factor: Any) -> str:
    if factor.spread is None:
        return ", ".join(str(value) for value in factor.values)
    low, high = factor.spread.support()
    return f"{factor.spread.kind} from {low:g} to {high:g}"


_TERMS = (
    "<dl class='terms'><div><dt>part of the variance in runs held out</dt><dd>what mixing up a factor costs a forest "
    "of random trees in runs that it has not seen, as a part of the outcome's variance; parts of factors that act "
    "together count twice, and what the forest cannot foretell is luck</dd></div><div><dt>total Sobol index</dt>"
    "<dd>the part of the variance "
    "that would go if the factor were known, with all it does together with others</dd></div><div><dt>variance saved "
    "by common luck</dt><dd>how much less the difference of two policies varies than it would if each met luck of its "
    "own</dd></div><div><dt>regret</dt><dd>what a policy falls short of the best one in the same future</dd></div>"
    "<div><dt>worst certificate</dt><dd>the largest relative error of any market's clearing in any run; it must be "
    "1e-09 or less</dd></div></dl>"
)


def _again(archive: Archive) -> str:
    manifest = archive.manifest
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    return (
        "<section><h2>How to read this, and how to get it again</h2><p>All policies meet the same luck at the "
        "same point, so differences are taken future by future; a future is one setting of the uncertainties and "
        "one draw of luck. Shares of supply emerge from costs, capacity and tastes; they are not forecasts. Any "
        "single run opens with "
        f"<code>orebloc study open DIR RUN</code>, bit for bit.</p>{_TERMS}<p class='source'>{escape(versions)}; rules "
        f"{escape(manifest['rule_hash'])}, data {escape(manifest['data_hash'])}, seed "
        f"{manifest['seed']}.</p></section>"
    )
