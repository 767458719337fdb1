"""The Solara application: routes and the frame around every page."""

import os
from collections.abc import Callable

import solara
from solara.server import kernel_context

from viz.page.session import Session
from viz.page.shell import Shell
from viz.page.widget import Board

#: The scenario that opens where a link names none; set by `orebloc serve --scenario`.
SCENARIO = "OREBLOC_SCENARIO"


def use_session() -> Session:
    """Return this page load's session, made once and closed with it."""
    router = solara.use_router()
    holder = solara.use_ref(None)

    def make() -> Session:
        if holder.current is None:
            holder.current = Session(
                lambda data: None, router.search or "", os.environ.get(SCENARIO, "baseline")
            )
        return holder.current

    session = solara.use_memo(make, [])
    solara.use_effect(lambda: session.close, [])
    return session


@solara.component
def Explore(session: Session) -> None:
    """The page of levers, map and charts."""
    board = Board.element(page="explore")

    def connect() -> Callable[[], None]:
        widget = solara.get_widget(board)
        context = kernel_context.get_current_context() if kernel_context.has_current_context() else None

        def emit(data: bytes) -> None:
            if context is None:
                widget.send({"type": "data"}, buffers=[data])
            elif not context.closed_event.is_set():
                with context:
                    widget.send({"type": "data"}, buffers=[data])

        def hear(_: object, content: dict, buffers: list) -> None:
            session.take(content)

        session.emit = emit
        widget.on_msg(hear)
        return lambda: widget.on_msg(hear, remove=True)

    solara.use_effect(connect, [])


@solara.component
def Page() -> None:
    """The whole application."""
    session = use_session()
    solara.Title("Orebloc")
    with Shell(active="explore"):
        Explore(session)
