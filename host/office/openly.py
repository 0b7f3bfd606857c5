"""What anybody may look at without signing in: lists of what is told to all, and a lottery's proof.

Whoever asks is counted first, by view and by where they ask from, as with the trace of a number
(`host.office.traced`); whatever is wrong is one text.
"""

from typing import Any, Final

from host.model.office import Page, Show
from host.office.office import Office
from host.office.people import Grant, Who
from host.office.places import PLATFORM, Scope
from host.office.questions import columns_for, page_question, rows_of
from host.office.reading_pages import page_of
from host.office.refusals import UNTRACED, Refusal
from host.office.roles import MB
from host.office.traced import is_over
from host.office.view import View
from host.store.connecting import Connection
from host.store.lottery_file import LotteryUnknownError, file_of, lottery_told, one_snapshot

ANYBODY: Final = Who(
    person=None, login="", grant=Grant(id=0, role=MB, scope=Scope.MEMBER, place=PLATFORM)
)
FILE_LINES_MAX: Final = 10_000
"""Of a list that is proved on a page; a longer one is had by a command."""


def is_open(view: View, asked: Show) -> bool:
    """Whether a stranger asks for what is told to all."""
    return not asked.session and Scope.MEMBER in view.open_to


def show_openly(office: Office, connection: Connection, view: View, asked: Show) -> Page:
    """A page of it. `connection` has no transaction open.

    Raises:
        Refusal: asked too often, or a filter is wrong.
    """
    with connection.transaction():
        if is_over(office, connection, view.id, asked.source):
            raise Refusal(UNTRACED)
        told: dict[str, Any] = {**office.told_of(office.clock()), "me": None, "mine": []}
        question = page_question(view, ANYBODY, asked, told)
        rows = connection.execute(question.statement, question.values).fetchall()
    return page_of(columns_for(view, ANYBODY), rows, rows_of(asked))


def show_proof(office: Office, connection: Connection, view: View, asked: Show) -> Page:
    """The file of a lottery, as `posswitch lottery export` writes it.

    Raises:
        Refusal: asked too often, there is none, or its list is too long for this.
    """
    with connection.transaction():
        over = is_over(office, connection, view.id, asked.source)
    code = asked.filters["lottery"].reveal().decode("utf-8", "replace") if asked.filters else ""
    with one_snapshot(connection):
        try:
            told = lottery_told(connection, code)
        except LotteryUnknownError:
            raise Refusal(UNTRACED) from None
        lines = told.revealed["lines"] if told.revealed is not None else 0
        if over or lines > FILE_LINES_MAX:
            raise Refusal(UNTRACED)
        file = b"".join(file_of(connection, told)).decode()
    row = [told.content.code, told.content.name, told.state.value, told.commitment.hex(), file]
    return Page(columns=[one.name for one in view.columns], rows=[row])
