"""The folder of a study: what is refused, what is read, and how the command line speaks of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import OUTCOMES, assert_same, resume_here, run_here, small_study

import orebloc
from experiments.study.archive import Archive
from experiments.study.kernel import killed_answer
from experiments.study.plan import make_plan
from experiments.study.runner import resume_study, run_study
from experiments.study.store import Store
from model.engine import Engine
from model.error import OreblocError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the small study, with flows and agents of two runs."""
    place = tmp_path_factory.mktemp("study") / "out"
    run_here(small_study(keep={"flows": 2, "agents": 2}), place)
    return place


def copied(folder: Path, tmp_path: Path) -> Path:
    """Return a copy of a study's folder, to be spoilt."""
    return Path(shutil.copytree(folder, tmp_path / "out"))


def test_the_series_has_a_column_for_each_outcome(folder: Path) -> None:
    """Series: run, quarter, one float32 column for each declared outcome, and 480 rows."""
    series = orebloc.study(folder).series()
    assert list(series.columns) == [
        "run", "quarter", "production_share.gallium_refined.CHN", "outside_price_usd_per_t.germanium_refined.*",
        "production_value_usd.all.WLD",
    ]  # fmt: skip
    assert (series.dtypes.iloc[2:] == np.float32).all() and len(series) == 120 * 4
    assert series["quarter"].tolist()[:4] == ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]


def test_outcomes_are_what_the_series_says(folder: Path) -> None:
    """An outcome is its path's last value, mean, or sum over its quarters, to the precision of the cast."""
    archive = Archive(folder)
    table = archive.outcomes.set_index("run")
    ways = (lambda p: p[:, -1], lambda p: p.mean(1), lambda p: p[:, 1:3].sum(1))
    for outcome, way in zip(archive.study.outcomes, ways, strict=True):
        runs, paths = archive.paths(outcome.column)
        np.testing.assert_allclose(table[outcome.name].loc[runs], way(paths.astype(float)), rtol=1e-6)


def test_a_part_is_read_as_a_part(folder: Path) -> None:
    """Columns and runs asked for come, others do not; long frames are tidy."""
    archive = Archive(folder)
    part = archive.series(["production_share.gallium_refined.CHN"], [3, 100], long=True)
    assert sorted(part["run"].unique()) == [3, 100] and len(part) == 8
    assert list(part.columns) == ["run", "quarter", "metric", "good", "country", "value"]
    with pytest.raises(OreblocError, match="Did you mean production_share.gallium_refined.CHN"):
        archive.series(["production_share.gallium_refined.CHM"])


def test_flows_and_agents_of_the_declared_runs(folder: Path) -> None:
    """Flows and agents are kept of the first two runs, in every quarter."""
    archive = Archive(folder)
    for table in (archive.flows(), archive.agents()):
        assert sorted(table["run"].unique()) == [0, 1] and table["quarter"].nunique() == 4
    states = archive.agents().query("role == 'state'")
    assert "CHN" in set(states["name"]) and archive.agents()["capacity_t"].max() > 0


@pytest.mark.parametrize("reader", ["duckdb", "polars"])
def test_other_libraries_read_the_files(folder: Path, reader: str) -> None:
    """DuckDB and polars read the series as they lie."""
    library = pytest.importorskip(reader)
    pattern = str(folder / "series" / "*.parquet")
    name = "production_value_usd.all.WLD"
    if reader == "duckdb":
        found = library.sql(f"SELECT sum(\"{name}\") FROM '{pattern}'").fetchall()[0][0]
    else:
        found = (
            library.scan_parquet(pattern)
            .select(library.col(name).cast(library.Float64).sum())
            .collect()
            .item()
        )
    assert found == pytest.approx(Archive(folder).series()[name].astype(float).sum(), rel=1e-9)


def test_joining_the_chunks_changes_nothing(folder: Path, tmp_path: Path) -> None:
    """A compacted study has one file a table and the same content; it is complete and stays so."""
    place = copied(folder, tmp_path)
    before = Archive(place).series(), Archive(place).table
    assert Store(place).compact() == 2
    assert [path.name for path in (place / "series").iterdir()] == ["all.parquet"]
    pd.testing.assert_frame_equal(Archive(place).series(), before[0])
    pd.testing.assert_frame_equal(Archive(place).table, before[1], check_categorical=False)
    assert resume_study(place).runs == 0 and Store(place).compact() == 0


def test_an_unfinished_study_is_not_joined(tmp_path: Path) -> None:
    """Compaction waits for the last chunk."""
    place = tmp_path / "out"
    study = small_study()
    from experiments.study.plan import make_plan

    Store(place).create(study, make_plan(study))
    with pytest.raises(OreblocError, match="has 2 chunks to go"):
        Store(place).compact()


def refusal(folder: Path, action: Callable[[], object]) -> str:
    """Return the words of a refusal, after which nothing in the folder has changed."""
    before = {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".running"
    }
    with pytest.raises(OreblocError) as told:
        action()
    after = {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".running"
    }
    assert before == after
    return str(told.value)


def test_a_folder_of_another_study_is_not_written_to(folder: Path, tmp_path: Path) -> None:
    """A folder with a study, or with anything, is refused and left as it is."""
    told = refusal(folder, lambda: run_study(small_study(name="other"), folder, workers=1))
    assert "holds study small; nothing was overwritten" in told and "resume" in told
    (tmp_path / "mine.txt").write_text("dear")
    assert "holds 1 files; it must be new or empty" in refusal(
        tmp_path, lambda: run_study(small_study(), tmp_path)
    )


@pytest.mark.parametrize("key", ["rule_hash", "data_hash"])
def test_other_rules_or_data_are_refused(folder: Path, tmp_path: Path, key: str) -> None:
    """A study begun with other rules or data is not gone on with, nor are its runs opened."""
    place = copied(folder, tmp_path)
    manifest = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text(json.dumps({**manifest, key: "0" * 16}))
    assert f"was begun with {'rules' if key == 'rule_hash' else 'base data'} 0000" in refusal(
        place, lambda: resume_study(place)
    )
    from experiments.study.reopening import open_run

    assert "Results of both would be mixed" in refusal(place, lambda: open_run(Archive(place), 3))


def test_what_is_no_study_is_refused(tmp_path: Path) -> None:
    """An empty folder and the results of a single run are told from a study."""
    assert "holds no study: manifest.json is missing" in refusal(tmp_path, lambda: orebloc.study(tmp_path))
    (tmp_path / "manifest.json").write_text("{}")
    assert "results of something else" in refusal(tmp_path, lambda: resume_study(tmp_path))


def test_a_spoilt_manifest_is_refused(folder: Path, tmp_path: Path) -> None:
    """A cut or foreign manifest is told, by whoever reads it, and the folder is left as it is."""
    place = copied(folder, tmp_path)
    path = place / "manifest.json"
    whole = path.read_text()
    path.write_text(whole[:300])
    assert "cannot be read" in refusal(place, lambda: resume_here(place))
    told = refusal(place, lambda: run_here(small_study(), place))
    assert "holds a study whose manifest.json cannot be read; nothing was overwritten" in told
    path.write_text(json.dumps({key: value for key, value in json.loads(whole).items() if key != "format"}))
    assert "has format None; this version reads 1" in refusal(place, lambda: resume_here(place))


@pytest.mark.parametrize("table", ["series", "runs", "agents", "compaction"])
def test_a_joined_file_that_is_damaged_is_computed_again(folder: Path, tmp_path: Path, table: str) -> None:
    """A cut file of joined chunks, or a lost record of what was joined, is told and its chunks are made again."""
    place = copied(folder, tmp_path)
    Store(place).compact()
    path = place / "compaction.json" if table == "compaction" else place / table / "all.parquet"
    path.write_bytes(path.read_bytes()[:-100] if table != "compaction" else b"{")
    with pytest.raises(OreblocError, match="computes (damaged chunks|what was joined) again"):
        archive = Archive(place)
        archive.series(), archive.outcomes, archive.agents()
    tally = resume_here(place)
    assert tally.runs == 120 and len(tally.notes) == 1 and "again" in tally.notes[0]
    assert_same(folder, place)
    assert not list(place.rglob("all.parquet")) and len(Archive(place).agents()) == len(
        Archive(folder).agents()
    )


def test_kept_flows_that_are_damaged_are_computed_again(folder: Path, tmp_path: Path) -> None:
    """Flows and agents are looked at as series and runs are."""
    place = copied(folder, tmp_path)
    path = next((place / "flows").iterdir())
    path.write_bytes(path.read_bytes()[:50])
    assert resume_here(place).notes == ["chunk 0: flows/000000.parquet is damaged; it is computed again"]
    assert Archive(place).flows().equals(Archive(folder).flows())


def test_a_disk_too_full_to_begin_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the manifest stands there is nothing to resume; a folder that may not be written to is told likewise."""
    from experiments.study import store

    def full(path: Path, data: bytes, **how: bool) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_file", full)
    with pytest.raises(OreblocError, match="no space left on device. Free space there, then run it again"):
        run_here(small_study(), tmp_path / "out")
    monkeypatch.undo()
    run_here(small_study(until="2025Q1", outcomes=OUTCOMES[:2]), tmp_path / "out")
    monkeypatch.setattr("experiments.study.runner.LOCK", "nowhere/.running")
    with pytest.raises(
        OreblocError, match="no such file or directory. What was finished is kept. Mend that, then"
    ):
        resume_here(tmp_path / "out")


def test_a_worker_with_other_rules_is_refused(tmp_path: Path) -> None:
    """A worker that would compute by other rules stops the study with both hashes."""
    with pytest.raises(OreblocError, match=r"has rules \w+; the study was begun with 0000000000000000"):
        run_study(small_study(), tmp_path / "out", workers=1, compute="small_study:never_starts")


def test_workers_that_cannot_start_end_the_study(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where no worker starts the study ends with a message instead of starting them for ever."""
    with pytest.raises(OreblocError, match="Workers cannot start: 3 in a row ended before they were ready"):
        run_study(small_study(), tmp_path / "out", workers=1, compute="nowhere:nothing")
    assert "No module named 'nowhere'" in capfd.readouterr().err


def test_a_full_disk_keeps_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a chunk cannot be written reason and remedy are told, no half file is left, and resume goes on."""
    from experiments.study import store

    real, place = store.write_file, tmp_path / "out"

    def full(path: Path, data: bytes, **how: bool) -> None:
        if path.parent.name == "series" and path.stem == "000001":
            raise OSError(28, "No space left on device")
        real(path, data, **how)

    monkeypatch.setattr(store, "write_file", full)
    with pytest.raises(OreblocError, match="no space left on device. What was finished is kept. Free space"):
        run_here(small_study(), place)
    assert Store(place).done() == {0} and not list(place.rglob("*.part"))
    monkeypatch.setattr(store, "write_file", real)
    assert resume_here(place).runs == 56


def test_an_outcome_that_is_not_recorded_is_told_before_the_runs(tmp_path: Path) -> None:
    """A country that makes nothing of a good has no share: told at once, with those that have."""
    outcomes = [{**OUTCOMES[0], "country": "CHL"}]
    with pytest.raises(OreblocError, match="is not recorded in 'CHL'. It has AUS, CAN, CHN"):
        run_here(small_study(outcomes=outcomes), tmp_path / "out")


def test_two_runners_do_not_share_a_folder(folder: Path) -> None:
    """While one process holds a folder another is refused."""
    from experiments.study.runner import _only_one

    with _only_one(Store(folder)), pytest.raises(OreblocError, match="is being run by another process"):
        resume_study(folder)


def test_a_run_that_fails_is_recorded(tmp_path: Path) -> None:
    """Runs that raise stand in the table with their error, their fellows in the batch with their numbers."""
    from experiments.study import kernel

    class Failing(kernel.Kernel):
        def engine(self, scenario, part, reader):  # type: ignore[no-untyped-def]
            if 5 in part["run"].to_numpy():
                raise ArithmeticError("no such price")
            return super().engine(scenario, part, reader)

    study = small_study()
    from experiments.study.plan import make_plan

    rows = make_plan(study).runs.iloc[:40]
    runs = Failing(study).chunk(0, rows).runs.set_index("run")
    assert runs["status"].value_counts().to_dict() == {"ok": 39, "error": 1}
    assert runs["error"][5] == "ArithmeticError: no such price" and np.isnan(runs["outcome.share"][5])
    whole = kernel.Kernel(study).chunk(0, rows).runs.set_index("run")
    assert runs["series_hash"].drop(5).equals(whole["series_hash"].drop(5))


def written(tmp_path: Path) -> Path:
    """Return a study's file of one small chunk."""
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nquestion = "Does it run?"\nscenarios = ["tiny"]\nuntil = "2025Q2"\n'
        "uncertainties = { stock_days = { low = 20, high = 90 } }\n"
        'design = { kind = "sobol", runs = 8 }\n'
        '[[outcomes]]\nname = "share"\nmetric = "production_share"\ngood = "gallium"\ncountry = "CHN"\n'
    )
    return path


def test_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """run, status, resume, open and compact in a row, each with exit code 0 and its words."""
    monkeypatch.chdir(tmp_path)
    out = str(tmp_path / "out")
    path = str(written(tmp_path))
    assert orebloc.main(["study", "run", path, "--out", out, "--runs", "5", "--workers", "1"]) == 0
    told = capsys.readouterr().out
    assert "4 runs of 2 quarters in 1 chunks" in told and "sobol: 4 points, the nearest to 5" in told
    assert "done: 4 ok" in told
    assert orebloc.main(["study", "status", out]) == 0
    assert "1 of 1 chunks done" in capsys.readouterr().out
    assert orebloc.main(["study", "resume", out]) == 0
    assert "already complete" in capsys.readouterr().out
    assert orebloc.main(["study", "open", out, "2", "--out", str(tmp_path / "two")]) == 0
    assert "agrees: all 1 stored columns bit for bit" in capsys.readouterr().out
    assert (tmp_path / "two" / "report.html").is_file()
    assert orebloc.main(["study", "compact", out]) == 0
    assert orebloc.main(["study", "open", out, "9"]) == 2
    assert capsys.readouterr().err == "error: Run is 9; it must be 0 to 3.\n"
    assert orebloc.main(["study", "run", path, "--out", out]) == 2
    assert "nothing was overwritten" in capsys.readouterr().err


@pytest.mark.parametrize("harm", ["cut", "gone"])
def test_the_command_repairs_a_damaged_table_of_runs(
    harm: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`resume` makes a table of runs that was cut or lost again; until then `status` says that it will."""
    out = tmp_path / "out"
    run_here(
        small_study(until="2025Q1", outcomes=OUTCOMES[:2], design={"kind": "latin_hypercube", "runs": 2}), out
    )
    table = out / "experiments.parquet"
    whole = table.read_bytes()
    table.write_bytes(whole[:100]) if harm == "cut" else table.unlink()
    assert orebloc.main(["study", "status", str(out)]) == 2
    assert f"`orebloc study resume {out}` makes the table of runs again" in capsys.readouterr().err
    assert orebloc.main(["study", "resume", str(out)]) == 0
    assert "the table of runs was made again from the manifest" in capsys.readouterr().out
    assert table.read_bytes() == whole


def test_a_killed_run_is_computed_again_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run recorded as killed stays so for `resume`, and is computed by `resume --again`."""
    study = small_study(until="2025Q1", outcomes=OUTCOMES[:2], design={"kind": "latin_hypercube", "runs": 2})
    run_here(study, tmp_path / "peace")
    store = Store(tmp_path / "out")
    store.create(study, make_plan(study))
    rows = store.experiments().drop(columns="chunk")
    store.keep(killed_answer(study, 0, rows, "killed by hand"))
    store.settle()
    assert orebloc.main(["study", "resume", str(store.folder), "--workers", "1"]) == 0
    assert "already complete" in capsys.readouterr().out
    assert orebloc.main(["study", "resume", str(store.folder), "--workers", "1", "--again"]) == 0
    assert "computed again: 1 chunks" in capsys.readouterr().out
    assert_same(tmp_path / "peace", store.folder)


def test_a_run_that_missed_opens_up_to_where_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quarters before a market missed its tolerance are computed again and agree; the rest is unknown."""
    from experiments.study import kernel, reopening

    class Missing(Engine):
        def step(self) -> None:
            super().step()
            if self.quarter_label >= "2025Q3":
                self.columns.missed[:, 0] = 1.0

    monkeypatch.setattr(kernel, "Engine", Missing)
    out = tmp_path / "out"
    run_here(small_study(design={"kind": "latin_hypercube", "runs": 1}), out)
    opened = reopening.open_run(Archive(out), 0)
    assert opened.row["status"] == "missed" and opened.agrees
    assert sorted(opened.results.series["quarter"].unique()) == ["2025Q1", "2025Q2"]


def test_an_interrupted_study_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C: exit code 130, what is kept, and the words to resume with."""
    from experiments.study import runner

    def interrupted(self: object, pool: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner._Runner, "run", interrupted)
    out = tmp_path / "out"
    assert orebloc.main(["study", "run", str(written(tmp_path)), "--out", str(out)]) == 130
    assert f"0 of 1 chunks are kept. `orebloc study resume {out}` goes on." in capsys.readouterr().err
