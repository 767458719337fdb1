"""The name of a country on a page."""

from model.name import COUNTRY_NAMES

#: Names of countries that make something only later in a run.
_LATER = {"OMN": "Oman", "SAU": "Saudi Arabia", "SGP": "Singapore", "BLR": "Belarus", "AGO": "Angola",
          "MWI": "Malawi", "WLD": "the world"}  # fmt: skip

#: All codes that have a name.
KNOWN = (*COUNTRY_NAMES, *_LATER)


def country_name(code: object) -> str:
    """Return the English name of a country, or its code where it has none here."""
    return COUNTRY_NAMES.get(str(code)) or _LATER.get(str(code), str(code))
