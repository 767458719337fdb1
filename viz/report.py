"""The report of a run: one HTML page that opens without network and reads well on a phone.

Everything is in the page: style, script, drawings, and under each drawing its numbers as a table.
"""

from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import pandas as pd

from experiments.results import Results
from viz.charts import CHARTS
from viz.country import country_name
from viz.figure import Figure, GoodTable
from viz.finding import findings, gaps, smuggled_t
from viz.good_table import good_tables

#: Words in a source or note that mark a number as weak, and what they mean.
WEAK = {
    "recalled": "written from memory of the named publication",
    "estimate": "made for this model, with its reasoning",
    "judgement": "chosen by judgement",
}
_STAGES = {"mine": "Mines", "refined": "Refineries", "component": "Components"}


def draw_report(results: Results) -> str:
    """Return the report as one HTML page."""
    goods = good_tables(results)
    manifest = results.manifest
    stage = {row["name"]: str(row.get("stage", "")) for row in manifest["goods"]}
    body = "".join(
        [
            _head(manifest),
            '<main id="main">',
            _happened(goods, manifest),
            _overview(goods, manifest),
            _measures(manifest),
            _chooser(goods, stage, manifest),
            "".join(_good(data, stage[data.good]) for data in goods),
            _assumptions(manifest),
            _weak(manifest),
            _balance(manifest),
            _method(manifest),
            "</main>",
        ]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(manifest['title'])} - Orebloc</title>"
        f'<link rel="icon" href="data:,"><style>{_asset("page.css")}</style></head><body>'
        f"{body}<script>{_asset('page.js')}</script></body></html>"
    )


@cache
def _asset(name: str) -> str:
    return files("viz").joinpath(name).read_text(encoding="utf-8")


def _head(manifest: dict[str, Any]) -> str:
    certificate = manifest["certificate"]
    facts = {
        "time": f"{manifest['start']} to {manifest['end']}, base year {manifest['base']['year']}",
        "runs": f"{manifest['runs']:,}, seed {manifest['seed']}",
        "certificate": f"worst violation {certificate['worst_violation']:.1e} "
        f"in {certificate['clearings']:,} clearings",
        "made with": f"orebloc {manifest['versions']['orebloc']}, rules {manifest['rule_hash']}, "
        f"data {manifest['data_hash']}",
    }
    rows = "".join(
        f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in facts.items()
    )
    return (
        f'<a class="skip" href="#main">Skip to the results</a><header><p class="brand">Orebloc</p>'
        f"<h1>{escape(manifest['title'])}</h1><p>{escape(manifest['description'])}</p><dl>{rows}</dl></header>"
    )


def _happened(goods: list[GoodTable], manifest: dict[str, Any]) -> str:
    title = {data.good: data.title for data in goods}
    rows = "".join(
        f'<li><a href="#{good}" data-good="{good}">{escape(title[good])}</a>: {escape(text)}</li>'
        for _, good, text in findings(goods, manifest["headline_goods"])
    )
    found = f"<ul>{rows}</ul>" if rows else "<p>No share, price or output changes much.</p>"
    return f'<section><h2 id="happened">What happened</h2>{found}{_medians(manifest)}</section>'


def _medians(manifest: dict[str, Any]) -> str:
    if manifest["runs"] == 1:
        return ""
    return (
        f'<p class="source">All numbers are medians over {manifest["runs"]:,} runs, taken number by number: shares '
        "need not add up to 100 %, and no single run need look like this.</p>"
    )


def _overview(goods: list[GoodTable], manifest: dict[str, Any]) -> str:
    rows = "".join(_overview_row(data) for data in goods)
    base, end = manifest["base"]["year"], manifest["end"]
    return (
        '<section><h2 id="overview">Who ends up with which share</h2>'
        '<div class="scroll" tabindex="0" role="region" aria-label="All goods"><table class="overview"><thead><tr>'
        f'<th scope="col">good</th><th scope="col">leader {base}</th><th scope="col">leader {end}</th>'
        f'<th scope="col" class="n extra">HHI {base}</th>'
        f'<th scope="col" class="n extra">HHI {end}</th>'
        '<th scope="col" class="n">widest price gap</th><th scope="col" class="n extra">smuggled, t</th></tr></thead>'
        f'<tbody>{rows}</tbody></table></div><p class="source">Price gap: price paid on arrival outside '
        "the restricting country over the producer price inside it; none where no large producer restricts exports. "
        "HHI: concentration of output, 10,000 is one country. Smuggled: what left a country around its "
        "restrictions over the run.</p></section>"
    )


def _overview_row(data: GoodTable) -> str:
    last = data.wide["production_share"].iloc[-1].dropna()
    gap = gaps(data)
    smuggled = smuggled_t(data)
    hhi = data.wide["hhi_index"]["WLD"].dropna()
    base_hhi = sum(share * share for share in data.base_shares.values()) * 1e4
    widest = f"{gap.max():.1f} ({data.restricting}, {gap.idxmax()})" if len(gap) else "-"
    return (
        f'<tr><th scope="row"><a href="#{data.good}" data-good="{data.good}">{escape(data.title)}</a></th>'
        f"<td>{_leader(data.base_shares, data)}</td><td>{_leader(last.to_dict(), data)}</td>"
        f'<td class="n extra">{base_hhi:,.0f}</td>'
        f'<td class="n extra">{hhi.iloc[-1] if len(hhi) else 0.0:,.0f}</td>'
        f'<td class="n">{widest}</td><td class="n extra">{f"{smuggled:,.0f}" if smuggled >= 0.5 else "-"}</td></tr>'
    )


def _leader(shares: dict[str, float], data: GoodTable) -> str:
    if not shares or not max(shares.values()) > 0.0:
        return "nothing made"
    country = max(sorted(shares), key=lambda code: shares[code])
    bar = f'<i class="bar" style="width:{60 * shares[country]:.0f}px;background:{data.colours[country]}"></i>'
    return f'{bar}<abbr title="{escape(country_name(country))}">{escape(country)}</abbr> {100 * shares[country]:.0f} %'


def _measures(manifest: dict[str, Any]) -> str:
    measures = manifest["measures"]
    if not measures:
        return '<section><h2 id="measures">Measures in force</h2><p>The scenario has none.</p></section>'
    rows = "".join(
        f"<li>{escape(measure['text'])}"
        + (f' <small class="source">{escape(measure["source"])}</small>' if measure.get("source") else "")
        + "</li>"
        for measure in measures
    )
    return (
        f'<section><h2 id="measures">Measures in force</h2><details><summary>'
        f"{_count(len(measures), 'measure')} of the scenario, in words</summary><ul>{rows}</ul></details></section>"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _chooser(goods: list[GoodTable], stage: dict[str, str], manifest: dict[str, Any]) -> str:
    groups: dict[str, list[GoodTable]] = {}
    for data in goods:
        groups.setdefault(_STAGES.get(stage[data.good], stage[data.good]), []).append(data)
    chosen = _most_telling(goods, manifest)
    options = "".join(
        f'<optgroup label="{escape(name)}">'
        + "".join(
            f'<option value="{data.good}"{" selected" if data.good == chosen else ""}>{escape(data.title)}</option>'
            for data in group
        )
        + "</optgroup>"
        for name, group in groups.items()
    )
    return (
        '<section class="chooser" aria-label="Choose a good" hidden><label for="good">Good</label> '
        f'<select id="good">{options}</select> '
        '<button type="button" data-step="-1" aria-label="Previous good">&lsaquo;</button>'
        '<button type="button" data-step="1" aria-label="Next good">&rsaquo;</button>'
        "</section>"
    )


def _most_telling(goods: list[GoodTable], manifest: dict[str, Any]) -> str:
    """Return the good shown first: of the headline goods, the one with the widest price gap."""
    widest = {data.good: float(gaps(data).max()) for data in goods if len(gaps(data))}
    headline = [good for good in manifest["headline_goods"] if widest.get(good, 0.0) > 0.0]
    return max(headline, key=lambda good: widest[good]) if headline else goods[0].good


def _good(data: GoodTable, stage: str) -> str:
    figures = "".join(_figure(draw(data), data) for draw in CHARTS)
    place = _STAGES.get(stage, stage)
    return (
        f'<section class="good" id="{data.good}"><h2>{escape(data.title)} <small>{escape(place)}</small></h2>'
        f'<div class="charts">{figures}</div></section>'
    )


def _figure(figure: Figure, data: GoodTable) -> str:
    legend = "".join(
        f'<li><i style="background:{colour}"></i>{escape(word)}</li>' for word, colour in figure.legend
    )
    return (
        f'<figure class="chart {figure.name}"><figcaption><h3>{escape(figure.title)}</h3>'
        f'<p class="unit">{escape(figure.unit)}</p></figcaption>'
        f'<div class="draw">{figure.body}<output class="tip" hidden></output></div>'
        + (f'<ul class="legend">{legend}</ul>' if legend else "")
        + f'<p class="source">{escape(figure.source)}</p>'
        f'<details class="numbers"><summary>Table</summary><button type="button" class="csv" '
        f'data-file="{data.good}-{figure.name}.csv">Save as CSV</button>{_table(figure.table)}</details></figure>'
    )


def _table(table: pd.DataFrame) -> str:
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in ["", *table.columns])
    rows = "".join(
        f'<tr><th scope="row">{escape(str(label))}</th>'
        + "".join(f"<td>{_number(value)}</td>" for value in row)
        + "</tr>"
        for label, row in zip(table.index, table.to_numpy(), strict=True)
    )
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _number(value: float) -> str:
    """Return a number to four figures or so; nothing where it is unknown."""
    if value != value:
        return ""
    size = abs(value)
    return (
        f"{value:.0f}"
        if size >= 1000 or size >= 100 and value == int(value)
        else f"{value:.1f}"
        if size >= 100
        else f"{value:.4g}"
    )


def _plain_table(rows: list[dict[str, Any]], columns: Iterable[str]) -> str:
    names = list(columns)
    head = "".join(f'<th scope="col">{escape(name.replace("_", " "))}</th>' for name in names)
    lines = "".join(
        "<tr>" + "".join(f"<td>{_word(row.get(name))}</td>" for name in names) + "</tr>" for row in rows
    )
    table = f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'
    return f'<div class="scroll" tabindex="0">{table}</div>'


def _word(value: Any) -> str:
    if value is None:
        return ""
    return _number(float(value)) if isinstance(value, int | float) else escape(str(value))


def _assumptions(manifest: dict[str, Any]) -> str:
    rows = manifest["assumptions"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(str(row.get("good") or "all"), []).append(row)
    parts = "".join(
        f"<details><summary>{escape(good.replace('_', ' '))}: {len(group)}</summary>"
        f"{_plain_table(group, [name for name in group[0] if name != 'good'])}</details>"
        for good, group in groups.items()
    )
    return (
        f'<section><h2 id="assumed">What was assumed</h2><p>{_count(len(rows), "step")} between the published '
        f"figures and the base year of this run: fallbacks, conversions, estimates.</p>{parts}</section>"
    )


def _weak(manifest: dict[str, Any]) -> str:
    steps = {good: _weak_steps(manifest, good) for good in (row["name"] for row in manifest["goods"])}
    rows = [
        {
            "good": row["good"].replace("_", " "),
            "rows of data": row["rows"],
            "recalled": f"{row['recalled'] / max(row['rows'], 1):.0%}",
            "estimated": f"{row['estimate'] / max(row['rows'], 1):.0%}",
            "steps on estimate or judgement": steps.get(row["good"], 0),
        }
        for row in manifest["weak"]
    ]
    kinds = "".join(f"<li><b>{word}</b>: {escape(what)}</li>" for word, what in WEAK.items())
    return (
        '<section><h2 id="weak">Where the data are weak</h2><p>How much of the data behind each good is recalled or '
        "estimated, and how many steps of its base year rest on that. <code>orebloc data</code> lists every source.</p>"
        f"<ul>{kinds}</ul>{_plain_table(rows, rows[0]) if rows else ''}</section>"
    )


def _weak_steps(manifest: dict[str, Any], good: str) -> int:
    told = [
        " ".join(str(row.get(key, "")) for key in ("source", "step", "what", "tag")).lower()
        for row in manifest["assumptions"]
        if row.get("good") == good
    ]
    return sum(any(word in text for word in WEAK) for text in told)


def _balance(manifest: dict[str, Any]) -> str:
    parts = "".join(
        f"<details><summary>{escape(name.replace('_', ' '))}</summary>{_plain_table(rows, rows[0])}</details>"
        for name, rows in manifest["checks"].items()
        if rows
    )
    return (
        f'<section><h2 id="balance">Raw data against the balanced base year</h2>{parts}</section>'
        if parts
        else ""
    )


def _method(manifest: dict[str, Any]) -> str:
    certificate, versions = manifest["certificate"], manifest["versions"]
    where = f" ({certificate['quarter']}: {certificate['goods']})" if certificate["quarter"] else ""
    words = ", ".join(f"{name} {version}" for name, version in versions.items())
    names = ", ".join(sorted(country_name(c) for c in _restricting(manifest)))
    return (
        '<section><h2 id="method">How to read this</h2><p>Each quarter all linked markets clear together; the '
        "certificate is the largest relative violation of the conditions of equilibrium: "
        f"{certificate['worst_violation']:.1e}{escape(where)}. Prices are real 2024 US dollars. Inside prices are "
        f"those of {escape(names)}: of each good the country that "
        "restricts its exports, else its largest producer. "
        "Shares of supply emerge from costs, capacity and tastes; they are not "
        f'forecasts.</p><p class="source">{escape(words)}. Base data among others: '
        f"{escape('; '.join(manifest['credits']))}. Colours after Okabe and Ito (2008) and Tol (2021).</p></section>"
    )


def _restricting(manifest: dict[str, Any]) -> set[str]:
    return set(manifest["restricting"].values())
