import json

import pytest
from measure_world import measure, scenario

from model.error import OreblocError, ScenarioError
from model.good import catalogue
from model.name import ALL_GOODS, EU_MEMBERS, country_remedy
from model.scenario import scenario_from

HEAD = {"name": "hand", "start": "2025Q1", "end": "2027Q4", "base_year": 2024}


def refused(changes=None, **keys):
    """Return the message that meets a scenario with these values."""
    with pytest.raises(ScenarioError) as refusal:
        made = scenario_from({**HEAD, **keys}, file="crisis.toml")
        made.with_changes(changes or {})
    return str(refusal.value)


def test_a_standard_bars_nobody_that_it_certifies():
    fields = {"good": "gallium_refined", "share": 0.5, "certified": ["USA", "JPN"], "barred": ["CHN", "JPN"]}
    assert refused(measures=[measure("standards", "USA", **fields)]) == (
        "Barred origin of USA is JPN, certified from the start as well; it must be one or the other. "
        "Take JPN out of barred or certified. (crisis.toml, measures[0].fields.barred)"
    )


def test_a_refusal_names_subject_value_limit_remedy_file_and_field():
    """The example message of the style guide, word for word."""
    quota = measure("export_quota", quantity_t=-3, good="gallium_refined")
    assert refused(measures=[measure("export_ban"), measure("export_ban"), quota]) == (
        "Export quota of CHN on gallium_refined is -3 t; it must be 0 t or more. "
        "Remove the measure to lift the quota. (crisis.toml, measures[2].fields.quantity_t)"
    )


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"start": "2024Q4"},
            "First quarter is 2024Q4; it must be after base year 2024. Start in 2025Q1 or later, "
            "or choose an earlier base year. (crisis.toml, start)",
        ),
        ({"end": "2020Q1"}, "Last quarter is 2020Q1; it must be 2025Q1 or later. (crisis.toml, end)"),
        (
            {"start": "soon"},
            "First quarter is 'soon'; it must be a quarter such as 2025Q1 or a date such as 2025-04-04. "
            "(crisis.toml, start)",
        ),
        (
            {"name": "My World"},
            "Name is 'My World'; it must be in lower snake case, such as rare_earth_crisis. (crisis.toml, name)",
        ),
        ({"titel": "x"}, "Field 'titel' is unknown. Did you mean title? (crisis.toml, titel)"),
        (
            {"goods": ["galium"]},
            "Good 'galium' is unknown in a list of minerals. Did you mean gallium? (crisis.toml, goods[0])",
        ),
        (
            {"goods": ["permanent_magnets"]},
            "permanent_magnets need rare_earths, which are not in the list of goods. Add them. (crisis.toml, goods)",
        ),
        ({"seed": 1.5}, "Seed is 1.5; it must be a whole number. (crisis.toml, seed)"),
        (
            {"eu_members": "yes"},
            "EU members apart is 'yes'; it must be true or false. (crisis.toml, eu_members)",
        ),
        (
            {"rare_earths": "one"},
            "Rare earths is 'one'; it must be one of joint, single. (crisis.toml, rare_earths)",
        ),
        (
            {"parameters": {"stock_dais": 3}},
            "Parameter 'stock_dais' is unknown. Did you mean stock_days? (crisis.toml, parameters.stock_dais)",
        ),
        (
            {"parameters": {"stock_days": -3}},
            "Parameter stock_days is -3 days; it must be between 0 days and 365 days. "
            "(crisis.toml, parameters.stock_days)",
        ),
        (
            {"parameters": {"stock_days": "many"}},
            "Parameter stock_days is 'many'; it must be a number in days. (crisis.toml, parameters.stock_days)",
        ),
        (
            {"uncertain": {"stock_days": {"kind": "uniform", "low": -1, "high": 9}}},
            "Distribution of stock_days reaches -1; it must stay between 0 days and 365 days. "
            "Truncate the distribution with low and high. (crisis.toml, uncertain.stock_days)",
        ),
        (
            {"uncertain": {"stock_response_power": {"kind": "uniform", "low": 2, "high": 6}}},
            "Parameter stock_response_power is one number for all runs; it cannot have a distribution. "
            "Set it in [parameters]. (crisis.toml, uncertain.stock_response_power)",
        ),
        (
            {"base": {"demand_share": []}},
            "Field 'demand_share' is unknown. Did you mean demand_shares? (crisis.toml, base.demand_share)",
        ),
        (
            {"base": {"splits": [{"country": "AUS", "shares": {"lace": 0.5, "ndpr": 0.4}}]}},
            "Split adds up to 0.9; it must add up to 1. (crisis.toml, base.splits[0].shares)",
        ),
        (
            {
                "shocks": [
                    {"kind": "demand", "good": "gallium", "country": "WORLD", "factor": -1, "start": "2026Q1"}
                ]
            },
            "Factor is -1; it must be between 0 and 100. Write 0.9 for a fall by a tenth, 1.1 for a rise. "
            "(crisis.toml, shocks[0].factor)",
        ),
        ({"measures": {}}, "measures must be a list of tables; write [[measures]]. (crisis.toml, measures)"),
    ],
)
def test_a_faulty_scenario_is_refused_in_words(keys, message):
    """Each message says what is wrong, what is allowed, and where."""
    assert refused(**keys) == message


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (
            measure("export_quotta"),
            "Order type 'export_quotta' is unknown. Did you mean export_quota? (crisis.toml, measures[0].type)",
        ),
        (
            measure("export_ban", actor="China"),
            "Actor is 'China', which is not a country. Write CHN for China. (crisis.toml, measures[0].actor)",
        ),
        (
            measure("export_ban", target=["DEU"]),
            "Target of CHN on gallium is 'DEU', which is part of EU27 in this scenario. "
            "Write EU27, or set eu_members = true. (crisis.toml, measures[0].fields.target[0])",
        ),
        (
            measure("export_ban", good=["galium_refined"]),
            "Good of CHN on galium_refined is 'galium_refined', which is not a good. "
            "Did you mean gallium_refined? (crisis.toml, measures[0].fields.good[0])",
        ),
        (
            measure("export_ban", end="2024Q4"),
            "End of the export ban of CHN is 2024Q4; it must not be before 2025Q2. "
            "Leave end out for a measure that stays. (crisis.toml, measures[0].end)",
        ),
        (
            measure("export_licence", rate=[0.5, 1.5]),
            "Approval rate of CHN on gallium is 1.5; it must be between 0 and 1. Write 1 for free trade. "
            "(crisis.toml, measures[0].fields.rate[1])",
        ),
        (
            measure("export_licence", rate={"2025": 0.5}),
            "Approval rate of CHN on gallium has a step at '2025'; write a quarter such as 2025Q1. "
            "(crisis.toml, measures[0].fields.rate.2025)",
        ),
        (
            measure("export_quota"),
            "Export quota of CHN on gallium is missing. Write quantity_t: tonnes that may be exported in a "
            "period: one number, or one for each period since the start. "
            "(crisis.toml, measures[0].fields.quantity_t)",
        ),
        (
            measure("export_quota", good=["gallium", "tungsten"], quantity_t=9, together=True),
            "Export quota of CHN covers gallium and tungsten together; it must cover goods of one chain. "
            "Write one measure for each. (crisis.toml, measures[0].fields.together)",
        ),
        (
            measure("import_tariff", actor="USA"),
            "Import tariff of USA is 0. Write rate or duty_usd_per_t, or remove the measure. "
            "(crisis.toml, measures[0].fields.rate)",
        ),
        (
            measure("price_support", actor="USA", strike_usd_per_t=110, index_country="China"),
            "Index country of USA on gallium is 'China', which is not a country. Write CHN for China. "
            "(crisis.toml, measures[0].fields.index_country)",
        ),
        (
            measure("price_support", actor="USA", strike_usd_per_t=110, upside_usd_per_t=100),
            "Upside price of USA is 100 usd a t; it must be the strike price, 110 usd a t, or more. "
            "(crisis.toml, measures[0].fields.upside_usd_per_t)",
        ),
    ],
)
def test_a_faulty_measure_is_refused_in_words(order, message):
    """Each message names actor, good, value and limit, and the field in the file."""
    assert refused(measures=[order]) == message


def test_a_scenario_is_complete_and_pure():
    """Defaults are filled in: every parameter has a value, goods stand upstream first."""
    made = scenario_from({**HEAD, "goods": ["tungsten", "rare_earths"]})
    assert made.goods[:3] == ("lace_concentrate", "ndpr_concentrate", "dytb_concentrate")
    assert made.goods[-2:] == ("tungsten_concentrate", "tungsten_refined")
    assert made.quarters == 12
    assert made.quarter_label(11) == "2027Q4"
    assert made.parameters["stock_days"] == 45.0


def test_rare_earths_can_be_one_good():
    """With `single`, the six separated goods give way to two, in lists of goods and in measures."""
    ban = measure("export_ban", good="rare_earths")
    made = scenario_from({**HEAD, "goods": ["rare_earths"], "rare_earths": "single", "measures": [ban]})
    assert made.goods == ("rare_earths_concentrate", "rare_earths_refined")
    assert made.measures[0].fields["good"] == ["rare_earths_refined"]


def test_a_mineral_in_a_measure_means_its_refined_good():
    """Aliases expand: minerals, the pack's names for magnet elements, and lists of them."""
    names = ["tungsten", "baryte", "ndpr", "heavy_rare_earths", "rare_earths", "magnets"]
    made = scenario(measure("export_ban", good=names))
    assert made.measures[0].fields["good"] == [
        "tungsten_refined",
        "baryte_concentrate",
        "ndpr_refined",
        "dytb_refined",
        "lace_refined",
        "permanent_magnets",
    ]


def test_the_european_union_stands_for_its_members_where_they_are_apart():
    """EU27 as a target becomes the 27 members."""
    made = scenario(measure("export_ban", target=["EU27"]), eu_members=True)
    assert made.measures[0].fields["target"] == list(EU_MEMBERS)


def test_changes_by_path_give_a_checked_copy():
    """`--set` reaches every value, typed from its text, and leaves the original alone."""
    made = scenario(measure("export_licence", rate=0.9))
    changed = made.with_changes(
        {
            "measures.0.fields.rate": "0.5",
            "parameters.stock_days": "30",
            "end": "2026Q4",
            "goods": '["gallium"]',
        }
    )
    assert changed.measures[0].fields["rate"] == 0.5
    assert changed.parameters["stock_days"] == 30.0
    assert (changed.end, changed.goods) == ("2026Q4", ("gallium_refined",))
    assert made.measures[0].fields["rate"] == 0.9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"measures.3.type": "x"},
            "'3' is not an entry of the list; entries are 0 to 0. (crisis.toml, measures.3.type)",
        ),
        ({"seed.x": 1}, "seed is 1, which has no part 'x'. (crisis.toml, seed.x)"),
        (
            {"parameter.stock_days": 1},
            "Field 'parameter' is unknown. Did you mean parameters? (crisis.toml, parameter)",
        ),
    ],
)
def test_a_change_to_nowhere_is_refused(changes, message):
    """A path that leads nowhere is named."""
    assert refused(changes, seed=1, measures=[measure("export_ban")]) == message


def test_a_scenario_survives_json():
    """What was written, through JSON and back, is the same scenario."""
    made = scenario(measure("export_licence", rate={"2025Q2": 0.5}), shocks=[])
    again = scenario_from(json.loads(json.dumps(made.to_mapping())))
    assert again == made


def test_uncertain_parameters_are_drawn_one_by_one():
    """A uniform number for each name gives the draw; the others keep their value."""
    spread = {"stock_days": {"kind": "uniform", "low": 20, "high": 40}}
    made = scenario_from({**HEAD, "uncertain": spread})
    drawn = made.sample(lambda name: 0.25)
    assert drawn["stock_days"] == 25.0
    assert {**drawn, "stock_days": 45.0} == made.parameters


def test_projects_and_base_overrides_are_read():
    """A project and each kind of override keep their values."""
    project = {"name": "Dig", "firm": "Dug", "country": "AUS", "good": "gallium", "capacity_t_per_year": 50,
               "announced": "2025Q1", "start": "2027Q1"}  # fmt: skip
    base = {
        "demand_shares": [{"good": "gallium", "country": "USA", "share": 0.1}],
        "exports": [{"good": "gallium", "origin": "CHN", "destination": "USA", "quantity_t": 9}],
        "splits": [{"country": "AUS", "shares": {"lace": 0.7, "ndpr": 0.28, "dytb": 0.02}}],
        "prices": [{"good": "gallium", "country": "CHN", "inside_usd_per_t": 1, "outside_usd_per_t": 2}],
        "stocks": [{"good": "gallium", "country": "JPN", "holder": "state", "quantity_t": 5}],
        "stages": [{"good": "gallium", "country": "JPN", "production_t": 3}],
    }
    made = scenario_from({**HEAD, "projects": [project], "base": base})
    assert (made.projects[0].good, made.projects[0].failure_share) == ("gallium_refined", None)
    assert made.base.exports[0]["quantity_t"] == 9.0
    assert made.base.stocks[0]["holder"] == "state"


def test_a_misspelt_country_is_helped():
    """A country in words gets its code; nonsense gets the rule."""
    assert country_remedy("Japan") == "Write JPN for Japan."
    for words, code in (("DRC", "COD"), ("EU", "EU27"), ("UK", "GBR"), ("China", "CHN"), ("usa", "USA"),
                        ("US", "USA"), ("South Korea", "KOR"), ("Türkiye", "TUR")):  # fmt: skip
        assert code in country_remedy(words)
    assert country_remedy("DRC") == "Write COD for DR Congo."
    assert country_remedy("12345") == "Write an ISO 3166 code of three letters, EU27 or OTH."


def test_a_field_beside_fields_is_sent_there():
    """A good that stands beside `fields` and not in it is told where it belongs."""
    order = {"type": "export_ban", "actor": "CHN", "quarter": "2025Q1", "good": "gallium"}
    assert refused(measures=[order]) == (
        "Field 'good' is not in its place. Did you mean fields.good? (crisis.toml, measures[0].good)"
    )


def test_the_names_of_goods_are_those_of_the_catalogue():
    """A good that measures can name is in the catalogue, and the reverse."""
    assert set(catalogue()) == set(ALL_GOODS)


def test_a_user_error_is_a_value_error():
    """Commands catch one class."""
    assert issubclass(ScenarioError, OreblocError) and issubclass(OreblocError, ValueError)
