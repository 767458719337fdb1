"""The balanced base table hangs together and stays near the data."""

import functools

import numpy as np
import pytest
from base_scenario import LICENCES, scenario

from model.base.note import NOTICE
from model.base.route import fit_flows
from model.base.table import Table, build_table
from model.error import OreblocError


@functools.cache
def whole() -> Table:
    return build_table(scenario(measures=LICENCES))


def share(table: Table, good: str, country: str) -> float:
    supply = table.balance.supply(good)
    return supply.get(country, 0.0) / sum(supply.values())


@pytest.mark.parametrize(
    ("good", "country", "low", "high"),
    [
        ("permanent_magnets", "CHN", 0.93, 0.95),
        ("ndpr_refined", "CHN", 0.90, 0.92),
        ("cobalt_concentrate", "COD", 0.74, 0.76),
        ("lithium_concentrate", "AUS", 0.36, 0.38),
        ("nickel_concentrate", "IDN", 0.61, 0.63),
        ("antimony_refined", "CHN", 0.6, 0.76),
        ("graphite_refined", "CHN", 0.94, 0.97),
    ],
)
def test_known_shares(good: str, country: str, low: float, high: float) -> None:
    """Shares everybody knows are those of the table."""
    assert low <= share(whole(), good, country) <= high


def test_primary_gallium_is_chinese() -> None:
    """China makes 98 to 99 % of primary gallium."""
    primary = whole().balance.primary["gallium_refined"]
    assert 0.98 <= primary["CHN"] / sum(primary.values()) <= 0.995


def test_every_good_balances() -> None:
    """World supply of every good equals its use by plants and final users."""
    table = whole()
    for good in table.goods:
        supply, use = table.balance.supply(good.name), table.balance.use(good.name)
        assert sum(supply.values()) == pytest.approx(sum(use.values()), rel=1e-9)
        assert min(supply.values()) >= 0.0 and min(use.values()) >= 0.0


def test_yields_lie_in_their_ranges() -> None:
    """Stage yields, and what they imply from ore to refined product, lie in the technology's range, never above 1."""
    report = whole().report.set_index("good")
    chained = report[report["stage_yield"].notna()]
    assert len(chained) == 9
    assert (chained["stage_yield"] <= np.minimum(chained["yield_high"], 1.0)).all()
    assert (chained["stage_yield"] >= chained["yield_low"]).all()
    assert (chained["ore_to_refined"] <= 1.0).all()


def test_published_output_is_kept() -> None:
    """Where the data publish tonnes of the base year, output by country is theirs (secondary supply included)."""
    table = whole()
    for good in ("ndpr_refined", "lithium_refined", "cobalt_refined", "nickel_refined", "baryte_concentrate"):
        supply = table.balance.supply(good)
        for country, tonnes in table.raw[good].items():
            assert supply[country] == pytest.approx(tonnes, rel=1e-9)


def test_routes_meet_supply_and_use() -> None:
    """Flows add up to each seller's supply and each buyer's use."""
    table = whole()
    for good in table.goods:
        route, supply, use = (
            table.routes[good.name],
            table.balance.supply(good.name),
            table.balance.use(good.name),
        )
        total = sum(supply.values())
        assert route.flow_t.sum(axis=1) == pytest.approx(
            [supply.get(c, 0.0) for c in route.origins], abs=1e-9 * total
        )
        assert route.flow_t.sum(axis=0) == pytest.approx(
            [use.get(c, 0.0) for c in route.buyers], abs=1e-9 * total
        )


def test_no_plausible_route_is_zero() -> None:
    """Every seller with output reaches every buyer with use at home or abroad."""
    table = whole()
    for good in table.goods:
        flow = table.routes[good.name].flow_t
        assert (flow[np.ix_(flow.sum(axis=1) > 0.0, flow.sum(axis=0) > 0.0)] > 0.0).all()


def test_inside_price_lies_below_outside() -> None:
    """A licence in force gives the restricting country the lower price of base_gap.csv."""
    table = whole()
    assert table.price("gallium_refined", "CHN") == pytest.approx(table.outside["gallium_refined"] / 1.8)
    assert table.price("gallium_refined", "JPN") == table.outside["gallium_refined"]


def test_without_measures_no_gap() -> None:
    """Without a restriction in force there is one price."""
    table = build_table(scenario(goods=["gallium"]))
    assert table.price("gallium_refined", "CHN") == table.outside["gallium_refined"]


def test_magnet_price_is_replaced_and_named() -> None:
    """The published magnet price, below the metal in it, is replaced, and the assumption says so."""
    table = whole()
    assert table.outside["permanent_magnets"] > 26_500.0
    assert any(r["good"] == "permanent_magnets" and r["step"] == "replaced" for r in table.notes.rows)


@pytest.mark.parametrize("year", [2019, 2020, 2021, 2022, 2023, 2025])
def test_any_year_with_data_is_a_base_year(year: int) -> None:
    """All goods balance in every year with mine production, and fallbacks are recorded."""
    table = build_table(scenario(base_year=year))
    assert set(table.routes) == {good.name for good in table.goods}
    steps = {row["step"] for row in table.notes.rows}
    assert {"demand", "price", "yield"} <= steps
    assert any("nearest year" in row["what"] for row in table.notes.rows)


def test_hindcast_year_of_rare_earths() -> None:
    """2009 works for rare earths, joint and as one good."""
    joint = build_table(scenario(base_year=2009, goods=["rare_earths", "permanent_magnets"]))
    single = build_table(scenario(base_year=2009, goods=["rare_earths"], rare_earths="single"))
    assert share(joint, "ndpr_concentrate", "CHN") > 0.9
    assert sum(single.balance.primary["rare_earths_concentrate"].values()) == pytest.approx(131_534, rel=0.01)


def test_a_year_without_mine_production_is_refused() -> None:
    """The refusal names mineral, years with data and the ways out."""
    with pytest.raises(
        OreblocError, match=r"2010 has no mine production of lithium.*2019-2025.*base\.stages"
    ):
        build_table(scenario(base_year=2010, goods=["lithium"]))


def test_scenario_statements_win() -> None:
    """Stated production, demand shares, flows and prices are in the table as stated."""
    base = {
        "stages": [
            {"good": "gallium_refined", "country": "CHN", "production_t": 700},
            {"good": "gallium_refined", "country": "JPN", "production_t": 50},
        ],
        "demand_shares": [{"good": "gallium_refined", "country": "JPN", "share": 0.25}],
        "exports": [{"good": "gallium_refined", "origin": "CHN", "destination": "USA", "quantity_t": 4}],
        "prices": [
            {"good": "gallium_refined", "country": "CHN", "inside_usd_per_t": 2e5, "outside_usd_per_t": 6e5}
        ],
    }  # fmt: skip
    table = build_table(scenario(goods=["gallium"], base=base))
    primary, route = table.balance.primary["gallium_refined"], table.routes["gallium_refined"]
    assert primary["CHN"] == pytest.approx(700) and primary["JPN"] == pytest.approx(50)
    use = table.balance.use("gallium_refined")
    assert use["JPN"] / sum(use.values()) == pytest.approx(0.25)
    assert route.flow_t[route.origins.index("CHN"), route.buyers.index("USA")] == pytest.approx(4.0)
    assert table.price("gallium_refined", "CHN") == 2e5 and table.outside["gallium_refined"] == 6e5


def stated(good: str, country: str, tonnes: float) -> dict:
    return {"stages": [{"good": good, "country": country, "production_t": tonnes}]}


@pytest.mark.parametrize(
    ("good", "country", "tonnes"),
    [
        ("cobalt_refined", "EU27", 12_000.0),
        ("lithium_concentrate", "CAN", 9_000.0),
        ("gallium_refined", "JPN", 50.0),
        ("ndpr_concentrate", "AUS", 6_000.0),
        ("tungsten_refined", "USA", 3_000.0),
        ("permanent_magnets", "EU27", 4_000.0),
    ],
)
def test_a_stated_country_leaves_the_others_as_in_the_data(good: str, country: str, tonnes: float) -> None:
    """What is stated for one country of a stage replaces that country's output and nobody else's, and is recorded."""
    goods = [good.rsplit("_", 1)[0]]
    goods = ["rare_earths", "permanent_magnets"] if goods[0] in ("ndpr", "permanent") else goods
    plain = build_table(scenario(goods=goods))
    changed = build_table(scenario(goods=goods, base=stated(good, country, tonnes)))
    before, after = plain.balance.supply(good), changed.balance.supply(good)
    code = plain.places.code(country)
    made = changed.balance.primary[good][code]
    scale = made / tonnes  # what is cut to the mined content, everybody shares
    assert 0.85 < scale <= 1.0 + 1e-12
    world = changed.balance.primary[good]
    was = plain.balance.primary[good]
    others = [c for c in was if c != code and was[c] > 0.01 * sum(was.values()) and c != "OTH"]
    assert others
    ratio = {c: world[c] / was[c] for c in others}
    assert max(ratio.values()) == pytest.approx(min(ratio.values()), rel=1e-9)
    assert 0.9 < min(ratio.values()) < 1.1
    assert 0.9 < sum(after.values()) / sum(before.values()) < 1.1
    rows = [r for r in changed.notes.rows if r["good"] == good and r["step"] == "production"]
    assert [r["value"] for r in rows] == [tonnes] and "others as in the data" in rows[0]["what"]


def test_stated_output_of_the_union_replaces_its_members() -> None:
    """`EU27` stands for all its members in the data: their output is not counted twice."""
    table = build_table(scenario(goods=["cobalt"], base=stated("cobalt_refined", "EU27", 12_000.0)))
    plain = build_table(scenario(goods=["cobalt"]))
    assert table.raw["cobalt_refined"]["EU27"] == pytest.approx(12_000.0)
    for country in ("CHN", "JPN"):
        assert table.raw["cobalt_refined"][country] == pytest.approx(plain.raw["cobalt_refined"][country])


def test_stated_output_stands_alone_without_data() -> None:
    """In a year without any data of the stage, what is stated is the whole world's, and the record says so."""
    base = {
        "stages": [
            {"good": "gallium_refined", "country": "CHN", "production_t": 90},
            {"good": "gallium_refined", "country": "JPN", "production_t": 10},
        ],
        "prices": [{"good": "gallium_refined", "country": "CHN", "outside_usd_per_t": 3e5}],
    }
    table = build_table(scenario(base_year=2005, goods=["gallium"], base=base))
    assert table.raw["gallium_refined"] == pytest.approx({"CHN": 90.0, "JPN": 10.0})
    assert any("the data have none" in row["what"] for row in table.notes.rows)


def test_a_stage_stated_as_nothing_is_refused() -> None:
    """A stage nobody is left to produce is refused in words."""
    base = stated("gallium_refined", "CHN", 0.0)
    with pytest.raises(OreblocError, match=r"gallium_refined in base\.stages adds up to 0 t"):
        build_table(scenario(base_year=2005, goods=["gallium"], base=base))


def test_impossible_flows_are_refused() -> None:
    """Flows above production are refused with the size of the miss."""
    base = {
        "exports": [{"good": "gallium_refined", "origin": "CHN", "destination": "USA", "quantity_t": 5000}]
    }
    with pytest.raises(OreblocError, match=r"gallium_refined.*base\.exports cannot be met"):
        build_table(scenario(goods=["gallium"], base=base))


def test_a_ban_in_force_closes_its_routes() -> None:
    """A ban on one destination in force all year leaves its route empty and everything balanced."""
    ban = {
        "type": "export_ban",
        "actor": "CHN",
        "quarter": "2022Q1",
        "fields": {"good": ["lithium"], "target": ["USA"]},
    }
    table = build_table(scenario(goods=["lithium"], measures=[ban]))
    route = table.routes["lithium_refined"]
    assert route.flow_t[route.origins.index("CHN"), route.buyers.index("USA")] == 0.0


def test_eu_members_stand_apart_on_request() -> None:
    """With `eu_members` there is no EU27; without it no member."""
    apart, one = (
        build_table(scenario(goods=["cobalt"], eu_members=True)),
        build_table(scenario(goods=["cobalt"])),
    )
    assert "DEU" in apart.buyers["cobalt_refined"] and "EU27" not in apart.buyers["cobalt_refined"]
    assert "EU27" in one.nodes["cobalt_refined"] and "FIN" not in one.nodes["cobalt_refined"]


def test_fitting_keeps_a_fitted_table() -> None:
    """Flows in proportion to rows and columns already are a fixed point of the fitting."""
    supply, use = np.array([3.0, 7.0]), np.array([4.0, 6.0])
    flows, miss = fit_flows(np.outer(supply, np.ones(2)) / 10.0, supply, use)
    assert flows == pytest.approx(np.outer(supply, use) / 10.0) and miss < 1e-14


LEFT_OUT = (
    "the base-year price gap of CHN on gallium_refined, 1.8 times as dear outside as inside, is left out: "
    "no measure of the scenario is behind it"
)


def notices(table: Table) -> list[str]:
    """Return what the table tells the scenario's author."""
    return [row["what"] for row in table.notes.rows if row["step"] == NOTICE]


def test_a_gap_without_a_measure_is_told() -> None:
    """A base-year gap in the data that no measure explains is left out, and the record says so."""
    table = build_table(scenario(goods=["gallium"]))
    assert notices(table) == [LEFT_OUT]
    row = next(row for row in table.notes.rows if row["step"] == NOTICE)
    assert (row["good"], row["value"], row["unit"]) == ("gallium_refined", 1.8, "ratio")
    assert notices(build_table(scenario(goods=["gallium"], measures=LICENCES))) == []
    on_one = {**LICENCES[0], "fields": {**LICENCES[0]["fields"], "target": ["USA"]}}
    assert LEFT_OUT in notices(build_table(scenario(goods=["gallium"], measures=[on_one])))


def test_a_stated_inside_price_needs_a_measure_to_last() -> None:
    """Without a quota, licence or ban behind it the stated gap closes at the start, and the record says so."""
    prices = [{"good": "gallium", "country": "CHN", "inside_usd_per_t": 2e5, "outside_usd_per_t": 6e5}]
    alone = build_table(scenario(goods=["gallium"], base={"prices": prices}))
    assert notices(alone) == [
        "the inside price stated for CHN on gallium_refined closes at the start: "
        "no measure of the scenario holds it"
    ]
    held = build_table(scenario(goods=["gallium"], base={"prices": prices}, measures=LICENCES))
    assert notices(held) == [] and held.measures.gaps["gallium_refined"].measure == 0


def test_a_stated_gap_belongs_to_a_measure_of_its_own_country() -> None:
    """A quota without a gap in the data holds a stated one; a licence of another country does not."""
    prices = [{"good": "cobalt", "country": "JPN", "inside_usd_per_t": 2e4, "outside_usd_per_t": 6e4}]
    quota = {
        "type": "export_quota",
        "actor": "JPN",
        "quarter": "2023Q1",
        "fields": {"good": "cobalt", "quantity_t": 100},
    }
    for actor, expected in (("JPN", 0), ("CHN", -1)):
        order = {**quota, "actor": actor}
        table = build_table(scenario(goods=["cobalt"], base={"prices": prices}, measures=[order]))
        assert table.measures.gaps["cobalt_refined"].measure == expected
        assert bool(notices(table)) == (expected == -1)


def test_a_stated_price_of_another_country_displaces_a_gap_and_is_told() -> None:
    """A good has one gap; the one that gives way is in the record."""
    prices = [{"good": "gallium", "country": "JPN", "inside_usd_per_t": 2e5, "outside_usd_per_t": 6e5}]
    table = build_table(scenario(goods=["gallium"], base={"prices": prices}, measures=LICENCES))
    assert table.measures.gaps["gallium_refined"].country == "JPN"
    assert any(
        what.startswith("the base-year gap of CHN on gallium_refined is left") for what in notices(table)
    )
