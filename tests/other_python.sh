#!/bin/sh
# Smoke test on another Python than the one of the main environment: set up from the pins, list the
# scenarios, run two quarters. Skips, and says so, where there is no other Python of 3.12 or newer.
# Usage: other_python.sh PATH_OF_THE_MAIN_PYTHON
set -eu
main=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo none)

find_other() {
    for version in 3.14 3.13 3.12; do
        [ "$version" = "$main" ] && continue
        for candidate in "python$version" "$HOME"/.pyenv/versions/"$version".*/bin/python; do
            if "$candidate" -c 'import sys, venv, ensurepip; assert sys.version_info >= (3, 12)' >/dev/null 2>&1; then
                echo "$candidate"
                return
            fi
        done
    done
}

other=$(find_other)
if [ -z "$other" ]; then
    echo "SKIPPED: test-other found no Python of 3.12 or newer beside $main (1 smoke test skipped)"
    exit 0
fi
echo "test-other: $("$other" --version) ($other)"
rm -rf .venv-other
"$other" -m venv .venv-other
trap 'rm -rf .venv-other' EXIT
pip=".venv-other/bin/python -m pip install --quiet --disable-pip-version-check"
$pip --require-hashes -r requirements.txt
$pip --no-deps --no-build-isolation -e .
.venv-other/bin/orebloc scenarios
folder=$(mktemp -d)
.venv-other/bin/orebloc run baseline --until 2025Q2 --out "$folder/run"
.venv-other/bin/python - "$folder/run" <<'PY'
import sys, pathlib, pandas
folder = pathlib.Path(sys.argv[1])
series = pandas.read_parquet(folder / "series.parquet")
assert set(series.quarter) >= {"2025Q1", "2025Q2"}, series.quarter.unique()
assert (folder / "report.html").stat().st_size > 10_000
print(f"test-other: {len(series)} rows, report written: passed")
PY
# Its Mesa is a later one than that of the main environment, whose batch_run hands over `rng`.
.venv-other/bin/python - <<'PY'
import inspect, mesa, orebloc
parameters, words = {"scenario": ["tiny"], "until": "2025Q1"}, {"number_processes": 1, "display_progress": False}
(words if "rng" in inspect.signature(mesa.batch_run).parameters else parameters)["rng"] = [1, 2]
found = mesa.batch_run(orebloc.TradeModel, parameters, **words)
assert len({row["price gallium_refined"] for row in found}) == 2, found
print(f"test-other: mesa.batch_run of Mesa {mesa.__version__}, rng among its {'words' if 'rng' in words else 'parameters'}: passed")
PY
rm -rf "$folder"
