import argparse
import json

import pytest

from experiments.commands.check import add_check_command, notices, run_check
from experiments.commands.scenarios import add_scenarios_command, run_scenarios
from experiments.preparation import prepare
from experiments.run import run_scenario
from experiments.scenario_file import load_scenario, scenario_files
from experiments.seat_note import seat_notes
from model.calibration import calibrate
from model.edit import compile_measures
from model.error import OreblocError, ScenarioError
from model.instruments import BY_NAME
from model.network import with_quotas
from model.quarter_date import first_date
from model.scenario import scenario_from

SHIPPED = sorted(scenario_files())


def parse(*words):
    """Return what the command line makes of these words."""
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    add_scenarios_command(subparsers)
    add_check_command(subparsers)
    return parser.parse_args(list(words))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_loads_under_its_own_name(name):
    """A file of the folder is a sound scenario with a title, a description and sources."""
    made = load_scenario(name)
    assert made.name == name
    assert made.title and made.description and made.sources


@pytest.mark.parametrize("name", SHIPPED)
def test_every_measure_that_ships_has_a_source(name):
    """A dated measure says where it is from, or that it is an assumption; a recalled or judged part is tagged."""
    for order in load_scenario(name).measures:
        assert any(word in order.source for word in ("[read]", "[recalled]", "judgement", "assumption")), (
            order
        )


def test_the_baseline_runs_fifteen_years_from_2024():
    """2025Q1 to 2040Q4, all goods, the real measures of 2025 and early 2026."""
    made = load_scenario("baseline")
    assert (made.start, made.end, made.base_year, made.quarters) == ("2025Q1", "2040Q4", 2024, 64)
    assert len(made.goods) == 23
    years = [first_date(order.quarter).year for order in made.measures]
    assert {2025, 2026} <= set(years) and min(years) == 2018


def test_no_measures_keeps_those_of_before_2025_only():
    """It is the baseline less every measure that starts in 2025 or later."""
    baseline, without = load_scenario("baseline"), load_scenario("no_measures")
    early = tuple(order for order in baseline.measures if first_date(order.quarter).year < 2025)
    assert without.measures == early
    assert (without.start, without.end, without.goods) == (baseline.start, baseline.end, baseline.goods)
    assert without.uncertain == baseline.uncertain


def test_the_list_of_scenarios_starts_with_the_baseline(capsys):
    """`orebloc scenarios --json` prints names and titles."""
    assert run_scenarios(parse("scenarios", "--json")) == 0
    entries = json.loads(capsys.readouterr().out)
    assert entries[0]["name"] == "baseline"
    assert {entry["name"] for entry in entries} == set(SHIPPED)
    assert all(set(entry) == {"name", "title"} for entry in entries)


def test_the_list_of_scenarios_is_readable(capsys):
    """Without --json there is one line for each."""
    run_scenarios(parse("scenarios"))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(SHIPPED) and lines[0].startswith("baseline")


def test_check_tells_what_a_scenario_decides(capsys):
    """`orebloc check` prints every measure as a sentence."""
    assert run_check(parse("check", "tiny")) == 0
    printed = capsys.readouterr().out
    for order in load_scenario("tiny").measures:
        assert BY_NAME[order.type].text(order) in printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "world.toml is not TOML: Invalid value (at end of document). Mend the file there."),
        ("name = 'x'\nstrat = '2025Q1'", "Field 'strat' is unknown. Did you mean start? (world.toml, strat)"),
    ],
)
def test_a_faulty_file_is_refused_with_its_name(tmp_path, text, message):
    """File and field stand in the message."""
    file = tmp_path / "world.toml"
    file.write_text(text)
    with pytest.raises(ScenarioError) as refusal:
        run_check(parse("check", str(file)))
    assert str(refusal.value) == message


def test_a_date_of_toml_is_a_date(tmp_path):
    """A bare TOML date is as good as one in quotes."""
    file = tmp_path / "world.toml"
    file.write_text(
        "name = 'dated'\nstart = '2025Q1'\nend = '2026Q4'\nbase_year = 2024\n[[measures]]\ntype = 'export_ban'\n"
        "actor = 'CHN'\nquarter = 2025-04-04\nfields.good = 'gallium'\n"
    )
    assert load_scenario(file).measures[0].quarter == "2025-04-04"


def test_an_unknown_name_is_helped():
    """A misspelt name gets the likeliest one; a path that is not there is called so."""
    with pytest.raises(ScenarioError, match="Scenario 'basline' is unknown. Did you mean baseline?"):
        load_scenario("basline")
    with pytest.raises(ScenarioError, match="Scenario file no/world.toml does not exist"):
        load_scenario("no/world.toml")


def test_check_tells_what_has_no_effect_and_why(tmp_path, capsys):
    """A ban on a stage its actor does not make, one after the end, a gap without measure: told, exit code 0."""
    ban = "[[measures]]\ntype = 'export_ban'\nactor = '{}'\nquarter = '{}'\nfields.good = '{}'\n"
    rows = [("COD", "2026Q1", "cobalt"), ("CHN", "2031Q1", "gallium"), ("CHN", "2026Q1", "nickel"),
            ("COD", "2026Q1", "cobalt_concentrate")]  # fmt: skip
    head = (
        "name = 'inert'\nstart = '2025Q1'\nend = '2026Q4'\nbase_year = 2024\ngoods = ['cobalt', 'gallium']\n"
    )
    file = written(tmp_path, "inert", head + "".join(ban.format(*row) for row in rows))
    assert run_check(parse("check", str(file))) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]
    assert [note.partition(" (")[0] for note in notes] == [
        "note: measures[0] has no effect: COD does not make cobalt_refined; COD makes cobalt_concentrate",
        "note: measures[1] has no effect: it starts in 2031Q1, after the last quarter 2026Q4",
        "note: measures[2] has no effect: nickel_refined is not in the scenario",
        "note: the base-year price gap of CHN on gallium_refined, 1.8 times as dear outside as inside, is left out: "
        "no measure of the scenario is behind it",
    ]


SHOCK = (
    "[[shocks]]\nkind = 'demand'\ncountry = 'WORLD'\ngood = '{}'\nstart = '{}'\nend = '{}'\nfactor = 1.5\n"
)
HEAD = "name = 'struck'\nstart = '2025Q1'\nend = '2026Q4'\nbase_year = 2024\ngoods = ['gallium']\n"


def test_check_tells_shocks_in_words_and_those_that_nothing_feels(tmp_path, capsys):
    """A shock is a sentence; one on another good, one too late and one too early have a note."""
    rows = [("gallium", "2026Q1", "2026Q2"), ("nickel", "2026Q1", "2026Q2"), ("gallium", "2030Q1", "2031Q1"),
            ("gallium", "2020Q1", "2020Q4")]  # fmt: skip
    file = written(tmp_path, "struck", HEAD + "".join(SHOCK.format(*row) for row in rows))
    assert run_check(parse("check", str(file))) == 0
    out = capsys.readouterr().out
    assert "- demand for gallium_refined in the world is 1.5 times what it was from 2026Q1 to 2026Q2." in out
    notes = [line for line in out.splitlines() if "shocks" in line and "note" in line]
    assert notes == [
        "note: shocks[1] has no effect: nickel_refined is not in the scenario",
        "note: shocks[2] has no effect: it starts after the run, which ends in 2026Q4",
        "note: shocks[3] has no effect: it ends before the run, which starts in 2025Q1",
    ]


PROJECT = (
    "[[projects]]\nname = 'mill'\nfirm = 'mill'\ncountry = 'USA'\ngood = 'gallium'\ncapacity_t_per_year = 1\n"
    "announced = '2026Q1'\nstart = '2025Q1'\n"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + SHOCK.format("gallium", "2026Q3", "2025Q2"), "must not be before its start, 2026Q3"),
        (HEAD.replace("2026Q4", "9999Q4"), "it must be in 2100 or earlier"),
        (HEAD + PROJECT, "it must not be before it was announced, 2026Q1"),
    ],
)
def test_times_that_cannot_be_are_refused(tmp_path, text, message):
    with pytest.raises(ScenarioError, match=message):
        load_scenario(written(tmp_path, "struck", text))


def test_check_tells_where_the_projections_end(tmp_path, capsys):
    assert run_check(parse("check", str(written(tmp_path, "struck", HEAD.replace("2026Q4", "2080Q4"))))) == 0
    assert "note: the projections of demand end in 20" in capsys.readouterr().out


def test_check_tells_which_clauses_do_nothing(tmp_path, capsys):
    """An article that moves nobody is told with treaty, article and reason; one that only some carry out is not."""
    clause = (
        "[[treaties.clauses]]\ntype = 'gap_subsidy'\nfields = {{ good = '{}', strike_usd_per_t = 9e6 }}\n"
    )
    head = (
        "name = 'club'\nstart = '2025Q1'\nend = '2026Q4'\nbase_year = 2024\ngoods = ['gallium']\n"
        "[[treaties]]\nid = 'pact'\nkind = 'club'\nmembers = ['USA', 'CHN']\nsigned = '2025Q1'\n"
    )
    file = written(tmp_path, "club", head + clause.format("nickel") + clause.format("gallium"))
    assert run_check(parse("check", str(file))) == 0
    notes = [
        line.partition(" (")[0] for line in capsys.readouterr().out.splitlines() if "treaty pact" in line
    ]
    assert notes == [
        "note: article 1 of treaty pact has no effect on nickel_refined: nickel_refined is not in the scenario"
    ]


def test_check_tells_of_seats_that_can_do_nothing():
    """An exporter that dominates no good and EU members that cannot defect are told; those that can are not."""
    idle = {"seats.USA": "exporter", "seats.CHN": "exporter", "eu_defects": True}
    notes = seat_notes(made := prepare("tiny", changes=idle), calibrate(made))
    assert [note.partition(" has")[0] for note in notes] == ["seats.USA", "eu_defects"]
    assert "dominates no good" in notes[0] and "eu_members = true" in notes[1]
    assert [f"note: {note}" for note in notes] == [n for n in notices(made) if "has no effect" in n]
    free = scenario_from({**made.to_mapping(), "eu_members": True, "seats": {"CHN": "exporter"}})
    assert seat_notes(free, calibrate(free)) == []


def test_check_refuses_what_a_run_refuses(tmp_path):
    """A base year without data is refused by `check` with the message of the run."""
    file = written(
        tmp_path,
        "early",
        "name = 'early'\nstart = '2011Q1'\nend = '2011Q4'\nbase_year = 2010\ngoods = ['gallium']",
    )
    with pytest.raises(OreblocError) as refusal:
        run_check(parse("check", str(file)))
    with pytest.raises(OreblocError) as at_run:
        run_scenario(prepare(file))
    assert str(refusal.value) == str(at_run.value) and "2010" in str(at_run.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_of_a_shipped_scenario_is_without_effect(name):
    """`orebloc check` has no notes on measures that ship."""
    assert [line for line in notices(load_scenario(name)) if "has no effect" in line] == []


def written(folder, name, text):
    """Return the path of a new scenario file of this name."""
    file = folder / f"{name}.toml"
    file.write_text(f"{text}\nname = '{name}'\n" if "name =" not in text else text)
    return file


OWN = """
[parameters]
stock_days = 90
[base]
stages = [{ good = "gallium", country = "JPN", production_t = 3 }]
[[measures]]
type = "export_ban"
actor = "CHN"
quarter = "2026Q1"
fields.good = "gallium"
"""


def test_a_scenario_can_begin_from_another(tmp_path):
    """Head keys win, tables are joined, measures are appended; the whole is what the manifest will hold."""
    tiny = load_scenario("tiny")
    written(tmp_path, "first", f'extends = "tiny"\nend = "2026Q4"\nname = "first"\n{OWN}')
    text = (
        'extends = "first.toml"\nname = "second"\n[parameters]\nrisk_markup = 0.2\n'
        '[base]\nstocks = [{ good = "gallium", country = "JPN", quantity_t = 3 }]\n'
    )
    made = load_scenario(written(tmp_path, "second", text))
    assert (made.name, made.title, made.end, made.goods) == ("second", "Second", "2026Q4", tiny.goods)
    assert made.measures[:-1] == tiny.measures and made.measures[-1].type == "export_ban"
    assert (made.parameters["stock_days"], made.parameters["risk_markup"]) == (90.0, 0.2)
    assert len(made.base.stages) == len(made.base.stocks) == 1
    whole = made.to_mapping()
    assert "extends" not in whole and len(whole["measures"]) == len(tiny.measures) + 1
    assert scenario_from(whole) == made == made.with_changes({"seed": made.seed})


def test_a_mapping_can_extend_a_scenario():
    """From Python the same key serves."""
    made = prepare({"extends": "tiny", "name": "mine", "seed": 9})
    assert (made.seed, made.measures) == (9, load_scenario("tiny").measures)


def test_inherited_measures_can_be_dropped(tmp_path):
    """`without_measures` leaves the file's own measures only, and needs something to drop from."""
    text = f'extends = "tiny"\nwithout_measures = true\nname = "bare"\n{OWN}'
    made = load_scenario(written(tmp_path, "bare", text))
    assert [order.type for order in made.measures] == ["export_ban"]
    with pytest.raises(ScenarioError, match="and there is none"):
        load_scenario(written(tmp_path, "alone", 'name = "alone"\nwithout_measures = true'))


def test_a_fault_of_an_extending_file_is_told_by_its_own_numbers(tmp_path):
    """The first measure of the file is measures[0], whatever it inherits."""
    text = f'extends = "tiny"\nname = "faulty"\n{OWN}'.replace('"CHN"', '"DRC"')
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(written(tmp_path, "faulty", text))
    assert str(refusal.value) == (
        "Actor is 'DRC', which is not a country. Write COD for DR Congo. (faulty.toml, measures[0].actor)"
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"basline"', "Scenario 'basline' is unknown. Did you mean baseline? (bad.toml, extends)"),
        ("3", "extends is 3; it must be the name of a scenario or the path of a TOML file. (bad.toml, extends)"),
        (
            '"bad.toml"',
            "Scenarios extend each other in a circle: bad.toml extends bad.toml. Take one extends out. "
            "(bad.toml, extends)",
        ),
    ],
)  # fmt: skip
def test_an_impossible_extends_is_refused(tmp_path, value, message):
    """Unknown names, other things than names, and circles are told with the file."""
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(written(tmp_path, "bad", f'extends = {value}\nname = "bad"'))
    assert str(refusal.value) == message


def test_a_chain_of_five_files_is_the_longest(tmp_path):
    """Five files may extend each other, six may not."""
    written(tmp_path, "link0", 'name = "link0"\nstart = "2025Q1"\nend = "2026Q4"\nbase_year = 2024')
    for i in range(1, 6):
        written(tmp_path, f"link{i}", f'name = "link{i}"\nextends = "link{i - 1}.toml"')
    assert load_scenario(tmp_path / "link4.toml").end == "2026Q4"
    with pytest.raises(ScenarioError, match="longer than 5 files"):
        load_scenario(tmp_path / "link5.toml")


def test_a_byte_order_mark_does_no_harm(tmp_path):
    """A file that an editor began with a byte order mark is read."""
    file = tmp_path / "world.toml"
    head = "name = 'marked'\nstart = '2025Q1'\nend = '2026Q4'\nbase_year = 2024\n"
    file.write_bytes(b"\xef\xbb\xbf" + head.encode())
    assert load_scenario(file).name == "marked"


def test_a_folder_is_called_a_folder(tmp_path):
    """A folder in place of a file is refused as what it is."""
    with pytest.raises(ScenarioError, match="is a folder. Give the path of a TOML file in it"):
        load_scenario(tmp_path)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_measure_that_ships_bites_on_its_world(name):
    """Once calibrated, no shipped measure covers nothing."""
    made = load_scenario(name)
    world = calibrate(made)
    plan = compile_measures(world, made)
    assert plan.notes == []
    _, position = with_quotas(world.network, plan.quota_routes)
    assert position.tolist() == list(range(len(plan.quota_routes)))
