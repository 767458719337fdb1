"""The registry of clauses: one line each. `mutual_exemption.py` is the example to copy."""

from model.clause import ClauseKind
from model.clauses import (
    common_price_floor,
    coordinated_restriction,
    gap_subsidy,
    information,
    joint_projects,
    joint_stockpile,
    mutual_exemption,
    offtake,
    one_voice,
    research,
    standards,
    territorial_integrity,
)

CLAUSES: list[ClauseKind] = [
    mutual_exemption.CLAUSE,
    common_price_floor.CLAUSE,
    gap_subsidy.CLAUSE,
    offtake.CLAUSE,
    standards.CLAUSE,
    joint_stockpile.CLAUSE,
    joint_projects.CLAUSE,
    coordinated_restriction.CLAUSE,
    information.CLAUSE,
    research.CLAUSE,
    one_voice.CLAUSE,
    territorial_integrity.CLAUSE,
]
BY_NAME: dict[str, ClauseKind] = {clause.name: clause for clause in CLAUSES}
