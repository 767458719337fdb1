"""Seats that a scenario gives to behaviours: what cannot be is refused with one message, its place, and exit code 2."""

from pathlib import Path

import pytest

import orebloc
from model.calibration import calibrate
from model.engine import Engine
from model.error import ScenarioError
from model.scenario import scenario_from

HEAD = {"name": "seats", "start": "2025Q1", "end": "2025Q2", "base_year": 2024, "goods": ["gallium"]}
EXPORTER = {"behaviour": "exporter"}


@pytest.mark.parametrize(
    ("seats", "said", "place"),
    [
        ({"CHN": {**EXPORTER, "greed": 1}}, "Field 'greed' is unknown. Known: modes, since", "CHN.greed"),
        ({"CHN": {**EXPORTER, "wedges": [-0.1]}}, "Field 'wedges' is unknown. Known: modes, since", "CHN.wedges"),
        ({"CHN": {**EXPORTER, "modes": ["milk", "steal"]}}, "is 'steal'; it must be one of", "CHN.modes[1]"),
        ({"CHN": {**EXPORTER, "rivals": ["XXX"]}}, "is 'XXX', which is not a country", "CHN.rivals[0]"),
        ({"CHN": {**EXPORTER, "rivals": ["USA", "CHN"]}}, "Rivals of CHN name CHN itself", "CHN.rivals"),
        ({"CHN": {**EXPORTER, "since": "soon"}}, "is 'soon'; it must be a quarter such as", "CHN.since"),
        ({"CHN": {**EXPORTER, "refine": 200}}, "is 200; it must be between 0 and 60", "CHN.refine"),
        ({"CHN": {**EXPORTER, "milk_with": "tariff"}}, "it must be one of export_tax, export_licence", "CHN.milk_with"),
        ({"XXX": EXPORTER}, "Seat is 'XXX', which is not a country", "XXX"),
        ({"USA": {"behaviour": "tyrant"}}, "is 'tyrant'; it must be one of exporter, state", "USA.behaviour"),
        ({"USA": {"doctrine": "hawk"}}, "Behaviour of USA is missing", "USA.behaviour"),
        ({"USA": {"behaviour": "state", "doctrine": "dove"}}, "is 'dove'; it must be one of", "USA.doctrine"),
        ({"USA": {"behaviour": "state", "acts": "yes"}}, "is 'yes'; it must be true or false", "USA.acts"),
        ({"USA": {"behaviour": "state", "modes": ["milk"]}}, "Field 'modes' is unknown", "USA.modes"),
    ],
)  # fmt: skip
def test_a_seat_that_cannot_be_is_refused_where_it_stands(seats, said, place):
    """The message names the value, what may be there, the file and the field."""
    with pytest.raises(ScenarioError) as caught:
        scenario_from({**HEAD, "seats": seats}, file="game.toml")
    assert said in str(caught.value)
    assert str(caught.value).endswith(f"(game.toml, seats.{place})")


def test_an_exporter_that_does_not_stand_apart_is_refused_with_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Niger makes no gallium: one line that names the seat and who could have it, no traceback."""
    made = scenario_from({**HEAD, "seats": {"NER": EXPORTER}})
    with pytest.raises(ScenarioError, match=r"NER does not stand apart .* \(scenario seats, seats\.NER\)"):
        Engine(made, world=calibrate(made))
    head = "".join(f"{key} = {value!r}\n" for key, value in HEAD.items())
    path = tmp_path / "niger.toml"
    path.write_text(f'{head}[seats.NER]\nbehaviour = "exporter"\n')
    assert orebloc.main(["run", str(path), "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.count("NER") >= 1
