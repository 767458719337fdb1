import re
import tomllib
from pathlib import Path

from experiments.scenario_file import load_scenario
from model.instruments import BY_NAME
from model.scenario import scenario_from

PAGE = Path(__file__).parents[2] / "docs" / "scenario.md"


def example():
    """Return the scenario of the page."""
    return scenario_from(tomllib.loads(re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.S)[1]))


def test_the_example_on_the_page_is_a_sound_scenario():
    """Every kind of entry on the page is read."""
    made = example()
    assert (len(made.measures), len(made.shocks), len(made.projects)) == (2, 1, 1)


def test_the_extending_example_on_the_page_is_the_baseline_and_one_ban(tmp_path):
    """What the page says is inherited, joined and added is so."""
    text = next(
        block for block in re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.S) if "extends" in block
    )
    file = tmp_path / "cobalt_stop.toml"
    file.write_text(text)
    made, baseline = load_scenario(file), load_scenario("baseline")
    assert made.measures[:-1] == baseline.measures
    assert (made.measures[-1].type, made.measures[-1].actor) == ("export_ban", "COD")
    assert (made.name, made.start, made.end) == ("cobalt_stop", baseline.start, "2030Q4")
    assert made.parameters == {**baseline.parameters, "stock_days": 90.0}
    assert made.uncertain == baseline.uncertain


def test_the_changes_on_the_page_work():
    """Each `--set` that the page shows can be made."""
    shown = re.findall(r"`--set '?([\w.]+)=(.*?)'?`", PAGE.read_text())
    shown = [pair for pair in shown if pair[0] != "path"]
    assert len(shown) == 4
    assert example().with_changes(dict(shown)).goods == ("gallium_refined",)


def test_the_page_knows_every_instrument_and_its_main_fields():
    """The table names each registered instrument, and only fields that it has."""
    rows = {row[0]: row[1] for row in re.findall(r"\| `(\w+)` \| [^|]* \|([^|]*)\|", PAGE.read_text())}
    assert set(rows) == set(BY_NAME)
    for name, cell in rows.items():
        known = {field.name for field in BY_NAME[name].fields}
        assert set(re.findall(r"`(\w+)`", cell)) <= known
