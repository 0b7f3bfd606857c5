"""What a person at the till may look at: nothing here sends a message."""

from typing import Final

import trio

from simulators.till.codes import advice_of_code, words_of_code
from simulators.till.desk import Desk
from simulators.till.errors import TillError, quoted
from simulators.till.magic import magic_text
from simulators.till.receipt import half_text, row
from simulators.till.screen import columns
from simulators.till.typed import Values
from simulators.till.words import said


async def cards(desk: Desk, _values: Values) -> str:
    """The cards by their names."""
    await trio.lowlevel.checkpoint()
    lines = [said("cards by name; any other by its number, 1 to 1000, or -1 to -200 at Lake Bank")]
    for name, card, special in desk.cards.named():
        issuer = desk.cards.issuer_of(card) if card.issuer_id else "-"
        lines += columns(
            (2, ""), (10, name), (18, card.pan.masked), (16, issuer), (0, said(special))
        )
    lines.append(said("PIN of all: 123456, typed by the till; another with: pin 000000"))
    return "\n".join(lines)


async def amounts(_desk: Desk, _values: Values) -> str:
    """What gives each decline."""
    await trio.lowlevel.checkpoint()
    return magic_text()


async def history(desk: Desk, _values: Values) -> str:
    """A line a receipt."""
    await trio.lowlevel.checkpoint()
    if not desk.receipts:
        return said("nothing was traded yet")
    return "\n".join(each.in_short() for each in desk.receipts)


async def receipt(desk: Desk, values: Values) -> str:
    """One again."""
    await trio.lowlevel.checkpoint()
    return desk.receipt(values.receipt).text()


async def wire(desk: Desk, values: Values) -> str:
    """The bytes of the last line typed, or of each from now on."""
    await trio.lowlevel.checkpoint()
    if not values.word:
        return desk.wire()
    desk.shows_wire = values.word == "on"
    if desk.shows_wire:
        return said("bytes and fields stand beside each receipt from now on; secrets are covered")
    return said("receipts alone from now on")


async def explain(_desk: Desk, values: Values) -> str:
    """A code in words."""
    await trio.lowlevel.checkpoint()
    code = values.word.upper().removeprefix("F39=").removeprefix("39=")
    if len(code) != CODE_LETTERS or not code.isalnum() or not code.isascii():
        raise TillError(f"{quoted(values.word)} is no response code. Next: explain 51")
    lines = row(code, words_of_code(code))
    if advice := advice_of_code(code):
        lines += row("next", advice)
    return "\n".join(lines)


async def batch(desk: Desk, _values: Values) -> str:
    """What a settlement would say."""
    await trio.lowlevel.checkpoint()
    log = desk.till.terminal.batch
    money, points = log.totals()
    number = f" {desk.pos.session.who.batch}" if desk.pos is not None else ""
    lines = [said(f"BATCH{number}, {len(log.entries)} entries that count")]
    for label, half, in_points in (("money", money, False), ("points", points, True)):
        lines += row(label, half_text(half, in_points=in_points))
    return "\n".join([*lines, *row("next", "settle closes it")])


CODE_LETTERS: Final = 2
