"""What is let out of the house, and the line that is kept of it for ever.

Cards go out in a file that a job makes: with their whole numbers and activation passwords only
while nobody has bought or opened them, and only in a workbook under a password; else masked.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from host.hsm.interface import Hsm
from host.model.instruments import PLACE_BITS
from host.model.money import Money
from host.office.action import Acting
from host.office.files import content_of, end_file, keep_made, password_of, read_file
from host.office.jobs import AtWork
from host.office.sheets import ROWS_MAX, Cell, csv_of, workbook_of
from host.office.subjects import Found
from host.office.words import word_of
from host.stock.codes import LETTERS, place_of
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "disclosures.sql")
GROUP: Final = 4
"""Letters of an activation password that stand together."""
_OPEN: Final = ("card", "card_number", "activation_password", "face", "currency", "valid_from",
                "valid_to")  # fmt: skip
_MASKED: Final = ("card", "card_number", "face", "currency", "valid_from", "valid_to", "sale",
                  "card_status")  # fmt: skip


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which cards of a batch are to be let out, and how."""

    batch: int
    part: int | None = None
    first: int | None = None
    """Places in a part, from 1 on."""
    last: int | None = None
    chosen: tuple[int, ...] | None = None
    sale: str | None = None
    with_secrets: bool
    is_workbook: bool


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many cards are meant, up to one more than a file has; and how many may be opened."""

    cards: int
    secret: int


class Disclosure(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    kind: str
    what: str
    has_secrets: bool
    purpose: str
    recipient: str = ""
    released_by: str = ""
    values_shown: int = 1
    file: int | None = None


def count_cards(connection: Connection, wanted: Wanted) -> Counted:
    """How many cards it would be."""
    row = connection.execute(SQL["count_cards"], _told(wanted)).fetchone()
    assert row is not None, "a count is a row"
    return Counted(cards=row[0], secret=row[1])


def disclose(acting: Acting, about: Found, line: Disclosure) -> int:
    """Write the line; gives its number."""
    told = {
        **msgspec.structs.asdict(line),
        **msgspec.structs.asdict(about.place),
        "at": acting.now,
        "person": acting.who.person,
        "subject_kind": about.ref.kind,
        "subject_key": about.ref.key,
    }
    row = acting.connection.execute(SQL["add_disclosure"], told).fetchone()
    assert row is not None, "RETURNING"
    number: int = row[0]
    return number


def shown_since(acting: Acting, kind: str, since: dt.datetime) -> int:
    """How often somebody was shown something since then. Who asks twice at once waits here."""
    acting.connection.execute(SQL["hold_person"], (acting.who.person,))
    told = {"person": acting.who.person, "kind": kind, "since": since}
    row = acting.connection.execute(SQL["shown_since"], told).fetchone()
    assert row is not None, "a count is a row"
    return int(row[0])


def grouped(code: str) -> str:
    """An activation password as people read it."""
    return "-".join(code[at : at + GROUP] for at in range(0, LETTERS, GROUP))


def make_file(at_work: AtWork) -> int:
    """Make a file of cards in memory and keep it sealed: the step of the job of an export."""
    connection, hsm, plan = at_work.connection, at_work.hsm, at_work.job.plan
    file = read_file(connection, plan["file"])
    if file.state != "making":
        return at_work.job.total
    wanted = msgspec.convert(plan["wanted"], Wanted)
    rows = list(_rows(connection, hsm, wanted))
    heads = [_head(name) for name in (_OPEN if wanted.with_secrets else _MASKED)]
    password = password_of(hsm, file)
    made = csv_of(heads, rows) if password is None else workbook_of(heads, rows, password)
    keep_made(connection, hsm, file.id, made, at_work.now)
    connection.execute(SQL["note_shown"], {"file": file.id, "values_shown": len(rows)})
    return at_work.job.total


def hand_out(acting: Acting, number: int) -> bytes:
    """What is in a file that was made; it is there no more, and that it was taken is noted."""
    content = content_of(acting.connection, acting.hsm, number)
    end_file(acting.connection, number)
    acting.connection.execute(SQL["note_taken"], {"file": number, "now": acting.now})
    return content.reveal()


def face_of(face_minor: int, unit: str) -> tuple[str, str]:
    """What each of a batch is worth as it is printed, and in what: no mark between thousands."""
    worth = Money(face_minor, unit)
    return worth.figures.replace(",", ""), worth.unit_name


def _rows(connection: Connection, hsm: Hsm, wanted: Wanted) -> Iterator[Sequence[Cell]]:
    found = connection.execute(SQL["batch_let_out"], (wanted.batch,)).fetchone()
    assert found is not None, "a batch is never taken out"
    _code, _name, face_minor, unit, _stores = found
    face = face_of(face_minor, unit)
    for part, card, masked, pan, code, sale, status, begin, end in connection.execute(
        SQL["cards_let_out"], _told(wanted)
    ):
        place = f"{part}-{card & ((1 << PLACE_BITS) - 1)}"
        days = (str(begin or ""), str(end or ""))
        if not wanted.with_secrets:
            yield (place, masked, *face, *days, sale or "", status)
            continue
        clear = hsm.open_secret(bytes(code), place_of(card)).reveal().decode()
        yield (place, hsm.open_pan(bytes(pan)).reveal(), grouped(clear), *face, *days)


def _told(wanted: Wanted) -> dict[str, Any]:
    told = msgspec.structs.asdict(wanted)
    chosen = wanted.chosen
    return {**told, "chosen": None if chosen is None else list(chosen), "limit": ROWS_MAX + 1}


def _head(name: str) -> str:
    word = word_of(name)
    return f"{word.zh} {word.en}"
