"""Orders in the tiny world in which a field of an instrument bites: a new field needs a row here.

By instrument: who orders, the fields of an order that bites, and for each field what else the order says (instead of
or beside that) and the other value. `None` as a value beside takes a field away.
"""

from typing import Any

ORE, METAL = "lithium_concentrate", "lithium_refined"
BOTH = [ORE, METAL]
Fields = dict[str, Any]
Changes = dict[str, tuple[Fields, Any]]

_ELSEWHERE: Changes = {"target": ({}, ["AUS"]), "exempt": ({}, ["OTH"])}
_ORE_FROM: Changes = {"target": ({}, ["OTH"]), "exempt": ({}, ["OTH"])}
_HOLDER: Changes = {"holder": ({}, "state")}
_GAIN: Fields = {"strike_usd_per_t": 1_000.0, "upside_share": 0.5}
_COSTS: Fields = {"reference": "cost_plus", "price_usd_per_t": None, "share": 1.5}
_LAGGED: Fields = {"reference": "lagged_mean", "price_usd_per_t": None, "share": 1.5}
_VAULT: Fields = {"form": "vault", "target_days": None, "target_t": 4000.0, "strike_usd_per_t": 65_000.0}
_SMALL: Fields = {"target_days": None, "target_t": 200.0}
_LARGE: Fields = {"quantity_t": 9_000.0}
_LOAN: Fields = {"form": "loan"}

FIELDS: dict[str, tuple[str, Fields, Changes]] = {
    "export_quota": ("CHN", {"good": METAL, "quantity_t": 500.0}, {
        **_ELSEWHERE, **_HOLDER, "quantity_t": ({}, 900.0), "period": ({}, "year"), "together": ({"good": BOTH}, True),
    }),
    "export_licence": ("CHN", {"good": METAL, "rate": 0.3}, {
        **_ELSEWHERE, **_HOLDER, "rate": ({}, 0.6), "delay_days": ({}, 60), "reference_t": ({}, 4000.0),
        "growth": ({}, 0.3), "each_destination": ({}, True), "firm_shares": ({}, {"Delta Scrap": 1.0}),
    }),
    "export_ban": ("CHN", {"good": METAL}, {**_ELSEWHERE, **_HOLDER}),
    "export_tax": ("CHN", {"good": METAL, "rate": 0.3}, {
        **_ELSEWHERE, "rate": ({}, 0.5), "duty_usd_per_t": ({}, 5_000.0),
    }),
    "production_quota": ("CHN", {"good": METAL, "quantity_t": 16_000.0}, {
        **_HOLDER, "quantity_t": ({}, 20_000.0), "period": ({}, "quarter"), "rate": ({"quantity_t": None}, 0.7),
        "growth": ({"quantity_t": None, "rate": 0.7}, 0.3), "credit_usd_per_t": ({}, 15_000.0),
        "discount_factor": ({"quantity_t": 1e6}, 0.5),
    }),
    "technology_control": ("CHN", {"good": METAL, "capex_factor": 2.0}, {
        "target": ({}, ["OTH"]), "exempt": ({}, ["AUS"]), "capex_factor": ({}, 1.2), "lead_factor": ({}, 3.0),
    }),
    "import_tariff": ("CHN", {"good": ORE, "rate": 0.3}, {
        **_ORE_FROM, "rate": ({}, 0.5), "duty_usd_per_t": ({}, 5_000.0),
    }),
    "trade_defence": ("CHN", {"good": ORE, "target": ["AUS"], "rate": 0.3, "normal_usd_per_t": 90_000.0}, {
        "target": ({}, ["OTH"]), "exempt": ({}, ["AUS"]), "form": ({"rate": 5.0}, "countervailing"), "rate": ({}, 0.5),
        "normal_country": ({"normal_usd_per_t": None, "target": ["OTH", "AUS"], "rate": None}, "AUS"),
        "normal_usd_per_t": ({"rate": None}, 60_000.0), "lesser_duty": ({"rate": None}, True),
    }),
    "price_floor": ("CHN", {"good": ORE, "price_usd_per_t": 60_000.0}, {
        **_ORE_FROM, "price_usd_per_t": ({}, 80_000.0), "reference": ({**_LAGGED}, "before"),
        "share": (_LAGGED, 2.0), "reference_country": (_LAGGED, "AUS"), "lag_quarters": (_LAGGED, 4),
        "cost_country": (_COSTS, "AUS"), "cost_weight": ({**_COSTS, "reference": "negotiated"}, 1.0),
        "capital_return": (_COSTS, 0.3), "downstream": ({}, {METAL: 0.5}), "form": ({}, "minimum_price"),
    }),
    "price_support": ("AUS", {"good": METAL, "strike_usd_per_t": 90_000.0}, {
        "country": ({}, "CHN"), "firm": ({"country": "CHN"}, "Delta Scrap"), "strike_usd_per_t": ({}, 100_000.0),
        "upside_share": ({"strike_usd_per_t": 1_000.0}, 0.5), "upside_usd_per_t": (_GAIN, 50_000.0),
        "index_country": ({}, "AUS"), "quantity_t": ({}, 1_000.0), "period": ({"quantity_t": 800.0}, "quarter"),
        "outlay_cap_usd": ({}, 1e6), "payback_cap_usd": (_GAIN, 1e6), "payer": ({}, "CHN"),
        "burden": ({}, {"AUS": 0.4, "CHN": 0.6}),
    }),
    "production_subsidy": ("AUS", {"good": METAL, "rate_usd_per_t": 5_000.0}, {
        "country": ({}, "CHN"), "firm": ({"country": "CHN"}, "Delta Scrap"), "rate_usd_per_t": ({}, 9_000.0),
        "burden": ({}, {"AUS": 0.4, "CHN": 0.6}),
    }),
    "offtake": ("OTH", {"good": METAL, "seller": "AUS", "quantity_t": 2_000.0, "price_usd_per_t": 90_000.0}, {
        "seller": ({}, "CHN"), "firm": ({"seller": "CHN"}, "Delta Scrap"), "quantity_t": ({}, 1_000.0),
        "period": ({"quantity_t": 500.0}, "quarter"), "price_usd_per_t": ({}, 99_000.0),
        "discount": ({"price_usd_per_t": 0.0}, 0.2), "take_or_pay": ({}, 1.0), "years": ({}, 1.0),
        "loan_years": ({}, 15.0), "loan_share": (_LARGE, 0.1), "loan_return": (_LARGE, 0.1),
        "index_country": ({}, "AUS"), "payer": ({}, "users"),
    }),
    "standards": ("OTH", {"good": METAL, "certified": ["AUS"], "share": 0.6}, {
        "members": ({}, ["CHN"]), "certified": ({}, ["AUS", "CHN"]), "barred": ({}, ["CHN"]), "share": ({}, 0.9),
        "cost_usd_per_t": ({}, 1e5),
    }),
    "joint_purchasing": ("CHN", {"good": ORE, "target": ["OTH"], "rate": 0.6}, {
        "members": ({}, ["AUS"]), "target": ({}, ["AUS"]), "rate": ({}, 0.8), "growth": ({}, 0.3),
    }),
    "defence_priority": ("OTH", {"good": METAL, "share": 0.5}, {"share": ({}, 0.9)}),
    "stock_order": ("OTH", {"good": METAL, "move": "buy", "quantity_t": 500.0}, {
        "move": ({}, "release"), "quantity_t": ({}, 900.0),
    }),
    "strategic_stockpile": ("OTH", {"good": METAL, "target_days": 90.0, "buy_below": 2.0, "price_ratio": 1.1}, {
        "target_days": ({}, 60.0), "target_t": ({"target_days": None, "target_t": 1_000.0}, 2_000.0),
        "capacity_t": ({}, 400.0), "build_quarters": (_SMALL, 1.0), "buy_below": ({}, 0.9), "buy_most": ({}, 0.01),
        "price_ratio": ({}, 3.0), "shortfall": ({"price_ratio": 9.0}, 0.9), "release_quarters": ({}, 1.0),
        "release_share": ({}, 0.1), "carry": ({}, 0.2), "form": ({"target_days": None, "target_t": 4_000.0}, "vault"),
        "strike_usd_per_t": (_VAULT, 60_000.0),
        "fee": (_VAULT, 0.1), "refill_quarters": (_VAULT, 1.0),
    }),
    "investment_fund": ("CHN", {"good": METAL, "host": ["AUS"], "share": 0.4, "amount_usd": 1e9}, {
        "host": ({}, ["CHN"]), "firm": ({"good": BOTH}, "Pilbara Ore"), "form": ({}, "equity"), "share": ({}, 0.2),
        "amount_usd": ({}, 1e6), "public_return": (_LOAN, 0.09), "loan_years": (_LOAN, 3.0), "additional": ({}, True),
        "burden": ({}, {"AUS": 1.0}),
    }),
    "fast_track": ("CHN", {"good": BOTH}, {
        "firm": ({}, "Jiangxi Metal"), "permit_factor": ({}, 0.0), "lead_factor": ({}, 0.3),
    }),
    "research_programme": ("CHN", {"good": METAL, "usd_per_year": 1e8, "delay_quarters": 0, "speed": 2.0}, {
        "aim": ({}, "recycling"), "usd_per_year": ({}, 2e8), "speed": ({}, 0.5), "delay_quarters": ({}, 4),
        "spillover": ({}, 0.0), "burden": ({}, {"AUS": 1.0}),
    }),
    "substitution_programme": ("CHN", {"good": METAL, "usd_per_year": 1e8, "speed_factor": 4.0}, {
        "speed_factor": ({}, 2.0), "usd_per_year": ({}, 2e8), "burden": ({}, {"AUS": 1.0}),
    }),
    "recycling_programme": ("CHN", {"good": METAL, "usd_per_year": 1e8}, {
        "speed_factor": ({}, 4.0), "rate_usd_per_t": ({}, 9_000.0), "usd_per_year": ({}, 2e8),
        "burden": ({}, {"AUS": 1.0}),
    }),
    "information_sharing": ("CHN", {"good": METAL, "partner": ["AUS"]}, {
        "partner": ({}, ["AUS", "OTH"]), "calm": ({}, 1.0), "usd_per_year": ({}, 1e8),
    }),
    "enforcement": ("CHN", {}, {"usd_per_year": ({}, 1e8)}),
}  # fmt: skip
#: What must be said with a value, or the order is refused.
WITH: dict[tuple[str, str], Fields] = {("strategic_stockpile", "form"): {"strike_usd_per_t": 65_000.0}}
#: Fields that act where other orders are, or on smugglers, of whom the tiny world has none: their tests below tests/.
ELSEWHERE = {
    ("strategic_stockpile", "index_country"):
        "unit/test_instrument_effect.py::test_a_stock_rule_goes_by_the_price_it_names",
    ("strategic_stockpile", "together"):
        "unit/test_treaty_run.py::test_a_response_group_releases_for_a_member_that_is_short",
    ("enforcement", "effort_factor"): "unit/test_instrument_effect.py::test_enforcement_keeps_more_at_home",
}  # fmt: skip
