"""The modes of a state that chooses how to use its markets, mildest first."""

NORMAL, NEGOTIATE, MILK, LIMIT, FLOOD, COERCE = range(6)

#: Their words, for texts and tables.
MODE_WORDS = ("normal", "negotiate", "milk", "limit", "flood", "coerce")
