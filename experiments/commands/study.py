"""`orebloc study ...`: studies of thousands of runs, their folders, reports and single runs."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands.argument import progress_bar, whole_number
from experiments.commands.study_catalogue import add_catalogue
from experiments.commands.study_search import add_search
from model.error import OreblocError

if TYPE_CHECKING:
    from experiments.study.runner import Tally
    from experiments.study.store import Store
    from experiments.study.study import Study

_EPILOG = """\
examples:
  orebloc study list
  orebloc study run which_doubt --runs 640 --out results/doubt
  orebloc study status results/doubt
  orebloc study resume results/doubt
  orebloc study report results/doubt
  orebloc study open results/doubt 17
  orebloc study search subsidy_for_a_budget --out results/budget
  orebloc study catalogue

A study is a TOML file (docs/study.md) or the name of one that ships. What is done is kept: an interrupted study goes
on with `resume`. --scheduler hands the work to a Dask cluster.
"""


def add_study_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `study` to the command line."""
    parser = subparsers.add_parser(
        "study",
        help="run studies of many runs, resume, read and report them",
        description="Answer a question with many runs: levers, uncertainties, outcomes, a design.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_run(actions)
    _add_list(actions)
    _add_status(actions)
    _add_resume(actions)
    _add_report(actions)
    _add_open(actions)
    _add_compact(actions)
    add_search(actions)
    add_catalogue(actions, _add_workers)


def _add_run(actions: Any) -> None:
    run = actions.add_parser("run", help="run a study into a new folder")
    run.add_argument("file", metavar="FILE", help="name of a study that ships, or TOML file")
    run.add_argument(
        "--out", type=Path, metavar="DIR", help="new or empty folder (default: results/NAME-TIME)"
    )
    run.add_argument(
        "--runs", type=whole_number("Number of runs", "1 or more", "1000"), metavar="N",
        help="runs in all, as near as the design can come",
    )  # fmt: skip
    _add_workers(run)
    run.set_defaults(run=run_run)


def _add_workers(parser: argparse.ArgumentParser, *, cluster: bool = True) -> None:
    parser.add_argument(
        "--workers", type=whole_number("Number of workers", "1 or more", "2"), metavar="N",
        help="processes (default: one per core)",
    )  # fmt: skip
    if cluster:
        parser.add_argument(
            "--scheduler", metavar="ADDRESS", help="a Dask scheduler, such as tcp://127.0.0.1:8786"
        )
    parser.add_argument(
        "--limit", type=whole_number("Time limit", "1 or more", "3600"), metavar="SECONDS", default=3600,
        help="replace a worker that gives no sign of life for so long (default: 3600)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print what was done as JSON only")


def _add_list(actions: Any) -> None:
    listed = actions.add_parser("list", help="list the studies that ship")
    listed.add_argument("--json", action="store_true", help="print a JSON list")
    listed.set_defaults(run=run_list)


def _add_status(actions: Any) -> None:
    status = actions.add_parser("status", help="say how far a study is")
    status.add_argument("folder", type=Path, metavar="DIR", help="folder of a study")
    status.add_argument("--json", action="store_true", help="print it as JSON only")
    status.set_defaults(run=run_status)


def _add_resume(actions: Any) -> None:
    resume = actions.add_parser("resume", help="go on with a study where it stopped")
    resume.add_argument("folder", type=Path, metavar="DIR", help="folder of a study")
    resume.add_argument(
        "--again", action="store_true", help="compute chunks with runs that killed their workers once more"
    )
    _add_workers(resume)
    resume.set_defaults(run=run_resume)


def _add_report(actions: Any) -> None:
    report = actions.add_parser("report", help="draw a study's report: one page that opens without network")
    report.add_argument("folder", type=Path, metavar="DIR", help="folder of a study")
    report.set_defaults(run=run_report)


def _add_open(actions: Any) -> None:
    opened = actions.add_parser(
        "open", help="compute one run again, compare it with what is stored, and show it"
    )
    opened.add_argument("folder", type=Path, metavar="DIR", help="folder of a study")
    opened.add_argument(
        "number", type=whole_number("Run", "0 or more", "17"), metavar="RUN", help="number of a run"
    )
    opened.add_argument("--out", type=Path, metavar="DIR", help="write the run's tables and report there")
    opened.set_defaults(run=run_open)


def _add_compact(actions: Any) -> None:
    compact = actions.add_parser("compact", help="join the files of a finished study")
    compact.add_argument("folder", type=Path, metavar="DIR", help="folder of a study")
    compact.set_defaults(run=run_compact)


def run_run(arguments: argparse.Namespace) -> int:
    """Run a study; return 0, 1 where every run failed, 130 where it was interrupted."""
    from experiments.results import default_folder
    from experiments.study.plan import make_plan
    from experiments.study.runner import carry_on
    from experiments.study.store import Store
    from experiments.study.study_file import load_study

    study = load_study(arguments.file)
    plan = make_plan(study, arguments.runs)
    store = Store(arguments.out or default_folder(study.name))
    store.create(study, plan, arguments.runs)
    if not arguments.json:
        _introduce(study, store)
    return _carried(arguments, store, carry_on)


def _introduce(study: "Study", store: "Store") -> None:
    manifest = store.manifest()
    print(f"{study.title}: {study.question}")
    print(
        f"{manifest['runs']:,} runs of {len(study.quarters)} quarters in {manifest['chunks']:,} chunks, seed "
        f"{study.seed}"
    )
    for note in manifest["notes"]:
        print(f"note: {note}")
    sys.stdout.flush()


def run_resume(arguments: argparse.Namespace) -> int:
    """Go on with a study; return 0, also where it is complete already."""
    from experiments.study.runner import carry_on
    from experiments.study.store import Store

    store = Store(arguments.folder)
    store.check_hashes()
    if arguments.again and not arguments.json:
        print(f"computed again: {store.forget_killed()} chunks with runs that were killed")
    elif arguments.again:
        store.forget_killed()
    return _carried(arguments, store, carry_on)


def _carried(arguments: argparse.Namespace, store: "Store", carry_on: Any) -> int:
    manifest = store.manifest()
    before = _runs_done(store)
    quiet = arguments.json
    try:
        with progress_bar(manifest["runs"], manifest["name"], quiet, unit="run") as bar:
            bar.update(before)

            def show(runs: int, tally: "Tally") -> None:
                bar.update(runs)
                if tally.failed or tally.deaths:
                    bar.set_postfix_str(f"{tally.failed} failed, {tally.deaths} workers replaced")

            tally = carry_on(
                store, workers=arguments.workers, scheduler=arguments.scheduler, progress=show,
                limit=float(arguments.limit),
            )  # fmt: skip
    except KeyboardInterrupt:
        done = len(store.done())
        print(
            f"interrupted; {done} of {manifest['chunks']} chunks are kept. `orebloc study resume {store.folder}` "
            f"goes on.",
            file=sys.stderr,
        )
        return 130
    return _told(arguments, store, tally)


def _runs_done(store: "Store") -> int:
    """Return how many runs are done; 0 where what would say so is damaged, which carrying on repairs."""
    try:
        done = store.done()
        return int(store.experiments()["chunk"].isin(done).sum()) if done else 0
    except OreblocError:
        return 0


def _told(arguments: argparse.Namespace, store: "Store", tally: "Tally") -> int:
    record = {
        "folder": str(store.folder), "runs": tally.runs, "status": tally.status, "workers_replaced": tally.deaths,
        "notes": tally.notes, "first_error": tally.first_error,
    }  # fmt: skip
    if arguments.json:
        print(json.dumps(record))
    else:
        for note in tally.notes:
            print(f"repaired: {note}")
        if tally.runs:
            words = ", ".join(f"{count:,} {word}" for word, count in tally.status.items())
            print(f"done: {words}; {tally.deaths} workers replaced")
        else:
            print("already complete: nothing was left to compute")
        if tally.first_error:
            print(f"first error: {tally.first_error}")
        print(f"results: {store.folder}")
    return 1 if tally.runs and not tally.status.get("ok") else 0


def run_list(arguments: argparse.Namespace) -> int:
    """Print the studies that ship; return 0."""
    from experiments.study.study_file import SEARCHES, listing

    rows = listing()
    searches = listing(SEARCHES)
    if arguments.json:
        print(json.dumps([*rows, *searches], indent=2))
        return 0
    for row in rows:
        print(f"{row['name']}\n    {row['question']}\n    {row['runtime']}")
    print("\nsearches, for `orebloc study search`:")
    for row in searches:
        print(f"{row['name']}\n    {row['question']}\n    {row['runtime']}")
    return 0


def run_status(arguments: argparse.Namespace) -> int:
    """Print how far a study is; return 0."""
    from experiments.study.archive import Archive

    archive = Archive(arguments.folder)
    store, manifest = archive.store, archive.manifest
    done = store.done()
    status = {str(k): int(v) for k, v in archive.runs["status"].value_counts().items() if v} if done else {}
    record: dict[str, Any] = {
        "name": manifest["name"], "runs": manifest["runs"], "chunks": manifest["chunks"], "chunks_done": len(done),
        "status": status, "bytes": store.size_bytes(), "notes": manifest["notes"], "complete": archive.is_complete,
    }  # fmt: skip
    if arguments.json:
        print(json.dumps(record))
        return 0
    print(
        f"{manifest['name']}: {len(done):,} of {manifest['chunks']:,} chunks done, {manifest['runs']:,} runs in all"
    )
    print("  " + (", ".join(f"{count:,} {word}" for word, count in status.items()) or "no run done yet"))
    print(f"  {sum(record['bytes'].values()) / 1e6:.1f} MB on disk")
    if not record["complete"]:
        print(f"  `orebloc study resume {store.folder}` goes on")
    for error in _errors(archive):
        print(f"  {error}")
    return 0


def _errors(archive: Any, most: int = 3) -> list[str]:
    if not archive.store.done():
        return []
    runs = archive.runs
    bad = runs[runs["status"] != "ok"]
    return [f"run {row.run}: {row.error}" for row in bad.head(most).itertuples()]


def run_report(arguments: argparse.Namespace) -> int:
    """Write the report into the study's folder; return 0."""
    from experiments.study.archive import Archive
    from experiments.study.store import told, write_file

    archive = Archive(arguments.folder)
    print(
        f"drawing {len(archive.study.outcomes)} outcomes of {archive.manifest['runs']:,} runs",
        file=sys.stderr,
        flush=True,
    )
    page = arguments.draw_study(archive)
    path = archive.store.folder / "report.html"
    with told(archive.store.folder):
        write_file(path, page.encode())
    print(f"report: {path.resolve()}")
    return 0


def run_open(arguments: argparse.Namespace) -> int:
    """Compute a run again, say whether it agrees, and show it; return 0, 1 where it does not agree."""
    from experiments.results import check_folder
    from experiments.study.archive import Archive
    from experiments.study.reopening import open_run
    from experiments.summary import summary

    if arguments.out is not None:
        check_folder(arguments.out)
    opened = open_run(Archive(arguments.folder), arguments.number)
    given = ", ".join(f"{key} {value}" for key, value in opened.row.items() if key in _shown(opened.row))
    print(f"run {opened.run}: {given}")
    print(summary(opened.results))
    if opened.agrees:
        print(
            f"agrees: all {opened.columns} stored columns bit for bit after the cast, and the hash before it"
        )
    else:
        print(
            f"differs: {opened.columns - opened.same} of {opened.columns} stored columns, by up to "
            f"{opened.largest:.1e}; hash before the cast {'the same' if opened.hash_same else 'another'}"
        )
    if arguments.out is not None:
        draw = getattr(arguments, "draw_report", None)
        folder = opened.results.save(arguments.out, {"report.html": draw(opened.results)} if draw else {})
        print(f"results: {folder}")
    return 0 if opened.agrees else 1


def _shown(row: dict[str, Any]) -> list[str]:
    hidden = (
        "status",
        "error",
        "seconds",
        "host",
        "worst_violation",
        "rule_hash",
        "data_hash",
        "series_hash",
        "run",
    )
    return [key for key, value in row.items() if key not in hidden and value == value]


def run_compact(arguments: argparse.Namespace) -> int:
    """Join a finished study's files; return 0."""
    from experiments.study.store import Store

    store = Store(arguments.folder)
    count = store.compact()
    print(f"{count} chunks joined" if count else "already joined", f"in {store.folder}")
    return 0
