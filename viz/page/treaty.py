"""The treaty table: members, clauses and terms; who would sign, who would not, and why; the text; signing it."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from agents.stake import PARTS, Stakes, weigh_membership
from agents.treaty_words import reason
from experiments.title import short_title
from model.engine import Engine
from model.error import OreblocError
from model.quarter_date import quarter_index
from model.treaty import Treaty, treaty_from, with_member
from model.treaty_text import text
from viz.country import country_name
from viz.live.lever import price_factor
from viz.live.message import named
from viz.live.stage import Ground
from viz.page.sheet import Ask, Sheet, card, table
from viz.page.treaty_draft import Draft

#: States that can be asked to the table, in the order they are listed.
_STATES = ("USA", "EU27", "JPN", "KOR", "GBR", "CAN", "AUS", "IND", "MYS", "VNM", "BRA", "CHL", "IDN", "MEX")
#: Outsiders asked whether they would join.
_ASKED = 3
#: Columns of plain dollars beside the weighed ones.
_PLAIN = ("plain dollars now", "once plants are built")


class TreatyTable(Sheet):
    """Drafts a treaty on one good and asks the states."""

    busy = "Asking the states: clearing the markets with each of them in and out…"

    title = "Treaty table"
    purpose = (
        "Draft a treaty from its clauses and ask the states: who would sign it and why, what each pays and gains. "
        "Then sign it into the run, whatever they say."
    )

    def begin(self) -> None:
        """Open with the treaty that is signed in the link, else with a floor of the thirty."""
        good = self.shown["good"]
        self.good = (
            good if not good.endswith("_concentrate") else self.stage.goods_of(self.shown["mineral"])[-1]
        )
        here = self.stage.whole.countries
        self.members = [code for code in self.plan.bloc if code in here and code in _STATES]
        self.notice, self.verdicts = 2, dict[str, bool]()
        labels = self.stage.quarter_labels()
        self.draft_ = Draft(self.stage, self.good, labels)
        signed = self.plan.treaty
        if signed is not None:
            self.members = [str(code) for code in signed.get("members", self.members)]
            self.notice = int(signed.get("notice_quarters", 2))
            self.draft_.load(list(signed.get("clauses") or []))
            self.good = self.shown["good"] = self.draft_.good
            return
        price = self.stage.whole.baseline.path("outside_price_usd_per_t", self.good, self._leader())
        known = price[np.isfinite(price)]
        factor = price_factor(self.good)
        usual = (
            110.0 if self.good == "ndpr_refined" else 1.2 * float(known[-1] if known.size else 0.0) / factor
        )
        floor = {"good": [self.good], "price_usd_per_t": float(f"{usual:.3g}") * factor, "levy": "use"}
        self.draft_.clauses = {
            "common_price_floor": floor,
            "mutual_exemption": {"good": [self.good]},
            "information": {"good": [self.good]},
        }

    def _leader(self) -> str:
        return self.stage.whole.observer.restrictors[self.good]

    def fields(self) -> list[Ask]:
        """Return members, clauses with their terms, and the signature."""
        here = self.stage.whole.countries
        goods = [
            (g, short_title(g))
            for g in self.stage.whole.goods
            if not g.endswith("_concentrate") or "baryte" in g
        ]
        states = [(code, country_name(code)) for code in _STATES if code in here]
        against = [code for code in self.members if not self.verdicts.get(code, True)]
        sign = "Sign it into the run"
        if against:
            sign = f"Sign it all the same, for {_listed([country_name(code) for code in against])} too"
        return [
            Ask("good", "On", "select", self.good, goods, group="What and who"),
            Ask("members", "Members", "checks", self.members, states, group="What and who"),
            *self.draft_.fields(),
            Ask("notice", "Notice to leave", "number", self.notice, unit="quarters", low=0.0, high=40.0, step=1.0,
                group="Terms"),
            Ask("sign", sign, "button", help="" if against else "primary", group="Terms"),
        ]  # fmt: skip

    def asked(self) -> dict[str, str]:
        """Return the draft."""
        return {
            "members": "-".join(self.members),
            "notice": str(self.notice),
            "clauses": self.draft_.word(),
        }

    def set(self, field: str, value: Any) -> None:
        """Take over a choice; what a clause cannot hold is refused."""
        self.verdicts = {}
        if field == "members":
            chosen = value.split("-") if isinstance(value, str) else (value or [])
            self.members = [code for code in _STATES if code in chosen]
        elif field == "good":
            if value not in self.stage.whole.goods:
                raise OreblocError(f"Good {value!r} is not in this scenario. Choose one of the list.")
            self.good = self.shown["good"] = str(value)
            self.plan = replace(self.plan, treaty=None)
            self.begin()
        elif field == "clauses":
            self.draft_.load(value)
            self.good = self.draft_.good
        elif field == "notice":
            self.notice = self._quarters(value)
        elif self.draft_.has(field):
            self.draft_.set(field, value, self._parties())

    def _parties(self) -> list[str]:
        return self.members if len(self.members) > 1 else list(_STATES[:2])

    def _quarters(self, value: Any) -> int:
        try:
            number = float(value or 0.0)
        except (TypeError, ValueError):
            number = float("nan")
        if not 0.0 <= number <= 40.0 or number != int(number):
            raise OreblocError(
                f"Notice to leave is {value}; it must be a whole number of quarters, 0 to 40. Write 2 for half a year."
            )
        return int(number)

    def act(self, button: str) -> None:
        """Sign the treaty into the run and lead to Explore; who would not is said in its title."""
        if button == "sign":
            self.draft()
            against = [country_name(code) for code in self.members if not self.verdicts.get(code, True)]
            self.plan = replace(self.plan, treaty=self.record(signed=True, against=against))
            self.shown["good"] = self.good
            self.go("")

    def record(self, signed: bool, against: Sequence[str] = ()) -> dict[str, Any]:
        """Return the draft as JSON values; signed, with dates, and with those who would not by themselves."""
        kind = "memorandum" if len(self.members) == 2 else "plurilateral"
        title = f"Agreement on {short_title(self.good)} at fair prices"
        if against:
            itself = "itself" if len(against) == 1 else "themselves"
            title += f" (supposed: {_listed(list(against))} would not sign by {itself})"
        record = {
            "id": "drafted_here", "title": title, "kind": kind,
            "members": list(self.members), "notice_quarters": self.notice, "clauses": self.draft_.record(),
        }  # fmt: skip
        if signed:
            return {**record, "signed": self.plan.start, "in_force": self.plan.start}
        return {**record, "decides": True}

    def draft(self) -> Treaty:
        """Return the draft as a treaty. Raises `OreblocError` for what cannot be one."""
        if len(self.members) < 2:
            raise OreblocError(f"Members are {len(self.members)}; a treaty has 2 or more. Choose members.")
        if not self.draft_.clauses:
            raise OreblocError("The treaty has no clause. Switch one on.")
        self.draft_.check(self.members)
        return treaty_from(self.record(signed=False))

    def answer(self) -> str:
        """Return who would sign and why, and the text."""
        treaty = self.draft()
        mineral = next(m for m in self.stage.minerals if self.good in self.stage.goods_of(m))
        ground = self.stage.alone(mineral)
        engine = ground.at(quarter_index(self.plan.start) - ground.scenario.start_index)
        members = self._weighed(engine, treaty, ground, self.members)
        outside = [code for code in _STATES if code in ground.countries and code not in self.members]
        say, asked = self.teller(), []
        for n, code in enumerate(self._buyers(outside)[:_ASKED]):
            say(f"Asking those outside: {n + 1} of {_ASKED}…")
            asked.append(self._newcomer(engine, treaty, ground, code))
        self.verdicts = {row["code"]: row["signs"] for row in members}
        return self._told(treaty, members, asked)

    def _buyers(self, codes: list[str]) -> list[str]:
        """Return the countries that use the good, the largest first."""
        use = self.stage.whole.baseline.table("consumption_t", self.good)
        size = {code: float(np.nansum(use[code])) for code in codes if code in use}
        return sorted((code for code in size if size[code] > 0.0), key=lambda code: -size[code])

    def _weighed(
        self, engine: Engine, treaty: Treaty, ground: Ground, inside: list[str]
    ) -> list[dict[str, Any]]:
        twin = engine.fork()
        number = twin.add_treaty(treaty)
        mask = np.array([[code in inside for code in ground.countries]])
        stakes = weigh_membership(twin, number, np.array([0]), mask)
        return [
            self._row(stakes, ground.countries.index(code), code, code in inside)
            for code in treaty.members
            if code in ground.countries
        ]

    def _newcomer(self, engine: Engine, treaty: Treaty, ground: Ground, code: str) -> dict[str, Any]:
        wider = with_member(treaty, code)
        wider = replace(wider, kind="plurilateral") if len(wider.members) > 2 else wider
        rows = self._weighed(engine, wider, ground, self.members)
        return next(row for row in rows if row["code"] == code)

    def _row(self, stakes: Stakes, c: int, code: str, member: bool) -> dict[str, Any]:
        gain, asked = float(stakes.total[0, c]), float(stakes.asked[0, c])
        parts = [float(stakes[part][0, c]) for part in range(len(PARTS))]
        return {"code": code, "member": member, "gain": gain, "asked": asked, "signs": gain >= asked, "parts": parts,
                "plain": [float(stakes.now[0, c]), float(stakes.later[0, c])],
                "reason": named(reason(stakes, 0, c))}  # fmt: skip

    def _told(self, treaty: Treaty, members: list[dict[str, Any]], asked: list[dict[str, Any]]) -> str:
        signs = [country_name(row["code"]) for row in members if row["signs"]]
        not_ = [country_name(row["code"]) for row in members if not row["signs"]]
        join = [country_name(row["code"]) for row in asked if row["signs"]]
        if not not_:
            head = f"All {len(signs)} would sign" + (f", and {_listed(join)} would too" if join else "")
        elif not signs:
            head = "None of them would sign: each gains more by staying out"
        else:
            head = f"{_listed(signs)} would sign; {_listed(not_)} would not"
        stable = (
            "Stable: no member gains by staying out, and none of those asked outside gains by joining."
            if not not_ and not join
            else "Not stable: " + "; ".join(
                words for words in (f"{_listed(not_)} would rather stay out" if not_ else "",
                                    f"{_listed(join)} would rather join" if join else "") if words) + "."
        )  # fmt: skip
        people = "".join(_person(row) for row in [*members, *asked])
        head_row = ("state", "side", *PARTS, "in all", "asks for", *_PLAIN)
        rows = [_money_row(row) for row in [*members, *asked]]
        paragraphs = "".join(_paragraph(words) for words in named(text(treaty)).split("\n"))
        method = (
            "Each state sets the quarter with the treaty and itself in it against the same without itself, now, once "
            f"plants have been built, and in a stop of deliveries by {country_name(self._leader())}, weighed by its "
            "doctrine: parts it cares about count for more than a dollar a dollar, so these are no sums of money. The "
            "last two columns are: welfare and payments among members, in the coming quarter and once plants have "
            "been built, without safety and quarrels. Explore's cost to the country is in plain dollars too, added up "
            "over the quarters so far. What allies owe each other besides is not weighed."
        )
        article = (
            f'<div class="text" tabindex="0" role="region" aria-label="Text of the treaty">{paragraphs}</div>'
        )
        when = f"As of {self.plan.start}, others staying as they are"
        unit = "Million dollars a quarter, in rather than out, weighed by each state's doctrine"
        money = table("treaty", head_row, rows, range(2, len(head_row)))
        return (
            f'<h1 class="finding">{escape(head)}</h1><p class="lead">{escape(stable)}</p><div class="board">'
            + card("Who would sign, and why", f'<ul class="people">{people}</ul>', when, method, "half")
            + card("The text", article, "Written from the same object that runs", "", "half")
            + card("What each pays and gains", money, unit)
            + "</div>"
        )


def _millions(usd: float) -> str:
    """Return millions with their sign; next to nothing has none."""
    words = f"{usd / 1e6:+,.1f}".replace("-", "\u2212")
    return "0.0" if words[1:] == "0.0" else words


def _money_row(row: dict[str, Any]) -> list[str]:
    parts = [_millions(part) for part in row["parts"]]
    side = "member" if row["member"] else "asked"
    return [
        country_name(row["code"]),
        side,
        *parts,
        _millions(row["gain"]),
        f"{row['asked'] / 1e6:,.1f}",
        *(_millions(usd) for usd in row["plain"]),
    ]


def _person(row: dict[str, Any]) -> str:
    if row["member"]:
        verdict = "signs" if row["signs"] else "does not sign"
    else:
        verdict = "would join" if row["signs"] else "stays out"
    kind, mark = ("yes", "\u2713") if row["signs"] else ("no", "\u2715")
    why = escape(row["reason"][:1].upper() + row["reason"][1:])
    return (
        f'<li class="{kind}"><span class="mark" aria-hidden="true">{mark}</span><div>'
        f"<b>{escape(country_name(row['code']))} {verdict}</b><p>{why}.</p></div></li>"
    )


def _paragraph(words: str) -> str:
    if not words:
        return ""
    tag = "h3" if words.startswith("Article") or words.isupper() else "p"
    return f"<{tag}>{escape(words)}</{tag}>"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "nobody"
