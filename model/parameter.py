"""Every behavioural and technical parameter: its name, default, unit, range and source.

A scenario may set any of them (`[parameters]`), or give it a distribution (`[uncertain]`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """One number a scenario may change. `low` and `high` are the limits that are accepted."""

    name: str
    default: float
    unit: str
    low: float
    high: float
    what: str
    source: str
    one_for_all: bool = False  # the same number in all runs: no distribution


_MARKET = [
    Parameter("stock_response_power", 4.0, "1", 1.0, 20.0,
              "steepness of stock draw-down and restocking in the price", "judgement", one_for_all=True),
]  # fmt: skip

_EXPECTATION = [
    Parameter("expectation_speed", 0.25, "1 per quarter", 0.01, 1.0,
              "how fast expected prices follow those seen", "judgement"),
    Parameter("expectation_noise", 0.05, "share", 0.0, 0.5,
              "standard deviation of one firm's error about a price", "judgement"),
    Parameter("floor_credibility", 0.7, "share", 0.0, 1.0,
              "part of a border floor or support that firms count on", "judgement"),
    Parameter("volatility_speed", 0.1, "1 per quarter", 0.01, 1.0,
              "how fast perceived price volatility follows price changes", "judgement"),
    Parameter("opening_volatility", 0.3, "1 per year", 0.05, 1.5,
              "perceived standard deviation of log price a year, at the start", "DixitPindyck1994"),
]  # fmt: skip
_INVESTMENT = [
    Parameter("discount_private", 0.10, "share per year", 0.02, 0.3,
              "real required return of private firms in OECD countries", "technology: private_OECD"),
    Parameter("discount_high_risk", 0.14, "share per year", 0.02, 0.4,
              "the same in hosts of high risk", "technology: private_high_risk_host"),
    Parameter("discount_state", 0.05, "share per year", 0.0, 0.3,
              "the same for state-owned firms", "technology: state_owned_CHN"),
    Parameter("discount_supported", 0.07, "share per year", 0.0, 0.3,
              "the same under a floor or price support", "technology: with_CfD_or_floor"),
    Parameter("hurdle_weight", 0.35, "share", 0.0, 1.0,
              "part of the real-option premium left by the threat of rivals", "judgement"),
    Parameter("support_calm", 0.5, "share", 0.0, 1.0,
              "cut of perceived volatility by a floor or support", "DixitPindyck1994"),
    Parameter("plant_life_years", 20.0, "years", 5.0, 50.0, "years over which a plant earns", "judgement"),
    Parameter("capital_cost_multiple", 1.0, "1", 0.1, 10.0,
              "capital cost of new capacity over the data's", "capex data"),
    Parameter("expansion_lead_share", 0.5, "share", 0.1, 1.0,
              "lead time and permit wait where the site already produces, share of a new one's",
              "judgement: technology, mine_restart 2 against mine_post_FID 3 years"),
    Parameter("ramp_quarters", 6.0, "quarters", 1.0, 16.0,
              "from first output to nameplate", "technology: ramp_up"),
    Parameter("permit_quarters_mine", 2.0, "quarters", 0.0, 40.0,
              "mean wait of a mine for its permit, outside the dominant country", "judgement"),
    Parameter("permit_quarters_refined", 1.0, "quarters", 0.0, 40.0,
              "mean wait of a plant for its permit, outside the dominant country", "judgement"),
    Parameter("lead_refined_dominant_quarters", 6.0, "quarters", 1.0, 24.0,
              "from decision to first output of a refinery in the dominant country",
              "technology: separation_CHN, refinery_CHN"),
    Parameter("invest_speed", 0.2, "1 per quarter", 0.0, 0.5,
              "capacity started a quarter per unit of profit index above one", "judgement"),
    Parameter("invest_most", 0.15, "share per quarter", 0.0, 0.5,
              "largest capacity started in a quarter, share of the site's", "judgement"),
    Parameter("pipeline_most", 1.2, "share", 0.05, 3.0,
              "largest capacity under construction, share of the site's", "judgement"),
    Parameter("entry_share", 0.03, "share", 0.0, 0.5,
              "size of an entrant's planning unit, share of the market's capacity", "judgement"),
    Parameter("foresight_elasticity", 0.9, "1", 0.2, 5.0,
              "sum of long-run elasticities by which firms translate announced growth into price",
              "elasticities: supply_long, demand_long"),
    Parameter("foresight_weight", 1.0, "share", 0.0, 1.0,
              "part of announced demand and capacity growth firms count on", "judgement"),
    Parameter("opening_pipeline", 0.9, "share", 0.0, 1.5,
              "part of the growth of demand over a lead time that is under construction at the start, announced "
              "projects included", "judgement"),
    Parameter("operating_share", 0.85, "share", 0.3, 1.0,
              "utilisation assumed when new capacity is valued", "judgement"),
    Parameter("dominant_share", 0.4, "share", 0.0, 1.0,
              "share of a good's base-year capacity above which a country dominates it: no permits, short lead times",
              "judgement"),
    Parameter("project_failure_share", 0.3, "share", 0.0, 1.0,
              "probability that an announced project never produces", "ProjectRecord: 0.2 to 0.4"),
    Parameter("project_slip_quarters", 3.0, "quarters", 0.0, 40.0,
              "mean delay of an announced project", "technology: Lynas, Iluka delays"),
]  # fmt: skip
_OPERATION = [
    Parameter("idle_utilisation", 0.12, "share", 0.0, 0.9,
              "utilisation at which a plant just covers the cost of keeping it ready", "judgement"),
    Parameter("mothball_quarters", 4.0, "quarters", 1.0, 20.0,
              "quarters of loss before a plant is mothballed", "judgement: 4 to 8, Molycorp2015 took about 10"),
    Parameter("debt_share", 0.7, "share", 0.0, 1.0,
              "part of a new plant's capital cost that is owed, where no state or buyer backs its firm: plants that "
              "do not earn the interest are given up",
              "Molycorp2015: about 1.7 billion usd of debt for 1.6 billion of plant; size: judgement"),
    Parameter("backed_patience", 3.0, "1", 1.0, 20.0,
              "quarters of loss that firms of states and with backed projects bear, over those of others",
              "Lynas2015: rescheduled Japanese loans; size: judgement"),
    Parameter("mothball_share", 0.2, "share per quarter", 0.0, 1.0,
              "capacity mothballed a quarter after that", "judgement"),
    Parameter("reopen_utilisation", 0.5, "share", 0.0, 1.0,
              "expected utilisation at which mothballed capacity reopens", "judgement"),
    Parameter("reopen_share", 0.125, "share per quarter", 0.0, 1.0,
              "mothballed capacity reopened a quarter: two years in all", "technology: mine_restart"),
    Parameter("exit_quarters", 8.0, "quarters", 1.0, 60.0,
              "quarters of loss before mothballed capacity is closed", "Molycorp2015"),
    Parameter("exit_share", 0.1, "share per quarter", 0.0, 1.0,
              "mothballed capacity closed a quarter after that", "judgement"),
    Parameter("outage_probability", 0.004, "1 per quarter", 0.0, 1.0,
              "chance that a country's production of a good is hit", "judgement"),
    Parameter("outage_share", 0.3, "share", 0.0, 1.0, "capacity lost when it is hit", "judgement"),
    Parameter("outage_most", 0.05, "share", 0.0, 1.0,
              "largest part of a good's world capacity that one outage takes", "judgement"),
    Parameter("outage_decay", 0.5, "share per quarter", 0.0, 1.0,
              "part of an outage that remains a quarter later", "judgement"),
    Parameter("supply_noise", 0.01, "share", 0.0, 0.3,
              "standard deviation of usable capacity", "judgement"),
]  # fmt: skip
_STOCK = [
    Parameter("stock_days", 45.0, "days", 0.0, 365.0,
              "buyers' target in days of use where the data give none", "technology: commercial_pipeline"),
    Parameter("stock_risk_multiple", 3.0, "1", 0.0, 10.0,
              "rise of the target in days when perceived risk is one", "RareEarths2011: 4 to 10 times at the height"),
    Parameter("calm_quarters", 2.0, "quarters", 0.0, 20.0,
              "stock, quarters of use, of which buyers fear no stop: fear is risk times the part of it they lack",
              "judgement: Chinese refiners with 270 days of cobalt in 2025 did not bid in panic, buyers of rare "
              "earths with 45 days in 2010 did"),
    Parameter("panic", 11.0, "1", 0.0, 20.0,
              "rise of the pace of restocking, and of the price borne for it, when fear is one",
              "RareEarths2011: precaution made most of the peak; size: judgement"),
    Parameter("hoarding", 4.0, "1", 0.0, 20.0,
              "rise of the price at which stocks are drawn when fear is one", "judgement"),
    Parameter("draw_most", 0.7, "share", 0.0, 0.9,
              "largest part of a quarter's use met from stock", "judgement"),
    Parameter("draw_price_ratio", 1.6, "1", 1.0, 10.0,
              "price over the expected one at which half of that is drawn", "judgement"),
    Parameter("restock_price_ratio", 1.3, "1", 0.5, 5.0,
              "price over the expected one at which half of the restocking is ordered", "judgement"),
    Parameter("restock_speed", 0.15, "1 per quarter", 0.0, 1.0,
              "part of the gap to the target ordered a quarter", "judgement"),
    Parameter("restock_most", 0.2, "share", 0.0, 1.0,
              "largest restocking in a quarter, share of use", "judgement"),
    Parameter("store_price_ratio", 0.6, "1", 0.05, 1.0,
              "price over the expected one at which producers withhold half of what they may", "judgement"),
    Parameter("store_share_host", 0.97, "share", 0.0, 0.99,
              "largest part of a host-bound by-product stored while its exports are restricted", "judgement"),
    Parameter("store_most_quarters", 3.0, "quarters", 0.0, 40.0,
              "largest stock of a by-product that producers hold, quarters of usual output; beyond it the by-product "
              "stays in its host's waste", "judgement: Congolese producers went on through eight months of ban"),
    Parameter("store_anchor_share", 0.5, "share", 0.0, 2.0,
              "price that producers expect at least when they store or sell, share of the base year's", "judgement"),
    Parameter("sell_share", 0.25, "share per quarter", 0.0, 1.0,
              "largest part of their stock producers offer in a quarter", "judgement"),
    Parameter("sell_price_ratio", 1.1, "1", 0.5, 5.0,
              "price over the expected one at which they offer half of that", "judgement"),
]  # fmt: skip
_DEMAND = [
    Parameter("demand_noise", 0.01, "share", 0.0, 0.3,
              "standard deviation of a buyer's demand a quarter", "judgement"),
    Parameter("demand_persistence", 0.8, "share", 0.0, 0.99,
              "part of a demand disturbance that remains a quarter later", "judgement"),
    Parameter("substitution_speed", 0.15, "1 per quarter", 0.0, 0.5,
              "growth of substitution under high prices", "Substitution: 0.05 to 0.15"),
    Parameter("substitution_most", 0.5, "share", 0.0, 0.9,
              "largest share of demand substituted", "Substitution: 0.3 to 0.7"),
    Parameter("substitution_threshold", 1.5, "1", 1.0, 10.0,
              "smoothed price over the base year's above which it grows", "judgement"),
    Parameter("substitution_permanent", 0.6, "share", 0.0, 1.0,
              "part of substitution that stays when the price falls", "Substitution: at least 0.5"),
    Parameter("substitution_power", 0.7, "1", 0.1, 3.0,
              "response of its growth to the price ratio", "Substitution"),
]  # fmt: skip
_DRIFT = [
    Parameter("recycling_power", 0.5, "1", 0.0, 2.0,
              "response of the recycled share to the price", "judgement"),
    Parameter("recycling_growth", 0.01, "share per quarter", 0.0, 0.2,
              "growth of the recycled share of discards while it pays; below the technology's share, of that share",
              "judgement"),
    Parameter("recycling_most", 0.85, "share", 0.0, 0.98,
              "largest share of discards recycled", "judgement"),
    Parameter("past_growth", 0.008, "share per quarter", 0.0, 0.05,
              "growth of use before the base year, for products in use at the start", "judgement"),
    Parameter("learning_least", 0.6, "share", 0.1, 1.0,
              "lowest cash cost that learning may reach, share of the first", "judgement"),
    Parameter("learning_experience_years", 15.0, "years", 0.5, 50.0,
              "production behind each producer at the start, in years of its base output", "judgement"),
    Parameter("qualification_speed", 0.25, "1 per quarter", 0.01, 1.0,
              "how fast buyers qualify new capacity", "technology: 1 to 2 years for anodes"),
    Parameter("taste_speed", 0.1, "1 per quarter", 0.0, 1.0,
              "how fast buyers' preference answers perceived risk", "judgement"),
    Parameter("risk_markup", 0.15, "share of price", 0.0, 1.0,
              "what buyers would pay to avoid a supplier of risk one", "FarrellNewman2019: 0.05 to 0.3"),
    Parameter("risk_rise", 0.5, "1 per quarter", 0.0, 1.0,
              "how fast perceived risk follows a restriction", "judgement"),
    Parameter("risk_fall", 0.083, "1 per quarter", 0.0, 1.0,
              "how fast it fades: half in eight quarters", "PolicyRecord"),
    Parameter("risk_from_price", 0.5, "1", 0.0, 3.0,
              "perceived risk from a doubling of the expected price", "judgement"),
    Parameter("tension_persistence", 0.9, "share per quarter", 0.0, 1.0,
              "part of tension above its usual level that remains a quarter later", "BIS2024"),
    Parameter("tension_from_restriction", 0.1, "1 per quarter", 0.0, 1.0,
              "rise of tension when all of a pair's trade is restricted", "judgement"),
    Parameter("tension_noise", 0.01, "1", 0.0, 0.3, "standard deviation of tension a quarter", "judgement"),
    Parameter("tension_cost", 0.3, "1", 0.0, 2.0,
              "log trade cost per unit of tension above the base year's", "BIS2024: 0.1 to 0.5"),
    Parameter("view_noise", 0.05, "share", 0.0, 1.0,
              "error of what a state knows of another country's output and capacity", "judgement"),
    Parameter("leak_share", 0.5, "share", 0.0, 1.0,
              "exports that smugglers can carry at most, share of those held back",
              "RareEarths2011: 10 to 40 of 130 thousand tonnes a year; share: judgement"),
    Parameter("leak_cost_share", 0.1, "share of price", 0.0, 2.0,
              "cost of the way round a restriction, share of the price outside", "judgement"),
    Parameter("leak_spread_share", 0.35, "share", 0.02, 2.0,
              "spread of smugglers' costs, share of the gap between prices outside and at home", "judgement"),
    Parameter("leak_fine_multiple", 1.6, "1", 0.0, 10.0,
              "what those caught lose, over the price outside: the goods and a fine", "judgement"),
    Parameter("enforcement", 0.3, "share", 0.0, 1.0,
              "chance that smuggled goods are caught where a way round is new; each country's until a measure sets it",
              "judgement: 0.3 to 0.9"),
    Parameter("policing_speed", 0.4, "1 per quarter", 0.0, 1.0,
              "how fast customs learn the ways round in use, per unit of enforcement", "judgement; PolicyRecord"),
    Parameter("policing_fade", 0.02, "1 per quarter", 0.0, 1.0,
              "how fast they forget", "judgement"),
    Parameter("origin_check_share", 0.7, "share", 0.0, 1.0,
              "part of shipments whose true origin is checked at a border with a price floor", "judgement"),
    Parameter("resale_tolerance", 0.02, "share", 0.0, 1.0,
              "part of what came in under an exemption that may be sold on before it is a breach", "judgement"),
    Parameter("bargain_share", 0.3, "share", 0.0, 1.0,
              "part of a deal's worth that a partner of its drafter gets by itself", "HornWolinsky1988"),
    Parameter("bargain_rivalry", 0.5, "share", 0.0, 1.0,
              "how far the drafter can play partners off against each other", "HornWolinsky1988; judgement"),
]  # fmt: skip

_STATE = [
    Parameter("state_retaliation_share", 0.02, "share", 0.0, 1.0,
              "what a state fears to lose by the dominant exporter's answer, share of what it buys of it",
              "strategy: theta of leverage, judgement"),
    Parameter("state_border_share", 0.02, "share", 0.0, 1.0,
              "cost of binding oneself to states at odds, share of spending at tension 1", "strategy: phi, judgement"),
]  # fmt: skip

_EXPORTER = [
    Parameter("exporter_rent_weight", 0.15, "1", 0.0, 10.0,
              "weight of the exporter's own producers, taxes and quota rents", "judgement: 0.15"),
    Parameter("exporter_downstream_weight", 0.35, "1", 0.0, 10.0,
              "weight of its makers of components and its users", "judgement after Pothen2013: 0.35"),
    Parameter("exporter_security_weight", 0.5, "1", 0.0, 10.0,
              "weight of harm to states that provoked it, and of tense states' dependence on it",
              "judgement: 0.5 after 2023"),
    Parameter("exporter_retaliation_weight", 0.15, "1", 0.0, 10.0,
              "weight of what harmed states would do in return", "judgement: 0.15"),
    Parameter("exporter_future_weight", 0.2, "1", 0.0, 10.0,
              "weight of its share of the market later", "judgement: 0.2"),
    Parameter("exporter_horizon", 0.6, "share", 0.0, 1.0,
              "weight of what follows once the world has answered, against now", "judgement: 0.3 to 0.9"),
    Parameter("exporter_foresight_quarters", 20.0, "quarters", 1.0, 40.0,
              "how far ahead it looks for entry", "judgement: entry lag 16 to 24 quarters"),
    Parameter("exporter_plan_quarters", 4.0, "quarters", 1.0, 40.0,
              "quarters between plans without a provocation", "judgement"),
    Parameter("exporter_inertia", 0.005, "share", 0.0, 1.0,
              "gain for which it changes its stance, share of the market's value; states: of what they buy and make",
              "judgement"),
    Parameter("exporter_flood_support", 0.15, "share of price", 0.0, 2.0,
              "support of its producers when it floods the market", "judgement"),
    Parameter("exporter_retaliation_share", 0.3, "share", 0.0, 1.0,
              "part of the harm done that comes back", "judgement: 0.1 to 0.5"),
    Parameter("exporter_licence_rate", 0.35, "share", 0.0, 1.0,
              "approval rate of a targeted licence; a second provocation brings it to 0.05",
              "judgement: 0.3 to 0.5, 0.05"),
    Parameter("exporter_trigger_base", -4.0, "1", -20.0, 20.0,
              "log odds a quarter of restricting a state, all else nothing", "judgement"),
    Parameter("exporter_trigger_provocation", 3.0, "1", 0.0, 20.0,
              "rise of the log odds by a provocation", "judgement"),
    Parameter("exporter_trigger_tension", 2.0, "1", 0.0, 20.0,
              "the same by tension", "judgement"),
    Parameter("exporter_trigger_leverage", 2.0, "1", 0.0, 20.0,
              "the same by its leverage less the other's", "judgement"),
    Parameter("exporter_trigger_loss", 2.0, "1", 0.0, 20.0,
              "fall of the log odds by the part of its exports that goes there", "judgement"),
    Parameter("exporter_trigger_diversification", 1.0, "1", 0.0, 20.0,
              "the same by new capacity outside, share of the market's", "judgement"),
    Parameter("exporter_provocation_fade", 0.5, "share per quarter", 0.0, 1.0,
              "how fast a provocation is forgotten", "judgement: response lag 1 to 60 days"),
    Parameter("exporter_deal_chance", 0.5, "share", 0.0, 1.0,
              "probability it gives to a concession in exchange for suspending", "judgement"),
]  # fmt: skip

#: family: lead of a mine, of a refinery (quarters); end-of-life rate; life (years); learning per doubling
_TECHNOLOGY: dict[str, tuple[float, float, float, float, float, str]] = {
    "rare_earths": (12, 18, 0.01, 12, 0.12, "technology: REE"),
    "permanent_magnets": (12, 12, 0.01, 12, 0.10, "technology: magnet_plant; learning judgement"),
    "gallium": (7, 7, 0.0, 8, 0.0, "technology: Ga"),
    "germanium": (8, 8, 0.02, 10, 0.0, "technology: Ge"),
    "arsenic": (6, 6, 0.0, 10, 0.0, "judgement"),
    "baryte": (6, 6, 0.0, 1, 0.0, "judgement"),
    "graphite": (10, 12, 0.0, 10, 0.0, "technology: graphite"),
    "tungsten": (12, 8, 0.35, 6, 0.0, "technology: W"),
    "antimony": (12, 8, 0.20, 12, 0.0, "technology: Sb"),
    "lithium": (10, 16, 0.02, 11, 0.10, "technology: Li"),
    "cobalt": (10, 8, 0.35, 9, 0.0, "technology: Co"),
    "nickel": (10, 8, 0.60, 20, 0.15, "technology: Ni"),
}


def _technology(family: str) -> list[Parameter]:
    """Return the technical parameters of one family of goods."""
    lead_mine, lead_refined, rate, life, learning, source = _TECHNOLOGY[family]
    time = "quarters"
    return [
        Parameter(f"lead_mine_{family}", float(lead_mine), time, 1.0, 44.0, "from decision to first output", source),
        Parameter(f"lead_refined_{family}", float(lead_refined), time, 1.0, 44.0,
                  "the same, of a refinery outside the dominant country", source),
        Parameter(f"recycling_{family}", rate, "share", 0.0, 0.95,
                  "share of discards the technology recovers; recyclers below it grow in steps of it", source),
        Parameter(f"life_{family}", float(life), "years", 0.5, 60.0, "mean life of products in use", source),
        Parameter(f"learning_{family}", learning, "share", 0.0, 0.5,
                  "fall of cash cost per doubling of cumulative output", source),
    ]  # fmt: skip


FAMILIES = tuple(_TECHNOLOGY)
_ENGINE = [
    *_EXPECTATION, *_INVESTMENT, *_OPERATION, *_STOCK, *_DEMAND, *_DRIFT, *_STATE, *_EXPORTER,
    *(parameter for family in FAMILIES for parameter in _technology(family)),
]  # fmt: skip

PARAMETERS: dict[str, Parameter] = {p.name: p for p in [*_MARKET, *_ENGINE]}


def defaults() -> dict[str, float]:
    """Return the default value of every parameter, by name."""
    return {name: parameter.default for name, parameter in PARAMETERS.items()}


#: Column of each parameter in the engine's table of values, `[runs, parameters]`.
POSITION: dict[str, int] = {name: i for i, name in enumerate(PARAMETERS)}
