"""Policies in words: the scenario and the settings of the levers that act in it, as reports and signs name them."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.study.factor import Factor
from experiments.study.study import Study
from model.error import OreblocError
from model.name import did_you_mean

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")


def labels_of(runs: pd.DataFrame, levers: Sequence[Factor]) -> dict[int, str]:
    """Return each policy of a table of runs in words, by its number."""
    first = runs.drop_duplicates("policy").set_index("policy")
    return {int(number): policy_label(row, levers) for number, row in first.iterrows()}


def policy_label(row: Any, levers: Sequence[Factor]) -> str:
    """Return a policy in words, from a row of the table of runs."""
    parts = [
        f"{lever.name} {value_word(row[lever.name])}" for lever in levers if not pd.isna(row[lever.name])
    ]
    return ", ".join([str(row["scenario"]), *parts])


def value_word(value: Any) -> str:
    """Return a lever's value in words."""
    if isinstance(value, str):
        try:
            read = json.loads(value)
        except ValueError:
            return value
        return "+".join(str(item) for item in read) if isinstance(read, list) else str(read)
    return f"{value:,.6g}"


def find_policy(name: str, labels: Mapping[int, str]) -> int | None:
    """Return the number of the policy of a name, written with or without commas between thousands; None for none."""
    plain = {_THOUSANDS.sub("", label): number for number, label in labels.items()}
    return plain.get(_THOUSANDS.sub("", name))


def check_sign_policies(study: Study, runs: pd.DataFrame) -> None:
    """Refuse a sign that names a policy which the study's plan has not. Raises `OreblocError` with file and field."""
    labels = labels_of(runs, study.levers)
    for place, sign in enumerate(study.signs):
        for key in ("policy", "against"):
            name = getattr(sign, key)
            if name and find_policy(name, labels) is None:
                known = list(labels.values())
                remedy = did_you_mean(name, known, f"It has {'; '.join(known)}.")
                where = f"{study.file}, " if study.file else ""
                raise OreblocError(
                    f"Sign {sign.says!r} names policy {name!r}, which the study has not. {remedy} "
                    f"({where}signs[{place}].{key})"
                )
