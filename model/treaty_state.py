"""The states a treaty, or a member of it, can be in."""

NONE, PROPOSED, COUNTERED, SIGNED, RATIFIED, IN_FORCE, SUSPENDED, LEFT, LAPSED = range(9)

#: Their words, for texts and tables.
STATE_WORDS = (
    "none",
    "proposed",
    "countered",
    "signed",
    "ratified",
    "in force",
    "suspended",
    "left",
    "lapsed",
)
