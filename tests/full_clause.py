"""Clauses of every kind that say as much as they can, for three members: a new clause needs a row here."""

from typing import Any

_PARTS = {"USA": 0.5, "EU27": 0.3, "JPN": 0.2}
#: A clause of each kind that says as much as it can; some say different things in different forms.
FULL: dict[str, list[dict[str, Any]]] = {
    "mutual_exemption": [{"good": "gallium", "covers": "duties", "verification": 0.4}],
    "common_price_floor": [
        {"good": "gallium", "price_usd_per_t": 4e5, "downstream": ["magnets"], "downstream_usd_per_t": 5e4},
        {"good": "gallium", "reference": "before", "share": 1.2, "reference_country": "CHN"},
        {"good": "gallium", "price_usd_per_t": [4e5, 5e5], "form": "minimum_price"},
        {"good": "gallium"},
    ],
    "gap_subsidy": [
        {"good": "gallium", "strike_usd_per_t": 4e5, "upside_share": 0.3, "upside_usd_per_t": 5e5,
         "index_country": "CHN", "outlay_cap_usd": 1e7, "burden": _PARTS},
        {"good": "gallium"},
    ],
    "offtake": [
        {"good": "gallium", "seller": "JPN", "quantity_t_per_year": 10.0, "price_usd_per_t": 3e5, "discount": 0.1,
         "take_or_pay": 0.7, "years": 8.0, "shares": _PARTS},
        {"good": "gallium", "seller": "JPN"},
    ],
    "standards": [
        {"good": "gallium", "mandated_share": 0.3, "cost_usd_per_t": 100.0, "recognised": ["AUS"]},
        {"good": "gallium"},
    ],
    "joint_stockpile": [
        {"good": "gallium", "quantity_t": 50.0, "build_quarters": 6.0, "entitlement": _PARTS, "price_ratio": 1.5},
        {"good": "gallium", "response_group": False, "quantity_t": 50.0},
        {"good": "gallium"},
    ],
    "joint_projects": [
        {"good": "gallium", "host": ["JPN"], "amount_usd": 1e9, "form": "loan", "share": 0.4, "permit_factor": 0.5,
         "burden": _PARTS},
        {"good": "gallium"},
    ],
    "coordinated_restriction": [
        {"good": "gallium", "target": ["CHN"], "form": "quota", "quantity_t": 100.0, "shares": _PARTS},
        {"good": "gallium", "target": ["CHN"], "form": "tax", "tax_rate": 0.2},
        {"good": "gallium", "target": ["CHN"], "form": "licence", "approved_share": 0.5},
        {"good": "gallium", "target": ["CHN"], "form": "ban"},
    ],
    "information": [{"good": "gallium"}],
    "research": [
        {"good": "gallium", "aim": "recycling", "usd_per_year": 1e8, "speed": 0.4, "burden": _PARTS},
        {"good": "gallium"},
    ],
    "one_voice": [{"good": "gallium", "toward": ["CHN"]}],
    "territorial_integrity": [{"suspension_quarters": 6, "breach_tension": 0.4, "signing_calm": 0.1}],
}  # fmt: skip
