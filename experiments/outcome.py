"""What is recorded of a run: every metric with its unit, and the outcomes kept run by run in an ensemble."""

from dataclasses import dataclass

import pandas as pd

from model.world import World

ALL_GOODS = "all"
WORLD = "WLD"


@dataclass(frozen=True)
class Metric:
    """One recorded quantity. `unit` is one of t, usd, usd_per_t, share, days, index."""

    name: str
    unit: str
    what: str


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in [
        Metric("production_t", "t", "primary output of a quarter"),
        Metric("recycled_t", "t", "output of recyclers, apart from production_t"),
        Metric("consumption_t", "t", "used by plants and final users, whether bought or from stock"),
        Metric("final_use_t", "t", "used by final users only"),
        Metric("capacity_t", "t", "primary capacity of a quarter"),
        Metric("stock_t", "t", "stocks of buyers, producers and the state at the end of the quarter"),
        Metric("stock_buyer_t", "t", "the part of stock_t that refiners and consumers hold"),
        Metric("stock_producer_t", "t", "the part of stock_t that producers hold"),
        Metric("stock_state_t", "t", "the part of stock_t that the state holds"),
        Metric("stock_days", "days", "stocks of buyers in days of use; null where next to nothing is used"),
        Metric("exports_t", "t", "shipped abroad openly"),
        Metric("imports_t", "t", "bought from abroad, leakage and goods sold on included"),
        Metric("leakage_t", "t", "left the country around its restrictions"),
        Metric("resold_t", "t", "sold on from a country that is exempt to one that is not, apart from exports_t"),
        Metric("price_usd_per_t", "usd_per_t", "producer price inside, 0 in a glut; WLD: mean by output"),
        Metric("landed_price_usd_per_t", "usd_per_t", "mean price paid on arrival; WLD: mean by purchases"),
        Metric("inside_price_usd_per_t", "usd_per_t", "producer price in the restricting or largest producer"),
        Metric("outside_price_usd_per_t", "usd_per_t", "mean price paid on arrival outside it"),
        Metric("price_gap_index", "index", "price outside over inside; null where the good is next to free inside"),
        Metric("production_share", "share", "part of the world's primary output"),
        Metric("capacity_share", "share", "part of the world's primary capacity"),
        Metric("consumption_share", "share", "part of the world's use"),
        Metric("export_share", "share", "part of open exports"),
        Metric("hhi_index", "index", "concentration: sum of squared production shares, times 10,000"),
        Metric("production_value_usd", "usd", "primary output at the producer price"),
        Metric("purchase_value_usd", "usd", "purchases at the price paid on arrival"),
        Metric("scarcity_rent_usd", "usd", "wedges of quotas and licences on the tonnes shipped under them"),
        Metric("export_tax_usd", "usd", "export taxes a state received"),
        Metric("tariff_usd", "usd", "import duties a state received"),
        Metric("support_usd", "usd", "price support a state paid"),
        Metric("topup_usd", "usd", "floor top-ups a state received"),
        Metric("state_rent_usd", "usd", "wedges of quotas that a state, or its importers under the quota, received"),
        Metric("levy_usd", "usd", "shares of a treaty's levy and agreed payments received, less handed in"),
        Metric("burden_usd", "usd", "share of a treaty's price support borne, less what others took over"),
        Metric("programme_usd", "usd", "public programmes and the keep of state stocks"),
        Metric("fund_usd", "usd", "public money for capacity started in the quarter, a part of what it costs"),
        Metric("welfare_consumer_usd", "usd", "worth of final use beyond what is paid for it"),
        Metric("welfare_producer_usd", "usd", "output and support less inputs and variable cost, where plants stand"),
        Metric("welfare_treasury_usd", "usd", "taxes, duties, top-ups less support, programmes, stocks bought, shares"),
        Metric("welfare_rent_usd", "usd", "wedges of quotas and licences, and top-ups that sellers keep"),
        Metric("welfare_variety_usd", "usd", "worth of choice among suppliers: landed price less index, times use"),
        Metric("welfare_total_usd", "usd", "sum of the five lines of welfare; investment is not taken off"),
        Metric("investment_usd", "usd", "capital cost of capacity started in the quarter, by host country"),
        Metric("own_supply_share", "share", "primary output at home over use"),
        Metric("recycling_share", "share", "output of recyclers at home over use"),
        Metric("import_dependence_share", "share", "part of purchases that comes from the largest supplier abroad"),
        Metric("crma_marks_index", "index", "how many of three marks are met: own supply, recycling, one country"),
        Metric("owner_share", "share", "part of the world's primary output by home country of the plants' owner"),
        Metric("bloc_share", "share", "part of the world's primary output owned by members of a declared treaty"),
        Metric("supply_at_risk_usd", "usd", "cost of a year's stop by the leading exporter; once a year, else null"),
        Metric("score_usd", "usd", "a seat's score: weighted welfare less investment and expected loss from a stop"),
        Metric("residual_t", "t", "what the clearing left unexplained: output less shipments, storage, disposal"),
    ]
}  # fmt: skip

#: Per headline good, these (metric, country) are kept run by run; `*` is the restricting country.
_KEPT_PER_GOOD = (
    ("production_share", "*"),
    ("hhi_index", WORLD),
    ("outside_price_usd_per_t", "*"),
)
_KEPT_OF_ALL = ("production_value_usd", "purchase_value_usd", "scarcity_rent_usd")

Outcome = tuple[str, str, str]  # metric, good, country


def headline_goods(world: World) -> list[str]:
    """Return the goods ensembles are reported on: those at the last stages, not mines with a later stage."""
    parents = set(world.goods.loc[world.goods["stage"] != "mine", "mineral"])
    keep = (world.goods["stage"] != "mine") | ~world.goods["mineral"].isin(parents)
    return list(world.goods.loc[keep, "name"])


def declared_outcomes(world: World, restrictors: dict[str, str]) -> list[Outcome]:
    """Return the outcomes kept run by run: three per headline good and three totals, about forty."""
    kept = [
        (metric, good, restrictors[good] if country == "*" else country)
        for good in headline_goods(world)
        for metric, country in _KEPT_PER_GOOD
    ]
    return kept + [(metric, ALL_GOODS, WORLD) for metric in _KEPT_OF_ALL]


#: A country with less than this share of base-year output sets nobody's price apart by its measures.
_LEAST_RESTRICTING_SHARE = 0.1
_NOTHING_T = 1e-9
_EXPORT_MEASURES = ("export_quota", "export_licence", "export_ban", "export_tax")


def restricting_countries(world: World) -> dict[str, str]:
    """Return, per good, the country whose inside price is set against the outside one.

    It is the largest base-year producer among those with an export measure in the scenario and at least a tenth of
    the output, else the largest producer of all.
    """
    output = {good: _base_output(world, good) for good in world.goods["name"]}
    first = {good: str(made.index[0]) if len(made) else "OTH" for good, made in output.items()}
    return {good: _restrictor(world, good, output[good]) or first[good] for good in output}


def restricted_goods(world: World) -> list[str]:
    """Return the goods whose country in `restricting_countries` does restrict its exports in the scenario."""
    return [good for good in world.goods["name"] if _restrictor(world, good, _base_output(world, good))]


def _base_output(world: World, good: str) -> pd.Series:
    """Return base-year output by country, the largest first."""
    nodes = world.nodes[(world.nodes["good"] == good) & (world.nodes["kind"] == "producer")]
    output = nodes.groupby("country")["production_t"].sum()
    return output.sort_values(ascending=False, kind="stable")


def _restrictor(world: World, good: str, output: pd.Series) -> str | None:
    actors = {
        order.actor
        for order in world.scenario.measures
        if order.type in _EXPORT_MEASURES and good in _goods_of(order.fields)
    }
    least = max(_LEAST_RESTRICTING_SHARE * float(output.sum()), _NOTHING_T)
    return next((str(c) for c in output.index if c in actors and output[c] >= least), None)


def _goods_of(fields: dict[str, object]) -> list[str]:
    goods = fields.get("good", [])
    return [goods] if isinstance(goods, str) else list(goods)  # type: ignore[call-overload]


def metric_table() -> pd.DataFrame:
    """Return name, unit and meaning of every metric."""
    return pd.DataFrame(
        [(m.name, m.unit, m.what) for m in METRICS.values()], columns=["metric", "unit", "what"]
    )
