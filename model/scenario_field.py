"""The fields of a scenario file: its head, shocks, projects, demand and what it says of its base year."""

from typing import Any

from model.field import Field
from model.mode import MODE_WORDS

DEMAND_PATHS = ("STEPS", "APS")

HEAD = (
    Field("name", "text", "Name", "a name in lower snake case"),
    Field("title", "text", "Title", "one line for lists and reports", default=""),
    Field("description", "text", "Description", "what the scenario is for", default=""),
    Field("start", "quarter", "First quarter", "the first quarter that is run"),
    Field("end", "quarter", "Last quarter", "the last quarter that is run"),
    Field("base_year", "integer", "Base year", "the year the world is calibrated to", low=1990, high=2100),
    Field("seed", "integer", "Seed", "the seed of all draws", low=0, high=2**63 - 1, default=1,
          remedy="Write a whole number within these limits."),
    Field("rare_earths", "choice", "Rare earths", "joint outputs or one good",
          choices=("joint", "single"), default="joint"),
    Field("eu_members", "flag", "EU members apart", "whether EU members stand apart",
          default=False),
    Field("eu_defects", "flag", "EU members sign alone",
          "whether EU members that stand apart may sign treaties without each other", default=False),
    Field("demand_path", "choice", "Demand path", "the demand projection", choices=DEMAND_PATHS,
          default="STEPS"),
)  # fmt: skip
LISTS = (
    "sources",
    "expected",
    "goods",
    "countries",
    "parameters",
    "uncertain",
    "measures",
    "treaties",
    "shocks",
    "events",
    "projects",
    "demand",
    "base",
    "seats",
)

GOOD = Field("good", "good", "Good", "one traded good")
COUNTRY = Field("country", "country", "Country", "a country code")
SOURCE = Field("source", "text", "Source", "where it is documented", default="")
SHOCK = (
    Field("kind", "choice", "Kind", "demand or supply", choices=("demand", "supply")),
    GOOD,
    Field("country", "place", "Country", "a country code, or WORLD"),
    Field("factor", "number", "Factor", "what demand or capacity is multiplied by", low=0.0, high=100.0,
          remedy="Write 0.9 for a fall by a tenth, 1.1 for a rise."),
    Field("start", "quarter", "Start", "the first quarter or day it holds"),
    Field("end", "quarter", "End", "the last quarter or day it holds", default=None),
    SOURCE,
)  # fmt: skip
PROJECT = (
    Field("name", "text", "Name", "the project's name"),
    Field("firm", "text", "Firm", "the firm that runs it"),
    Field("owner", "text", "Owner", "the state or group behind the firm", default=""),
    COUNTRY, GOOD,
    Field("capacity_t_per_year", "number", "Capacity", "tonnes of the good in a year", unit="t a year",
          low=0.0),
    Field("cost_usd_per_t", "number", "Cash cost", "cash cost without inputs", unit="usd a t", low=0.0,
          default=None),
    Field("capex_usd", "number", "Capital cost", "cost of building it", unit="usd", low=0.0, default=None),
    Field("announced", "quarter", "Announced", "when it was announced"),
    Field("start", "quarter", "Start", "when it is meant to produce"),
    Field("backing", "text", "Backing", "who supports it, and how", default=""),
    Field("failure_share", "share", "Failure probability", "probability that it never produces",
          low=0.0, high=1.0, default=None),
    Field("slip_quarters", "number", "Mean delay", "mean delay in quarters", unit="quarters",
          low=0.0, high=80.0, default=None),
    SOURCE,
)  # fmt: skip
DEMAND = (
    GOOD,
    Field("country", "place", "Country", "a country code, or WORLD", default="WORLD"),
    Field("tonnes", "dated", "Demand", "tonnes a year by year or quarter, the base year among them",
          unit="t a year", low=1e-6),
    Field("basis", "choice", "Basis", "growth over the base year's tonnes, or the tonnes as they stand",
          choices=("growth", "tonnes"), default="growth"),
    Field("foreseen", "dated", "Foreseen demand", "what was projected before the start; left out: the data's path",
          unit="t a year", low=1e-6, default=None),
    SOURCE,
)  # fmt: skip
TONNES = Field("quantity_t", "number", "Quantity", "tonnes", unit="t", low=0.0)
PRICE: dict[str, Any] = {"unit": "usd a t", "low": 1e-6, "high": 1e9, "remedy": "Write a price above 0."}
BASE = {
    "demand_shares": (GOOD, COUNTRY,
                      Field("share", "share", "Demand share", "share of the world's", low=0.0, high=1.0),
                      SOURCE),
    "exports": (GOOD, Field("origin", "country", "Origin", "a country code"),
                Field("destination", "country", "Destination", "a country code"), TONNES, SOURCE),
    "splits": (COUNTRY, Field("shares", "shares", "Split", "shares of lace, ndpr, dytb", low=0.0, high=1.0),
               SOURCE),
    "prices": (GOOD, Field("country", "country", "Country", "the country that restricts"),
               Field("inside_usd_per_t", "number", "Inside price", "price inside it", default=None, **PRICE),
               Field("outside_usd_per_t", "number", "Outside price", "price elsewhere", **PRICE), SOURCE),
    "stocks": (GOOD, COUNTRY,
               Field("holder", "choice", "Holder", "who holds the stock",
                     choices=("buyers", "producers", "state"), default="buyers"), TONNES, SOURCE),
    "stages": (GOOD, COUNTRY,
               Field("production_t", "number", "Production", "tonnes in the base year", unit="t", low=0.0),
               SOURCE),
}  # fmt: skip
#: Doctrines that `agents/doctrine.py` holds.
DOCTRINE_WORDS = (
    "laissez_faire", "hawk", "reciprocal", "industrial", "free_rider", "resource_host", "careful_importer",
)  # fmt: skip
#: Behaviours that may fill a state's seat, with the options of each.
BEHAVIOURS = {
    "exporter": (
        Field("modes", "words", "Modes", "what it considers besides normal trade", choices=MODE_WORDS[1:],
              default=list(MODE_WORDS[1:])),
        Field("since", "quarter", "Since", "first quarter in which it chooses; left out: from the start", default=None),
        Field("milk_with", "choice", "Instrument", "what a wedge on exports is made with",
              choices=("export_tax", "export_licence", "export_quota"), default="export_tax"),
        Field("rivals", "countries", "Rivals", "states it may restrict; left out: the largest importers apart from it",
              default=[]),
        Field("refine", "integer", "Refinement", "steps of golden section around the best wedge", low=0, high=60,
              default=0),
    ),
    "state": (
        Field("doctrine", "choice", "Doctrine", "how it weighs gains and losses; left out: its usual one",
              choices=DOCTRINE_WORDS, default=None),
        Field("acts", "flag", "Acts by itself", "whether it takes the measures of its doctrine", default=True),
    ),
}  # fmt: skip
