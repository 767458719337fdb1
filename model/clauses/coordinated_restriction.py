"""Co-ordinated export restriction: members restrict exports to a third country together.

It bites where the members are the chokepoint; outsiders who fill in wear it down. Each member bears its own exports
forgone. A joint quota is divided by shares, a rate is the same for all.
"""

from collections.abc import Sequence

from model.clause import Clause, ClauseKind, Draft, Scope
from model.clauses.common import GOOD, countries_words, goods_words, scaled, shares_words
from model.field import Field
from model.instrument import PERIODS, spoken

_FORMS = ("quota", "licence", "tax", "ban")
FIELDS = (
    GOOD,
    Field("target", "countries", "Target", "the third countries; WORLD for all outside"),
    Field("form", "choice", "Form", "a joint quota, a licence rate, an export tax or a ban", choices=_FORMS),
    Field("tax_rate", "path", "Export tax", "share of the price inside", unit="share", low=0.0, high=10.0, default=None,
          remedy="Write 0.25 for 25 %."),
    Field("approved_share", "path", "Approved share", "share of the normal flow that is approved", unit="share",
          low=0.0, high=1.0, default=None, remedy="Write 0.5 for half."),
    Field("quantity_t", "path", "Joint quota", "tonnes of all members in a period", unit="t", low=0.0, default=None,
          remedy="Leave the clause out to lift the quota."),
    Field("period", "choice", "Period", "the time the tonnes are for", choices=tuple(PERIODS), default="year"),
    Field("shares", "shares", "Quota shares", "who may export how much of the joint quota, by member; left out: equal "
          "parts", unit="share", low=0.0, high=1.0, default=None),
)  # fmt: skip
#: The field that holds the number of each form.
_NUMBER = {"quota": "quantity_t", "licence": "approved_share", "tax": "tax_rate", "ban": ""}


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    fields = clause.fields
    goods, target = goods_words(fields["good"]), countries_words(fields["target"])
    if fields["form"] == "quota":
        tonnes = spoken(fields["quantity_t"], f"t a {fields['period']}")
        return [
            f"The members together export at most {tonnes} of {goods} to {target}.",
            f"The quota is divided in these shares: {shares_words(fields['shares'])}.",
        ]
    if fields["form"] == "ban":
        return [f"The members export no {goods} to {target}."]
    rate = spoken(fields[_NUMBER[fields["form"]]], "", percent=True)
    if fields["form"] == "tax":
        return [f"Every member taxes exports of {goods} to {target} at {rate}."]
    return [f"Every member approves {rate} of its normal exports of {goods} to {target}."]


def check(clause: Clause, members: Sequence[str]) -> tuple[str, str] | None:
    """Return the fault of a restriction on a member, or without its number."""
    fields, label = clause.fields, "Co-ordinated restriction"
    inside = [code for code in fields["target"] if code in members]
    if inside:
        return (
            "target",
            f"{label} is aimed at {', '.join(inside)}, a member. Name countries outside the treaty.",
        )
    needs = _NUMBER[fields["form"]]
    if needs and fields[needs] is None:
        return needs, f"{label} as a {fields['form']} has no number. Write {needs}."
    stray = next(
        (
            key
            for key in ("tax_rate", "approved_share", "quantity_t")
            if key != needs and fields[key] is not None
        ),
        None,
    )
    return (stray, f"{label} as a {fields['form']} takes no {stray}. Remove it.") if stray else None


def orders(clause: Clause, scope: Scope) -> list[Draft]:
    """Return the same restriction for each member; a joint quota is divided."""
    fields = clause.fields
    same = {"good": fields["good"], "target": fields["target"]}
    drafts = []
    for member in scope.members:
        about = {**same, "exempt": scope.others(member)}
        if fields["form"] == "quota":
            about["quantity_t"] = scaled(fields["quantity_t"], fields["shares"].get(member, 0.0))
            about["period"] = fields["period"]
        elif fields["form"] != "ban":
            about["rate"] = fields[_NUMBER[fields["form"]]]
        drafts.append(Draft(f"export_{fields['form']}", member, about))
    return drafts


CLAUSE = ClauseKind(
    name="coordinated_restriction",
    title="Co-ordinated export restriction",
    summary="Members restrict exports to third countries together.",
    fields=FIELDS,
    article=article,
    orders=orders,
    check=check,
    weaker={"quantity_t": "high", "tax_rate": "low", "approved_share": "high"},
)
