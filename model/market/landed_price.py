"""What a buyer pays for a tonne at the door, border measures included."""

from model.compiled import rule


@rule
def landed_line(export_tax, export_duty, freight, tariff, import_duty):
    """Return slope and intercept (usd_per_t) of the landed price in the producer's price with its wedges.

    `((price + wedge) (1 + export_tax) + export_duty + freight) (1 + tariff) + import_duty`: the quota's scarcity
    price is earned before the border and ad valorem rates stack on it. A border-adjusted floor tops up what is
    left below it: the landed price is the larger of the line and the floor.
    """
    return (1.0 + export_tax) * (1.0 + tariff), (export_duty + freight) * (1.0 + tariff) + import_duty
