"""The laboratory's page without a browser: a study's folder, its pictures, its runs in Explore."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_study import small_study

from experiments.study.archive import Archive
from experiments.study.drawn import drawn_run
from experiments.study.runner import run_study
from model.error import OreblocError
from viz.live.message import unpacked
from viz.live.reach import SHARED
from viz.live.stage import stage_of
from viz.live.study_run import read_study_run, study_word
from viz.page.lab import Lab, studies
from viz.page.session import Session
from viz.study import by_policy, tipping, what_decides


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, run, with an uncertain parameter of the scenario's own beside its doubts."""
    made = tmp_path_factory.mktemp("lab") / "results" / "small"
    run_study(small_study(), made, workers=1)
    return made


@pytest.fixture
def page(folder: Path) -> Iterator[Any]:
    heard: list[dict[str, Any]] = []
    lab = Lab(lambda data: heard.append(unpacked(data)[0]), f"scenario=tiny&ask.folder={folder}", "tiny")
    lab.heard = heard  # type: ignore[attr-defined]
    yield lab


def test_the_pictures_are_those_of_the_report(page: Any, folder: Path) -> None:
    """Fans, intervals, scores and map on the page are the drawings that `orebloc study report` makes."""
    html, archive = page.answer(), Archive(folder)
    outcome = archive.study.outcomes[0]
    drawn = [*by_policy(archive, outcome), *what_decides(archive, outcome), *tipping(archive, outcome)]
    assert len(drawn) == 4
    assert [figure.title for figure in drawn if figure.body not in html] == []
    assert html.count('class="numbers"') == 4
    assert "Which futures are the worst" in html


def test_another_outcome_and_other_factors_are_shown(page: Any) -> None:
    """What comes out and the map's factors can be chosen; the address holds them."""
    page.set("outcome", "price")
    page.set("across", "stock_days")
    page.set("along", "discount_private")
    assert "stock days and discount private vary" in page.answer()
    assert page.asked() == {
        "folder": page.folder, "outcome": "price", "across": "stock_days", "along": "discount_private",
    }  # fmt: skip
    again = Lab(lambda data: None, page.link(), "tiny")
    assert again.asked() == page.asked() and not again.error


@pytest.mark.parametrize("run", [3, 70, 119])
def test_a_run_opens_with_the_numbers_of_the_study(folder: Path, run: int) -> None:
    """Run by the pages from its word, a run's paths are those stored, bit for bit after the cast."""
    archive = Archive(folder)
    stage = stage_of(study_word(folder, run))
    record, stored = stage.whole.baseline, archive.series(runs=[run])
    assert stage.luck == int(archive.runs["luck"][run])
    for outcome in archive.study.outcomes[:2]:
        country = stage.whole.observer.restrictors[outcome.goods[0]]
        path = record.path(outcome.metric, outcome.goods[0], country).astype(np.float32)
        assert np.array_equal(path, stored[outcome.column].to_numpy(np.float32), equal_nan=True)


def test_a_run_is_opened_from_the_page(page: Any, folder: Path) -> None:
    """The button leads to Explore with the run's word, looking at what the outcome is about."""
    page.set("run", "7")
    page.act("open")
    address = page.heard[-1]["address"]
    assert page.heard[-1]["kind"] == "go"
    assert f"study%3A{str(folder).replace('/', '%2F')}%3A7" in address and "good=gallium_refined" in address
    assert len(re.findall("Open run", page.answer())) == 9  # lowest, middle and highest of three policies


def test_a_run_opens_without_a_word_of_trouble(folder: Path) -> None:
    """A study of four quarters is shorter than the usual start of changes: the page starts them within it."""
    heard: list[dict[str, Any]] = []
    word = study_word(folder, 3)
    session = Session(lambda data: heard.append(unpacked(data)[0]), f"scenario={word}", "tiny")
    session.close()
    assert session.plan.scenario == word and not session.notices
    assert session.plan.start == "2025Q4"


@pytest.mark.parametrize(
    "field, value, told",
    [
        ("path", "/nowhere", "holds no study"),
        ("path", __file__, "is a file"),
        ("run", "-3", "whole number"),
        ("run", "many", "whole number"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(page: Any, field: str, value: str, told: str) -> None:
    """A folder that is no study, or an absurd run, is told, and the study stays open."""
    before = page.folder
    with pytest.raises(OreblocError, match=told):
        page.set(field, value)
    assert page.folder == before


def test_a_run_that_is_not_there_is_refused(page: Any, folder: Path) -> None:
    """A number beyond the last run is told with the limit; so is a link to one."""
    page.set("run", "120")
    with pytest.raises(OreblocError, match="it must be 0 to 119"):
        page.act("open")
    with pytest.raises(OreblocError, match="it must be 0 to 119"):
        drawn_run(folder, 500)


def test_a_link_to_no_study_is_told(tmp_path: Path) -> None:
    """A folder in the address that holds none becomes a sentence; the page opens all the same."""
    lab = Lab(lambda data: None, f"scenario=tiny&ask.folder={tmp_path}", "tiny")
    assert "holds no study" in lab.error
    assert lab.fields()


def test_without_a_study_the_page_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty results name the questions that ship and the command that runs them."""
    monkeypatch.chdir(tmp_path)
    lab = Lab(lambda data: None, "scenario=tiny", "tiny")
    assert "orebloc study run one_voice" in lab.answer()


def test_studies_are_found_in_results(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list has what is in results/ below the server's folder, and nothing that is no study."""
    monkeypatch.chdir(folder.parents[1])
    (folder.parent / "a_run").mkdir(exist_ok=True)
    (folder.parent / "a_run" / "manifest.json").write_text("{}", encoding="utf-8")
    assert studies() == {"results/small": "small"}


def test_others_see_results_only(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that other machines can reach opens no folder and no file outside its results."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SHARED, "1")
    lab = Lab(lambda data: None, "scenario=tiny", "tiny")
    with pytest.raises(OreblocError, match="outside results"):
        lab.set("path", str(folder))
    for name in (study_word(folder, 1), str(tmp_path / "mine.toml")):
        with pytest.raises(OreblocError, match="outside results"):
            stage_of(name)


def test_a_word_of_a_run_is_read_back() -> None:
    """Folder and run survive; other names are none."""
    assert read_study_run(study_word("C:/my studies/one", 12)) == ("C:/my studies/one", 12)
    assert read_study_run("baseline") is None
    assert read_study_run("study:only") is None
