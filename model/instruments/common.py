"""Fields that several instruments share."""

from model.field import Field

GOOD = Field("good", "goods", "Good", "a traded good, a mineral, or a list of them")
TARGETS = Field("target", "countries", "Target", "countries, or WORLD for all others", default=["WORLD"])
EXEMPT = Field("exempt", "countries", "Exempt country", "countries that are spared", default=[])
HOLDER = Field("holder", "choice", "Holder of the rent",
               "who gets the scarcity price: exporters, the state (auction), buyers (import-administered)",
               choices=("firms", "state", "buyers"), default="firms")  # fmt: skip
