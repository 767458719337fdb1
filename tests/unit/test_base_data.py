"""The shipped data are complete, tagged and readable."""

import pytest

from experiments.data_report import data_lines, data_record
from model.base.data import FACT_TABLES, OWN_TABLES, grade, read_table
from model.base.place import REGIONS
from model.good import catalogue
from model.name import ALL_GOODS, COUNTRIES


@pytest.mark.parametrize("name", [*FACT_TABLES, *OWN_TABLES])
def test_every_row_has_a_source(name: str) -> None:
    """Every row of every table says where it is from."""
    table = read_table(name)
    assert table["source"].notna().all()
    if name in OWN_TABLES:
        words = ("re-read", "recalled", "estimate", "derived")
        assert table["tag"].map(lambda tag: str(tag).startswith(words)).all()


def test_catalogue_holds_all_goods() -> None:
    """The goods a scenario may name are those of goods.csv, each with freight and elasticities."""
    assert set(catalogue()) == set(ALL_GOODS)
    assert all(good.sigma > 0.0 and good.demand_elasticity > 0.0 for good in catalogue().values())


def test_goods_and_countries_of_own_tables_exist() -> None:
    """Own tables name known goods and countries only."""
    for name in OWN_TABLES:
        table = read_table(name)
        if "good" in table:
            assert set(table["good"].dropna()) - {"*"} <= set(ALL_GOODS), name
        if "country" in table:
            assert set(table["country"]) - {"*"} <= COUNTRIES, name


def test_shares_of_firms_and_regions_add_up() -> None:
    """Firms' shares of a country, EU shares and scrap shares sum to 1; demand names the known regions."""
    firms = read_table("firms").groupby(["mineral", "stage", "country"])["share"].sum()
    assert firms.to_numpy() == pytest.approx(1.0)
    assert read_table("eu_share")["share"].sum() == pytest.approx(1.0)
    assert read_table("secondary_split").groupby("good")["share"].sum().to_numpy() == pytest.approx(1.0)
    demand = read_table("demand")
    assert set(demand.loc[demand["unit"] == "share", "country_or_region"]) == set(REGIONS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("re-read; converted", "re-read"),
        ("re-read (secondary copy)", "secondary"),
        ("recalled, not re-read; first published", "recalled"),
        ("estimate: assumed", "estimate"),
        ("residual to 100%", "derived"),
        ("[judgement] 2 years", "estimate"),
        ("USGS note [recalled]", "recalled"),
    ],
)
def test_grades(text: str, expected: str) -> None:
    """The first words or the bracket of a note decide its grade."""
    assert grade(text) == expected


def test_report_names_goods_sources_and_credits() -> None:
    """`orebloc data` shows every good, the credits, and counts of recalled and estimated rows."""
    text, record = "\n".join(data_lines()), data_record()
    assert all(name in text for name in ALL_GOODS)
    assert (
        "IEA (2025), Critical Minerals Dataset, CC BY 4.0" in text
        and "CEPII BACI, Etalab open licence" in text
    )
    assert {"goods", "tables", "sources", "parameters", "credits", "data_hash"} <= set(record)
    assert sum(row["recalled"] for row in record["tables"]) > 500
