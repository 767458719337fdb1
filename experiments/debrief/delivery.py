"""Promise against delivery: what members of a treaty did while it was in force, and which promises were kept."""

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.debrief.moment import IN_FORCE, RESTRICTIONS, members_in

#: Orders that hit another country's trade, by type; how a measure names all others.
EVERYBODY = "WORLD"
_AGAINST = (*RESTRICTIONS, "import_tariff", "trade_defence")


def delivery(
    outcomes: Sequence[Mapping[str, Any]], entries: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return one line a treaty and member: `{treaty, title, member, since, until, is_kept, against}`.

    `since` is the first round at whose end it was in force for the member, `until` the last; it is kept when it is in
    force at the end of the game. `against` lists orders that the member gave after that against the trade of a fellow
    member, as `{round, type, targets}`: whether one breaks the letter depends on the clauses, so it is a question for
    the room. Arguments are those of `experiments.debrief.moment.moments`.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for number, (found, entry) in enumerate(zip(outcomes, entries, strict=True), start=1):
        for row in rows.values():
            if row["until"] == number - 1:
                row["against"] += _against(number, entry, row["member"], row["fellows"])
        for treaty in found["treaties"]:
            here = members_in(treaty)
            for member in here:
                row = rows.setdefault(
                    (treaty["id"], member),
                    {"treaty": treaty["id"], "title": treaty["title"] or treaty["id"], "member": member,
                     "since": number, "against": []},
                )  # fmt: skip
                row["until"], row["fellows"] = number, [code for code in here if code != member]
    last = outcomes[-1] if outcomes else {"treaties": []}
    states = {
        (treaty["id"], code): state
        for treaty in last["treaties"]
        for code, state in treaty["members"].items()
    }
    for key, row in rows.items():
        row["is_kept"] = states.get(key) == IN_FORCE
        del row["fellows"]
    return list(rows.values())


def _against(
    number: int, entry: Mapping[str, Any], member: str, fellows: Sequence[str]
) -> list[dict[str, Any]]:
    found = []
    for order in entry["sheets"].get(member, ()):
        if order["type"] not in _AGAINST:
            continue
        hit = [code for code in _targets(order) if code in fellows] if _targets(order) else list(fellows)
        if hit:
            found.append({"round": number, "type": order["type"], "targets": hit})
    return found


def _targets(order: Mapping[str, Any]) -> list[str]:
    """Return whom an order names; nobody stands for everybody."""
    target = order["fields"].get("target") or []
    codes = [target] if isinstance(target, str) else list(target)
    return [] if EVERYBODY in codes else codes
