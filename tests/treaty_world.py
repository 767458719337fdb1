"""A world of six countries and two metals without luck, for treaties whose votes a test casts itself."""

from typing import Any

import numpy as np

from agents.firm import decide_all_firms
from model.calibration import calibrate
from model.engine import Engine
from model.order import order_from
from model.quarter import Deciders
from model.scenario import scenario_from
from model.treaty_move import BY_NAME as MOVES
from model.treaty_move import apply_move

HEAD = {
    "name": "hand", "start": "2025Q1", "end": "2027Q4", "base_year": 2024, "goods": ["gallium", "germanium"],
    "countries": ["CHN", "JPN", "USA", "EU27", "KOR", "CAN"],
    "parameters": {"demand_noise": 0.0, "supply_noise": 0.0, "tension_noise": 0.0, "outage_probability": 0.0},
}  # fmt: skip
#: Firms decide; about treaties only what the test votes.
VOTES_BY_HAND = Deciders(firms=decide_all_firms)
WORLD = calibrate(scenario_from(HEAD))
GOOD = "gallium_refined"
EXEMPT = {"type": "mutual_exemption", "fields": {"good": "gallium"}}
FLOOR = {"type": "common_price_floor", "fields": {"good": "gallium", "price_usd_per_t": 2e6, "levy": "use"}}


def licence(actor: str = "CHN", **fields: Any) -> dict:
    """Return a licence on gallium from the first quarter on."""
    fields = {"good": "gallium", "rate": 0.2, **fields}
    return {"type": "export_licence", "actor": actor, "quarter": "2025Q1", "fields": fields}


def treaty(*clauses: dict, **head: Any) -> dict:
    """Return a treaty with dates, of CHN and JPN where the head says nothing else."""
    base = {"id": "pact", "kind": "club", "members": ["CHN", "JPN"], "signed": "2025Q1", "in_force": "2025Q2"}
    return {**base, "clauses": list(clauses), **head}


def decided(*clauses: dict, **head: Any) -> dict:
    """Return a treaty that states decide about."""
    return {key: value for key, value in treaty(*clauses, decides=True, **head).items()
            if key not in ("signed", "in_force")}  # fmt: skip


def engine(*treaties: dict, measures: tuple | list = (), runs: int = 1) -> Engine:
    """Return an engine with these treaties and measures, at its start."""
    made = scenario_from({**HEAD, "treaties": list(treaties), "measures": list(measures)})
    return Engine(made, runs, 7, world=calibrate(made) if measures else WORLD, decide=VOTES_BY_HAND)


def steps(e: Engine, quarters: int) -> Engine:
    """Run some quarters."""
    for _ in range(quarters):
        e.step()
    return e


def move(e: Engine, kind: str, actor: str, runs: Any = True, **fields: Any) -> None:
    """Order a move about a treaty for the coming quarter."""
    record = {"type": kind, "actor": actor, "quarter": "2025Q1", "fields": fields}
    apply_move(e, order_from(record, MOVES), runs)


def member(e: Engine, code: str, treaty_number: int = 0) -> Any:
    """Return [runs]: a member's state."""
    return e.columns.member_state[:, treaty_number * len(e.world.countries) + e.world.countries.index(code)]


def route(e: Engine, origin: str, destination: str, good: str = GOOD) -> int:
    """Return the open route of a pair."""
    routes = e.world.routes
    kind = e.world.nodes["kind"].to_numpy()[routes["node"]]
    mine = (routes["good"] == good) & (routes["origin"] == origin) & (routes["destination"] == destination)
    return int(np.flatnonzero(mine & (kind != "leak"))[0])


def balanced(e: Engine) -> bool:
    """Tell whether money balances."""
    scale = np.abs(e.columns.balance_usd).sum(axis=1)
    return bool((np.abs(e.columns.money_residual_usd[:, 0]) <= 1e-9 * scale).all())
