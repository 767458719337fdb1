"""Every theorem's test can fail: with the model, a rule or an answer spoilt in one place it does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis.errors import UnsatisfiedAssumption
from invariant import INVARIANTS, module_at
from mechanism import METAL, Story
from random_world import forget

from model.clause import Draft
from model.clauses import BY_NAME as CLAUSES
from model.instrument import Certificate, Push, Stock
from model.instruments import BY_NAME as INSTRUMENTS

_RESTRICTIONS = ("export_quota", "export_licence", "export_tax", "export_ban")

Spoil = Callable[[pytest.MonkeyPatch, Any], None]


@dataclass(frozen=True)
class Mutation:
    """What is spoilt (`spoil(patch, module)`), and calls of a test, of which one must fail.

    The test is that which the list names for the invariant at place `which`.
    """

    number: int
    words: str
    spoil: Spoil
    calls: tuple[dict[str, Any], ...]
    which: int = 0

    @property
    def test(self) -> str:
        """Return `file::function`."""
        return INVARIANTS[self.number - 1].tests[self.which]


def seeds(**more: Any) -> tuple[dict[str, Any], ...]:
    """Return the calls of a test for eight seeds."""
    return tuple({"seed": seed, **more} for seed in range(8))


def edits(name: str, change: Callable[[Any], Any], *added: Callable[[Any, Any], Any]) -> Spoil:
    """Return a spoil that changes each edit an instrument compiles into (None drops it), and adds some."""

    def spoil(patch: pytest.MonkeyPatch, module: Any) -> None:
        kind = INSTRUMENTS[name]

        def compiled(order: Any, site: Any) -> list[Any]:
            kept = [change(edit) for edit in kind.compile(order, site)]
            return [edit for edit in kept if edit is not None] + [more(order, site) for more in added]

        patch.setitem(INSTRUMENTS, name, replace(kind, compile=compiled))

    return spoil


def fields(name: str, **changed: Any) -> Spoil:
    """Return a spoil that compiles an instrument as if its orders said something else."""

    def spoil(patch: pytest.MonkeyPatch, module: Any) -> None:
        kind = INSTRUMENTS[name]

        def compiled(order: Any, site: Any) -> list[Any]:
            return kind.compile(replace(order, fields={**order.fields, **changed}), site)

        patch.setitem(INSTRUMENTS, name, replace(kind, compile=compiled))

    return spoil


def unexempt(patch: pytest.MonkeyPatch, module: Any) -> None:
    """Let no exemption reach an export measure."""
    for name in _RESTRICTIONS:
        patch.setitem(INSTRUMENTS, name, replace(INSTRUMENTS[name], exemptible=False))


def orders(name: str, change: Callable[[list[Draft]], list[Draft]]) -> Spoil:
    """Return a spoil of the orders that a clause's members take."""

    def spoil(patch: pytest.MonkeyPatch, module: Any) -> None:
        kind = CLAUSES[name]
        patch.setitem(
            CLAUSES, name, replace(kind, orders=lambda clause, scope: change(kind.orders(clause, scope)))
        )

    return spoil


def scaled(key: str, factor: float, only: slice = slice(None)) -> Callable[[list[Draft]], list[Draft]]:
    """Return a change of one field of some drafts."""

    def change(drafts: list[Draft]) -> list[Draft]:
        chosen = drafts[only]
        return [
            draft._replace(fields={**draft.fields, key: factor * draft.fields[key]})
            if draft in chosen
            else draft
            for draft in drafts
        ]

    return change


def seen(**changes: Callable[[Any], Any]) -> Spoil:
    """Return a spoil of what a run shows of some columns or answers."""

    def spoil(patch: pytest.MonkeyPatch, module: Any) -> None:
        whole = Story.__getitem__

        def spoilt(story: Story, name: str) -> Any:
            return changes[name](whole(story, name)) if name in changes else whole(story, name)

        patch.setattr(Story, "__getitem__", spoilt)

    return spoil


def function(name: str, change: Callable[[Any], Any]) -> Spoil:
    """Return a spoil of a function that a test module uses, by its name there."""
    return lambda patch, module: patch.setattr(module, name, change(getattr(module, name)))


def solution(change: Callable[[Any, Any], None]) -> Spoil:
    """Return a spoil of the market's answer: `change(problem, solution)` alters it in place."""

    def wrap(solved: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def spoilt(problem: Any) -> Any:
            found = solved(problem)
            change(problem, found)
            return found

        return spoilt

    return function("solved", wrap)


def _floored_home_gains(problem: Any, found: Any) -> None:
    if np.any(np.array(problem["stages"][0]["price_floor"]) > 0.0):
        found["prices"][0] = [2.0 * price for price in found["prices"][0]]


def _capped_buyers_gain(problem: Any, found: Any) -> None:
    if problem["stages"][0]["quotas"]:
        found["buyer_prices"][0] = [0.5 * price for price in found["buyer_prices"][0]]


def _made_of_nothing(problem: Any, found: Any) -> None:
    found["production"][1] = [1.1 * made for made in found["production"][1]]


def _tight_helps(problem: Any, found: Any) -> None:
    limit = problem["stages"][0]["quotas"][0]["limit"]
    found["prices"][0] = [price + 100.0 / (1.0 + limit) for price in found["prices"][0]]


def _other_seed(engine: Callable[..., Any]) -> Callable[..., Any]:
    count = iter(range(100))
    return lambda *measures, **changes: engine(*measures, **{"seed": next(count), **changes})


def _added(field: str) -> Callable[[Any], Any]:
    return lambda measured: (
        lambda engine: measured(engine)._replace(**{field: getattr(measured(engine), field) + 1e6})
    )


def _buys(order: Any, site: Any) -> Stock:
    (buyer,) = site.buyers_of(order.actor, METAL)
    return Stock(int(buyer), np.full(len(site.times), 50.0), np.zeros(len(site.times)))


def _sooner(order: Any, site: Any) -> Push:
    plants = site.plants_of(order.actor, METAL, "")
    return Push("site_lead_factor", plants, np.full(len(site.times), 0.1))


def _taxes(drafts: list[Draft]) -> list[Draft]:
    return [
        Draft("export_tax", code, {"good": [METAL], "target": ["WORLD"], "rate": 0.3})
        for code in ("AUS", "CHN")
    ]


_MARKET_CALLS = tuple({"seed": seed, "buyer": seed, "home": seed + 1, "height": 1.5} for seed in range(20))
_TARGET_CALLS = tuple({"seed": s, "target": s, "mask": 5, "share": 0.4} for s in range(20))
_SHARES = tuple({"gain": [8.0, 1.0, 1.0], "asked": [1.0, 1.0, 1.0], "together": t} for t in (False, True))


def _greedy(patch: pytest.MonkeyPatch, module: Any) -> None:
    """Have each side take half as much again of the surplus."""

    def divide(total: float, mine: float, theirs: float, share: float) -> float:
        return mine + 1.5 * share * max(0.0, total - mine - theirs)

    patch.setattr(module.bargain, "divide", SimpleNamespace(py_func=divide))


def _unverified(patch: pytest.MonkeyPatch, module: Any) -> None:
    """Have the treaty tested verify nothing, whatever it says."""
    plain = module.pact
    patch.setattr(module, "pact", lambda verification=0.0, **head: plain(0.0, **head))


MUTATIONS = (
    Mutation(
        1,
        "the floor is held at four fifths of its height",
        edits("price_floor", lambda e: replace(e, price=0.8 * e.price)),
        seeds(form="tariff"),
    ),
    Mutation(2, "members are not exempt", fields("price_floor", exempt=[]), seeds(form="tariff")),
    Mutation(
        3,
        "dear goods are topped up too",
        seen(landed_price=lambda p: np.where(p > 71_000.0, p + 100.0, p)),
        seeds(form="minimum_price"),
    ),
    Mutation(
        4, "home producers under a floor get twice the price", solution(_floored_home_gains), _MARKET_CALLS
    ),
    Mutation(
        5,
        "the wrong side keeps the top-up",
        edits("price_floor", lambda e: replace(e, to_treasury=not e.to_treasury)),
        seeds(form="tariff"),
    ),
    *(
        Mutation(
            n,
            "the strike is paid 1 % short",
            edits("price_support", lambda e: replace(e, strike=0.99 * e.strike)),
            seeds(),
        )
        for n in (6, 7, 9)
    ),
    Mutation(
        8,
        "thrice the support, and thrice the payback",
        function("support_rate", lambda f: lambda *a: 3.0 * f(*a)),
        ({},),
    ),
    Mutation(
        10,
        "a tenth more is settled than was made",
        function("offtake_rate", lambda f: lambda *a: 1.1 * f(*a)),
        ({"take": 1.0},),
    ),
    Mutation(
        11,
        "half of the take-or-pay share is paid",
        function("offtake_rate", lambda f: lambda *a: 0.5 * f(*a)),
        ({"take": 0.6},),
    ),
    Mutation(
        12,
        "contracts pay a flat rate on top",
        edits("offtake", lambda e: replace(e, flat=np.full(e.strike.size, 3e5)) if hasattr(e, "flat") else e),
        seeds(),
    ),
    Mutation(13, "the premium is negative", seen(wedge=lambda w: -1.0 - w), seeds()),
    Mutation(
        14,
        "nobody is certified",
        edits(
            "standards",
            lambda e: replace(
                e,
                certificate=Certificate(
                    e.certificate.certified[:0],
                    e.certificate.may[:0],
                    e.certificate.usd_per_t,
                    e.certificate.plants,
                ),
            ),
        ),
        seeds(),
    ),
    Mutation(15, "the mandate is a fifth, whatever was ordered", fields("standards", share=0.2), seeds()),
    Mutation(16, "exemptions reach no measure", unexempt, seeds()),
    Mutation(
        17,
        "verification finds nothing",
        _unverified,
        ({},),
    ),
    Mutation(
        19,
        "members may send three times their part",
        orders("coordinated_restriction", scaled("quantity_t", 3.0)),
        seeds(),
    ),
    Mutation(
        20,
        "the second member restricts half as much",
        orders("coordinated_restriction", scaled("rate", 0.5, slice(1, 2))),
        seeds(form="tax"),
    ),
    Mutation(21, "buyers under a cap pay half", solution(_capped_buyers_gain), _TARGET_CALLS),
    Mutation(
        22,
        "the room has no walls",
        edits("strategic_stockpile", lambda e: replace(e, capacity_t=np.inf)),
        seeds(form="state"),
    ),
    Mutation(
        23, "everybody stores a tenth more", orders("joint_stockpile", scaled("target_t", 1.1)), seeds()
    ),
    Mutation(
        24,
        "released at a tenth of the usual price",
        edits("strategic_stockpile", lambda e: replace(e, release_above=0.1, short_share=-1.0)),
        seeds(form="state"),
    ),
    Mutation(
        25,
        "the keep costs twice as much",
        edits("strategic_stockpile", lambda e: replace(e, carry=2.0 * e.carry)),
        seeds(form="state"),
    ),
    Mutation(
        26,
        "what a fund brings comes in a tenth of the time",
        edits("investment_fund", lambda e: e, _sooner),
        seeds(form="grant"),
    ),
    Mutation(
        27,
        "the fund pays a hundred times what was committed",
        edits("investment_fund", lambda e: replace(e, budget_usd=100.0 * e.budget_usd)),
        seeds(form="grant"),
    ),
    Mutation(
        28,
        "plants make a tenth more of what reaches them",
        solution(_made_of_nothing),
        tuple({"seed": s, "pick": s} for s in range(5)),
    ),
    Mutation(29, "customs books 1 % more", seen(country_tariff_usd=lambda x: 1.01 * x + 1.0), seeds()),
    Mutation(
        30, "no margin caps the duty", edits("trade_defence", lambda e: replace(e, margin=None)), seeds()
    ),
    Mutation(31, "members pay the tariff", fields("import_tariff", exempt=[]), seeds()),
    Mutation(
        32,
        "who shares information buys for its stock",
        edits("information_sharing", lambda e: e, _buys),
        seeds(),
    ),
    Mutation(
        33,
        "sharing sharpens nothing",
        edits("information_sharing", lambda e: None if getattr(e, "what", "") == "site_error_factor" else e),
        seeds(),
    ),
    Mutation(34, "nothing was discarded", seen(buyer_discard_t=lambda x: 0.0 * x), seeds()),
    Mutation(
        35,
        "the permanent part fades",
        seen(buyer_substituted_forever=lambda x: x - 1e-3 * np.arange(len(x))[:, None]),
        seeds(),
    ),
    *(
        Mutation(
            n,
            "a side gets half as much again of the surplus",
            _greedy,
            _SHARES,
        )
        for n in (36, 37)
    ),
    Mutation(38, "the border clause taxes exports", orders("territorial_integrity", _taxes), seeds()),
    Mutation(39, "a tonne is missing", seen(good_residual_t=lambda x: x + 1.0), seeds()),
    Mutation(40, "ten dollars are missing", seen(money_residual_usd=lambda x: x + 10.0), seeds()),
    Mutation(41, "a flow is a gram below nothing", seen(flow_t=lambda x: x - 1e-6), seeds()),
    Mutation(42, "mines make 1 % more than leaves them", seen(output_t=lambda x: 1.01 * x), ({"cut": 0.7},)),
    Mutation(
        42,
        "by-products are built as if they had no host",
        seen(plant_installed_t=lambda x: 3.0 * x),
        ({"factor": 3.0},),
        1,
    ),
    Mutation(43, "a dollar is added at the border", seen(landed_price=lambda x: x + 1.0), seeds()),
    Mutation(
        44,
        "the restricted supplier gains",
        solution(_tight_helps),
        tuple({"seed": s, "pick": s, "share": 0.5, "cut": 0.5} for s in range(20)),
    ),
    Mutation(45, "every run has a seed of its own", function("engine", _other_seed), ({},)),
    Mutation(
        46,
        "a million is added to what users have",
        function("measured", _added("consumer_usd")),
        ({"seed": 0},),
    ),
    Mutation(47, "exemptions reach no measure", unexempt, seeds()),
    Mutation(
        48,
        "the floor is a thousand times as high",
        edits("price_floor", lambda e: replace(e, price=1000.0 * e.price)),
        seeds(),
    ),
)


def fails(test: Callable[..., Any], call: dict[str, Any]) -> bool:
    """Tell whether a test fails for one set of arguments; a case that it does not speak of is no failure."""
    plain = getattr(getattr(test, "hypothesis", None), "inner_test", test)
    try:
        plain(**call)
    except UnsatisfiedAssumption:
        return False
    except AssertionError:
        return True
    return False


@pytest.fixture
def patch():
    """Return a monkeypatch; no run is remembered into or out of the world that it spoils."""
    forget()
    with pytest.MonkeyPatch.context() as made:
        yield made
    forget()


@pytest.mark.filterwarnings("ignore:Using `assume` outside")
@pytest.mark.parametrize("spoilt", MUTATIONS, ids=lambda m: f"I{m.number}_{m.words.replace(' ', '_')}")
def test_a_spoilt_model_fails_the_test(spoilt, patch):
    """Before the mutation the first call passes; with it, one of the calls fails."""
    file, name = spoilt.test.split("::")
    module = module_at(file)
    test = getattr(module, name)
    assert not fails(test, spoilt.calls[0])
    forget()
    spoilt.spoil(patch, module)
    assert any(fails(test, call) for call in spoilt.calls)


def test_every_theorem_has_a_mutation():
    """Each invariant with a test is spoilt at least once."""
    assert {i.number for i in INVARIANTS if i.tests} == {m.number for m in MUTATIONS}
