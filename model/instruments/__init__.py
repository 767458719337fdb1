"""The registry of instruments: one line each. `export_quota.py` is the example to copy."""

from model.instrument import Instrument
from model.instruments import (
    export_ban,
    export_licence,
    export_quota,
    export_tax,
    import_tariff,
    price_floor,
    price_support,
    stock_order,
)

INSTRUMENTS: list[Instrument] = [
    export_quota.INSTRUMENT,
    export_licence.INSTRUMENT,
    export_ban.INSTRUMENT,
    export_tax.INSTRUMENT,
    import_tariff.INSTRUMENT,
    price_floor.INSTRUMENT,
    price_support.INSTRUMENT,
    stock_order.INSTRUMENT,
]
BY_NAME: dict[str, Instrument] = {instrument.name: instrument for instrument in INSTRUMENTS}
