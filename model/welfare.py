"""Who gained what in a quarter: welfare by country, split into five lines that add up.

    total = consumer + producer + treasury + rent + variety

- **consumer**: what final use is worth to users beyond what they pay, in money. Worth is the area under the demand
  curve from the choke; paid is the mean landed price, whether the tonnes were bought now or drawn from stock. Use that
  went over to substitutes is worth what it was, less the substitute: the price above which users go over.
- **producer**: what plants earn, price support included, over their inputs at landed prices and their variable cost;
  `K w log(1 + e^z)` for a plant on its cost curve, were inputs paid at the price index. It counts where the plant
  stands, smugglers included. The keep of capacity and the cost of building it are not in it (`investment_usd`).
- **treasury**: export taxes, import duties and the treasury's part of floor top-ups, less price support paid, less
  what stock funds buy, plus what they sell.
- **rent**: wedges of quotas and licences to their holders (firms count where they stand), and the part of floor top-ups
  that sellers keep.
- **variety**: the entropy term, `(mean landed price - price index)` times use: what choice among suppliers is worth to
  buyers. Consumer and the variety of final use together are the integral of demand above the price index.

So the total is the market's own potential: worth of use less variable cost and freight, plus variety, plus what the
country earns abroad net of what it pays there. Private stocks that grow or shrink count at the price of the quarter.
Only changes mean something, between two answers with the same demand. Source: Samuelson1952, instruments, I46.
"""

from typing import Any, NamedTuple

import numpy as np

from model.network import Answer, Floats, Network, Terms
from model.parameter import POSITION
from model.phase.welfare import count_welfare

__all__ = ["PARTS", "Elsewhere", "Welfare", "elsewhere_of", "welfare", "welfare_by_good"]

PARTS = ("consumer", "producer", "treasury", "rent", "variety")


class Welfare(NamedTuple):
    """Welfare of a quarter, usd. Every array is [runs, countries], or [runs, goods, countries] by good."""

    consumer_usd: Floats
    producer_usd: Floats
    treasury_usd: Floats
    rent_usd: Floats
    variety_usd: Floats

    @property
    def total_usd(self) -> Floats:
        """Return the sum of the five."""
        return np.asarray(sum(self))


class Elsewhere(NamedTuple):
    """Use that substitutes meet: `share` of all use, 0 to below 1, and their price, usd_per_t; [runs, B] each."""

    share: Floats
    price: Floats


def elsewhere_of(layout: Any, columns: Any, values: Floats) -> Elsewhere:
    """Return what substitutes meet in a state of the model: sustained high prices and programmes sent users there.

    Who goes over at a price could have gone at the threshold of `substitution_threshold` times the base year's price:
    that is what a substitute costs, at the least.
    """
    stayed = (1.0 - columns.buyer_substituted) * np.minimum(columns.buyer_demand_factor, 1.0)
    price = values[:, POSITION["substitution_threshold"], None] * layout.buyer_base_price
    return Elsewhere(np.clip(1.0 - stayed, 0.0, 1.0), np.ascontiguousarray(price))


def welfare(
    network: Network,
    layout: Any,
    terms: Terms,
    answer: Answer,
    support_usd_per_t: Floats,
    floor_public_share: Floats,
    countries: int,
    elsewhere: Elsewhere | None = None,
) -> Welfare:
    """Return the welfare of every country under an answer, [runs, countries].

    `elsewhere`: use that substitutes meet, none if left out. `support_usd_per_t` [runs, S] and `floor_public_share`
    [runs, R] are what the measures wrote (fields of `model.measure_table.History`). Nothing is written anywhere: the
    answer may be one that only might be.
    """
    parts = welfare_by_good(
        network, layout, terms, answer, support_usd_per_t, floor_public_share, countries, elsewhere
    )
    return Welfare(*(part.sum(axis=1) for part in parts))


def welfare_by_good(
    network: Network,
    layout: Any,
    terms: Terms,
    answer: Answer,
    support_usd_per_t: Floats,
    floor_public_share: Floats,
    countries: int,
    elsewhere: Elsewhere | None = None,
) -> Welfare:
    """Return the same by good, [runs, goods, countries]; a plant counts under its primary output."""
    runs = answer.price.shape[0]
    goods = int(max(layout.node_good.max(), layout.buyer_good.max())) + 1
    counts = Welfare(*(np.zeros((runs, goods * countries)) for _ in PARTS))
    average = np.zeros(network.buyer_market.size)
    none = np.zeros_like(terms.demand_t)
    count_welfare(
        network, layout, terms, answer, elsewhere or Elsewhere(none, none), support_usd_per_t, floor_public_share,
        counts, average, countries,
    )  # fmt: skip
    return Welfare(*(part.reshape(runs, goods, countries) for part in counts))
