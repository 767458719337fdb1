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


@rule
def offtake_rate(min_price, discount, take, index, output_t, volume_t, contracted_t):
    """Return usd paid per tonne of output under an offtake (negative: the producer gives a discount).

    `max(min_price, (1 - discount) R) - R` on the tonnes delivered: the volume, or less where output or other
    contracts on the same output (`contracted_t` in all) leave less. While the buyer pays more than the index R it
    takes the share `take`.
    """
    if not index == index:
        return 0.0
    gap = max(min_price, (1.0 - discount) * index) - index
    delivered = volume_t / max(output_t, contracted_t, volume_t, _NO_OUTPUT_T)
    return gap * delivered * (take if gap > 0.0 else 1.0)


@rule
def loan_subsidy(private_annuity, public_annuity):
    """Return the part of a loan that its cheapness is worth, `1 - A(r_private) / A(r_public)`, 0 to 1.

    `A` is the present value of 1 a year over the loan's life.
    """
    return max(0.0, 1.0 - private_annuity / max(public_annuity, 1e-9))


@rule
def capped_duty(duty, normal, export, injury):
    """Return a duty no higher than the dumping margin `(normal - export) / export`, and than the injury margin.

    Reference prices in usd_per_t; `injury` NaN where the lesser duty is not asked for. Without known prices there
    is none.
    """
    if not (normal == normal and export > 0.0):
        return 0.0
    most = normal / export - 1.0
    if injury == injury:
        most = min(most, injury / export - 1.0)
    return max(0.0, min(duty, most))
