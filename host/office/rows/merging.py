"""A member's cards become one balance, as service asks for it; the money follows by the clock."""

from typing import Annotated, Final

from msgspec import Meta

from host.office.action import Acting, Action, Result, Step
from host.office.fields import Number, Values
from host.office.roles import CS, MB
from host.office.subjects import Ref
from host.stock.batches import By
from host.stock.merging import merge_cards

CARDS_MAX: Final = 50
"""Emptied by one form."""


class CardMerge(Values, frozen=True, kw_only=True):
    """Which cards are emptied, and onto which other of the same member. They stay in use."""

    card: Number
    many: Annotated[tuple[Number, ...], Meta(min_length=1, max_length=CARDS_MAX)]
    may_end_sooner: bool = False
    """What is merged may end sooner than it did: the member was told, and wants it."""


def _merge(acting: Acting, values: CardMerge) -> Result:
    for card in values.many:
        acting.find("card", card)
    by = By(acting.who.login, acting.now)
    merged = merge_cards(
        acting.connection, values.many, values.card, by, may_end_sooner=values.may_end_sooner
    )
    told = {"cards": list(values.many), "moved_minor": merged.moved_minor}
    return Result(told=told, beside=told | {"may_end_sooner": merged.ends_sooner})


CARD_MERGE: Final = Action(
    id="card.merge",
    en="Merge what cards of a member have onto one",
    zh="合并余额",
    values=CardMerge,
    roles=frozenset({CS, MB}),
    do=_merge,
    about=lambda values: Ref("card", str(values.card)),
    step=Step.OWN,
)
