"""Strategic stocks: what a state buys and releases by rule, and what users take from and return to a vault."""

from model.compiled import rule


@rule
def stock_gap(target_t, capacity_t, held_t, build_quarters):
    """Return what a stock lacks this quarter (t): up to its target and capacity, built up over some quarters."""
    wanted = min(target_t, capacity_t)
    return max(0.0, min(wanted - held_t, wanted / max(build_quarters, 1.0)))


@rule
def buy_t(gap_t, price, mean_price, below, most_share, supply_t):
    """Return what a state buys (t): the gap while `price < below mean_price`, at most a share of supply outside.

    Prices usd_per_t, the mean over eight quarters; nothing where no price is known. Source: StockPolicy.
    """
    if not price < below * mean_price:
        return 0.0
    return max(0.0, min(gap_t, most_share * supply_t))


@rule
def is_short(price, mean_price, above, usual_t, bought_t, short_share):
    """Tell whether a release is called for: `price > above mean_price`, or a shortfall of more than `short_share`."""
    if price > above * mean_price:
        return True
    return usual_t > 0.0 and (usual_t - bought_t) / usual_t > short_share


@rule
def let_go_t(held_t, quarters, gap_share, usual_t, bought_t):
    """Return what a state releases (t): `min(S / H, g max(0, use - available))`. Source: StockPolicy."""
    return max(0.0, min(held_t / max(quarters, 1.0), gap_share * max(0.0, usual_t - bought_t)))


@rule
def refill_t(gap_t, owed_t, price, strike, quarters, most_share, supply_t):
    """Return what users buy into a vault (t): freely while `price <= strike`, what they took back within `quarters`.

    Never more than the gap or a share of supply outside.
    """
    wanted = gap_t if price <= strike else min(gap_t, owed_t / max(quarters, 1.0))
    return max(0.0, min(wanted, most_share * supply_t))
