"""Joint projects: members fund mines and plants together, and hosts issue permits faster.

Money changes a decision only where the project would not have been built without it; capacity follows after
the lead time.
"""

from collections.abc import Sequence

from model.clause import Clause, ClauseKind, Draft, Scope
from model.clauses.common import ANY_GOOD, BURDEN, countries_words, goods_words, shares_words
from model.field import Field
from model.instrument import spoken
from model.name import EU_MEMBERS
from model.pact import Burden, Pact

FIELDS = (
    ANY_GOOD,
    Field("host", "countries", "Host", "members in which projects are supported; left out: in all", default=[]),
    Field("amount_usd", "number", "Fund", "money committed in all; left out: projects are only promoted", unit="usd",
          low=0.0, default=None, remedy="Leave the clause out for no fund."),
    Field("form", "choice", "Form", "how it is given", choices=("grant", "equity", "loan"), default="grant"),
    Field("share", "share", "Share of the cost", "most of a project's capital cost that is paid", unit="share", low=0.0,
          high=0.9, default=0.3, remedy="Write 0.3 for 30 %."),
    Field("permit_factor", "share", "Permit time", "time for permits in members over the usual", unit="share", low=0.0,
          high=1.0, default=1.0, remedy="Write 0.5 for half the time."),
    BURDEN,
)  # fmt: skip


def article(clause: Clause, members: Sequence[str]) -> list[str]:
    """Return the paragraphs of the article."""
    fields = clause.fields
    goods = goods_words(fields["good"])
    where = f"in {countries_words(fields['host'])}" if fields["host"] else "on their territory"
    if fields["amount_usd"] is None:
        paragraphs = [f"The members promote projects {where} for {goods}. No sum is committed by this text."]
    else:
        money = spoken(fields["amount_usd"], "US dollars")
        paragraphs = [
            f"The members commit {money} to projects {where} for {goods}, as a {fields['form']} of at most "
            f"{100 * fields['share']:g} % of a project's capital cost.",
            f"They bear it in these shares: {shares_words(fields['burden'])}.",
        ]
    if fields["permit_factor"] < 1.0:
        paragraphs.append(
            f"Members decide on permits for {goods} in {100 * fields['permit_factor']:g} % of the usual time."
        )
    return paragraphs


def orders(clause: Clause, scope: Scope) -> list[Draft]:
    """Return each member's part of the fund, and its faster permits."""
    fields, drafts = clause.fields, list[Draft]()
    goods = scope.goods_of(clause)
    if fields["amount_usd"] is not None:
        hosts = fields["host"] or list(scope.members)
        same = {"good": goods, "host": hosts, "form": fields["form"]}
        drafts += [
            Draft("investment_fund", member,
                  {**same, "share": part * fields["share"], "amount_usd": part * fields["amount_usd"]})
            for member, part in fields["burden"].items() if member in scope.members and part
        ]  # fmt: skip
    if fields["permit_factor"] < 1.0:
        quick = {"good": goods, "permit_factor": fields["permit_factor"]}
        drafts += [Draft("fast_track", member, dict(quick)) for member in scope.members]
    return drafts


def check(clause: Clause, members: Sequence[str]) -> tuple[str, str] | None:
    """Return the fault of a host that is no member: public money of the members goes to their own sites."""
    for host in clause.fields["host"]:
        if host not in members and not (host in EU_MEMBERS and "EU27" in members):
            fault = f"Clause joint_projects has its host {host}, which is not a member"
            return (
                "host",
                f"{fault}. Name members only, {', '.join(members)}, or leave host out for all of them.",
            )
    return None


def pacts(clause: Clause) -> list[Pact]:
    """Return how the fund is borne."""
    return [] if clause.fields["amount_usd"] is None else [Burden("investment_fund", clause.fields["burden"])]


CLAUSE = ClauseKind(
    name="joint_projects",
    title="Joint projects",
    summary="Funds mines and plants together and speeds up permits.",
    fields=FIELDS,
    article=article,
    orders=orders,
    check=check,
    pacts=pacts,
    weaker={"amount_usd": "low", "share": "low", "permit_factor": "high"},
)
