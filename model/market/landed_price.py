"""What a buyer pays for a tonne at the door, border measures included."""

from model.compiled import rule


@rule
def landed_price(price, wedge, export_tax, export_duty, freight, tariff, import_duty, floor):
    """Return the landed price (usd_per_t) and its slope in the producer's price (1, or 0 at the floor).

    `max(((price + wedge) (1 + export_tax) + export_duty + freight) (1 + tariff) + import_duty, floor)`:
    the quota's scarcity price is earned before the border, ad valorem rates stack on it, and a
    border-adjusted floor tops up what is left below it.
    """
    before_floor = ((price + wedge) * (1.0 + export_tax) + export_duty + freight) * (
        1.0 + tariff
    ) + import_duty
    if before_floor < floor:
        return floor, 0.0
    return before_floor, (1.0 + export_tax) * (1.0 + tariff)
