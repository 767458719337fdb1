"""From events to the state: one small function a kind of event. None of them may fail, look at a clock or draw."""

from collections.abc import Callable, Iterable
from typing import Any

from viz.classroom.event import Event
from viz.classroom.state import Deal, Message, Person, Phase, Sheet, State, Vote

Write = Callable[[State, Event], None]
WRITES: dict[str, Write] = {}


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """Return the state after events, beginning from nothing or going on from a state (which is changed)."""
    found = state or State()
    for event in events:
        WRITES[event.kind](found, event)
        found.seq = event.seq
    return found


def _writes(kind: str) -> Callable[[Write], Write]:
    def keep(write: Write) -> Write:
        WRITES[kind] = write
        return write

    return keep


@_writes("session_opened")
def _open(state: State, event: Event) -> None:
    body = event.body
    state.title, state.code, state.policy = body["title"], body["code"], body["policy"]
    state.plan = tuple(Phase(**phase) for phase in body["plan"])
    state.world = dict(body.get("world") or {})
    state.seats, state.record, state.opening = (
        dict(body["seats"]),
        dict(body["record"]),
        dict(body["opening"]),
    )
    state.is_open = {"scores": True, "finals": True, "secrets": False, "words": False}
    state.sheets = {seat: Sheet() for seat in state.seats}


@_writes("person_joined")
def _join(state: State, event: Event) -> None:
    person = Person(event.body["person"], event.body["name"], event.body["resume"])
    person.devices.add(event.body["device"])
    state.people[person.id] = person


@_writes("device_added")
def _device(state: State, event: Event) -> None:
    state.people[event.body["person"]].devices.add(event.body["device"])


@_writes("resume_renewed")
def _renew(state: State, event: Event) -> None:
    state.people[event.body["person"]].resume = event.body["resume"]


@_writes("person_renamed")
def _rename(state: State, event: Event) -> None:
    state.people[event.body["person"]].name = event.body["name"]


@_writes("person_removed")
def _remove(state: State, event: Event) -> None:
    person = state.people[event.body["person"]]
    person.is_removed, person.seat, person.devices = True, "", set()


@_writes("person_forgotten")
def _forget(state: State, event: Event) -> None:
    _remove(state, event)
    state.people[event.body["person"]].is_forgotten = True


@_writes("person_seated")
def _seat(state: State, event: Event) -> None:
    state.people[event.body["person"]].seat = event.body["seat"]
    for seat, captain in list(state.captains.items()):
        if captain == event.body["person"] and seat != event.body["seat"]:
            del state.captains[seat]


@_writes("classes_registered")
def _classes(state: State, event: Event) -> None:
    state.classes = list(event.body["classes"])


@_writes("seat_piloted")
def _pilot(state: State, event: Event) -> None:
    if event.body["pilot"]:
        state.pilots[event.body["seat"]] = event.body["pilot"]
    else:
        state.pilots.pop(event.body["seat"], None)


@_writes("lobby_locked")
def _lock(state: State, event: Event) -> None:
    state.is_locked = event.body["is_locked"]


@_writes("desk_opened")
def _desk(state: State, event: Event) -> None:
    state.desk_keys.add(event.body["key"])


@_writes("role_read")
def _read(state: State, event: Event) -> None:
    state.people[event.body["person"]].has_read = True


@_writes("hand_raised")
def _hand(state: State, event: Event) -> None:
    state.people[event.body["person"]].has_hand_up = event.body["up"]


@_writes("phase_begun")
def _phase(state: State, event: Event) -> None:
    before = state.phase
    state.step, state.ends_at, state.left_seconds = event.body["step"], event.body["ends_at"], None
    state.wall = ""  # each step begins with what goes with it
    is_new = state.phase.round != before.round or before.name == "briefing"
    if state.phase.name in ("negotiate", "orders") and is_new:
        _new_round(state)
    state.failure = ""


def _new_round(state: State) -> None:
    state.sheets = {seat: Sheet() for seat in state.seats}
    state.locked = {}


@_writes("time_set")
def _time(state: State, event: Event) -> None:
    state.ends_at, state.left_seconds = event.body["ends_at"], event.body["left_seconds"]


@_writes("policy_set")
def _policy(state: State, event: Event) -> None:
    state.policy = event.body["policy"]


@_writes("draft_set")
def _draft(state: State, event: Event) -> None:
    body = event.body
    sheet = state.sheets[body["seat"]]
    sheet.version, sheet.orders, sheet.by, sheet.at = body["version"], body["orders"], event.by, event.at
    sheet.texts, sheet.fault, sheet.is_final = body["texts"], body["fault"], False


@_writes("sheet_handed_in")
def _hand_in(state: State, event: Event) -> None:
    sheet = state.sheets[event.body["seat"]]
    sheet.handed_in, sheet.is_final = list(sheet.orders), True
    state.captains.setdefault(event.body["seat"], event.by)


@_writes("sheet_reopened")
def _reopen(state: State, event: Event) -> None:
    state.sheets[event.body["seat"]].is_final = False


@_writes("sheets_locked")
def _locked(state: State, event: Event) -> None:
    state.locked = dict(event.body["seats"])


@_writes("round_resolved")
def _resolved(state: State, event: Event) -> None:
    number = event.body["round"]
    state.outcomes[number] = dict(event.body["outcome"])
    if number == 0:
        return  # practice does not count: the game starts from its opening
    rounds = [*state.record["rounds"][: number - 1], event.body["entry"]]
    state.record = {**state.record, "rounds": rounds}
    played = {treaty["id"] for treaty in event.body["entry"]["treaties"]}
    for deal in state.deals.values():
        if deal.id in played:
            deal.state, deal.round = "in_force", number
    state.injects = [one for one in state.injects if one["round"] != number]


@_writes("causes_told")
def _causes(state: State, event: Event) -> None:
    number = event.body["round"]
    state.outcomes[number] = {**state.outcomes[number], "causes": event.body["causes"]}


@_writes("round_failed")
def _failed(state: State, event: Event) -> None:
    state.failure = event.body["message"]


@_writes("round_rolled_back")
def _rolled_back(state: State, event: Event) -> None:
    number = event.body["round"]
    state.record = {**state.record, "rounds": state.record["rounds"][: number - 1]}
    state.outcomes = {n: outcome for n, outcome in state.outcomes.items() if n < number}
    for deal in state.deals.values():
        if deal.state == "in_force" and deal.round >= number:
            deal.state, deal.round = "signed", 0
    _new_round(state)


@_writes("deal_proposed")
def _propose(state: State, event: Event) -> None:
    body = event.body
    state.deals[body["deal"]] = Deal(body["deal"], body["document"], body["text"], body["seat"],
                                     signed=[body["seat"]], answers=body["answers"])  # fmt: skip


@_writes("deal_countered")
def _counter(state: State, event: Event) -> None:
    body = event.body
    deal = state.deals[body["deal"]]
    deal.document, deal.text, deal.by, deal.answers = (
        body["document"],
        body["text"],
        body["seat"],
        body["answers"],
    )
    deal.version, deal.signed, deal.state = deal.version + 1, [body["seat"]], "open"


@_writes("deal_signed")
def _sign(state: State, event: Event) -> None:
    deal = state.deals[event.body["deal"]]
    deal.signed.append(event.body["seat"])


@_writes("deal_concluded")
def _conclude(state: State, event: Event) -> None:
    state.deals[event.body["deal"]].state = "signed"


@_writes("deal_withdrawn")
def _withdraw(state: State, event: Event) -> None:
    state.deals[event.body["deal"]].state = "withdrawn"


@_writes("message_sent")
def _message(state: State, event: Event) -> None:
    body = event.body
    state.messages.append(Message(body["message"], body["room"], body["seat"], body["text"], event.at,
                                  body["round"], body["is_promise"]))  # fmt: skip


@_writes("message_hidden")
def _hide(state: State, event: Event) -> None:
    _message_of(state, event.body["message"]).is_hidden = event.body["is_hidden"]


@_writes("promise_judged")
def _judge(state: State, event: Event) -> None:
    _message_of(state, event.body["message"]).kept = event.body["kept"]


def _message_of(state: State, name: str) -> Message:
    return next(message for message in state.messages if message.id == name)


@_writes("seat_muted")
def _mute(state: State, event: Event) -> None:
    (state.muted.add if event.body["is_muted"] else state.muted.discard)(event.body["seat"])


@_writes("chat_set")
def _chat(state: State, event: Event) -> None:
    state.is_chat_on = event.body["is_on"]


@_writes("vote_opened")
def _vote(state: State, event: Event) -> None:
    body = event.body
    state.votes[body["vote"]] = Vote(
        body["vote"],
        body["question"],
        list(body["seats"]),
        body["rule"],
        dict(body.get("weights", {})),
        body.get("share", 0.5),
        body.get("deal", ""),
    )


@_writes("vote_cast")
def _cast(state: State, event: Event) -> None:
    state.votes[event.body["vote"]].cast[event.body["seat"]] = event.body["yes"]


@_writes("vote_closed")
def _closed(state: State, event: Event) -> None:
    state.votes[event.body["vote"]].result = event.body["result"]


@_writes("event_injected")
def _inject(state: State, event: Event) -> None:
    body = event.body
    state.injects.append({"id": body["id"], "event": body["event"], "round": body["round"]})
    state.news.append({"text": body["headline"], "at": event.at, "kind": "event", "round": body["round"],
                       "step": state.step, "id": body["id"]})  # fmt: skip


@_writes("event_withdrawn")
def _withdraw_event(state: State, event: Event) -> None:
    state.injects = [one for one in state.injects if one["id"] != event.body["id"]]
    state.news = [one for one in state.news if one.get("id") != event.body["id"]]


@_writes("told")
def _told(state: State, event: Event) -> None:
    body = event.body
    state.news.append({"text": body["text"], "at": event.at, "kind": "desk", "round": state.phase.round,
                       "seat": body["seat"], "step": state.step})  # fmt: skip


@_writes("bookmark_set")
def _bookmark(state: State, event: Event) -> None:
    state.bookmarks.append({"text": event.body["text"], "round": event.body["round"], "at": event.at})


@_writes("opened")
def _opened(state: State, event: Event) -> None:
    state.is_open[event.body["what"]] = event.body["is_open"]


@_writes("wall_set")
def _wall(state: State, event: Event) -> None:
    state.wall = event.body["part"]


@_writes("what_if_answered")
def _what_if(state: State, event: Event) -> None:
    state.what_ifs.append(dict(event.body))


@_writes("word_given")
def _word(state: State, event: Event) -> None:
    state.words.append(event.body["word"])


@_writes("survey_answered")
def _survey(state: State, event: Event) -> None:
    state.surveys[event.body["person"]] = dict(event.body["answers"])


@_writes("quiz_answered")
def _quiz(state: State, event: Event) -> None:
    body = event.body
    given = {"choice": body["choice"], "is_right": body["is_right"]}
    state.quiz[body["person"]] = {**state.quiz.get(body["person"], {}), body["question"]: given}


@_writes("server_started")
def _started(state: State, event: Event) -> None:
    """Say that a server took the session up; nothing changes but the number."""


def described(state: State) -> dict[str, Any]:
    """Return a state as JSON values, for its hash in tests and checks."""
    import dataclasses

    def plain(value: Any) -> Any:
        if isinstance(value, set):
            return sorted(value)
        if isinstance(value, dict):
            return {str(key): plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        return value

    return {f.name: plain(dataclasses.asdict(state)[f.name]) for f in dataclasses.fields(state)}
