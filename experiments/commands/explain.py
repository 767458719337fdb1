"""`orebloc explain A [B]`: what made a number change, cause by cause."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.commands.argument import progress_bar, whole_number
from experiments.commands.run import read_changes
from model.error import OreblocError

if TYPE_CHECKING:
    from experiments.cause import Explanation

_EPILOG = """\
examples:
  orebloc explain baseline licence_shock_2025 --at 2026Q4 \\
      --metric outside_price_usd_per_t --good dytb_refined --country CHN
  orebloc explain tiny --from 2025Q3 --at 2026Q2 --metric outside_price_usd_per_t --good gallium_refined --country CHN
  orebloc explain tiny --set measures.3.fields.rate=0.5 --at 2026Q4 \\
      --metric landed_price_usd_per_t --good gallium_refined --country USA --by actor

Two scenarios are explained by what differs between them; one scenario, with --from, by what begins, ends or
changes between two quarters. The parts are Shapley values: exact for up to eight causes, else from sampled orders;
they always add up.
"""


def add_explain_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `explain` to the command line."""
    parser = subparsers.add_parser(
        "explain",
        help="attribute a change of a number to its causes",
        description="Say which measures, treaties, decisions and shocks made a number change, and by how much.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("a", metavar="A", help="name or TOML file of the scenario to begin with")
    parser.add_argument("b", nargs="?", metavar="B", help="the other scenario (default: A, changed by --set)")
    parser.add_argument("--metric", required=True, help="what is explained, such as price_usd_per_t")
    parser.add_argument("--good", required=True, help="such as ndpr_refined, or all")
    parser.add_argument("--country", default="WLD", help="such as CHN (default WLD)")
    parser.add_argument(
        "--at", required=True, metavar="QUARTER", help="quarter of the number, such as 2028Q4"
    )
    parser.add_argument(
        "--from", dest="first", metavar="QUARTER", help="explain the change since this quarter, in A alone"
    )
    parser.add_argument(
        "--by", choices=("each", "clause", "kind", "actor"), default="each",
        help="one cause each, treaties by clause, or put together by kind of measure or by who gives the order",
    )  # fmt: skip
    parser.add_argument(
        "--orders", type=whole_number("Number of orders", "2 or more", "12"), default=12, metavar="M",
        help="orders sampled where there are more than eight causes (default 12, each with its reverse)",
    )  # fmt: skip
    parser.add_argument(
        "--runs", type=whole_number("Number of runs", "1 or more", "20"), default=1, metavar="N",
        help="runs of each scenario, whose mean is explained (default 1)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=whole_number("Seed", "0 or more", "7"), metavar="S", help="seed of all"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", dest="changes", help="change a value of B"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="new or empty folder for numbers and a page")
    parser.add_argument("--json", action="store_true", help="print everything as JSON only")
    parser.add_argument(
        "--workers", type=whole_number("Number of workers", "1 or more", "2"), metavar="N",
        help="threads (default: one per core)",
    )  # fmt: skip
    parser.set_defaults(run=run_explain)


def run_explain(arguments: argparse.Namespace) -> int:
    """Explain, tell, and write where asked; return 0."""
    from experiments.cause_text import describe_explanation
    from experiments.folder import write_folder
    from experiments.results import check_folder
    from experiments.run import check_request

    if arguments.out is not None:
        check_folder(arguments.out)
    if arguments.orders < 2:
        raise OreblocError(
            f"Number of orders is {arguments.orders}; it must be 2 or more. Write --orders 12, say."
        )
    check_request(arguments.runs, "first", arguments.workers)
    found = _explain_with_bar(arguments)
    record = json.dumps(found.record(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    if arguments.out is not None:
        draw = getattr(arguments, "draw_explanation", None)
        pages = {"report.html": draw(found)} if draw else {}
        write_folder(arguments.out, {}, {"explanation.json": record, **pages})
    if arguments.json:
        print(json.dumps(found.record(), allow_nan=False))
        return 0
    print(describe_explanation(found))
    if arguments.out is not None:
        print(f"results: {arguments.out}")
        print(f"report:  {(arguments.out / 'report.html').resolve()}")
    return 0


def _explain_with_bar(arguments: argparse.Namespace) -> "Explanation":
    from experiments.cause import explain, explain_change
    from experiments.preparation import prepare

    changes = read_changes(arguments.changes)
    asked = (arguments.metric, arguments.good, arguments.country)
    with progress_bar(0, "explain", arguments.json, unit="step") as bar:

        def started(count: int) -> None:
            bar.reset(total=count)

        more = {
            "by": arguments.by, "runs": arguments.runs, "orders": arguments.orders, "workers": arguments.workers,
            "progress": bar.update, "started": started,
        }  # fmt: skip
        if arguments.first is not None:
            if arguments.b is not None:
                raise OreblocError("--from explains a change within one scenario; leave B out, or --from.")
            scenario = prepare(arguments.a, changes=changes, seed=arguments.seed)
            return explain_change(scenario, *asked, arguments.first, arguments.at, **more)
        if arguments.b is None and not changes:
            raise OreblocError(
                "There is nothing to explain: give a second scenario B, --set PATH=VALUE, or --from QUARTER."
            )
        a = prepare(arguments.a, seed=arguments.seed)
        b = prepare(arguments.b or arguments.a, changes=changes, seed=a.seed)
        return explain(a, b, *asked, arguments.at, **more)
