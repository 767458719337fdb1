"""The world of Orebloc: markets, rules, measures, ledger and the quarter. Holds no choices and no screens."""

from model.cache import use_cache

use_cache()
