"""The same answer whoever computes it, in whatever pieces, and whatever dies meanwhile."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import BAD_RUN, OUTCOMES, assert_same, five_chunks, resume_here, run_here, small_study

from experiments.study.archive import Archive
from experiments.study.kernel import Kernel
from experiments.study.plan import make_plan
from experiments.study.reopening import open_run
from experiments.study.runner import Tally, resume_study, run_study
from experiments.study.store import Store
from experiments.study.study import Study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the study as one process computes it in peace."""
    folder = tmp_path_factory.mktemp("study") / "one"
    run_here(small_study(), folder)
    return folder


def test_workers_and_chunks_do_not_matter(undisturbed: Path, tmp_path: Path) -> None:
    """Two workers and larger chunks give the same bits as one process and small ones."""
    run_study(small_study(chunk=100), tmp_path / "two", workers=2)
    assert_same(undisturbed, tmp_path / "two")


def test_a_run_alone_is_the_run_in_its_batch(undisturbed: Path) -> None:
    """A run computed by itself, without its batch, has the numbers stored, hash of float64 included."""
    archive = Archive(undisturbed)
    opened = open_run(archive, 97)
    assert opened.agrees and opened.largest == 0.0 and opened.columns == 3
    assert opened.results.manifest["parameters"][0]["name"] == "stock_response_power"


def test_opening_notices_a_changed_number(undisturbed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what is stored is not what the run gives, opening it says so."""
    archive = Archive(undisturbed)
    real = Archive.series

    def bent(self: Archive, columns: object = None, runs: object = None, **more: object) -> pd.DataFrame:
        table = real(self, columns, runs, **more)  # type: ignore[arg-type]
        table.iloc[2, 3] *= np.float32(1.001)
        return table

    monkeypatch.setattr(Archive, "series", bent)
    opened = open_run(archive, 3)
    assert not opened.agrees and opened.same == 2 and 5e-4 < opened.largest < 2e-3


def test_policies_meet_the_same_luck(undisturbed: Path) -> None:
    """The same point under two settings of the lever has the same luck, and the lever makes a difference."""
    runs = Archive(undisturbed).table.set_index(["policy", "point"])
    one, two = runs.loc[1], runs.loc[2]
    assert (one["luck"] == two["luck"]).all() and (one["discount_private"] == two["discount_private"]).all()
    assert (one["series_hash"] != two["series_hash"]).any()


def test_a_killed_worker_costs_its_chunk_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker killed at 20 % is replaced, at most a chunk a worker is begun twice, and every bit is the same."""
    monkeypatch.setenv("OREBLOC_TEST_FOLDER", str(tmp_path))
    last: list[Tally] = []
    run_here(five_chunks(), tmp_path / "peace")
    run_study(
        five_chunks(), tmp_path / "out", workers=2, compute="small_study:dies_once",
        progress=lambda runs, tally: last.append(tally),
    )  # fmt: skip
    assert last[-1].deaths == 1 and last[-1].status == {"ok": 321}
    begun = (tmp_path / "begun").read_text().split()
    assert set(begun) == set("012345") and 7 <= len(begun) <= 8
    assert_same(tmp_path / "peace", tmp_path / "out")


def test_a_killing_run_is_found_and_recorded(tmp_path: Path) -> None:
    """A run that kills every worker is halved out of its chunk and recorded; all other runs are as they should be."""
    seen: list[int] = []
    study = small_study(design={"kind": "latin_hypercube", "runs": 22})  # the last chunk holds two runs
    run_here(study, tmp_path / "peace")
    run_study(
        study, tmp_path / "out", workers=2, compute="small_study:killer",
        progress=lambda runs, tally: seen.append(runs),
    )  # fmt: skip
    runs = Archive(tmp_path / "out").runs.set_index("run")
    assert runs["status"].value_counts().to_dict() == {"ok": 65, "killed": 1}
    assert "SIGKILL" in runs["error"][BAD_RUN] and f"Run {BAD_RUN}" in runs["error"][BAD_RUN]
    assert sum(seen) == 66
    assert_same(tmp_path / "peace", tmp_path / "out", but=(BAD_RUN,))


_DRIVER = """
import sys
from small_study import small_study
from experiments.study.runner import run_study
run_study(small_study(), sys.argv[1], workers=1, compute="small_study:slow")
"""


def kill_driver_when(folder: Path, chunks: int) -> None:
    """Run the study in a process of its own and kill it without warning once so many chunks are done."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    driver = subprocess.Popen([sys.executable, "-c", _DRIVER, str(folder)], env=environment)
    try:
        end = time.monotonic() + 120
        while (
            len(list((folder / "series").glob("*.parquet"))) < chunks
            or not (folder / "manifest.json").is_file()
        ):
            assert driver.poll() is None and time.monotonic() < end
            time.sleep(0.02)
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()


@pytest.mark.parametrize("chunks", [0, 1])
def test_a_killed_driver_is_resumed(undisturbed: Path, tmp_path: Path, chunks: int) -> None:
    """Killed right after the manifest, or with a chunk done, a study is resumed to the same bits.

    Workers do not outlive their driver.
    """
    folder = tmp_path / "out"
    kill_driver_when(folder, chunks)
    done = len(Store(folder).done())
    assert done < 2
    (folder / "series").mkdir(exist_ok=True)
    (folder / "series" / ".000001-abcd.part").write_bytes(b"half")
    tally = resume_here(folder)
    assert tally.runs == 120 - 64 * done and any("half-written" in note for note in tally.notes)
    assert not list(folder.rglob("*.part"))
    assert_same(undisturbed, folder)
    again = resume_study(folder)
    assert again.runs == 0 and not again.notes
    assert not orphans()


def orphans() -> list[str]:
    """Return workers that have outlived their driver, after they have had a moment to notice."""
    end = time.monotonic() + 5
    while True:
        left = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True).stdout
        found = [line for line in left.splitlines() if "small_study:slow" in line and line.split()[1] == "1"]
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.1)


def test_a_damaged_chunk_is_computed_again(undisturbed: Path, tmp_path: Path) -> None:
    """A truncated Parquet file is noticed, told, and made whole."""
    folder = Path(shutil.copytree(undisturbed, tmp_path / "out"))
    path = folder / "series" / "000001.parquet"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match="computes damaged chunks again"):
        Archive(folder).series()
    tally = resume_here(folder)
    assert tally.notes == ["chunk 1: series/000001.parquet is damaged; it is computed again"]
    assert_same(undisturbed, folder)


def test_a_lost_table_of_runs_is_made_again(undisturbed: Path, tmp_path: Path) -> None:
    """The table of runs follows from the manifest: a damaged one is made again, and the study goes on."""
    folder = Path(shutil.copytree(undisturbed, tmp_path / "out"))
    whole = (folder / "experiments.parquet").read_bytes()
    (folder / "experiments.parquet").write_bytes(whole[:100])
    (folder / "series" / "000000.parquet").unlink()
    tally = resume_here(folder)
    assert tally.notes == ["the table of runs was made again from the manifest"] and tally.runs == 64
    assert_same(undisturbed, folder)


def batch_bits(study: Study, size: int) -> dict[int, str]:
    """Return each run's hash, computed in batches of at most so many."""
    import experiments.study.kernel as kernel

    rows, usual = make_plan(study).runs, kernel.BATCH
    kernel.BATCH = size
    try:
        answer = Kernel(study).chunk(0, rows)
    finally:
        kernel.BATCH = usual
    return dict(zip(answer.runs["run"], answer.runs["series_hash"], strict=True))


def test_batches_do_not_matter() -> None:
    """Batches of 1, 7 and 64 runs give every run the same numbers before the cast."""
    study = small_study(
        scenarios=["tiny"], levers={}, design={"kind": "latin_hypercube", "runs": 8}, until="2025Q2",
        outcomes=OUTCOMES[:2],
    )  # fmt: skip
    assert batch_bits(study, 1) == batch_bits(study, 7) == batch_bits(study, 64)


def test_one_calibration_serves_later_changes() -> None:
    """Scenarios that differ after the base year share a calibrated world, with the numbers of one of their own."""
    import experiments.study.world_cache as cache

    late = {
        "type": "export_quota", "actor": "CHN", "quarter": "2025Q2", "fields": {"good": "gallium", "quantity_t": 50},
    }  # fmt: skip
    changes = {"measures": [*small_study().scenarios["plain"].to_mapping()["measures"], late]}
    study = small_study(
        scenarios=[{"name": "plain", "scenario": "tiny", "changes": changes}],
        levers={"quota": {"path": "measures.4.fields.quantity_t", "values": [20, 60]}},
        design={"kind": "latin_hypercube", "runs": 2},
    )
    rows, kernel = make_plan(study).runs, Kernel(study)
    shared = kernel.chunk(0, rows).runs
    assert len(kernel.worlds.kept) == 1
    real = cache.base_key
    cache.base_key = lambda scenario: str(scenario.to_mapping())
    try:
        apart = Kernel(study).chunk(0, rows).runs
    finally:
        cache.base_key = real
    assert shared["series_hash"].tolist() == apart["series_hash"].tolist()
    assert shared["series_hash"].nunique() == 4
