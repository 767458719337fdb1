"""Prices in words: usd a tonne as the model counts, with the unit the good is quoted in beside it."""

import re
from collections.abc import Sequence

from viz.live.lever import price_factor, price_unit

_A_TONNE = re.compile(r"(\d[\d,]*(?:\.\d+)?) usd a tonne")


def price_words(good: str, usd_per_t: float) -> str:
    """Return a price of a good in both units: `128,480 USD/t (110 USD/kg oxide)`, `900,000 USD/t (900 USD/kg)`."""
    quoted = usd_per_t / price_factor(good)
    size = f"{quoted:,.0f}" if abs(quoted) >= 1000.0 else f"{quoted:.3g}"
    return f"{usd_per_t:,.10g} USD/t ({size} {price_unit(good)})"


def with_quoted_prices(text: str, goods: Sequence[str]) -> str:
    """Return an order's sentence with its prices in both units; in dollars a tonne alone where its goods differ."""
    quoted = {(price_factor(good), price_unit(good)) for good in goods}

    def written(found: re.Match[str]) -> str:
        if len(quoted) != 1:
            return f"{found[1]} USD/t"
        return price_words(goods[0], float(found[1].replace(",", "")))

    return _A_TONNE.sub(written, text)
