"""The text of a treaty: numbered articles in plain English, written from the same object that runs."""

from collections.abc import Callable

from model.clauses import BY_NAME
from model.clauses.common import countries_words
from model.quarter_date import first_date, is_quarter
from model.rules.treaty import ratification_delay
from model.treaty import KINDS, Treaty
from model.vote import rule_words

_MONTHS = """January February March April May June July August September October November December""".split()


def text(treaty: Treaty) -> str:
    """Return the whole text: title, preamble, an article for each clause, then the common articles."""
    lines = [KINDS[treaty.kind].upper(), treaty.title, "", _preamble(treaty)]
    articles = [(BY_NAME[c.type].title, BY_NAME[c.type].article(c, treaty.members)) for c in treaty.clauses]
    articles += [(title, paragraphs) for title, write in _COMMON if (paragraphs := write(treaty))]
    for number, (title, paragraphs) in enumerate(articles, 1):
        lines += ["", f"Article {number}. {title}"]
        lines += [f"{i}. {words}" for i, words in enumerate(paragraphs, 1)]
    return "\n".join(lines)


def treaty_line(treaty: Treaty) -> str:
    """Return a treaty in one line: id, kind, members, its latest date, clauses."""
    dates = [("in force", treaty.in_force), ("signed", treaty.signed), ("proposed", treaty.proposed)]
    when = next((f", {word} {date_words(date)}" for word, date in dates if date), "")
    ended = f", ended {date_words(treaty.ended)}" if treaty.ended else ""
    course = ", decided in the run" if treaty.decides else when + ended
    clauses = ", ".join(clause.type for clause in treaty.clauses)
    return f"{treaty.id}: {treaty.kind} of {', '.join(treaty.members)}{course}: {clauses}"


def _preamble(treaty: Treaty) -> str:
    return f"{_capital(countries_words(treaty.members))} (the members) agree as follows."


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def date_words(moment: str) -> str:
    """Return a date or quarter for a sentence: `24 April 2026`, `2026Q2`."""
    if is_quarter(moment):
        return moment
    day = first_date(moment)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _entry(treaty: Treaty) -> list[str]:
    paragraphs = _history(treaty) + _signing(treaty)
    if not treaty.collective:
        return [*paragraphs, *_dividing(treaty), "It takes effect on signature by both sides."]
    delay = ratification_delay.py_func(True, float(len(treaty.members)), treaty.veto_delay_quarters)
    return [
        *paragraphs,
        *_dividing(treaty),
        f"Members ratify within {delay:.3g} quarters of signing: one, and {treaty.veto_delay_quarters:g} for each.",
        f"It enters into force when {treaty.minimum_members} of {len(treaty.members)} members have ratified.",
    ]


def _history(treaty: Treaty) -> list[str]:
    dates = [
        ("proposed", treaty.proposed),
        ("signed", treaty.signed),
        ("in force from", treaty.in_force),
        ("ended", treaty.ended),
    ]
    known = [f"{word} {date_words(date)}" for word, date in dates if date is not None]
    return [f"Dates: {', '.join(known)}."] if known else []


def _signing(treaty: Treaty) -> list[str]:
    day = treaty.deadline
    if day is None and treaty.deadline_days is None:
        return []
    when = f"by {date_words(day)}" if day else f"within {treaty.deadline_days} days of its proposal"
    return [
        f"It is to be signed {when}. After that the talks go on, and fail with a chance of "
        f"{100 * treaty.failure_share:g} % a quarter."
    ]


def _dividing(treaty: Treaty) -> list[str]:
    if not treaty.side_payments:
        return []
    return [
        "Members that gain most pay the others each quarter, as agreed at signing: nobody signs for less than it asks, "
        f"and what is over is divided between {countries_words(treaty.members[:1])} and the others, who bargain "
        f"{'as one' if treaty.collective else 'by themselves'}."
    ]


def _duration(treaty: Treaty) -> list[str]:
    term = "It has no end." if treaty.term_quarters is None else f"It lasts {treaty.term_quarters} quarters."
    notice = f"A member may leave {treaty.notice_quarters} quarters after giving notice."
    least = f"It lapses when fewer than {treaty.minimum_members} members remain."
    return [f"{term} {notice}", least]


def _compliance(treaty: Treaty) -> list[str]:
    return [
        f"A breach can be seen {treaty.detection_lag_quarters:g} quarters after it begins, and is then seen with a "
        f"chance of {100 * treaty.detection_share:g} % a quarter.",
        f"A member found in breach is suspended from the benefits of this text for {treaty.suspension_quarters} "
        "quarters, and returns when the breach has ended.",
    ]


def _deciding(treaty: Treaty) -> list[str]:
    """Return how members vote, nothing where the treaty does not say."""
    if treaty.vote is None:
        return []
    rule, share, weights = treaty.voting
    told = [f"Members decide together by vote: {rule_words(rule, share)}."]
    if rule != "weighted":
        return told
    if weights is None:
        return [*told, "A member's weight is what its use of minerals was worth in the base year."]
    return [*told, f"Weights: {', '.join(f'{code} {100 * weight:g} %' for code, weight in weights.items())}."]


_COMMON: tuple[tuple[str, Callable[[Treaty], list[str]]], ...] = (
    ("Entry into force", _entry),
    ("Duration and withdrawal", _duration),
    ("Compliance", _compliance),
    ("Decisions", _deciding),
)
