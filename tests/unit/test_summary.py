"""The summary on the terminal."""

from sample_results import sample_results

from experiments.summary import summary


def test_the_summary_fits_a_terminal_and_names_the_leaders() -> None:
    """Top shares of base year and end, prices on both sides, certificate; at most 110 columns."""
    text = summary(sample_results())
    assert max(len(line) for line in text.splitlines()) <= 110
    assert "CHN 90%, OTH 3%, AUS 2%" in text
    assert "CHN 53%, USA 18%, AUS 13%" in text
    assert "CHN 200,000 | 200,000" in text
    assert "worst violation 3.0e-12 (2026Q1)" in text
    assert "top shares of output" in text and "price in 2040Q4, real" in text
    assert "in: producer price inside the country named" in text
    assert "smuggled over the run, and as part of world output: gallium_refined 128 t (" in text
    assert "permanent_magnets over the run" not in text


def test_a_good_that_nobody_restricts_has_one_price() -> None:
    """Without a restriction the price is that of the largest producer, and labelled so."""
    results = sample_results()
    results.manifest["restricted"] = ["gallium_refined"]
    text = summary(results)
    assert "CHN (200,000)" in text and "(one price): nobody large restricts exports" in text
