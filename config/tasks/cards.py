"""`posswitch card show`: everything of one card on one screen."""

import re
import sys
from pathlib import Path
from typing import Final

import typer

from config.as_json import print_json
from config.errors import Say, SettingsError
from config.language import Language, speech
from config.run.hsm import open_hsm
from config.screen import Column, Sheet, number, prose, screen
from config.tasks.lives import (
    Labelled,
    labelled_cases,
    opened_books,
    outcome_of,
    print_labelled,
    status_of,
    when,
    words_of,
)
from host.model.money import Money
from host.model.responses import Reason
from host.model.secrets import PAN_DIGITS_MIN
from host.office.words import word_of
from host.store.card_finding import find_card
from host.store.card_told import CardBatch, CardView, Holding, Movement, Moving, Purse
from host.store.card_view import Page, view_card

STDIN: Final = "-"
MOVEMENTS: Final = (
    Column("when"),
    Column("RRN"),
    Column("what"),
    number("change"),
    number("balance"),
    prose("what came of it"),
)


def show_card(data: Path, settings: Path | None, word: str, page: Page, *, as_json: bool) -> None:
    """Print everything of one card.

    Raises:
        CardUnknownError: no card is meant by this, or more than one.
    """
    with opened_books(data, settings) as (connection, places, told):
        hsm = open_hsm(told.host.hsm, places, connection.info.dsn)
        view = view_card(connection, find_card(connection, hsm, word), page)
    if as_json:
        print_json(view)
        return
    console = screen()
    console.print(_head(view), markup=False)
    print_labelled(_facts(view))
    if view.movements:
        console.print()
        console.print(Sheet(MOVEMENTS, [_row(one) for one in view.movements]))
    if view.next is not None:
        console.print(f"older ones: posswitch card show {view.id} --after {view.next}")
    print_labelled(labelled_cases(view.cases))


def asked_for_card(word: str | None, say: Say) -> str:
    """What names the card: a word of the command line, a line of stdin, or what is typed unseen.

    Raises:
        SettingsError: nothing was given.
    """
    if word is not None and word != STDIN:
        if len(re.sub(r"\D", "", word)) >= PAN_DIGITS_MIN:
            say(
                "a process list and your shell's history have this number now. "
                "Next time: posswitch card show -"
            )
        return word
    typed = (
        typer.prompt(speech.said("card number, or last4@issuer"), hide_input=True)
        if sys.stdin.isatty()
        else sys.stdin.readline()
    )
    if not typed.strip():
        raise SettingsError(
            "no card was named. Next: posswitch card show -, and the number as a line of its own",
            "E-COMMAND-LINE",
        )
    return str(typed)


def _head(view: CardView) -> str:
    until = f"20{view.expiry[:2]}-{view.expiry[2:]}"
    return f"card {view.masked}  {status_of(view.status)}  valid through {until}"


def _facts(view: CardView) -> Labelled:
    yield "id", f"{view.id}"
    yield "issuer", f"{view.issuer} ({view.issuer_id})"
    if view.began_at is not None:
        yield "whence", f"{words_of(view.began_with or '')}, {when(view.began_at)}"
    yield from _batch(view.batch)
    yield "PIN", f"{view.pin_tries_left} tries left" if view.has_pin else "it has none"
    for purse in view.purses:
        held = f", {purse.held} of it held" if purse.held.amount_minor else ""
        later = f", {purse.pending} of it not to be spent yet" if purse.pending.amount_minor else ""
        yield "has", f"{purse.posted}{held}{later}{_spendable(purse)}"
    for each in view.expiring:
        yield "expires", f"after {each.expires_on}: {each.points}"
    for one in view.holding:
        yield "held", _holding(one)
    for move in view.moving:
        yield "on its way", _moving(move)
    if not view.movements:
        yield "", "nothing was ever asked of it, or nothing before that"


def _spendable(purse: Purse) -> str:
    """Where more is lost than was told: points that have expired are written off soon."""
    rest = purse.posted.amount_minor - purse.held.amount_minor - purse.pending.amount_minor
    gone = purse.available.amount_minor != rest
    return f", {purse.available} to be spent" if gone else ""


def _holding(one: Holding) -> str:
    """How much, by whom, until when, and by what it is traced."""
    until = when(one.until)
    if one.merchant is None:
        return f"{one.held}, until {until} (RRN {one.rrn})"
    return f"{one.held} by {one.merchant} at {one.terminal_id}, until {until} (RRN {one.rrn})"


def _moving(move: Moving) -> str:
    """Whither, since when, and why not."""
    since = when(move.since)
    if move.other is None:
        whither = f"what it has goes back to its issuer, since {since}"
    elif move.comes:
        whither = f"from card {move.other} (id {move.other_id}), since {since}"
    else:
        whither = f"to card {move.other} (id {move.other_id}), since {since}"
    return f"{whither}; refused: {move.refused}" if move.refused else whither


def _batch(batch: CardBatch | None) -> Labelled:
    """Its card batch, who answers for it, and whether it was opened and sold."""
    if batch is None:
        return
    state, part = _state(batch.state), _state(batch.part_state)
    yield "card batch", f"{batch.code} {batch.name}, {state}"
    yield "", f"part {batch.part}, {part}"
    yield "", f"made by {batch.made_by}, opened by {batch.opened_by or '-'}"
    vendor = f", card maker {batch.vendor}" if batch.vendor else ""
    yield "", f"responsible {batch.responsible}{vendor}"
    if batch.sale is not None:
        yield "sale", _state(batch.sale)
    if batch.valid_from is not None or batch.valid_to is not None:
        yield "valid", f"usable from {batch.valid_from or '-'} to {batch.valid_to or '-'}"


def _row(one: Movement) -> tuple[str, ...]:
    changes = " ".join(_signed(each) for each in one.changes)
    balances = " ".join(each.figures for each in one.balances)
    return (
        f"{one.at.astimezone():%m-%d %H:%M}",
        one.rrn,
        words_of(one.kind),
        changes,
        balances,
        _became(one),
    )


def _signed(amount: Money) -> str:
    sign = "+" if amount.amount_minor > 0 else ""
    if amount.is_points:
        return f"{sign}{amount.figures}P"
    return f"{sign}{amount if amount.is_counted else amount.figures}"


def _became(one: Movement) -> str:
    """What came of it, when that is not that it stands."""
    said = [] if one.reason == Reason.APPROVED else [outcome_of(one.reason)]
    if one.undone_by is not None:
        said.append(speech.said(f"undone by a {words_of(one.undone_by)}"))
    if one.refunded is not None:
        said.append(speech.said(f"{one.refunded} refunded"))
    if one.original is not None:
        said.append(speech.said(f"about {one.original}"))
    return ", ".join(said)


def _state(code: str) -> str:
    """As the office calls it."""
    word = word_of(code)
    return word.zh if speech.language is Language.CHINESE else word.en
