"""Who supplies whom: each buyer's purchases by origin, as a table with shaded cells."""

from html import escape

import pandas as pd

from viz.country import country_name
from viz.figure import Figure, GoodTable

_ORIGINS = 8
_OTHERS = "others"
_NO_TRADE = "Nothing crosses a border"


def draw(data: GoodTable) -> Figure:
    """Return the shares of origins in each buyer's purchases over the last four quarters."""
    tonnes = data.flows.pivot_table(
        index="destination", columns="origin", values="quantity_t", aggfunc="sum", observed=True
    )
    tonnes = _gathered(tonnes.fillna(0.0))
    bought = tonnes.sum(axis=1)
    shares = tonnes.div(bought.where(bought > 0.0, 1.0), axis=0)
    title = _finding(data)
    body = _table(shares, bought, title)
    unit = f"share of each buyer's purchases by origin, {data.flow_quarters}"
    return Figure("supplier_matrix", title, unit, body, data.source, shares.assign(bought_t=bought))


def _gathered(tonnes: pd.DataFrame) -> pd.DataFrame:
    """Keep the largest origins, add up the others; largest buyers first."""
    order = tonnes.sum().sort_values(ascending=False, kind="stable").index
    kept = [origin for origin in order if origin != "OTH"][:_ORIGINS]
    shown = tonnes[kept].copy()
    shown[_OTHERS] = tonnes.drop(columns=kept).sum(axis=1)
    return shown.loc[shown.sum(axis=1).sort_values(ascending=False, kind="stable").index]


def _table(shares: pd.DataFrame, bought: pd.Series, title: str) -> str:
    head = "".join(
        f'<th scope="col" title="{escape(_name(o))}">{escape(str(o))}</th>' for o in shares.columns
    )
    rows = []
    for buyer in shares.index:
        cells = "".join(_cell(float(value)) for value in shares.loc[buyer])
        rows.append(
            f'<tr><th scope="row" title="{escape(_name(buyer))}">{escape(str(buyer))}</th>{cells}'
            f"<td>{bought[buyer]:,.0f}</td></tr>"
        )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title, quote=True)}">'
        f'<table class="matrix"><thead><tr><th scope="col">buyer</th>{head}<th scope="col">t</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(share: float) -> str:
    if share < 0.005:
        return '<td class="none">&middot;</td>'
    dark = " dark" if share > 0.55 else ""
    return f'<td class="shade{dark}" style="--part:{100 * share:.0f}%">{100 * share:.0f}</td>'


def _name(code: object) -> str:
    return country_name(code)


def _finding(data: GoodTable) -> str:
    abroad = data.flows[data.flows["origin"] != data.flows["destination"]]
    if abroad.empty:
        return _NO_TRADE
    largest = abroad.loc[abroad["quantity_t"].idxmax()]
    return finding(
        largest["origin"], largest["destination"], float(largest["quantity_t"] / abroad["quantity_t"].sum())
    )


def finding(origin: object, destination: object, part: float) -> str:
    """Return in a sentence which flow across a border is the largest; `part` is its part of all of them."""
    if not part > 0.0:
        return _NO_TRADE
    names = f"{_name(origin)} to {_name(destination)}"
    return f"The largest flow across a border goes from {names}: {100 * part:.0f} % of trade"
