"""The laboratory: a study's folder as pictures, and any run of it opened in Explore."""

from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.study import analysis
from experiments.study.archive import Archive
from experiments.study.store import MANIFEST
from experiments.study.study import Outcome
from model.error import OreblocError
from viz.figure import Figure
from viz.live.reach import RESULTS, check_reach, shows_results
from viz.live.study_run import study_word
from viz.page.sheet import Ask, Sheet, card, table
from viz.study import box_words, by_policy, policy_tables, sentences, tipping, tipping_pair, what_decides
from viz.study_chart import LABELLED, amount_words
from viz.study_finding import headline, outcome_title, plain_words

#: Studies listed, the newest first.
_MOST = 30


class Lab(Sheet):
    """Shows one outcome of one study."""

    title = "Lab"
    purpose = "Shows what a study of many runs came to: what came out, what decides it, and any of its runs on Explore."
    busy = "Reading the runs…"

    def begin(self) -> None:
        """Open the newest study there is."""
        self.known = studies() if shows_results() else {}
        self.folder = next(iter(self.known), "")
        if not self.folder:
            self.busy = "Looking for studies…"
        self.outcome = self.across = self.along = ""
        self.run = 0
        self._archives: dict[str, Archive] = {}

    def asked(self) -> dict[str, str]:
        """Return folder, outcome and the factors of the map."""
        words = {"folder": self.folder, "outcome": self.outcome, "across": self.across, "along": self.along}
        return {key: word for key, word in words.items() if word}

    def fields(self) -> list[Ask]:
        """Return study, outcome, factors of the map, and the run to open."""
        listed = list(self.known.items())
        if self.folder not in self.known:
            listed.append((self.folder, "another folder" if self.folder else "none yet"))
        found = [
            Ask("folder", "Study", "select", self.folder, listed),
            Ask("path", "or its folder", "text", self.folder if self.folder not in self.known else ""),
        ]
        archive = self._opened()
        if archive is None:
            return found
        outcomes = [(outcome.name, outcome_title(outcome)) for outcome in archive.study.outcomes]
        factors = [(factor.name, plain_words(factor.name)) for factor in archive.study.factors]
        found.append(Ask("outcome", "What comes out", "select", self._chosen(archive).name, outcomes))
        if len(factors) > 1:
            found += [
                Ask("across", "Map of", "select", self.across, factors),
                Ask("along", "by", "select", self.along, factors),
            ]
        most = archive.manifest["runs"] - 1
        return [*found, Ask("run", "Run", "number", self.run, low=0, high=most, step=1),
                Ask("open", "Open this run in Explore", "button")]  # fmt: skip

    def set(self, field: str, value: Any) -> None:
        """Take over a choice. Raises `OreblocError` for a folder that is no study."""
        word = str(value).strip()
        if field in ("folder", "path") and word:
            check_reach(word)
            if Path(word).is_file():
                raise OreblocError(f"{word} is a file; a study is a folder. Choose the folder that holds it.")
            Archive(word)
            self.folder, self.outcome, self.across, self.along, self.run = word, "", "", "", 0
        elif field in ("outcome", "across", "along"):
            setattr(self, field, word)
        elif field == "run":
            if not word.isdigit():
                raise OreblocError(f"Run is {word!r}; it must be a whole number of 0 or more. Correct it.")
            self.run = int(word)

    def act(self, button: str) -> None:
        """Lead to Explore with the run chosen. Raises `OreblocError` where it cannot be opened."""
        archive = self._opened()
        if button == "open" and archive is not None:
            from viz.live.stage import stage_of

            word = study_word(self.folder, self.run)
            stage_of(word)
            self.go_to(word, self._chosen(archive))

    def go_to(self, word: str, outcome: Outcome) -> None:
        """Lead to Explore with a run, looking at what the outcome is about."""
        from viz.live.message import packed

        self.emit(packed({"kind": "go", "address": run_address(word, outcome)}))

    def _opened(self) -> Archive | None:
        """Return the study, None where there is none or it cannot be read: `answer` says so."""
        if not self.folder:
            return None
        if self.folder not in self._archives:
            try:
                archive = Archive(self.folder)
                _ = archive.study
            except OreblocError:
                return None
            self._archives = {self.folder: archive}
        archive = self._archives[self.folder]
        if not self.across or not self.along:
            self._choose_pair(archive)
        return archive

    def _choose_pair(self, archive: Archive) -> None:
        names = [factor.name for factor in archive.study.factors]
        pair = None
        if archive.store.done() and len(analysis.complete(archive)) >= analysis.LEAST_RUNS:
            pair = tipping_pair(archive, self._chosen(archive))
        first, second = pair or ((*names, "", "")[:2])
        self.across, self.along = self.across or first, self.along or second

    def _chosen(self, archive: Archive) -> Outcome:
        known = {outcome.name: outcome for outcome in archive.study.outcomes}
        if self.outcome not in known:
            self.outcome = next(iter(known))
        return known[self.outcome]

    def answer(self) -> str:
        """Return the pictures. Raises `OreblocError` for a folder that is no study or holds too few runs."""
        if not self.folder:
            return _nothing_yet()
        archive = self._opened() or Archive(self.folder)
        self._archives = {self.folder: Archive(self.folder)} if not archive.is_complete else self._archives
        whole = analysis.complete(archive)
        if len(whole) < analysis.LEAST_RUNS:
            raise OreblocError(
                f"Complete runs of study {archive.study.name} are {len(whole)}; pictures need {analysis.LEAST_RUNS} or "
                f"more. `.venv/bin/orebloc study resume {self.folder}` goes on."
            )
        outcome = self._chosen(archive)
        rows = analysis.robustness(archive, outcome.name)
        told = "".join(f"<li>{escape(text)}</li>" for text in sentences(archive, outcome))
        pair = (self.across, self.along)
        figures = [*by_policy(archive, outcome), *what_decides(archive, outcome),
                   *(tipping(archive, outcome, pair) if pair[0] and pair[0] != pair[1] else [])]  # fmt: skip
        listed, policies = _run_table(whole, outcome, self.folder), policy_tables(archive, outcome)
        drawn = "".join(figure_card(figure) for figure in figures)
        found = (
            box_words(archive, outcome)
            or "<p>Nowhere: no factor sets the worst quarter of the runs apart.</p>"
        )
        return (
            f'<h1 class="finding">{escape(headline(rows, outcome))}</h1>'
            f'<p class="lead">{escape(archive.study.question)}</p><div class="board">'
            + card("What came out", f"<ul class='points'>{told}</ul>", _size(archive, len(whole)))
            + drawn
            + card("Which futures are the worst", found, "Scenario discovery (PRIM)", wide="half")
            + card("Runs to look at", listed, "Each opens in Explore with the same numbers", wide="half")
            + card("Policies, future by future", policies or "<p>There is one policy only.</p>")
            + "</div>"
        )  # fmt: skip


def studies(below: Path = RESULTS) -> dict[str, str]:
    """Return the studies in the folder of results: path and title, the newest first."""
    if not below.is_dir():
        return {}
    found = sorted(below.glob(f"*/{MANIFEST}"), key=lambda path: path.stat().st_mtime, reverse=True)
    known: dict[str, str] = {}
    for path in found:
        if len(known) < _MOST and (path.parent / "experiments.parquet").is_file():
            known[str(path.parent)] = path.parent.name
    return known


def run_address(word: str, outcome: Outcome) -> str:
    """Return the address of Explore for a run of a study, looking at the outcome's good."""
    from urllib.parse import urlencode

    from model.name import chain_of

    words = {"scenario": word}
    good = outcome.goods[0] if outcome.goods else ""
    if good and good != "all":
        words |= {"mineral": chain_of(good), "good": good}
    return f"/explore/?{urlencode(words)}"


def figure_card(figure: Figure) -> str:
    """Return a figure of a study as a card of the page, its numbers beside it."""
    legend = "".join(
        f'<li><i style="background:{colour}"></i>{escape(plain_words(word))}</li>'
        for word, colour in figure.legend
    )
    direct = (
        " direct" if figure.name == "time" and len(figure.legend) <= LABELLED else ""
    )  # the lines have names
    names = f'<ul class="names{direct}">{legend}</ul>' if legend else ""
    unit = "" if figure.name == "bar" else _UNITS.get(figure.unit, figure.unit)
    return card(
        figure.title, figure.body + names, unit or figure.unit, figure.source, "half", _numbers(figure)
    )


_UNITS = {
    "usd_per_t": "real 2024 US dollars per tonne",
    "usd": "real 2024 US dollars",
    "t": "tonnes",
    "share": "share",
}


def _numbers(figure: Figure) -> str:
    head = ("", *(plain_words(name) for name in figure.table.columns))
    rows = [
        (plain_words(label), *("" if value != value else f"{value:.5g}" for value in row))
        for label, row in zip(figure.table.index, figure.table.to_numpy(float), strict=True)
    ]
    return table(figure.name, head, rows, range(1, len(head)))


def _size(archive: Archive, complete: int) -> str:
    quarters = archive.manifest["quarters"]
    rest = "" if archive.is_complete else f"; {archive.manifest['runs'] - complete:,} more are not done"
    return (
        f"{complete:,} complete runs, {quarters[0]} to {quarters[-1]}, seed {archive.study.seed}, rules "
        f"{archive.manifest['rule_hash'][:8]}{rest}"
    )


def _run_table(whole: pd.DataFrame, outcome: Outcome, folder: str) -> str:
    """Return the lowest, the middle and the highest run of each policy, each with its link."""
    show = amount_words(outcome.unit)
    rows = []
    for label, part in whole.groupby("label", sort=False):
        known = part.dropna(subset=[outcome.name]).sort_values(outcome.name)
        places = dict.fromkeys((0, len(known) // 2, len(known) - 1))
        for word, place in zip(("lowest", "middle", "highest"), places, strict=False):
            row = known.iloc[place]
            address = escape(run_address(study_word(folder, int(row["run"])), outcome), quote=True)
            value = float(np.asarray(row[outcome.name], float))
            rows.append(
                f'<tr><th scope="row">{escape(plain_words(label))}</th><td>{word}</td><td class="n">{show(value)}</td>'
                f'<td><a href="{address}">Open run {int(row["run"])}</a></td></tr>'
            )
    head = "".join(
        f'<th scope="col">{word}</th>' for word in ("policy", "of its runs", "outcome", "in Explore")
    )
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table class="plain">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _nothing_yet() -> str:
    from experiments.study.study_file import listing

    rows = [[plain_words(row["name"]).capitalize(), row["question"], row["runtime"],
             f".venv/bin/orebloc study run {row['name']}"] for row in listing()]  # fmt: skip
    how = (
        f"<p>A study asks one question with many runs. Make one on the command line, and it appears here; studies are "
        f"looked for in <code>{RESULTS}/</code> below the folder the server was started in.</p>"
    )
    return (
        '<h1 class="finding">No study has been run here yet</h1><div class="board">'
        + card("How to get one", how)
        + card("Questions that ship", table("studies", ("study", "question", "takes", "command"), rows))
        + "</div>"
    )
