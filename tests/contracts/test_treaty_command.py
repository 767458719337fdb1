"""Treaties in scenarios and on the command line."""

import json

import pytest
from measure_world import scenario

import orebloc
from experiments.scenario_file import extended_scenario
from model.error import ScenarioError

FLOOR = {"type": "common_price_floor", "fields": {"good": "gallium", "price_usd_per_t": 4e5}}
PACT = {"id": "pact", "kind": "club", "members": ["JPN", "USA"], "in_force": "2025Q2", "clauses": [FLOOR]}


def test_a_scenario_carries_treaties():
    """A document, and a shipped one by its id, become treaties of the scenario; they survive `--set`."""
    made = scenario(treaties=[PACT, {"id": "us_japan_minerals_agreement"}])
    assert [treaty.id for treaty in made.treaties] == ["pact", "us_japan_minerals_agreement"]
    changed = made.with_changes({"treaties.0.clauses.0.fields.price_usd_per_t": 5e5})
    assert changed.treaties[0].clauses[0].fields["price_usd_per_t"] == 5e5


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([PACT, PACT], r"Treaty pact is there twice.*treaties\[1\]"),
        ([{"id": "no_such"}], r"is not one that ships.*treaties\[0\].id"),
        ([{**PACT, "kind": "pact"}], r"must be one of.*treaties\[0\].kind"),
        ([{**PACT, "clauses": [{"type": "standard"}]}], r"Did you mean standards.*treaties\[0\].clauses\[0\].type"),
        ("pact", "treaties must be a list of tables"),
    ],
)  # fmt: skip
def test_a_scenario_refuses_a_faulty_treaty(rows, message):
    """File and field are named."""
    with pytest.raises(ScenarioError, match=message):
        scenario(treaties=rows)


def test_treaties_are_added_to_the_inherited_ones():
    """A scenario that extends another adds its treaties."""
    made = extended_scenario({"extends": "tiny", "name": "more", "treaties": [PACT]})
    assert [treaty.id for treaty in made.treaties] == ["pact"]


def test_check_prints_the_text(tmp_path, capsys):
    """`check --text` lists the treaty and prints its articles."""
    file = tmp_path / "more.toml"
    file.write_text(
        'extends = "tiny"\nname = "more"\n[[treaties]]\nid = "pact"\nkind = "club"\nmembers = ["JPN", "USA"]\n'
        'clauses = [{ type = "common_price_floor", fields = { good = "gallium", price_usd_per_t = 4e5 } }]\n'
    )
    assert orebloc.main(["check", str(file), "--text"]) == 0
    told = capsys.readouterr().out
    assert "1 treaty\n- pact: club of JPN, USA: common_price_floor" in told
    assert "Article 1. Common price floor at the border" in told
    assert orebloc.main(["treaty", str(file)]) == 0
    assert capsys.readouterr().out.strip() in told


def test_a_treaty_is_printed_listed_merged_and_written_as_json(tmp_path, capsys):
    """`treaty` lists what ships; with a name it prints articles; --json gives the document back; --merge joins two."""
    assert orebloc.main(["treaty"]) == 0
    assert "eu_canada_partnership: memorandum of EU27, CAN, signed 15 June 2021" in capsys.readouterr().out
    assert orebloc.main(["treaty", "eu_us_memorandum", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)[0]
    assert document["members"] == ["EU27", "USA"]
    assert orebloc.main(["treaty", "eu_us_memorandum", "--merge", "us_eu_japan"]) == 0
    assert "The European Union, the United States and Japan (the members)" in capsys.readouterr().out


def test_stability_tells_who_would_leave_and_join(tmp_path, capsys):
    """Each country named has a verdict with its reason, one that is asked besides too; the text says the same."""
    file = tmp_path / "table.toml"
    file.write_text(
        "name = 'table'\nstart = '2025Q1'\nend = '2026Q4'\nbase_year = 2024\ngoods = ['gallium']\n"
        "countries = ['CHN', 'JPN', 'USA', 'EU27', 'KOR']\n"
        "[[measures]]\ntype = 'export_licence'\nactor = 'CHN'\nquarter = '2025Q1'\n"
        "fields = { good = 'gallium', rate = 0.1 }\n"
        "[[treaties]]\nid = 'pact'\nkind = 'club'\nmembers = ['CHN', 'JPN']\nsigned = '2025Q1'\n"
        "in_force = '2025Q1'\n[[treaties.clauses]]\ntype = 'mutual_exemption'\n"
    )
    words = ["treaty", str(file), "--stability", "--at", "2025Q2", "--ask", "KOR"]
    assert orebloc.main([*words, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    rows = {row["country"]: row for row in found["rows"]}
    assert (found["treaty"], found["state"], found["quarter"]) == ("pact", "in force", "2025Q2")
    assert set(rows) == {"CHN", "JPN", "KOR"}
    assert rows["JPN"]["member"] and rows["JPN"]["gain_usd"] > 0.0 and rows["JPN"]["verdict"] == "stays"
    assert not rows["KOR"]["member"] and rows["KOR"]["users"] > 0.0
    assert found["stable_without"] == (rows["KOR"]["verdict"] != "would join")
    assert orebloc.main(words) == 0
    told = capsys.readouterr().out
    assert "stable within: " in told and max(map(len, told.splitlines())) <= 110
    assert all(
        rows[code]["verdict"] in told and rows[code]["reason"].split(":")[0][:40] in told for code in rows
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["treaty", "msp_forun"], "Did you mean msp_forum?"),
        (["treaty", "--merge", "msp_forum"], "--merge joins two treaties"),
        (["treaty", "tiny", "--stability"], "Scenario tiny has no treaties"),
        (["treaty", "--stability"], "--stability needs a scenario"),
        (["treaty", "msp_forum", "--ask", "KOR"], "go with --stability"),
        (["treaty", "us_eu_japan", "--stability", "--at", "1999Q1"], "--at is 1999Q1"),
    ],
)
def test_a_mistake_is_told_in_one_line(words, message, capsys):
    """Exit code 2 and one line with the remedy."""
    assert orebloc.main(words) == 2
    told = capsys.readouterr().err
    assert message in told and told.count("\n") == 1
