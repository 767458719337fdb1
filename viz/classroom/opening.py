"""Opening the sessions that a server hosts: one, or the worlds of a class, new or from their files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.error import OreblocError
from viz.classroom.access import new_code
from viz.classroom.model_worker import ModelWorker
from viz.classroom.room import Models, Room
from viz.classroom.student_class import read_classes

if TYPE_CHECKING:
    from experiments.game import Game
    from viz.classroom.model_desk import ModelDesk

MOST_WORLDS = 6
#: Processes that work out rounds, however many worlds there are; what-ifs and checks have one each besides.
MOST_PLAYERS = 2
_NAMES = "ABCDEF"


def open_rooms(options: Mapping[str, Any]) -> list[Room]:
    """Return the rooms of new sessions or of files resumed: one, or a class's worlds. Raises `OreblocError`."""
    path = Path(options["file"])
    twins: Sequence[str] = options.get("twins") or ()
    classes, seats = read_classes(options.get("pilots") or ())
    rooms = _rooms(path, options, twins)
    try:
        for room in rooms:
            room.register(classes, seats)
    except OreblocError:
        if not options["resume"]:
            _unmake(rooms)
        raise
    return rooms


def _rooms(path: Path, options: Mapping[str, Any], twins: Sequence[str]) -> list[Room]:
    count = _count(options.get("worlds"), twins)
    if options["resume"]:
        return _resumed(path)
    taken = [one for one in (path, *files_of(path, count)) if one.exists()]
    if taken:
        raise OreblocError(
            f"Session file {taken[0]} exists. Write --resume to go on with it, or --file with a new name."
        )
    return [_opened(path, options)] if count == 1 else _worlds(path, options, count, twins)


def files_of(path: Path, count: int) -> list[Path]:
    """Return the files of so many worlds that belong to the name of a session's file."""
    return [path.with_name(f"{path.stem}_{number}{path.suffix}") for number in range(1, count + 1)]


def _count(wanted: int | None, twins: Sequence[str]) -> int:
    kinds = 1 + len(twins)
    count = wanted or kinds
    if not 1 <= count <= MOST_WORLDS:
        raise OreblocError(f"Worlds are {count}; a server takes 1 to {MOST_WORLDS}. Write --worlds 2.")
    if count < kinds:
        raise OreblocError(
            f"Worlds are {count}; {len(twins)} twins need {kinds} or more. Write --worlds {kinds}, or leave it out."
        )
    return count


def _resumed(path: Path) -> list[Room]:
    files = [path] if path.is_file() else [one for one in files_of(path, MOST_WORLDS) if one.is_file()]
    if not files:
        raise OreblocError(f"Session file {path} does not exist. Give the file of the session to resume.")
    rooms = [Room(file, models=models) for file, models in zip(files, _models(len(files)), strict=True)]
    for room in rooms:
        if not room.state.seq:
            raise OreblocError(
                f"Session file {room.store.path} has no session in it. Start a new one without --resume."
            )
    numbers = [room.state.world.get("number") for room in rooms]
    if len(rooms) > 1 and numbers != list(range(1, rooms[0].state.world.get("of", 0) + 1)):
        raise OreblocError(
            f"Session files {', '.join(file.name for file in files)} are not all worlds of one class. Put the missing "
            "ones beside them, or resume one of them by its own name."
        )
    for room in rooms:
        room.take_up()
    return rooms


def _models(count: int) -> list[Models | None]:
    """Return who works for each of so many rooms; one by itself has its own processes, worlds share theirs."""
    if count == 1:
        return [None]
    players = [ModelWorker() for _ in range(min(MOST_PLAYERS, count))]
    thinker, checker = ModelWorker(), ModelWorker()
    return [(players[number % len(players)], thinker, checker) for number in range(count)]


def _opened(path: Path, options: Mapping[str, Any]) -> Room:
    from experiments.game import Game

    game = Game(options["scenario"], seed=options.get("seed"))
    [room] = _made([(path, None)], [(_session(game, options), game)], None)
    return room


def _made(
    places: Sequence[tuple[Path, Models | None]],
    sessions: Sequence[tuple[dict[str, Any], "Game"]],
    model: "ModelDesk | None",
) -> list[Room]:
    """Return the rooms of sessions, each in its file. A session that cannot open leaves no file behind.

    Nothing is written before all sessions are known to be sound.
    """
    places[0][0].parent.mkdir(parents=True, exist_ok=True)
    rooms: list[Room] = []
    try:
        for (file, models), (session, game) in zip(places, sessions, strict=True):
            rooms.append(Room(file, models=models))
            rooms[-1].open(session, game, model)
    except OreblocError:
        _unmake(rooms)
        raise
    return rooms


def _unmake(rooms: Sequence[Room]) -> None:
    """Close rooms that were just opened and delete their files, in which nothing has happened."""
    for room in rooms:
        room.close()
        for end in ("", "-wal", "-shm"):
            room.store.path.with_name(room.store.path.name + end).unlink(missing_ok=True)


def _worlds(path: Path, options: Mapping[str, Any], count: int, twins: Sequence[str]) -> list[Room]:
    from experiments.game import Game
    from experiments.scenario_file import load_scenario
    from viz.classroom.model_desk import ModelDesk

    base, code, desk = load_scenario(options["scenario"]), new_code(), ModelDesk()
    changes: list[dict[str, Any]] = [{}, *map(_change, twins)]
    words = ["", *map(difference_word, twins)]
    games: list[Game] = []
    for change in changes:
        scenario = base.with_changes(change) if change else base
        games.append(Game(scenario, seed=options.get("seed") if games == [] else games[0].engine.seed))
    sessions = [_session(game, options) for game in games]
    made = []
    for number in range(1, count + 1):
        kind = (number - 1) % len(games)
        about = {"number": number, "of": count, "name": f"World {_NAMES[number - 1]}", "difference": words[kind],
                 "code": code}  # fmt: skip
        made.append(({**sessions[kind], "world": about}, games[kind]))
    return _made(list(zip(files_of(path, count), _models(count), strict=True)), made, desk)


def _session(game: "Game", options: Mapping[str, Any]) -> dict[str, Any]:
    from viz.classroom.session import session_of

    return session_of(
        game, template=options["template"], seats=options["seats"], rounds=options["rounds"],
        minutes=options["minutes"], policy=options["policy"], title=options["title"],
    )  # fmt: skip


def _change(twin: str) -> dict[str, Any]:
    path, equals, value = twin.partition("=")
    if not path or not equals:
        raise OreblocError(
            f"--twin is {twin!r}; it must be PATH=VALUE of the scenario, such as parameters.panic=0 or treaties=[]."
        )
    return {path: value}


def difference_word(twin: str) -> str:
    """Return in words what is different in a twin: its parameter or part, and the value."""
    path, _, value = twin.partition("=")
    name = path.removeprefix("parameters.").replace("_", " ")
    return f"no {name}" if value in ("[]", "{}") else f"{name} {value}"
