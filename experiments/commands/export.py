"""`orebloc export SESSION`: the tables of a class session, with a codebook."""

import argparse
from pathlib import Path

from experiments.results import check_folder


def add_export_command(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Join `export` to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="write the tables of a class session",
        description="Write events, orders, messages, deals, outcomes and people of a session as CSV files and as one "
        "spreadsheet (session.xlsx), with a codebook, a manifest and all of them as session.zip. People are pseudonyms "
        "unless --names is given.",
    )
    parser.add_argument("session", type=Path, metavar="SESSION", help="file that `orebloc host` wrote")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new or empty folder")
    parser.add_argument("--names", action="store_true", help="with people's names")
    parser.add_argument(
        "--without", action="append", default=[], metavar="PERSON",
        help="blank what this person wrote: the pseudonym of people.csv, or the name; may be repeated",
    )  # fmt: skip
    parser.set_defaults(run=run_export)


def run_export(arguments: argparse.Namespace) -> int:
    """Write the files, whole or not at all; return 0. Raises `OreblocError`."""
    check_folder(arguments.out)
    files = arguments.export_session(arguments.session, arguments.names, arguments.without)
    folder = write_folder(arguments.out, files)
    print(f"{folder}: {', '.join(sorted(files))}")
    if arguments.names:
        print("The tables hold names: keep them as you keep students' work.")
    return 0


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a new or empty folder that appears whole. Raises `OreblocError` where it cannot be."""
    import shutil
    import tempfile

    from model.error import OreblocError

    part = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        part.chmod(0o755)
        for name, content in files.items():
            (part / name).write_bytes(content)
        if folder.exists():
            folder.rmdir()  # empty: `check_folder` said so
        part.rename(folder)
    except OSError as error:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
        raise OreblocError(
            f"Folder {folder} cannot be written: {error.strerror}. Make room, or choose another with --out."
        ) from error
    return folder
