"""Compiled rules equal the plain functions bit for bit on their declared domains."""

import importlib
import inspect
import pkgutil
import struct

import pytest
from equation import EQUATIONS, MARKET, resolve, rules, value
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import model.rules

_SHARE = st.floats(0.0, 1.0)
_SMALL = st.floats(0.0, 0.5)
_PRICE = st.floats(0.0, 1e7)
_TONNES = st.one_of(st.just(0.0), st.floats(1e-6, 1e8))
_LOG = st.floats(-3.0, 3.0)
_QUARTERS = st.floats(0.0, 60.0)
_RATIO = st.floats(0.0, 30.0)
_POWER = st.floats(0.1, 10.0)

#: Domain of each argument by name.
DOMAIN = {
    **dict.fromkeys(["before", "seen", "expected", "floor", "now", "price", "home_price", "middle"], _PRICE),
    **dict.fromkeys(
        ["value", "capital_cost", "net", "cost", "keep", "base_price", "value_before", "value_after"], _PRICE
    ),
    **dict.fromkeys(
        ["speed", "credibility", "weight", "share", "forever", "risk", "restricted_share", "host"], _SHARE
    ),
    **dict.fromkeys(
        ["substituted", "utilisation", "idle_utilisation", "base_utilisation", "usual", "decay"], _SHARE
    ),
    **dict.fromkeys(
        ["expected_utilisation", "enough", "lost_share", "hit_share", "largest_draw", "rate"], _SHARE
    ),
    **dict.fromkeys(
        ["rising_draw", "rising_restock", "persistence", "least", "signal", "rise", "fall"], _SHARE
    ),
    **dict.fromkeys(
        ["x", "change", "error", "shock", "disturbance", "demand_growth", "capacity_growth"], _LOG
    ),
    **dict.fromkeys(
        [
            "enforcement",
            "policing",
            "caught",
            "used",
            "fade",
            "chance",
            "level",
            "factor",
            "cost_share",
            "spread_share",
        ],
        _SHARE,
    ),
    **dict.fromkeys(["strike", "upside_price", "outlay_cap_usd", "payback_cap_usd", "outlay"], _PRICE),
    **dict.fromkeys(["upside_share", "dependence", "theta", "mean_tension"], _SHARE),
    **dict.fromkeys(["later", "spending"], _PRICE),
    **dict.fromkeys(["strained", "held"], st.floats(0.0, 20.0)),
    **dict.fromkeys(["output_t", "volume_t"], _TONNES),
    **dict.fromkeys(["fine_multiple"], st.floats(0.0, 10.0)),
    **dict.fromkeys(["panic", "hoarding", "calm_quarters"], st.floats(0.0, 20.0)),
    **dict.fromkeys(["fear"], _SHARE),
    **dict.fromkeys(["debt_share"], _SHARE),
    **dict.fromkeys(["variance"], st.floats(0.0, 1.0)),
    **dict.fromkeys(["discount", "supported_return", "base"], st.floats(0.001, 1.0)),
    **dict.fromkeys(["drift"], st.floats(-0.5, 0.5)),
    **dict.fromkeys(["volatility"], st.floats(0.05, 1.5)),
    **dict.fromkeys(["multiple", "index", "threshold"], st.floats(1.0, 10.0)),
    **dict.fromkeys(["margin"], st.floats(-1e6, 1e7)),
    **dict.fromkeys(
        [
            "delay_quarters",
            "overdue_quarters",
            "slip_quarters",
            "loss_quarters",
            "patience",
            "quarters",
            "more",
        ],
        _QUARTERS,
    ),
    **dict.fromkeys(["ramp_quarters", "life_quarters"], st.floats(1.0, 160.0)),
    **dict.fromkeys(["years"], st.floats(0.0, 100.0)),
    **dict.fromkeys(["elasticity", "power", "ratio", "strength", "sharpness_ratio"], _POWER),
    **dict.fromkeys(
        ["size", "pipeline", "room", "running", "idle", "use_t", "use", "stock", "stock_t"], _TONNES
    ),
    **dict.fromkeys(
        ["wanted_t", "usual_draw", "held", "added", "taken", "inflow", "discard", "cumulative"], _TONNES
    ),
    **dict.fromkeys(
        ["first", "got", "qualified", "capacity", "total", "budget", "expected_surplus"], _TONNES
    ),
    **dict.fromkeys(["most", "pipeline_most", "deviation", "markup", "market_share"], _SHARE),
    **dict.fromkeys(["failure_share", "usual_failure_share"], st.floats(-1.0, 1.0)),
    **dict.fromkeys(["elapsed"], st.integers(0, 20)),
    **dict.fromkeys(["age"], st.integers(1, 3)),
    **dict.fromkeys(["growth"], st.floats(-0.02, 0.2)),
    **dict.fromkeys(["spread"], st.floats(1e-3, 1e6)),
    **dict.fromkeys(["days"], st.floats(0.0, 365.0)),
    **dict.fromkeys(["risk_multiple", "cover"], st.floats(0.0, 10.0)),
    **dict.fromkeys(["price_ratio", "alpha", "taste"], _RATIO),
    **dict.fromkeys(["wanted", "usual_t"], _TONNES),
    **dict.fromkeys(["year", "year_before", "year_after"], st.floats(1990.0, 2060.0)),
    **dict.fromkeys(["supported", "hit", "bound_to_host"], st.booleans()),
    **dict.fromkeys(["collective", "tabled", "countered", "overdue", "over"], st.booleans()),
    **dict.fromkeys(["signs", "binds", "seen", "in_breach"], st.booleans()),
    **dict.fromkeys(["state"], st.integers(0, 8)),
    **dict.fromkeys(["signatories", "ratifiers", "members", "active", "least_members"], st.floats(0.0, 60.0)),
    **dict.fromkeys(["veto_players", "separate_deals"], st.floats(0.0, 60.0)),
    **dict.fromkeys(["penalty", "notice", "lag", "delay", "breach_quarters"], st.floats(0.0, 40.0)),
    **dict.fromkeys(["noticed"], st.floats(-1.0, 40.0)),
    **dict.fromkeys(
        ["luck", "detection", "rivalry", "verification", "leaking_share", "per_veto", "united"], _SHARE
    ),
    **dict.fromkeys(["correlation", "pooling", "step", "retaliation", "leverage", "pair_tension"], _SHARE),
    **dict.fromkeys(["quarterly_discount", "partner_discount"], st.floats(0.5, 0.999)),
    **dict.fromkeys(["gain", "loss", "own_loss", "others_loss", "fine", "route_cost"], _PRICE),
    **dict.fromkeys(["outside", "partner_outside", "joining_cost", "exposure", "territory_value"], _PRICE),
    **dict.fromkeys(["price_gap"], st.floats(-1e7, 1e7)),
    **dict.fromkeys(["stock_rise_t"], st.floats(-1e6, 1e6)),
    **dict.fromkeys(["exempted_t"], _TONNES),
    **dict.fromkeys(["worth_now", "worth_later", "rent", "downstream", "harm_usd"], st.floats(-1e12, 1e12)),
    **dict.fromkeys(
        ["horizon", "provocation", "retaliation_share", "supplier_share", "exposed", "fade"], _SHARE
    ),
    **dict.fromkeys(["substitutable", "diversification", "announced_share"], _SHARE),
    **dict.fromkeys(
        ["rent_weight", "downstream_weight", "security", "provoked", "lost"], st.floats(0.0, 20.0)
    ),
    **dict.fromkeys(["strained", "spread_out", "new_strikes"], st.floats(0.0, 20.0)),
    **dict.fromkeys(["cover_days"], st.floats(0.0, 400.0)),
    **dict.fromkeys(["gap"], st.floats(-1.0, 1.0)),
    **dict.fromkeys(["cash", "inputs", "support"], _PRICE),
    **dict.fromkeys(["asked"], st.floats(1.0, 4.0)),
    **dict.fromkeys(["value_of_one"], st.floats(0.0, 100.0)),
    **dict.fromkeys(["scale"], st.floats(1e-3, 1e6)),
    **dict.fromkeys(
        ["target_t", "capacity_t", "held_t", "gap_t", "supply_t", "usual_t", "bought_t"], _TONNES
    ),
    **dict.fromkeys(["owed_t", "volume_t", "contracted_t", "output_t"], _TONNES),
    **dict.fromkeys(["most_share", "short_share", "gap_share", "take"], _SHARE),
    **dict.fromkeys(["below", "above", "duty"], st.floats(0.0, 10.0)),
    **dict.fromkeys(["build_quarters"], _QUARTERS),
    **dict.fromkeys(["mean_price", "min_price", "strike", "normal", "export", "injury"], _PRICE),
    **dict.fromkeys(["upside_price", "outlay_cap_usd", "payback_cap_usd"], _PRICE),
    **dict.fromkeys(["upside_share"], _SHARE),
    **dict.fromkeys(["private_annuity", "public_annuity"], st.floats(0.0, 100.0)),
}


def _rules():
    found = []
    for module in pkgutil.iter_modules(model.rules.__path__):
        members = vars(importlib.import_module(f"model.rules.{module.name}")).items()
        own = [(name, rule) for name, rule in members if hasattr(rule, "py_func")]
        found += [pytest.param(rule, id=f"{module.name}.{name}") for name, rule in own]
    return found


def _bits(value):
    return value if isinstance(value, bool) else struct.pack("<d", float(value))


@pytest.mark.parametrize("rule", _rules())
def test_compiled_rule_equals_its_oracle(rule):
    """Each rule gives the same bits compiled and plain."""
    arguments = st.tuples(*(DOMAIN[name] for name in inspect.signature(rule.py_func).parameters))

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(arguments)
    def agrees(values):
        assert _bits(rule(*values)) == _bits(rule.py_func(*values))

    agrees()


def _agrees(rule, equation, domain):
    """Assert that an equation gives what its rule does, on the rule's domain."""
    plain = rule.py_func
    module = inspect.getmodule(plain)
    others = {name: other.py_func for name, other in vars(module).items() if hasattr(other, "py_func")}
    names = list(inspect.signature(plain).parameters)

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(st.tuples(*(domain[name] for name in names)))
    def agrees(values):
        try:
            stated = value(equation, dict(zip(names, values, strict=True)), others)
        except OverflowError:
            reject()
        found = plain(*values)
        if isinstance(stated, tuple):
            found = found[: len(stated)]
        assert found == pytest.approx(stated, rel=1e-9, abs=1e-12)

    agrees()


@pytest.mark.parametrize(
    "path", [f"{module}.{name}" for module, known in EQUATIONS.items() for name in known]
)
def test_equation_on_the_page_is_the_rule(path):
    """The equation that docs/odd.md states for a rule gives the rule's value."""
    module, name = path.split(".")
    _agrees(rules()[path], EQUATIONS[module][name], DOMAIN)


#: Domain of the market's functions: interior, away from the guards that keep compiled code from overflowing.
MARKET_DOMAIN = {
    **dict.fromkeys(["net", "cost", "price", "wedge", "freight", "mean", "a", "b"], st.floats(1.0, 1e5)),
    **dict.fromkeys(["export_duty", "import_duty", "landed"], st.floats(0.0, 1e5)),
    **dict.fromkeys(["export_tax", "tariff"], st.floats(0.0, 2.0)),
    **dict.fromkeys(["capacity_t", "quantity_t", "reference"], st.floats(1.0, 1e6)),
    **dict.fromkeys(["spread"], st.floats(1e3, 1e5)),
    **dict.fromkeys(["output_t"], st.floats(0.01, 0.99)),
    **dict.fromkeys(["elasticity", "choke_power", "choke_ratio"], st.floats(0.5, 8.0)),
    **dict.fromkeys(["u"], st.floats(1e-6, 0.999)),
    "form": st.just(0),
    "width": st.just(1.0),
}


@pytest.mark.parametrize("path", MARKET)
def test_equation_of_the_market_is_its_function(path):
    """The equation that docs/odd.md states for a function of the market gives the function's value."""
    _agrees(resolve(path), MARKET[path], MARKET_DOMAIN)


def test_a_wrong_equation_is_noticed():
    """With a sign turned round the comparison fails."""
    with pytest.raises(AssertionError):
        _agrees(rules()["expectation.expect"], "before - speed * (seen - before)", DOMAIN)
