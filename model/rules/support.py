"""What a price support pays per tonne."""

from model.compiled import rule

_NO_OUTPUT_T = 1e-12


@rule
def support_rate(
    strike, upside_price, upside_share, index, output_t, volume_t, outlay_cap_usd, payback_cap_usd
):
    """Return usd paid per tonne of output (negative: paid back), by the index last published and last output.

    `max(0, strike - R) - upside_share max(0, R - upside_price)`, scaled to the eligible tonnes and the caps on money;
    without an index (NaN) nothing is paid.
    """
    if not index == index:
        return 0.0
    output = max(output_t, _NO_OUTPUT_T)
    eligible = min(1.0, volume_t / output)
    outlay = min(max(0.0, strike - index) * eligible, outlay_cap_usd / output)
    payback = min(upside_share * max(0.0, index - upside_price) * eligible, payback_cap_usd / output)
    return outlay - payback
