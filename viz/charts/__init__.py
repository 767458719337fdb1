"""The registry of charts: one line each. `production_share.py` is the example to copy."""

from collections.abc import Callable

from viz.charts import concentration, price, production_share, supplier_matrix, volume
from viz.figure import Figure, GoodTable

CHARTS: list[Callable[[GoodTable], Figure]] = [
    production_share.draw,
    price.draw,
    concentration.draw,
    volume.draw,
    supplier_matrix.draw,
]
