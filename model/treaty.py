"""Treaties: a document with members and clauses; what a person reads and what runs come from it.

`treaty_from(mapping)` reads and checks one; `model.treaty_text.text` writes it out in articles; `model.treaty_order`
gives the orders its members take; `model.treaty_merge` joins two; `model.treaty_library` holds those that exist.
Its course in time is in `model.rules.treaty`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from model.clause import Clause, clause_from
from model.clauses import BY_NAME
from model.field import Field, Place, read_fields, refuse_unknown
from model.name import EU_MEMBERS, WORLD
from model.pact import Pact
from model.quarter_date import first_date, last_date, quarter_index
from model.treaty_state import IN_FORCE, LAPSED, NONE, PROPOSED, SIGNED
from model.vote import RULES, voting

#: What a treaty may be, and how it is called in its title line.
KINDS = {
    "memorandum": "Memorandum of understanding",
    "club": "Charter of a club",
    "plurilateral": "Plurilateral agreement",
    "framework": "Framework agreement",
}
_QUARTERS: dict[str, Any] = {"unit": "quarters", "low": 0.0, "high": 400.0}
_SHARE: dict[str, Any] = {"unit": "share", "low": 0.0, "high": 1.0}
HEAD = (
    Field("id", "text", "Id", "a name in lower snake case"),
    Field("title", "text", "Title", "one line", default=""),
    Field("kind", "choice", "Kind", "memorandum (two parties), club (open), plurilateral (ratified), framework (with "
          "a deadline)", choices=tuple(KINDS)),
    Field("members", "countries", "Member", "codes of the countries that may sign"),
    Field("proposed", "quarter", "Proposed", "when it was put on the table", default=None),
    Field("signed", "quarter", "Signed", "when it was signed", default=None),
    Field("in_force", "quarter", "In force", "from when it binds; left out: from its kind", default=None),
    Field("ended", "quarter", "Ended", "the last quarter or day it holds", default=None),
    Field("ratify_by", "quarter", "Deadline", "the last quarter or day for signing", default=None),
    Field("deadline_days", "integer", "Days to sign", "days from the proposal", unit="days", low=1, high=3650,
          default=None, remedy="Write 30 or 90."),
    Field("failure_share", "share", "Failure after the deadline", "chance that talks fail, each quarter after it",
          default=0.15, remedy="Write 0.15 for 15 %.", **_SHARE),
    Field("minimum_members", "integer", "Least members", "members needed for entry into force; left out: from its "
          "kind", unit="members", low=2, high=200, default=None, remedy="Leave it out for the usual number."),
    Field("term_quarters", "integer", "Term", "quarters it lasts; left out: no end", unit="quarters", low=1, high=400,
          default=None, remedy="Leave it out for no end."),
    Field("notice_quarters", "integer", "Notice", "quarters from notice to leaving", default=2,
          remedy="Write 2 for half a year.", **_QUARTERS),
    Field("veto_delay_quarters", "number", "Delay of a veto player", "quarters that each member adds to ratification",
          default=0.1, remedy="Write 0.1.", **_QUARTERS),
    Field("detection_lag_quarters", "number", "Detection lag", "quarters before a breach can be seen", default=2.0,
          remedy="Write 1 to 4.", **_QUARTERS),
    Field("detection_share", "share", "Detection", "chance that a breach is seen, each quarter after that",
          default=0.6, remedy="Write 0.6 for 60 %.", **_SHARE),
    Field("suspension_quarters", "integer", "Suspension", "quarters a member in breach is suspended", default=4,
          remedy="Write 4 for a year.", **_QUARTERS),
    Field("vote", "choice", "Vote", "how members decide together: unanimity, majority or weighted; left out: unanimity",
          choices=tuple(RULES), default=None),
    Field("vote_share", "share", "Share to be exceeded", "of the members, or of their weight; left out: half",
          default=None, remedy="Write 0.65 for 65 %.", **_SHARE),
    Field("vote_weights", "shares", "Weights of votes", "by member, adding up to 1; left out: what their use of "
          "minerals was worth in the base year", default=None, remedy="Write { USA = 0.6, JPN = 0.4 }.", **_SHARE),
    Field("side_payments", "flag", "Side payments", "states that decide divide what they gain: those who gain much pay "
          "the others, by bargaining", default=False),
    Field("decides", "flag", "Decided in the run", "whether states decide on it, in place of dates", default=False),
    Field("source", "text", "Source", "where it is documented", default=""),
)  # fmt: skip


@dataclass(frozen=True)
class Treaty:
    """One document. Quarters and dates as text; `minimum_members` is complete; see `HEAD` for meanings and units."""

    id: str
    title: str
    kind: str
    members: tuple[str, ...]
    proposed: str | None
    signed: str | None
    in_force: str | None
    ended: str | None
    ratify_by: str | None
    deadline_days: int | None
    failure_share: float
    minimum_members: int
    term_quarters: int | None
    notice_quarters: int
    veto_delay_quarters: float
    detection_lag_quarters: float
    detection_share: float
    suspension_quarters: int
    vote: str | None
    vote_share: float | None
    vote_weights: Mapping[str, float] | None
    side_payments: bool
    decides: bool
    source: str
    clauses: tuple[Clause, ...]

    @property
    def collective(self) -> bool:
        """Whether it is ratified by its members one by one; a memorandum binds on signature."""
        return self.kind != "memorandum"

    @property
    def voting(self) -> tuple[str, float, Mapping[str, float] | None]:
        """Return how its members decide together: rule, share to be exceeded, weights where it states them."""
        return voting(self.to_mapping())

    @property
    def deadline(self) -> str | None:
        """Return the last day for signing as a date, None without one (or before it is proposed)."""
        if self.ratify_by is not None:
            return last_date(self.ratify_by).isoformat()
        if self.deadline_days is None or self.proposed is None:
            return None
        return (first_date(self.proposed) + timedelta(days=self.deadline_days)).isoformat()

    def pacts(self) -> list[Pact]:
        """Return what the clauses do beside measures, in their order."""
        return [pact for clause in self.clauses for pact in BY_NAME[clause.type].pacts(clause)]

    def to_mapping(self) -> dict[str, Any]:
        """Return the document as JSON values, without what was left out."""
        head = {field.name: getattr(self, field.name) for field in HEAD}
        record = {
            key: list(value) if key == "members" else value
            for key, value in head.items()
            if value is not None
        }
        return {**record, "clauses": [clause.to_mapping() for clause in self.clauses]}

    def scripted_state(self, quarter: int) -> int:
        """Return its state by its dates in a quarter (an index): NONE, PROPOSED, SIGNED, IN_FORCE or LAPSED.

        A treaty that states decide about has no state by dates: NONE.
        """
        if self.decides:
            return NONE
        start = self.in_force or (self.signed if not self.collective else None)
        if self.ended is not None and quarter > quarter_index(self.ended):
            return LAPSED
        reached = [
            (start, IN_FORCE),
            (self.signed, SIGNED),
            (self.proposed, PROPOSED),
        ]
        return next((state for date, state in reached if date and quarter >= quarter_index(date)), NONE)


def treaty_from(mapping: Any, place: Place | None = None) -> Treaty:
    """Read and check one treaty. Raises `ScenarioError` at the first fault, with its place."""
    place = place or Place()
    if not isinstance(mapping, Mapping):
        place.refuse(f"{mapping!r} is not a treaty; write id, kind, members and clauses.")
    refuse_unknown(mapping, [*(field.name for field in HEAD), "clauses"], place)
    head = read_fields(
        HEAD, {key: value for key, value in mapping.items() if key != "clauses"}, place, _about(mapping)
    )
    members = _members(head, place)
    head["minimum_members"] = head["minimum_members"] or _usual_minimum(head["kind"], len(members))
    _check_head(head, members, place)
    clauses = _clauses(mapping.get("clauses"), head, members, place)
    title = head["title"] or head["id"].replace("_", " ").capitalize()
    return Treaty(**{**head, "title": title, "members": members}, clauses=clauses)


def _about(mapping: Mapping[str, Any]) -> str:
    return f" of treaty {mapping['id']}" if isinstance(mapping.get("id"), str) else ""


def _members(head: Mapping[str, Any], place: Place) -> tuple[str, ...]:
    members, spot, name = head["members"], place.at("members"), head["id"]
    if WORLD in members:
        spot.refuse(f"Members of treaty {name} are WORLD; a treaty needs its members by name.")
    parties = len({"EU27" if code in EU_MEMBERS else code for code in members})
    least = 3 if head["kind"] == "plurilateral" else 2
    if parties < least or (head["kind"] == "memorandum" and parties != 2):
        must = "exactly 2" if head["kind"] == "memorandum" else f"{least} or more"
        remedy = "Write kind = 'plurilateral' for more" if parties > 2 else "Add members"
        spot.refuse(f"Members of treaty {name} are {parties}; a {head['kind']} has {must}. {remedy}.")
    return tuple(members)


def _usual_minimum(kind: str, members: int) -> int:
    """Return the members needed for entry into force: two of a club, most of a plurilateral, else all."""
    return {"club": 2, "plurilateral": members // 2 + 1}.get(kind, members)


def _check_head(head: Mapping[str, Any], members: tuple[str, ...], place: Place) -> None:
    name = head["id"]
    if not (name.isidentifier() and name == name.lower()):
        place.at("id").refuse(
            f"Id of a treaty is {name!r}; it must be in lower snake case, such as us_mexico."
        )
    if head["minimum_members"] > len(members):
        place.at("minimum_members").refuse(
            f"Least members of treaty {name} are {head['minimum_members']}; it has {len(members)}. Write fewer."
        )
    if head["kind"] == "framework" and head["ratify_by"] is None and head["deadline_days"] is None:
        place.at("ratify_by").refuse(
            f"Deadline of framework {name} is missing. Write ratify_by, or deadline_days such as 30."
        )
    dates = [(key, head[key]) for key in ("proposed", "signed", "in_force", "ended") if head[key] is not None]
    for (before, early), (after, late) in zip(dates, dates[1:], strict=False):
        if last_date(late) < first_date(early):
            place.at(after).refuse(
                f"Treaty {name} is {after} {late}, before it is {before} ({early}). Mend the dates."
            )
    strangers = [code for code in head["vote_weights"] or {} if code not in members]
    if strangers:
        place.at("vote_weights").refuse(
            f"Weights of votes of treaty {name} name {', '.join(strangers)}, not among its members. Name members only."
        )
    if head["decides"] and (head["signed"] or head["in_force"]):
        place.at("decides").refuse(
            f"Treaty {name} is decided in the run and has a date of signing too. Remove the dates, or decides."
        )


def _clauses(
    value: Any, head: Mapping[str, Any], members: tuple[str, ...], place: Place
) -> tuple[Clause, ...]:
    spot = place.at("clauses")
    if not isinstance(value, list) or not value:
        spot.refuse(f"Treaty {head['id']} has no clauses. Write [[...clauses]] with type and fields.")
    return tuple(clause_from(item, BY_NAME, members, spot.at(i)) for i, item in enumerate(value))


def with_member(treaty: Treaty, country: str) -> Treaty:
    """Return the treaty with one member more; shares that are equal stay so, others keep out the newcomer."""
    if country in treaty.members:
        return treaty
    members = (*treaty.members, country)
    clauses = tuple(_shared(clause, treaty.members, members) for clause in treaty.clauses)
    return replace(treaty, members=members, clauses=clauses)


def without_member(treaty: Treaty, country: str) -> Treaty:
    """Return the treaty without a member; shares of the others grow in proportion. Two members have to stay."""
    members = tuple(code for code in treaty.members if code != country)
    clauses = tuple(_shared(clause, treaty.members, members) for clause in treaty.clauses)
    least = min(treaty.minimum_members, len(members))
    return replace(treaty, members=members, minimum_members=least, clauses=clauses)


def _shared(clause: Clause, before: tuple[str, ...], members: tuple[str, ...]) -> Clause:
    """Return the clause with its shares by member fitted to new members."""
    fields = dict(clause.fields)
    for field in BY_NAME[clause.type].fields:
        if field.kind == "shares":
            fields[field.name] = _fitted(fields[field.name], before, members)
    return Clause(clause.type, fields)


def _fitted(
    shares: Mapping[str, float], before: tuple[str, ...], members: tuple[str, ...]
) -> dict[str, float]:
    equal = all(abs(shares.get(code, 0.0) - 1.0 / len(before)) < 1e-12 for code in before)
    kept = {code: shares[code] for code in members if code in shares}
    total = sum(kept.values())
    if equal or total <= 0.0:
        return {code: 1.0 / len(members) for code in members}
    return {code: share / total for code, share in kept.items()}
