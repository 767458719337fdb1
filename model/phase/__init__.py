"""The seven phases of a quarter as compiled loops over runs and rows; `model/quarter.py` calls them."""
