"""Columns of words as numbers, so that asking which rows hold a word takes no walk over text."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from model.network import Bools


class WordColumn:
    """A column of words that stays as it is: each row's word by its number."""

    def __init__(self, words: Any) -> None:
        numbers, names = pd.factorize(np.asarray(words, dtype=object))
        self.numbers = numbers
        self.place = {name: n for n, name in enumerate(names)}

    def holds(self, word: str) -> Bools:
        """Return which rows hold the word."""
        return np.asarray(self.numbers == self.place.get(word, -2))

    def holds_any(self, words: Iterable[str]) -> Bools:
        """Return which rows hold one of the words."""
        known = np.zeros(len(self.place) + 1, dtype=bool)  # the last one: rows without a word
        known[[self.place[word] for word in words if word in self.place]] = True
        return np.asarray(known[self.numbers])
