"""The fields of a study file, in the field's words.

Levers, uncertainties, constants, outcomes, scenarios to compare.
"""

from model.field import Field

#: Ways to choose points. `table` takes the study's own rows.
DESIGNS = (
    "full_factorial", "latin_hypercube", "sobol", "saltelli", "morris", "monte_carlo", "table",
)  # fmt: skip
#: What one number is made of a path over quarters.
TAKES = ("last", "mean", "sum", "min", "max", "first")
#: `by_point`: every point of the design meets luck of its own; `shared`: all points meet the same.
LUCKS = ("by_point", "shared")
GOALS = ("higher", "lower", "none")
#: Runs that one chunk may hold.
LEAST_CHUNK, USUAL_CHUNK, MOST_CHUNK = 64, 256, 1024
#: Chunks that a study is cut into at least, where it has enough runs: a worker that is done early finds another.
USUAL_CHUNKS = 8
#: Runs that one study may hold.
MOST_RUNS = 10_000_000

HEAD = (
    Field("name", "text", "Name", "a name in lower snake case"),
    Field("title", "text", "Title", "one line for lists and reports", default=""),
    Field("question", "text", "Question", "what the study is to answer"),
    Field("runtime", "text", "Runtime", "how long it takes, and on what", default=""),
    Field("found", "text", "Finding", "what was found when it was run", default=""),
    Field("found_by", "text", "Rules of the finding", "hash of the rules that the finding was read off", default=""),
    Field("seed", "integer", "Seed", "the seed of the design and of all draws", low=0, high=2**63 - 1, default=1,
          remedy="Choose a whole number from 0 on."),
    Field("replicates", "integer", "Number of replicates", "runs of each point, each with luck of its own",
          low=1, high=100_000, default=1, remedy="Write 1 to 100,000."),
    Field("until", "quarter", "Last quarter", "the last quarter that is run; left out: the scenarios' own",
          default=None),
    Field("chunk", "integer", "Chunk", "runs that are computed and stored together; left out: 64 to 256",
          unit="runs", low=LEAST_CHUNK, high=MOST_CHUNK, default=None, remedy="256 suits most studies."),
    Field("luck", "choice", "Luck", "whether points of the design share their luck", choices=LUCKS,
          default="by_point"),
    Field("common_luck", "flag", "Common luck", "whether policies are compared under the same luck", default=True),
)  # fmt: skip
#: Keys of the file beside its head.
PARTS = (
    "expected",
    "scenarios",
    "constants",
    "levers",
    "uncertainties",
    "design",
    "policies",
    "outcomes",
    "keep",
    "signs",
)

SCENARIO = (
    Field("name", "text", "Name", "how the study calls it"),
    Field("scenario", "text", "Scenario", "a scenario's name or the path of its file"),
)
LEVER = (
    Field("path", "text", "Path", "a parameter's name or a path of the scenario", default=""),
    Field("low", "number", "Lowest value", "the lowest value tried", default=None),
    Field("high", "number", "Highest value", "the highest value tried", default=None),
    Field("unit", "text", "Unit", "the unit, for reports", default=""),
)
DESIGN = (
    Field("kind", "choice", "Design", "how points are chosen", choices=DESIGNS),
    Field("runs", "integer", "Number of points", "points of the design", low=1, high=MOST_RUNS, default=None,
          remedy=f"Write 1 to {MOST_RUNS:,}."),
    Field("levels", "integer", "Levels", "values of each factor in a grid", low=2, high=1000, default=None),
    Field("file", "text", "File", "a CSV file with one column for each factor", default=""),
    Field("together", "flag", "Together", "whether levers are sampled together with the uncertainties",
    default=False), Field("second_order", "flag", "Second order", "whether pairs of factors are looked at (saltelli)",
    default=False),
)  # fmt: skip
OUTCOME = (
    Field("name", "text", "Name", "how the study calls it"),
    Field("metric", "text", "Metric", "a recorded metric"),
    Field("take", "choice", "Take", "what is made of the path", choices=TAKES, default="last"),
    Field("first", "quarter", "First quarter", "the first quarter looked at", default=None),
    Field("last", "quarter", "Last quarter", "the last quarter looked at", default=None),
    Field("goal", "choice", "Goal", "which side is better", choices=GOALS, default="none"),
    Field("title", "text", "Title", "what it is, for reports", default=""),
)
KEEP = (
    Field("flows", "integer", "Runs with flows", "runs whose trade flows are kept: the first so many", low=0,
          high=100_000, default=0),
    Field("agents", "integer", "Runs with agents", "runs whose firms and states are kept: the first so many", low=0,
          high=100_000, default=0),
)  # fmt: skip
