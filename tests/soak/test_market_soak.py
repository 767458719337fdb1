"""Ten thousand hard random markets, from cold starts: none may be missed, none may be wrong."""

import os
import time
from concurrent.futures import ProcessPoolExecutor

import pytest
from market_judge import judge

PROBLEMS = 10_000
LARGEST_VIOLATION = 1e-9


@pytest.mark.soak
def test_ten_thousand_markets(capsys: pytest.CaptureFixture[str]) -> None:
    """All are solved, and an independent reading of the conditions finds no violation beyond 1e-9."""
    began = time.perf_counter()
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(judge, range(PROBLEMS), chunksize=100))
    seconds = time.perf_counter() - began
    missed = [seed for seed, status, _, _, _ in results if status != "solved"]
    wrong = [(seed, checked) for seed, _, _, checked, _ in results if not checked <= LARGEST_VIOLATION]
    steps = sorted(iterations for *_, iterations in results)
    with capsys.disabled():
        print(f"\n{PROBLEMS} random markets in {seconds:.0f} s: {len(missed)} missed")
        print(f"worst violation: own certificate {max(r[2] for r in results):.1e},", end=" ")
        print(f"independent check {max(r[3] for r in results):.1e}")
        print(
            f"iterations: median {steps[PROBLEMS // 2]}, 99 % {steps[PROBLEMS * 99 // 100]}, most {steps[-1]}"
        )
    assert not missed, f"missed seeds: {missed[:20]}"
    assert not wrong, f"wrong seeds: {wrong[:20]}"
