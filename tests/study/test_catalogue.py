"""The studies that ship, as one: they run into one folder, and the signs they expect are held against the runs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_study import OUTCOMES, Here, folder_of, small_study

from experiments.study import catalogue
from experiments.study.archive import Archive
from experiments.study.catalogue import run_catalogue, shipped
from experiments.study.plan import make_plan
from experiments.study.policy import find_policy, labels_of
from experiments.study.sign_check import SignCheck, check_signs
from experiments.study.store import Store
from model.cache import rule_hash
from model.error import OreblocError
from orebloc import main
from viz.study import draw_study


def sign(**keys: Any) -> dict[str, Any]:
    """Return a sign as a study file has it."""
    return {"says": "it is so", "outcome": "share", **keys}


def checked(folder: Path, *signs: dict[str, Any]) -> list[SignCheck]:
    """Return what is found of signs where the second policy is 1 better, the third 1 worse, and discount adds 5 a unit.

    Stock days add next to nothing.
    """
    study = small_study(outcomes=OUTCOMES[:1], signs=list(signs))
    shift, noise = np.array([0.0, -1.0, 1.0]), np.random.default_rng(1)

    def outcome(rows: pd.DataFrame) -> Any:
        return 50 * rows["discount_private"] + shift[rows["policy"]] + 0.01 * noise.normal(size=len(rows))

    return check_signs(folder_of(study, folder / "out", outcome))


@pytest.mark.parametrize(
    ("keys", "shown", "value"),
    [
        ({"policy": "taxed, tax 0.1", "against": "plain", "way": "lower"}, True, -1.0),
        ({"policy": "taxed, tax 0.1", "against": "plain", "way": "higher"}, False, -1.0),
        ({"policy": "taxed, tax 0.2", "way": "higher"}, True, 1.0),
        ({"policy": "taxed, tax 0.2", "against": "taxed, tax 0.1", "way": "higher"}, True, 2.0),
        ({"policy": "taxed, tax 0.2", "way": "same", "within": 0.5}, False, 1.0),
        ({"policy": "taxed, tax 0.2", "way": "same", "within": 1.5}, True, 1.0),
        ({"policy": "plain", "against": "plain", "way": "lower"}, False, 0.0),
        ({"factor": "discount_private", "way": "higher"}, True, 0.87),
        ({"factor": "discount_private", "way": "lower"}, False, 0.87),
        ({"factor": "stock_days", "way": "higher"}, False, 0.0),
        ({"factor": "discount_private", "more_than": "stock_days"}, True, 0.36),
        ({"factor": "stock_days", "more_than": "discount_private"}, False, -0.36),
    ],
)
def test_a_sign_is_read_off_the_runs(tmp_path: Path, keys: dict[str, Any], shown: bool, value: float) -> None:
    """Each kind of sign is found where it is and nowhere else."""
    (found,) = checked(tmp_path, sign(**keys))
    assert found.shown is shown and found.value == pytest.approx(value, abs=0.15)
    assert found.as_told is shown


def test_a_refuted_expectation_is_as_told_where_it_stays_refuted(tmp_path: Path) -> None:
    """`holds = false` means that the runs must not show the sign."""
    way = {"policy": "taxed, tax 0.2", "holds": False}
    there, not_there = checked(tmp_path, sign(way="higher", **way), sign(way="lower", **way))
    assert there.shown and not there.as_told and not not_there.shown and not_there.as_told


def test_a_policy_that_is_not_there_is_told_before_anything_runs(tmp_path: Path) -> None:
    """A sign of an unknown policy is refused with those that the study has; commas between thousands are free."""
    with pytest.raises(OreblocError) as told:
        checked(tmp_path, sign(policy="taxed, tax 0.3", way="lower"))
    assert "'taxed, tax 0.3', which the study has not. Did you mean taxed, tax 0.2" in str(told.value)
    assert "signs[0].policy" in str(told.value) and not (tmp_path / "out").exists()
    assert find_policy("floor, height 160000", {3: "floor, height 160,000"}) == 3


def test_a_policy_without_runs_leaves_its_sign_untold(tmp_path: Path) -> None:
    """In a folder that is half done such a sign is neither shown nor refuted, and the report names the policy."""
    signs = [sign(policy="taxed, tax 0.2", way="lower")]
    study = small_study(outcomes=OUTCOMES[:1], expected=["it is so"], signs=signs, chunk=64)
    archive = folder_of(study, tmp_path / "out", lambda rows: rows["discount_private"])
    table = archive.table.astype({"status": str})
    table.loc[table["policy"] == 2, "status"] = "killed"
    archive.__dict__["table"] = table
    (found,) = check_signs(archive)
    assert found.missing and not found.shown and not found.as_told
    archive.store.files("runs")[-1].unlink()
    archive.store.files("series")[-1].unlink()
    page = draw_study(Archive(archive.store.folder))
    assert "\u201ctaxed, tax 0.2\u201d has no complete run yet" in page and "not told" in page
    assert "No complete run yet: \u201ctaxed, tax 0.2\u201d" in page


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"outcome": "shar", "policy": "plain", "way": "lower"}, "no outcome of the study. Did you mean share?"),
        ({"way": "lower"}, "A sign has one of policy and factor."),
        ({"policy": "plain", "factor": "tax", "way": "lower"}, "A sign has one of policy and factor."),
        ({"factor": "discount_privat", "way": "lower"}, "Did you mean discount_private?"),
        ({"factor": "tax", "against": "plain", "way": "lower"}, "Against is for policies"),
        ({"policy": "plain", "more_than": "tax"}, "More_than is for factors"),
        ({"policy": "plain"}, "A sign has one of way (lower, higher, same) and more_than."),
        ({"policy": "plain", "way": "same"}, "Within belongs to way = 'same'"),
        ({"policy": "plain", "way": "lower", "within": 1.0}, "Within belongs to way = 'same'"),
        ({"factor": "tax", "way": "same", "within": 1.0}, "it must be lower or higher"),
        ({"policy": "plain", "way": "down"}, "it must be one of lower, higher, same"),
        ({"policy": "plain", "way": "lower", "says": None}, "Sign is missing. Write says"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_sign_is_told(keys: dict[str, Any], message: str) -> None:
    """A sign that says nothing clear is refused with its field."""
    with pytest.raises(OreblocError) as told:
        small_study(signs=[sign(**keys)])
    assert message in str(told.value) and "signs[0]" in str(told.value)


@pytest.mark.parametrize("name", shipped())
def test_every_study_that_ships_expects_signs_of_what_it_has(name: str) -> None:
    """Two or more signs each, of policies that its plan holds."""
    study = shipped()[name]
    labels = labels_of(make_plan(study).runs, study.levers).values()
    assert len(study.signs) >= 2 and study.found_by
    for one in study.signs:
        assert {one.policy, one.against} <= {"", *labels}


def some(*names: str) -> dict[str, Any]:
    """Return small studies of few runs."""
    runs = {"kind": "latin_hypercube", "runs": 4}
    signs = [sign(policy="taxed, tax 0.2", way="same", within=1.0)]
    return {
        name: small_study(name=name, until="2025Q1", outcomes=OUTCOMES[:2], design=runs, signs=signs)
        for name in names
    }


def test_a_catalogue_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """A second call computes nothing anew; a study that was lost is run again; words of a study may change."""
    told: list[str] = []
    first = run_catalogue(tmp_path, some("one", "two"), pool=Here(), told=lambda name, *_: told.append(name))
    assert told == ["one", "two"] and [len(entry.archive.runs) for entry in first] == [12, 12]
    assert all(check.as_told for entry in first for check in entry.checks)
    stamp = (tmp_path / "one" / "series" / "000000.parquet").stat().st_mtime_ns
    (tmp_path / "two" / "series" / "000000.parquet").unlink()
    reworded = {
        name: study.with_changes(found="Nothing.", signs=[]) for name, study in some("one", "two").items()
    }
    again = run_catalogue(tmp_path, reworded, pool=Here())
    assert (tmp_path / "one" / "series" / "000000.parquet").stat().st_mtime_ns == stamp
    assert again[1].archive.is_complete and not again[1].checks


@pytest.mark.parametrize(
    ("changes", "runs", "words"),
    [
        ({"seed": 9}, None, "holds study two as it was written before; nothing was overwritten"),
        ({}, 6, "was begun with its own number of runs, not 6; nothing was overwritten"),
    ],
)
def test_another_study_in_the_folder_is_refused_before_any_runs(
    tmp_path: Path, changes: dict[str, Any], runs: int | None, words: str
) -> None:
    """Where one folder holds something else, none is begun."""
    two = some("two")["two"]
    Store(tmp_path / "two").create(two, make_plan(two))
    studies = {**some("one"), "two": two.with_changes(**changes)}
    with pytest.raises(OreblocError, match=words):
        run_catalogue(tmp_path, studies, runs=runs, pool=Here())
    assert not (tmp_path / "one").exists()


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 where all signs are as told, 1 where one is not, 2 for the folder of other rules."""
    real, studies = catalogue.carry_on, some("one")
    monkeypatch.setattr(catalogue, "carry_on", lambda store, **keys: real(store, pool=Here()))
    monkeypatch.setattr(catalogue, "shipped", lambda: studies)
    words = ["study", "catalogue", "--out", str(tmp_path)]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "one: 12 runs" in told and "shows: it is so (difference" in told
    assert f"1 of 1 signs are as the studies tell them, by rules {rule_hash()}" in told
    studies["one"] = studies["one"].with_changes(signs=[sign(policy="taxed, tax 0.2", way="higher")])
    assert main([*words, "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["studies"][0]["signs"]
    assert row["shown"] is row["as_told"] is False and abs(row["value"]) < 1.0
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    (tmp_path / "one" / "manifest.json").write_text(json.dumps({**manifest, "rule_hash": "0" * 16}))
    assert main(words) == 2
    assert "was begun with rules 0000000000000000" in capsys.readouterr().err


@pytest.mark.soak
def test_the_signs_of_the_catalogue(tmp_path: Path) -> None:
    """Every study that ships, in its full size, shows the signs it tells of, and no other."""
    entries = run_catalogue(tmp_path / "catalogue")
    odd = [(entry.study.name, check) for entry in entries for check in entry.checks if not check.as_told]
    assert not odd
    assert all((Archive(entry.archive.store.folder).runs["status"] == "ok").all() for entry in entries)


@pytest.mark.soak
def test_the_page_is_of_these_rules() -> None:
    """docs/catalogue.md tells what today's rules bring: `make catalogue` writes it anew."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert page.count(f"rules {rule_hash()}") == len(shipped())
