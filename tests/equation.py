"""The equation of every rule, in plain notation, as it stands in docs/odd.md; a test compares each with its rule.

Written from the docstrings, in the arguments' names. `;` separates steps, the last one is the result. Beside
arithmetic: log, exp, sqrt, min, max, int, `clip(x, low, high)`, `logistic(x) = 1 / (1 + exp(-x))`,
`softplus(x) = log(1 + exp(x))`, and the rules of the same module by name.
"""

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

import model.rules


def logistic(x: float) -> float:
    """Return 1 / (1 + exp(-x))."""
    e = math.exp(-min(abs(x), 700.0))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


def softplus(x: float) -> float:
    """Return log(1 + exp(x))."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def clip(x: float, low: float, high: float) -> float:
    """Return x within low and high."""
    return max(low, min(high, x))


_WORDS = {
    "log": math.log, "exp": math.exp, "sqrt": math.sqrt, "expm1": math.expm1, "logistic": logistic,
    "softplus": softplus, "clip": clip,
}  # fmt: skip

#: By module of model/rules and function. The two courses of a treaty are tables of states, not equations.
EQUATIONS: dict[str, dict[str, str]] = {
    "demand": {
        "interpolate": "value_before if year <= year_before or year_after <= year_before else "
        "value_after if year >= year_after else value_before * "
        "(max(value_after, 1e-12) / max(value_before, 1e-12))**((year - year_before) / (year_after - year_before))",
        "disturb": "persistence * before + sqrt(max(0, 1 - persistence**2)) * deviation * shock",
        "demand_t": "base * growth * shock * exp(clip(disturbance, -2, 2)) * (1 - substituted)",
        "substitute": "0 if price_ratio <= threshold or share >= most else min(speed * max(share, 0.1) "
        "* (1 - share / most) * min((price_ratio / threshold)**power, exp(5)), most - share)",
        "revert": "0 if price_ratio >= threshold else max(0, speed * (share - forever))",
    },
    "expectation": {
        "expect": "before + speed * (seen - before)",
        "bound_by_floor": "max(expected, credibility * floor) if floor > 0 else expected",
        "log_change": "clip(log(now / before), -2, 2) if now > 0 and before > 0 else 0",
        "lasting": "1 - (1 - speed)**quarters",
        "perceive_variance": "(1 - speed) * variance + speed * change**2",
        "yearly_volatility": "clip(sqrt(4 * variance), 0.05, 1.5)",
        "misjudge": "price * exp(clip(error, -1, 1))",
    },
    "exporter": {
        "plan_worth": "(1 - horizon) * worth_now + horizon * worth_later",
        "own_worth": "rent_weight * rent + downstream_weight * downstream "
        "- max(0, downstream_weight - rent_weight) * outlay",
        "harm_worth": "(security * provocation - retaliation * retaliation_share) * harm_usd",
        "leverage": "supplier_share * (1 - substitutable) * max(0, 1 - cover_days / 180)",
        "restrict_chance": "logistic(base + provoked * provocation + strained * pair_tension + held * gap "
        "- lost * exposed - spread_out * diversification)",
        "remember_provocation": "clip((1 - fade) * provocation + max(new_strikes, 0), 0, 1)",
        "entry_cost": "cash + inputs + capital_cost * asked / max(value_of_one, 1e-12) - support",
        "may_flood": "utilisation < 0.85 or announced_share > 0.10",
    },
    "investment": {
        "option_multiple": "s2 = max(volatility**2, 1e-4); b = 1/2 - drift / s2 "
        "+ sqrt((drift / s2 - 1/2)**2 + 2 * max(discount, 0.001) / s2); "
        "4 if b <= 4/3 else max(1, b / (b - 1))",
        "hurdle": "1 + weight * (multiple - 1)",
        "annuity": "(1 - (1 + discount)**-years) / discount if discount >= 1e-6 else years",
        "capacity_value": "4 * utilisation * margin * annuity(discount, years) "
        "* (1 + discount)**-((delay_quarters + ramp_quarters / 2) / 4) if margin > 0 else 0",
        "profit_index": "0 if value <= 0 else 10 if value >= 10 * capital_cost * multiple "
        "else value / (capital_cost * multiple)",
        "required_return": "min(base, supported_return) if supported else base",
        "foresee": "clip(weight * (demand_growth - capacity_growth) / max(elasticity, 0.01), -1, 1)",
        "start_building": "0 if index <= 1 or size <= 0 else max(0, min(size * min(most, speed * (index - 1)), "
        "pipeline_most * size - pipeline, room))",
        "keep_share": "1 - (failure_share if failure_share >= 0 else usual_failure_share)",
        "still_coming": "late = chance * exp(-min(overdue_quarters / slip_quarters, 700)) if slip_quarters > 0 else 0; "
        "chance if overdue_quarters <= 0 else late / (late + 1 - chance) if late > 0 else 0",
        "delayed_share": "0 if quarters < 0 else 1 if quarters >= 4 * slip_quarters else "
        "1 - exp(-quarters / slip_quarters)",
        "ramp_left": "n = max(1, int(ramp_quarters + 1/2)); clip((n - 1 - elapsed) / n, 0, 1)",
        "ramp_share": "n = max(1, int(ramp_quarters + 1/2)); 1 / n if 0 <= elapsed < n else 0",
    },
    "leak": {
        "held_back_t": "usual_t * growth * clip(share, 0, 1)",
        "enforced": "clip(level * factor, 0, 1)",
        "detection": "enforcement + (1 - enforcement) * policing",
        "leak_cost": "price * (cost_share + caught * fine_multiple)",
        "leak_spread": "max(spread_share * max(price - home_price, 0.25 * price), 1e-9)",
        "police": "clip(policing + speed * enforcement * used * (1 - policing) - fade * policing, 0, 1)",
    },
    "learning": {
        "cost_ratio": "b = -log(1 - min(rate, 0.9)) / log(2); 1 if first <= 0 or cumulative <= first or rate <= 0 "
        "else max(least, (cumulative / first)**-b)",
    },
    "operation": {
        "_softplus": "log(1 + exp(x))",
        "surplus": "spread * softplus((net - cost) / spread)",
        "utilisation": "logistic((net - cost) / spread)",
        "keep_cost": "-spread * log(1 - clip(idle_utilisation, 0, 0.9))",
        "interest": "debt_share * capital_cost * rate / 4",
        "idle_level": "min(idle_utilisation, max(base_utilisation, 0) / 2)",
        "count_losses": "quarters + more if expected_surplus < keep else 0",
        "mothball": "share * running if loss_quarters >= patience else 0",
        "reopen": "share * idle if expected_utilisation >= enough else 0",
        "leave": "share * idle if loss_quarters >= patience else 0",
        "outage_size": "min(share, most / max(market_share, 1e-9))",
        "after_outage": "max(lost_share * decay, hit_share if hit else 0)",
    },
    "qualification": {
        "qualify": "capacity if capacity <= qualified else qualified + speed * (capacity - qualified)",
        "wanted_taste": "max(0.02, exp(-clip(sharpness_ratio * markup * risk, 0, 20)))",
        "adapt_taste": "taste + speed * (wanted - taste)",
        "neutral_weight": "alpha * capacity * budget / total if total > 0 else 0",
    },
    "recycling": {
        "ageing_t": "held * (1 - exp(-3 / max(life_quarters, 1)))",
        "steady_stock": "d = 1 - exp(-3 / max(life_quarters, 1)); k = max(expm1(growth) + d, 1e-6); "
        "inflow / k * (d / k)**(age - 1)",
        "recovered_t": "discard * clip(share * min(1, max(price_ratio, 1e-6)**power), 0, most)",
        "grow_share": "min(max(most, share), share + growth * max(share, usual) * min(price_ratio - 1, 1)) "
        "if price_ratio > 1 else share",
    },
    "risk": {
        "price_signal": "clip(weight * log(price / expected) / log(2), 0, 1) if price > expected > 0 else 0",
        "perceive": "clip(risk + (rise if signal > risk else fall) * (signal - risk), 0, 1)",
        "tension": "clip(persistence * now + (1 - persistence) * usual + rise + shock, 0, 1)",
        "tension_cost": "exp(clip(strength * (now - usual), -2, 2))",
    },
    "stake": {
        "stop_chance": "logistic(base + strained * pair_tension + held * dependence)",
        "weigh": "(1 - patience) * now + patience * later",
        "border_cost": "weight * share * spending * mean_tension",
        "feared_answer": "weight * theta * chance * dependence * spending",
        "answer_in_kind": "share * restricted_share if restricted_share >= least else 0",
        "stop_danger": "dependence * (1 - (1 - chance)**4)",
        "stock_days_wanted": "0 if risk < least else days * min(1, risk / max(2 * least, 1e-9))",
    },
    "stock": {
        "target_t": "days / 91.25 * use_t * (1 + risk_multiple * risk)",
        "coverage": "clip(stock_t / wanted_t, 0.05, 4) if wanted_t > 0 else 1",
        "draw_price": "h = max(cover, 0.05)**(1/4); expected * ratio * (1 + hoarding * fear) / (h * max(h, 1))",
        "fear": "risk * max(0, 1 - stock / use / calm_quarters) if use > 0 and calm_quarters > 0 else 0",
        "urgency": "1 + panic * fear",
        "rising_share": "1 / (1 + (middle / price)**power) if price > 0 and middle > 0 else 0",
        "restock_t": "over = min(1, wanted / stock) if stock > 0 else 1; "
        "usual_draw * over**4 + max(0, min(most * use, speed * (wanted - stock)))",
        "usual_turnover": "w = largest_draw * rising_draw * use; 0 if w <= 0 or stock <= 0 else min(w, stock) "
        "/ (1 + (min(w, stock) / max(w, stock))**4)**(1/4) / max(1 - rising_restock, 0.05)",
        "store_share": "max(usual, min(0.99, host * min(1, 4 * restricted_share))) if bound_to_host else usual",
        "store_room": "clip(most - stock / usual, 0, 1) if usual > 0 else 0 if stock > 0 else 1",
        "settle_stock": "max(0, stock + added - taken)",
    },
    "stockpile": {
        "stock_gap": "w = min(target_t, capacity_t); max(0, min(w - held_t, w / max(build_quarters, 1)))",
        "buy_t": "max(0, min(gap_t, most_share * supply_t)) if price < below * mean_price else 0",
        "is_short": "price > above * mean_price or usual_t > 0 and (usual_t - bought_t) / usual_t > short_share",
        "let_go_t": "max(0, min(held_t / max(quarters, 1), gap_share * max(0, usual_t - bought_t)))",
        "refill_t": "w = gap_t if price <= strike else min(gap_t, owed_t / max(quarters, 1)); "
        "max(0, min(w, most_share * supply_t))",
    },
    "support": {
        "support_rate": "y = max(output_t, 1e-12); e = min(1, volume_t / y); "
        "min(max(0, strike - index) * e, outlay_cap_usd / y) "
        "- min(upside_share * max(0, index - upside_price) * e, payback_cap_usd / y)",
        "offtake_rate": "gap = max(min_price, (1 - discount) * index) - index; "
        "gap * volume_t / max(output_t, contracted_t, volume_t, 1e-12) * (take if gap > 0 else 1)",
        "loan_subsidy": "max(0, 1 - private_annuity / max(public_annuity, 1e-9))",
        "capped_duty": "max(0, min(duty, normal / export - 1, injury / export - 1)) if export > 0 else 0",
    },
    "treaty": {
        "ratification_delay": "1 + per_veto * veto_players if collective else 0",
        "is_seen": "breach_quarters >= lag and luck < detection",
        "is_kept": "d = quarterly_discount; "
        "gain * (1 - d**lag) / (1 - d) <= detection * d**lag * loss / (1 - d)",
        "unseen_leak": "exempted_t * min(leaking_share, 1 - verification)",
        "joint_share": "share + (1 - share) * (1 - 1 / max(members, 1)) * rivalry",
        "is_worth_signing": "total >= outside + partner_outside",
        "divide": "outside + share * max(0, total - outside - partner_outside)",
        "delayed_value": "value * quarterly_discount**delay",
        "tension_after": "clip(pair_tension + change, 0, 1)",
    },
}  # fmt: skip

#: Rules that are a course of states rather than an equation.
COURSES = ("treaty.next_treaty", "treaty.next_member")

#: Equations of the market, by dotted name. Where a function returns several numbers, as many as stand here.
MARKET: dict[str, str] = {
    "model.market.offer.logistic_offer": "log(capacity_t * logistic((net - cost) / spread)), "
    "logistic(-(net - cost) / spread) / spread",
    "model.market.offer.variable_cost": "u = output_t / capacity_t; "
    "cost * output_t + spread * capacity_t * (u * log(u) + (1 - u) * log(1 - u))",
    "model.market.landed_price.landed_line": "(1 + export_tax) * (1 + tariff), "
    "(export_duty + freight) * (1 + tariff) + import_duty",
    "model.market.want.final_use": "x = max(price / reference, 0.01); log(quantity_t * x**-elasticity "
    "* (1 + choke_ratio**-choke_power) / (1 + (x / choke_ratio)**choke_power)),",
    "model.market.want.soft_minimum": "a * b / (a**4 + b**4)**(1/4),",
    "model.ledger.split_landed": "(price + wedge) * export_tax + export_duty, freight, "
    "((price + wedge) * (1 + export_tax) + export_duty + freight) * tariff + import_duty, "
    "landed - ((price + wedge) * (1 + export_tax) + export_duty + freight) * (1 + tariff) - import_duty",
    "model.phase.welfare.plant_surplus": "capacity_t * spread * softplus((net - cost) / spread)",
    "model.draw.waiting_time": "min(-mean * log(1 - u), 4 * mean)",
}  # fmt: skip


def rules() -> dict[str, Any]:
    """Return every rule of model/rules by `module.function`."""
    found = {}
    for module in pkgutil.iter_modules(model.rules.__path__):
        whole = importlib.import_module(f"model.rules.{module.name}")
        for name, function in vars(whole).items():
            plain = getattr(function, "py_func", None)
            if plain is not None and plain.__module__ == whole.__name__:
                found[f"{module.name}.{name}"] = function
    return found


def resolve(path: str) -> Any:
    """Return what a dotted name stands for. Raises `AttributeError` or `ModuleNotFoundError` for nothing."""
    parts = path.split(".")
    for size in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:size]))
        except ModuleNotFoundError:
            continue
        for name in parts[size:]:
            found = getattr(found, name)
        return found
    raise ModuleNotFoundError(path)


def value(equation: str, numbers: Mapping[str, Any], others: Mapping[str, Callable[..., Any]]) -> Any:
    """Return the result of an equation at these arguments; `others` are functions it may name."""
    names = {**_WORDS, **others, **numbers}
    *steps, last = [part.strip() for part in equation.split(";")]
    for step in steps:
        name, _, right = step.partition(" = ")
        names[name] = eval(right, {"__builtins__": {"min": min, "max": max, "int": int}}, names)
    return eval(last, {"__builtins__": {"min": min, "max": max, "int": int}}, names)
