"""Every row of every dialect is played by a scenario, or declined on purpose as it is declared.

What is played is what the scenarios' terminals put on the wire. What is not offered is sent to a
whole posswitch, sealed and complete, so that nothing but its row can be why it is declined.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from host.model.requests import Kind
from host.model.responses import Reason
from simulators.channels import CHANNELS, Counter, Place
from simulators.faults import no_faults
from simulators.messages import Fields
from simulators.record import Record
from simulators.terminal import REVERSIBLE
from simulators.trader import Sent
from simulators.trades import Trade
from terminals.believed import Verdict
from terminals.dialects import dialect_named, mis_words
from terminals.dialects.mis import HEADER_BYTES, compose, header_of
from terminals.dialects.mis_words import Head
from terminals.dialects.pos import MANAGEMENT, POS, REVERSALS, TRADES, UPLOADS
from terminals.dialects.softpos_words import OPERATIONS
from terminals.isodialect import IsoDialect
from terminals.spelling import Spelling, find_spelling, table_of
from tests.simulators.conftest import ESTATE, Played
from tests.whole.till import Till, Voice, fields_in

POS_CHANNELS = ("pos", "nac", "nac-called", "external")
UPLOADED_WHOLE = {Kind.REFUND}
FORMS = {"mis-json": "80030002", "mis-fixed": "80030004", "mis-iso": "80030006"}
"""Each form of a till's payload, and a till that no scenario has."""
PHONE = "80040002"
CARD = ESTATE.cards[600]
UNOFFERED = [row for row in (*TRADES, *MANAGEMENT) if isinstance(row.means, Reason)]
NEVER_ASKED: Iterator[int] = iter(range(600_000, 700_000))
"""Traces and request numbers of this module."""


def offered(table: Mapping[str, Any]) -> set[str]:
    """The names of a table whose rows ask something of the host."""
    return {name for name, row in table.items() if isinstance(row.means, Kind)}


def is_to_be_played(row: Spelling) -> bool:
    """Offered; a reversal or an upload in its own fields only of what terminals do that with.

    04xx undoes whatever its last digits are; terminals of this kind write 0400.
    """
    if not isinstance(row.means, Kind):
        return False
    if row.means is Kind.REVERSAL:
        return row.mti == "0400" and row.original in REVERSIBLE
    return row not in UPLOADS or row.original in UPLOADED_WHOLE


ROWS = [row for row in (*TRADES, *REVERSALS, *MANAGEMENT, *UPLOADS) if is_to_be_played(row)]


@pytest.fixture(scope="module")
def rows_played(played: Played) -> set[Spelling]:
    table = table_of((*TRADES, *REVERSALS, *MANAGEMENT, *UPLOADS))
    messages = (POS.split(one).fields for name in POS_CHANNELS for one in played.sent[name])
    found = (find_spelling(table, fields) for fields in messages)
    return {row for row in found if row is not None}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.mti} {row.english}")
def test_every_row_of_the_pos_dialect_that_is_offered_is_played(
    row: Spelling, rows_played: set[Spelling]
) -> None:
    """S4-07."""
    assert row in rows_played, "next: a scenario that plays it"


def test_every_transaction_that_is_offered_is_played_in_characters(played: Played) -> None:
    table, row = table_of((*TRADES, *REVERSALS)), CHANNELS["ascii"]
    dialect = dialect_named(row.dialect)
    assert isinstance(dialect, IsoDialect)
    found = {find_spelling(table, dialect.split(one).fields) for one in played.sent["ascii"]}
    assert [one.english for one in TRADES if is_to_be_played(one) and one not in found] == []


@pytest.mark.parametrize("row", UNOFFERED, ids=lambda row: f"{row.mti} {row.english}")
def test_what_is_not_offered_is_declined_as_declared_and_its_reversal_ended(
    row: Spelling, place_of: Callable[[str], Place]
) -> None:
    assert row.means is Reason.FUNCTION_NOT_SUPPORTED
    voice = Voice(ESTATE, "80010036", first_trace=next(NEVER_ASKED))
    asked = message_of(row, voice)
    is_trade = row in TRADES
    with Till(place_of("pos").port) as till:
        answer = fields_in(till.ask(voice.sealed(asked) if is_trade else voice.plain(asked)))
        assert answer["t"] == f"{row.mti[:2]}{int(row.mti[2]) + 1}0"
        assert answer["39"] == "40"
        if is_trade:
            undone = fields_in(till.ask(voice.sealed({**asked, "t": "0400", "39": "98"})))
            assert (undone["t"], undone["39"]) == ("0410", "12")


def message_of(row: Spelling, voice: Voice) -> Fields:
    """The message a terminal would send, with all that any transaction might need."""
    who, card = voice.who, CARD
    named = {"t": row.mti, "11": voice.trace(), "41": who.terminal_id, "42": who.merchant_id}
    if not row.processing_code:
        return {**named, "60": f"{row.type_code}{who.batch}{row.function}"}
    return {
        **named,
        "2": card.pan.reveal(),
        "3": row.processing_code,
        "4": "000000000100",
        "14": card.expiry,
        "22": "012",
        "25": row.condition,
        "37": "112200000001",
        "38": "A00001",
        "48": "000000000100",
        "49": "156",
        "60": f"{row.type_code}{who.batch}000500{row.account}",
        "61": f"{who.batch}000001",
        "62": b"P0001".hex().upper(),
    }


@pytest.mark.parametrize("form", FORMS)
def test_every_code_of_a_till_is_played_in_every_form(form: str, played: Played) -> None:
    """S4-08: as fixed-width text, as JSON and as ISO 8583."""
    codes = {one[HEADER_BYTES - 4 : HEADER_BYTES].decode() for one in played.sent[form]}
    assert codes == offered(mis_words.CODES)


def test_every_operation_of_a_phone_is_played(played: Played) -> None:
    """S4-09."""
    assert {json.loads(one)["op"] for one in played.sent["softpos"]} == offered(OPERATIONS)


@pytest.mark.parametrize("code", sorted(mis_words.CODES.keys() - offered(mis_words.CODES)))
@pytest.mark.parametrize("form", FORMS)
async def test_what_a_till_is_not_offered_is_declined(
    form: str, code: str, place_of: Callable[[str], Place]
) -> None:
    async with counter_of(form, FORMS[form], place_of(form)) as counter:
        till, number = counter.terminal._speaker, f"{next(NEVER_ASKED):012d}"  # type: ignore[attr-defined]
        values = {"merchant": till._merchant_id, "date": till._date(), "amount": 100}
        payload = till._form.write_request(Head(number, FORMS[form], "SALE"), values)
        header = header_of(Head(number, FORMS[form], code))
        said = await counter.line.ask(compose(header, payload, till._mac), lambda _frame: True)
    answer = till.read(Sent(payload=header, slot="", batch="", trace=number), said)
    assert (answer.verdict, answer.f39) == (Verdict.USABLE, "40")


@pytest.mark.parametrize("op", sorted(OPERATIONS.keys() - offered(OPERATIONS)))
async def test_what_a_phone_is_not_offered_is_declined(
    op: str, place_of: Callable[[str], Place]
) -> None:
    place = replace(place_of("softpos"), last_trace=next(NEVER_ASKED))
    async with counter_of("softpos", PHONE, place) as counter:
        app = counter.terminal._speaker  # type: ignore[attr-defined]
        trade = Trade(kind=Kind.PURCHASE, card=CARD, amount_minor=100)
        message = app._message(op, app._next_number(), app._batch, {"amount": 100})
        sent = app._sealed(message, trade)
        said = await counter.line.ask(sent.payload, lambda frame: app.is_answer(sent, frame))
    answer = app.read(sent, said)
    assert (answer.verdict, answer.f39) == (Verdict.USABLE, "40")


@asynccontextmanager
async def counter_of(channel: str, terminal_id: str, place: Place) -> AsyncIterator[Counter]:
    """A till or phone on its own line."""
    [plan] = [one for one in ESTATE.terminals if one.terminal_id == terminal_id]
    async with CHANNELS[channel].opens(place) as opened:
        counter = opened.counter(plan, ESTATE, Record(), no_faults())
        async with counter.line:
            yield counter
