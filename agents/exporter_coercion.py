"""Pressing single states: what provokes the exporter, when it restricts, for how long, and when it suspends.

Tit for tat: a state that puts measures or a treaty against the exporter provokes it; the odds of an answer are those
of `restrict_chance`, by an addressed draw. The answer is a licence on the goods where, by clearing, it is worth most.
It lasts one to four quarters. Then restrictions are suspended if the exporter expects more from concessions than from
going on.
"""

import numpy as np

from agents.exporter_menu import Menu
from agents.exporter_scout import Judged, Scout, Trial, switch_some
from agents.exporter_words import tell_end, tell_press
from agents.strike import PROVOKED, count_strikes, is_moved, strikers
from model.draw import COERCION, COERCION_LENGTH, address, uniform
from model.engine import Engine
from model.network import Bools, Floats, Ints
from model.parameter import POSITION
from model.rules.exporter import leverage, remember_provocation, restrict_chance

#: A jump of tension in a quarter that provokes like a measure; restrictions of its own bring at most 0.1.
_JUMP = 0.15 - 1e-9  # sanctions raise it by 0.15: rounding is not to decide
#: Approval rate after a second provocation.
_BAN_RATE = 0.05
_TRUCE_QUARTERS = 4.0
#: A gain below this share of a market's value is rounding: a licence on what is shut already.
_NOTHING = 1e-6
#: What it feels when a truce ends without concessions.
_SPURNED = 0.5
_BASE, _PROVOKE = POSITION["exporter_trigger_base"], POSITION["exporter_trigger_provocation"]
_TENSE, _HOLD = POSITION["exporter_trigger_tension"], POSITION["exporter_trigger_leverage"]
_LOSS, _SPREAD = POSITION["exporter_trigger_loss"], POSITION["exporter_trigger_diversification"]
_FADE, _RATE = POSITION["exporter_provocation_fade"], POSITION["exporter_licence_rate"]
_DEAL, _SUBSTITUTE = POSITION["exporter_deal_chance"], POSITION["substitution_most"]


def press(engine: Engine, menu: Menu) -> Bools:
    """Note provocations, end and begin restrictions on rivals, and return the runs in which any of that happened."""
    if not menu.licence:
        return np.zeros(engine.runs, dtype=np.bool_)
    fresh = note_strikes(engine, menu)
    ended = end_quarters(engine, menu)
    fired = draw_answers(engine, menu, fresh)
    rows = np.flatnonzero(fired.any(axis=1) | ended.any(axis=1)).astype(np.int64)
    if rows.size:
        answer_rivals(engine, menu, rows, fired[rows], ended[rows])
    changed = np.zeros(engine.runs, dtype=np.bool_)
    changed[rows] = True
    return changed


def note_strikes(engine: Engine, menu: Menu) -> Floats:
    """Count what each country has in force against the exporter; return new strikes [runs, C], provocation updated.

    Measures in force last quarter, half a strike for each treaty in force that leaves the exporter out, and one for a
    jump of tension.
    """
    columns, history, step = engine.columns, engine.history, engine.step_number
    countries = len(engine.world.countries)
    on = (history.measure_last_on == step - 1.0).astype(float)
    struck = count_strikes(engine, menu.row, on, history.treaty_member.reshape(engine.runs, -1, countries))
    pairs = slice(menu.row * countries, (menu.row + 1) * countries)
    tense = columns.tension[:, pairs]
    jumped = (tense - columns.pair_tension[:, pairs] >= _JUMP).astype(float)
    fresh = np.maximum(struck - columns.pair_struck[:, pairs], 0.0) + jumped
    fresh = fresh if step else np.zeros_like(struck)
    columns.pair_struck[:, pairs], columns.pair_tension[:, pairs] = struck, tense
    felt = columns.pair_provocation[:, pairs]
    for run in range(engine.runs):
        for rival in menu.rivals:
            felt[run, rival] = remember_provocation(
                felt[run, rival], fresh[run, rival], engine.values[run, _FADE]
            )
    return fresh


def end_quarters(engine: Engine, menu: Menu) -> Bools:
    """Count down restrictions and truces; return where a restriction has run its time, [runs, rivals]."""
    columns, countries = engine.columns, len(engine.world.countries)
    ended = np.zeros((engine.runs, len(menu.rivals)), dtype=np.bool_)
    for n, rival in enumerate(menu.rivals):
        pair = menu.row * countries + rival
        left, truce = columns.pair_coercion[:, pair], columns.pair_truce[:, pair]
        ended[:, n] = left == 1.0
        left[:] = np.maximum(left - 1.0, 0.0)
        spurned = (truce == 1.0) & (columns.pair_struck[:, pair] >= 1.0)
        truce[:] = np.maximum(truce - 1.0, 0.0)
        columns.pair_provocation[spurned, pair] = np.maximum(
            columns.pair_provocation[spurned, pair], _SPURNED
        )
    return ended


def draw_answers(engine: Engine, menu: Menu, fresh: Floats) -> Bools:
    """Return where the exporter is moved to restrict a rival this quarter, [runs, rivals].

    Only a rival that provoked it, where deterring weighs more with it than retaliation.
    """
    columns, values, countries = engine.columns, engine.values, len(engine.world.countries)
    fired = np.zeros((engine.runs, len(menu.rivals)), dtype=np.bool_)
    for n, rival in enumerate(menu.rivals):
        pair = menu.row * countries + rival
        felt, tense = columns.pair_provocation[:, pair], columns.tension[:, pair]
        free = (columns.pair_truce[:, pair] <= 0.0) & (columns.pair_coercion[:, pair] <= 0.0)
        open_to = is_moved(felt, values) & (free | (fresh[:, rival] > 0.0))
        runs = np.flatnonzero(open_to).astype(np.int64)
        if not runs.size:
            continue
        gap, exposed, spread = _standing(engine, menu, runs, rival)
        number = address("coercion", menu.code, engine.world.countries[rival])
        for i, run in enumerate(runs):
            chance = restrict_chance(
                values[run, _BASE], values[run, _PROVOKE], values[run, _TENSE], values[run, _HOLD],
                values[run, _LOSS], values[run, _SPREAD], felt[run], tense[run], gap[i], exposed[i], spread[i],
            )  # fmt: skip
            draw = uniform(engine.seed, engine.first_run + run, engine.step_number, COERCION, number)
            fired[run, n] = draw < chance
    return fired


def _standing(engine: Engine, menu: Menu, runs: Ints, rival: int) -> tuple[Floats, Floats, Floats]:
    """Return leverage over the rival less its own, the part of exports it takes, new capacity outside, [runs]."""
    layout, columns = engine.layout, engine.columns
    good = layout.node_good[engine.network.route_node]
    value = columns.route_mean_flow_t[runs] * menu.good_price[good]
    from_me, from_rival = layout.route_origin == menu.row, layout.route_origin == rival
    to_me, to_rival = layout.route_destination == menu.row, layout.route_destination == rival
    mine = menu.route_place >= 0
    sold = value[:, from_me & to_rival & mine].sum(axis=1)
    share = sold / np.maximum(value[:, to_rival & mine].sum(axis=1), 1e-9)
    back = value[:, from_rival & to_me].sum(axis=1) / np.maximum(value[:, to_me].sum(axis=1), 1e-9)
    exports = value[:, from_me & ~to_me & mine].sum(axis=1)
    buyers = (layout.buyer_country == rival) & (menu.good_place[layout.buyer_good] >= 0)
    worth = menu.good_price[layout.buyer_good[buyers]]
    stock = (columns.buyer_stock_t[runs][:, buyers] * worth).sum(axis=1)
    use = (columns.buyer_smooth_use_t[runs][:, buyers] * worth).sum(axis=1)
    days = 91.25 * stock / np.maximum(use, 1e-9)
    most = engine.values[runs, _SUBSTITUTE]
    hold = np.array([leverage(share[i], most[i], days[i]) for i in range(runs.size)])
    other = np.array([leverage(back[i], most[i], 0.0) for i in range(runs.size)])
    there = np.array([(columns.site_pipeline_t[run][menu.site_place >= 0] * menu.good_price[
        layout.site_good[menu.site_place >= 0]]).sum() for run in runs])  # fmt: skip
    inside = menu.good_place[layout.node_good] >= 0
    held = (columns.node_capacity_t[runs][:, inside] * menu.good_price[layout.node_good[inside]]).sum(axis=1)
    return hold - other, sold / np.maximum(exports, 1e-9), there / np.maximum(held, 1e-9)


def answer_rivals(engine: Engine, menu: Menu, rows: Ints, fired: Bools, ended: Bools) -> None:
    """Restrict the rivals that fired where it is worth it; where restrictions end, suspend, lift or go on."""
    scout = Scout(engine, menu, rows)
    stance = _present_stance(engine, menu, rows)
    # Free trade first, against which harm is measured.
    _, hold = scout.judge_all([Trial(np.zeros_like(stance)), Trial(stance)], later=False)
    ending = ended & ~fired
    if ending.any():
        end_restrictions(scout, stance, hold, ending)
    if fired.any():
        restrict(scout, stance, hold, fired)


def restrict(scout: Scout, stance: Floats, hold: Judged, fired: Bools) -> None:
    """Put licences on the goods where they are worth most to the exporter, if any are, and draw how long.

    Each rival is judged by itself, with what others face as it stands.
    """
    engine, menu, rows = scout.engine, scout.menu, scout.rows
    columns, countries = engine.columns, len(engine.world.countries)
    rates = np.zeros(fired.shape)
    trials: list[Trial] = []
    for n, rival in enumerate(menu.rivals):
        again = columns.pair_coercion[rows, menu.row * countries + rival] > 0.0
        rates[:, n] = np.where(again, _BAN_RATE, engine.values[rows, _RATE])
        trials.append(Trial(stance, _licences(engine, menu, rows, rival, fired[:, n], rates[:, n])))
    struck = [n for n in range(len(menu.rivals)) if fired[:, n].any()]
    pressed = scout.judge_all([trials[n] for n in struck], later=False)
    for n, one in zip(struck, pressed, strict=True):
        gain = one.worth - hold.worth
        rank = np.argsort(np.argsort(-gain, axis=1, kind="stable"), axis=1, kind="stable")
        taken = (gain > _NOTHING * hold.now.value) & (rank < menu.doctrine.most_goods) & fired[:, n, None]
        _put_on(engine, menu, rows, n, taken, rates[:, n])
        if rows[0] == 0 and fired[0, n]:
            own = one.now.rent[0] - hold.now.rent[0]
            tell_press(engine, menu, n, taken[0], gain[0], own)


def _licences(
    engine: Engine, menu: Menu, rows: Ints, rival: int, where: Bools, rate: Floats | None
) -> list[tuple[int, Floats, Floats]]:
    """Return the moves that set the licences towards a rival to `rate` (None: lift them) in the runs `where`."""
    licences = [menu.licence[k, rival] for k in range(menu.components.size)]
    return [(m, *_with(engine, m, rows, where, rate)) for m in licences]


def _put_on(engine: Engine, menu: Menu, rows: Ints, n: int, taken: Bools, rate: Floats) -> None:
    """Switch on the licences that were `taken` [rows, K] towards rival `n`, and draw for how long they stay."""
    columns, countries, rival = engine.columns, engine.world.countries, menu.rivals[n]
    for k in range(menu.components.size):
        if taken[:, k].any():
            switch_some(engine, menu.licence[k, rival], rows[taken[:, k]], 1.0, rate[taken[:, k]])
    pair = menu.row * len(countries) + rival
    number = address("coercion", menu.code, countries[rival])
    for run in rows[taken.any(axis=1)]:
        draw = uniform(engine.seed, engine.first_run + run, engine.step_number, COERCION_LENGTH, number)
        columns.pair_coercion[run, pair] = 1.0 + min(int(4.0 * draw), 3)
        columns.pair_truce[run, pair] = 0.0


def end_restrictions(scout: Scout, stance: Floats, hold: Judged, ending: Bools) -> None:
    """Go on, suspend for concessions, or lift, whichever is worth most by clearing; restrictions are in force still.

    Each rival is judged by itself, with what others face as it stands.
    """
    engine, menu, rows = scout.engine, scout.menu, scout.rows
    by, over = strikers(engine, menu.row), [n for n in range(len(menu.rivals)) if ending[:, n].any()]
    trials: list[Trial] = []
    for n in over:
        lifted = _licences(engine, menu, rows, menu.rivals[n], ending[:, n], None)
        dealt = [
            (int(m), np.where(ending[:, n], 0.0, engine.history.measure_force[rows, m]))
            for m in np.flatnonzero(by == menu.rivals[n])
        ]
        trials += [Trial(stance, lifted), Trial(stance, [*lifted, *dealt])]
    worth = [one.worth.sum(axis=1) for one in scout.judge_all(trials, later=False)]
    chance, going = engine.values[rows, _DEAL], hold.worth.sum(axis=1)
    for n, lifting, dealing in zip(over, worth[::2], worth[1::2], strict=True):
        suspending = (1.0 - chance) * lifting + chance * dealing
        anger = engine.columns.pair_provocation[
            rows[0], menu.row * len(engine.world.countries) + menu.rivals[n]
        ]
        _go_on_or_stop(engine, menu, rows, n, ending[:, n], going > suspending)
        if rows[0] == 0 and ending[0, n]:
            worths = {"going on": float(going[0]), "suspending": float(suspending[0])}
            tell_end(engine, menu, n, float(anger), PROVOKED, worths)


def _go_on_or_stop(engine: Engine, menu: Menu, rows: Ints, n: int, ending: Bools, better: Bools) -> None:
    """Go on for a quarter where provoked and that is `better`, else lift: as a truce where it hopes for concessions."""
    columns, rival = engine.columns, menu.rivals[n]
    pair = menu.row * len(engine.world.countries) + rival
    goes_on = ending & better & (columns.pair_provocation[rows, pair] >= PROVOKED)
    columns.pair_coercion[rows[goes_on], pair] = 1.0
    stops = ending & ~goes_on
    for k in range(menu.components.size):
        switch_some(engine, menu.licence[k, rival], rows[stops], 0.0, 1.0)
    deal = stops & (columns.pair_struck[rows, pair] >= 1.0) & (engine.values[rows, _DEAL] > 0.0)
    columns.pair_truce[rows[deal], pair] = _TRUCE_QUARTERS
    columns.pair_provocation[rows[deal], pair] = 0.0


def _with(
    engine: Engine, measure: int, rows: Ints, where: Bools, rate: Floats | None
) -> tuple[Floats, Floats]:
    """Return switch and level of a licence: as they are, but at `rate` (None: off) `where` it says."""
    force, level = engine.history.measure_force[rows, measure], engine.history.measure_level[rows, measure]
    if rate is None:
        return np.where(where, 0.0, force), level
    return np.where(where, 1.0, force), np.where(where, rate, level)


def _present_stance(engine: Engine, menu: Menu, rows: Ints) -> Floats:
    return np.asarray(engine.columns.node_stance[rows][:, [nodes[0] for nodes in menu.nodes]])
