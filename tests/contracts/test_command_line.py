"""The command line: what it writes, and how it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import orebloc
from experiments.results import FLOW_COLUMNS, SERIES_COLUMNS


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "nowhere"], "Scenario 'nowhere' is unknown"),
        (["run", "tiny", "--until", "2099Q1"], "--until is 2099Q1; it must lie within the scenario"),
        (["run", "tiny", "--until", "2024Q4"], "it must lie within the scenario"),
        (["run", "tiny", "--until", "soon"], "--until: 'soon' is not a time"),
        (["solve", "-", "--search", "0"], "--search is 0; it must be 1 starting point or more"),
        (["run", "tiny", "--set", "goods=[\"unobtainium\"]"], "unobtainium"),
        (["run", "tiny", "--set", "nonsense"], "--set is 'nonsense'; it must be path=value"),
        (["run", "tiny", "--set", "parameters.nothing=1"], "Parameter 'nothing' is unknown"),
        (["run", "tiny", "--runs", "0"], "Number of runs is 0; it must be 1 to"),
        (["run", "tiny", "--runs", "2.5"], "Number of runs is 2.5; it must be a whole number of 1 or more. Write 200"),
        (["run", "tiny", "--out", "/proc/foo"], "Output folder /proc/foo cannot be written"),
        (["run", "tiny", "--flows", "some"], "invalid choice: 'some'"),
        (["run", "tiny", "--fly"], "Unrecognized arguments: --fly. `orebloc --help` lists"),
        (["fly"], "invalid choice: 'fly'"),
        ([], "The following arguments are required: COMMAND. `orebloc --help` lists"),
        (["run", "tiny", "--workers", "0"], "Number of workers is 0"),
        (["run", "tiny", "--seed", "-1"], "Seed is -1"),
        (["check", "nowhere.toml"], "nowhere.toml"),
        (["solve", "nowhere.json"], "nowhere.json cannot be read"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line(
    words: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A user's mistake: exit code 2, `error: ...` on standard error, nothing else, nothing written."""
    monkeypatch.chdir(tmp_path)
    assert orebloc.main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ") and told.err.count("\n") == 1
    assert message in told.err
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the tables cannot be written at the end: the reason, the folder, the remedy; no traceback, no rest."""
    from experiments import results

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results.Results, "_write", fail)
    assert orebloc.main(["run", "tiny", "--until", "2025Q1", "--out", str(tmp_path / "run")]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert "run: no space left on device. Nothing was kept there. Free space" in told
    assert not list(tmp_path.iterdir())


def test_results_find_shelter_when_their_folder_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where only the folder asked for cannot be written, results are complete elsewhere, and the message says where."""
    import tempfile

    from experiments import results

    write = results.Results._write
    asked, shelter = tmp_path / "asked", tmp_path / "shelter"
    shelter.mkdir()

    def fail_there(self: results.Results, folder: Path, pages: dict[str, str]) -> None:
        if folder.parent == asked:
            raise OSError(28, "No space left on device")
        write(self, folder, pages)

    monkeypatch.setattr(results.Results, "_write", fail_there)
    monkeypatch.setattr(tempfile, "tempdir", str(shelter))
    assert orebloc.main(["run", "tiny", "--until", "2025Q1", "--out", str(asked / "run")]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    (kept,) = shelter.glob("*/run")
    assert f"complete in {kept}" in told and (kept / "series.parquet").is_file()
    assert not list(asked.iterdir())


def test_check_takes_changes_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """`check --set` reads the scenario as `run --set` would; one good is one good."""
    assert orebloc.main(["check", "tiny", "--set", 'goods=["gallium"]', "--set", "measures=[]"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "1 good: gallium_refined" in told and "0 measures" in told


def test_a_cold_cache_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no compiled rule is kept yet, the run says what it waits for; not with --json."""
    from numba.core import config

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "none"))
    for words in ([], ["--json"]):
        out = str(tmp_path / f"run{len(words)}")
        assert orebloc.main(["run", "tiny", "--until", "2025Q1", "--out", out, *words]) == 0
        assert ("compiling the rules, which takes a minute or two" in capsys.readouterr().err) == (not words)


def test_what_a_killed_run_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    """Half-written folders of a process that has gone are deleted, those of one that runs are not."""
    from experiments.folder import write_folder

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, busy = tmp_path / f".out-{gone.pid}-a1", tmp_path / f".out-{os.getppid()}-b2"
    for folder in (left, busy):
        folder.mkdir()
    write_folder(tmp_path / "out", {}, {"a.txt": "a"})
    assert not left.exists() and busy.exists() and (tmp_path / "out" / "a.txt").read_text() == "a"


def test_a_request_to_end_is_an_interrupt(tmp_path: Path) -> None:
    """SIGTERM ends with the words of Ctrl-C and leaves nothing behind."""
    code = (
        "import orebloc, os, signal, experiments.results as r\n"
        "r.json.dumps = lambda *a, **k: os.kill(os.getpid(), signal.SIGTERM)\n"
        "raise SystemExit(orebloc.main(['run', 'tiny', '--until', '2025Q1', '--out', 'o']))"
    )
    root = Path(orebloc.__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        130,
        "error: interrupted; nothing was written.",
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"until": 2025}, "until is 2025; it must be a quarter in quotes"),
        ({"runs": "3"}, "Number of runs is '3'; it must be a whole number"),
        ({"changes": [1]}, "changes is .1.; it must be a mapping"),
    ],
)
def test_a_wrong_type_from_python_is_told(words: dict, message: str) -> None:
    with pytest.raises(orebloc.OreblocError, match=message):
        orebloc.run("tiny", **words)


def test_a_class_that_is_no_agent_is_told() -> None:
    with pytest.raises(
        orebloc.OreblocError, match="Class of refiner is .*; it must be a subclass of orebloc.Miner"
    ):
        orebloc.TradeModel("tiny", agent_classes={"refiner": dict})


def test_a_folder_that_holds_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--out` never mixes results with other files, and says so before it computes."""
    (tmp_path / "mine.txt").write_text("keep me")
    assert orebloc.main(["run", "tiny", "--out", str(tmp_path)]) == 2
    assert "holds 1 file; it must be new or empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_interrupt_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C while the tables are written: exit code 130, no folder, no temporary files."""
    from experiments import results

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(results.json, "dumps", interrupt)
    assert orebloc.main(["run", "tiny", "--until", "2025Q1", "--out", str(tmp_path / "run")]) == 130
    assert not list(tmp_path.iterdir())


def test_a_run_writes_all_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`run --json` prints JSON only, and the folder holds tables, manifest and report."""
    folder = tmp_path / "deep" / "run"
    assert (
        orebloc.main(["run", "tiny", "--until", "2025Q2", "--seed", "5", "--out", str(folder), "--json"]) == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == ["flows.parquet", "log.jsonl", "manifest.json", "report.html", "series.parquet"]
    assert told["seed"] == 5
    assert told["end"] == "2025Q2"
    assert told["certificate"]["worst_violation"] <= 1e-9
    assert list(pd.read_parquet(folder / "series.parquet").columns) == SERIES_COLUMNS
    assert list(pd.read_parquet(folder / "flows.parquet").columns) == FLOW_COLUMNS
    assert orebloc.read_results(folder).value("production_t", "gallium_refined") > 0.0


def test_the_default_folder_is_new_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two runs in the same second write two time-stamped folders and print summary and report."""
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert orebloc.main(["run", "tiny", "--until", "2025Q1"]) == 0
    told = capsys.readouterr().out
    assert len(list((tmp_path / "results").glob("tiny-*"))) == 2
    assert "gallium_refined" in told
    assert "certificate: worst violation" in told
    assert "report.html" in told


def test_a_folder_without_results_cannot_be_read(tmp_path: Path) -> None:
    """`read_results` says what is missing."""
    with pytest.raises(orebloc.OreblocError, match="manifest.json is missing"):
        orebloc.read_results(tmp_path)
