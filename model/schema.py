"""Every column of the state, declared once: name, unit, rows, who writes it, meaning.

A column is one float64 array `[runs, rows]`. Tonnes are per quarter where they are a rate; money is real 2024
dollars. `model/column.py` allocates what is declared here; `Columns` hands it to compiled rules.
"""

from collections import namedtuple
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

#: What a row stands for. `arrival` is site x quarter of a ring, `pair` is country x country, `membership`
#: treaty x country.
ROW_KINDS = (
    "plant", "site", "arrival", "node", "buyer", "route", "firm", "country", "pair",
    "good", "account", "project", "run", "treaty", "membership",
)  # fmt: skip

#: Quarters of the ring in which capacity under construction waits to arrive.
RING = 64


@dataclass(frozen=True)
class Column:
    """One attribute of all rows of one kind."""

    name: str
    rows: str
    unit: str
    writer: str
    what: str
    dtype: str = "float64"


COLUMNS: tuple[Column, ...] = (
    # plants
    Column("plant_installed_t", "plant", "t", "invest", "capacity built, mothballed included"),
    Column("plant_idle_t", "plant", "t", "invest", "capacity mothballed"),
    Column("plant_expected_net", "plant", "usd_per_t", "invest", "expected output value plus support less inputs"),
    Column("plant_loss_quarters", "plant", "quarters", "invest", "quarters in a row that it did not cover its keep"),
    Column("plant_mothball_t", "plant", "t", "decide", "decision: capacity to mothball"),
    Column("plant_reopen_t", "plant", "t", "decide", "decision: mothballed capacity to reopen"),
    Column("plant_exit_t", "plant", "t", "decide", "decision: capacity to close for good, mothballed first"),
    Column("plant_recycled_share", "plant", "share", "drift", "recyclers: share of discards recovered at base prices"),
    # sites
    Column("site_expected_value", "site", "usd_per_t", "invest", "expected value of outputs per t of the primary one"),
    Column("site_expected_input", "site", "usd_per_t", "invest", "expected cost of inputs per t of the primary output"),
    Column("site_variance", "site", "1", "invest", "perceived variance of log output value, a quarter"),
    Column("site_error", "site", "share", "observe", "error of the firm's price expectation"),
    Column("site_outlook", "site", "1", "invest", "foreseen change of log price when new capacity arrives"),
    Column("site_floor", "site", "usd_per_t", "contract", "output value that border floors would assure; 0 for none"),
    Column("site_profit_index", "site", "1", "decide", "value of new capacity over its cost times the hurdle"),
    Column("site_bare_index", "site", "1", "decide", "the same without public money for the capital cost"),
    Column("site_invest_t", "site", "t", "decide", "decision: capacity to start building"),
    Column("site_pipeline_t", "site", "t", "invest", "capacity under construction"),
    Column("site_room_t", "site", "t", "drift", "largest capacity its host metal allows; inf for none"),
    Column("site_capex", "site", "usd_per_t_per_quarter", "open", "capital cost per t of quarterly capacity"),
    Column("site_lead_quarters", "site", "quarters", "open", "decision to first output, permit aside"),
    Column("site_permit_quarters", "site", "quarters", "open", "mean wait for a permit"),
    Column("site_discount", "site", "share per year", "open", "required return without support"),
    Column("site_learning", "site", "share", "open", "fall of cash cost per doubling of cumulative output"),
    Column("site_arrival_t", "arrival", "t", "invest", "capacity arriving, by quarter of the ring"),
    # nodes
    Column("node_price", "node", "usd_per_t", "settle", "last price inside; the last known one where none was formed"),
    Column("node_expected_price", "node", "usd_per_t", "invest", "price sellers of stock expect"),
    Column("node_stock_t", "node", "t", "settle", "producers' stock"),
    Column("node_capacity_t", "node", "t", "contract", "installed capacity to make the good there, mothballed aside"),
    Column("node_qualified_t", "node", "t", "drift", "the part of it that buyers have qualified"),
    Column("node_restricted_share", "node", "share", "contract", "share of usual sales that measures hold back"),
    Column("node_outage_share", "node", "share", "drift", "capacity lost to an outage"),
    Column("node_cumulative_t", "node", "t", "settle", "all output so far, experience at the start included"),
    Column("node_cost_ratio", "node", "share", "drift", "cash cost after learning over the first"),
    Column("node_store_room", "node", "share", "contract", "open part of producers' storage of by-products"),
    Column("node_unsold_t", "node", "t", "trade", "by-product made without a market, straight into stock"),
    Column("node_risk", "node", "share", "drift", "risk of supply that buyers see in the origin"),
    Column("node_held_t", "node", "t", "drift", "leaks: exports held back in the quarter; resale: what may be sold on"),
    Column("node_outside_price", "node", "usd_per_t", "drift", "leaks and resale: price index where they go"),
    Column("node_policing", "node", "share", "drift", "leaks and resale: what customs have learned"),
    Column("node_spared_t", "node", "t", "drift", "resale: what came in spared by an exemption that binds"),
    Column("node_watched", "node", "1", "drift", "resale: 1 where its state polices it, not to lose the exemption"),
    # buyers
    Column("buyer_stock_t", "buyer", "t", "settle", "stock of refiners and consumers"),
    Column("buyer_reserve_t", "buyer", "t", "settle", "stock of the state"),
    Column("buyer_price", "buyer", "usd_per_t", "settle", "last price index; the last known one where none was formed"),
    Column("buyer_average_price", "buyer", "usd_per_t", "settle", "landed price paid per tonne bought"),
    Column("buyer_expected_price", "buyer", "usd_per_t", "invest", "price index buyers expect"),
    Column("buyer_risk", "buyer", "share", "drift", "perceived risk of supply"),
    Column("buyer_target_t", "buyer", "t", "contract", "stock they want"),
    Column("buyer_smooth_use_t", "buyer", "t", "drift", "use, smoothed"),
    Column("buyer_substituted", "buyer", "share", "drift", "demand substituted, permanent part included"),
    Column("buyer_substituted_forever", "buyer", "share", "drift", "the permanent part"),
    Column("buyer_disturbance", "buyer", "1", "drift", "disturbance of log demand"),
    Column("buyer_use_young_t", "buyer", "t", "drift", "in products in the first third of their life"),
    Column("buyer_use_middle_t", "buyer", "t", "drift", "in products in the second third"),
    Column("buyer_use_old_t", "buyer", "t", "drift", "in products in the last third"),
    Column("buyer_discard_t", "buyer", "t", "drift", "discarded in the quarter"),
    Column("buyer_scrap_multiple", "buyer", "1", "open", "what becomes scrap over what goes into products in use"),
    Column("buyer_heap_t", "buyer", "t", "drift", "all discards so far, not recycled"),
    # routes
    Column("route_passes", "route", "1", "drift", "resale: 1 where a buyer cannot buy so itself"),
    Column("route_taste", "route", "1", "drift", "preference per tonne of capacity over the base year's"),
    Column("route_held_share", "route", "share", "contract", "part of its usual, grown flow that is held back"),
    Column("route_flow_1_t", "route", "t", "settle", "flow a quarter ago"),
    Column("route_flow_2_t", "route", "t", "settle", "flow two quarters ago"),
    Column("route_flow_3_t", "route", "t", "settle", "flow three quarters ago"),
    Column("route_flow_4_t", "route", "t", "settle", "flow four quarters ago"),
    Column("route_mean_flow_t", "route", "t", "settle", "mean flow of the last four quarters"),
    # firms, countries, pairs
    Column("firm_revenue_usd", "firm", "usd", "settle", "sales in the quarter, quota rents and support included"),
    Column("firm_rent_usd", "firm", "usd", "settle", "quota rents in the quarter"),
    Column("firm_cost_usd", "firm", "usd", "settle", "operating and input costs in the quarter"),
    Column("firm_capex_usd", "firm", "usd", "settle", "capital cost of capacity started in the quarter"),
    Column("country_export_tax_usd", "country", "usd", "settle", "export taxes received in the quarter"),
    Column("country_tariff_usd", "country", "usd", "settle", "import duties received in the quarter"),
    Column("country_topup_usd", "country", "usd", "settle", "floor top-ups received in the quarter"),
    Column("country_rent_usd", "country", "usd", "settle", "quota rents received by the state or importers"),
    Column("country_support_usd", "country", "usd", "settle", "price support paid in the quarter"),
    Column("country_programme_usd", "country", "usd", "settle", "public programmes and the keep of state stocks"),
    Column("country_fund_usd", "country", "usd", "invest", "public money for capacity started in the quarter"),
    Column("country_spending_usd", "country", "usd", "settle", "what its buyers paid for goods in the quarter"),
    Column("country_enforcement", "country", "share", "open", "chance that smuggled goods are caught on a new way"),
    Column("tension", "pair", "share", "drift", "political distance"),
    Column("pair_strain", "pair", "share", "contract", "part of the pair's usual trade under export restrictions"),
    # the exporter that chooses
    Column("country_mode", "country", "1", "decide", "mode of a state that chooses (`model.mode`)"),
    Column("country_planned", "country", "quarters", "decide", "step in which it last planned"),
    Column("node_mode", "node", "1", "decide", "mode of the node's state for this good"),
    Column("node_stance", "node", "1", "decide", "its stance: wedge above 0, support below; share of price"),
    Column("pair_struck", "pair", "1", "decide", "measures and treaties of the second that strike the first"),
    Column("pair_tension", "pair", "share", "decide", "tension when last seen"),
    Column("pair_provocation", "pair", "share", "decide", "how provoked the first is by the second"),
    Column("pair_coercion", "pair", "quarters", "decide", "quarters for which the first still restricts the second"),
    Column("pair_truce", "pair", "quarters", "decide", "quarters for which it has suspended restrictions on it"),
    # what measures push between quarters: factors, 1 where none does
    Column("site_capex_factor", "site", "1", "contract", "on the capital cost of new capacity"),
    Column("site_lead_factor", "site", "1", "contract", "on the time to build"),
    Column("site_permit_factor", "site", "1", "contract", "on the wait for a permit"),
    Column("site_discount_factor", "site", "1", "contract", "on the required return"),
    Column("site_error_factor", "site", "1", "contract", "on the error of price expectations"),
    Column("site_relief_share", "site", "share", "contract", "part of the capital cost that public funds take off"),
    Column("site_relief_factor", "site", "1", "contract", "on the required return, by public equity"),
    Column("buyer_demand_factor", "buyer", "1", "contract", "on final demand"),
    Column("buyer_substitution_factor", "buyer", "1", "contract", "on the speed of substitution"),
    Column("buyer_recycling_factor", "buyer", "1", "contract", "on the growth of recycling"),
    Column("buyer_risk_factor", "buyer", "1", "contract", "on the rise of perceived risk"),
    Column("country_enforcement_factor", "country", "1", "contract", "on the policing of leaks"),
    # treaties; states are those of `model.treaty_state`
    Column("treaty_state", "treaty", "1", "contract", "its state"),
    Column("treaty_since", "treaty", "quarters", "contract", "step of the last change"),
    Column("treaty_began", "treaty", "quarters", "contract", "step in which it came into force"),
    Column("treaty_tabled", "treaty", "1", "decide", "decision: put on the table again"),
    Column("treaty_countered", "treaty", "1", "decide", "decision: answered with other terms"),
    Column("member_state", "membership", "1", "contract", "state of each country in it"),
    Column("member_since", "membership", "quarters", "contract", "step of the last change"),
    Column("member_signed", "membership", "quarters", "contract", "step of signing"),
    Column("member_breach", "membership", "quarters", "contract", "quarters in breach so far"),
    Column("member_vote", "membership", "1", "decide", "decision: signs now"),
    Column("member_notice", "membership", "quarters", "decide", "decision: step of notice to leave, -1 for none"),
    Column("member_payment_usd", "membership", "usd", "decide", "agreed at signing: it pays the others"),
    Column("member_cheats", "membership", "1", "decide", "decision: does not carry out its own measures"),
    Column("member_spared_t", "membership", "t", "drift", "what came in under the exemption where it binds"),
    Column("member_resold_t", "membership", "t", "drift", "the part of it that was sold on"),
    Column("member_resale_quarters", "membership", "quarters", "drift", "quarters in a row that too much was"),
    Column("member_barred", "membership", "quarters", "contract", "step in which it last lost its exemption"),
    Column("pair_claims", "pair", "1", "decide", "decision or event: a claim on the other's territory"),
    Column("pair_claimed", "pair", "quarters", "contract", "step of the last claim"),
    Column("country_levy_usd", "country", "usd", "settle", "received from shared levies and agreed payments, net"),
    Column("country_burden_usd", "country", "usd", "settle", "paid towards other members' supports, less received"),
    # books
    Column("good_produced_t", "good", "t", "settle", "output in the quarter"),
    Column("good_shipped_t", "good", "t", "settle", "flows in the quarter"),
    Column("good_residual_t", "good", "t", "settle", "output plus sales from stock less flows, storage and disposal"),
    Column("good_use_residual_t", "good", "t", "settle", "purchases plus draws and releases less use and stocking"),
    Column("balance_usd", "account", "usd", "settle", "balance of each account of the ledger"),
    Column("project_arrival", "project", "quarters", "open", "first output, quarters after the start; inf if it fails"),
    Column("turnover_usd", "run", "usd", "settle", "sum of all postings in the quarter"),
    Column("money_residual_usd", "run", "usd", "settle", "sum of all balances, which should be nothing"),
    Column("missed", "run", "1", "trade", "components of the market that missed the tolerance this quarter"),
    Column("missed_ever", "run", "1", "trade", "the same, over all quarters so far"),
    Column("worst_violation", "run", "1", "trade", "largest certificate so far"),
)  # fmt: skip

#: All columns as one named tuple of arrays, in the order declared.
if TYPE_CHECKING:

    class Columns(tuple[Any, ...]):
        """One array per column, by name."""

        def __new__(cls, *arrays: Any) -> "Columns": ...  # noqa: D102
        def __getattr__(self, name: str) -> Any: ...

else:
    Columns = namedtuple("Columns", [column.name for column in COLUMNS])
BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}
