"""What goods and scenarios are called in titles and sentences."""

from model.name import MINERAL_GOODS

#: What goods are called where the code reads badly.
_GOODS = {
    **{f"{group}_{stage}": f"{name} {stage}" for group, name in (("lace", "La/Ce"), ("ndpr", "NdPr"), ("dytb", "Dy/Tb"))
       for stage in ("concentrate", "refined")},
    "permanent_magnets": "Magnets",
}  # fmt: skip


#: Words of scenario names that are written otherwise within a title.
_NAMES = {"us": "US", "eu": "EU", "japan": "Japan"}


def scenario_title(name: str) -> str:
    """Return the name of a scenario's file as a title: US EU Japan floor, Licence shock 2025."""
    words = [_NAMES.get(word, word) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def short_title(good: str) -> str:
    """Return what a good is called where there is little room: NdPr refined, Gallium, Magnets."""
    if good in _GOODS:
        return _GOODS[good]
    mineral, _, stage = good.rpartition("_")
    name = mineral.replace("_", " ").capitalize()
    return name if len(MINERAL_GOODS.get(mineral, ())) == 1 else f"{name} {stage}"


def goods_words(good: str) -> str:
    """Return what a good is called within a sentence: refined NdPr, gallium, permanent magnets."""
    if good == "permanent_magnets":
        return "permanent magnets"
    first, _, stage = short_title(good).partition(" ")
    word = first if any(letter.isupper() for letter in first[1:]) else first.lower()
    return f"refined {word}" if stage == "refined" else f"{word} {stage}".strip()
