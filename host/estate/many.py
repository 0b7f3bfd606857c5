"""The estate of the night's bench: many merchants, a till each, who take many issuers' cards."""

from typing import Final

import msgspec

from host.estate.demo import (
    CITY,
    EXPIRY,
    MERCHANTS,
    PIN,
    PROGRAMMES,
    STORES,
    card_pan,
    made_up_terminal,
)
from host.estate.plan import (
    CardPlan,
    EstatePlan,
    IssuerPlan,
    MerchantPlan,
    ProgrammePlan,
    StorePlan,
)

ISSUER_COUNT: Final = 20
FIRST_TERMINAL: Final = 76_000_000
BALANCE_MINOR_EACH: Final = 10**11
POINTS_EACH: Final = 10**9


def many_estate(merchants: int, cards: int) -> EstatePlan:
    """So many merchants with one terminal each; cards that never run dry, of each issuer some."""
    issuers = tuple(_issuer(number) for number in range(1, ISSUER_COUNT + 1))
    numbers = range(1, merchants + 1)
    return EstatePlan(
        name=f"many-{merchants}-{cards}",
        issuers=issuers,
        programmes=tuple(_programme(issuer) for issuer in issuers),
        merchants=tuple(_merchant(number) for number in numbers),
        stores=tuple(_store(number) for number in numbers),
        terminals=tuple(made_up_terminal(f"{FIRST_TERMINAL + one}", one) for one in numbers),
        cards=tuple(_card(one, issuers[one % ISSUER_COUNT]) for one in range(1, cards + 1)),
    )


def _issuer(number: int) -> IssuerPlan:
    return msgspec.structs.replace(
        CITY,
        id=number,
        institution_id=f"488830{number:02d}",
        name=f"Issuer {number}",
        pan_prefix=f"90{number:02d}",
        balance_minor_max=10**15,
    )


def _programme(issuer: IssuerPlan) -> ProgrammePlan:
    return msgspec.structs.replace(
        PROGRAMMES[0], code=f"P{issuer.id:02d}", issuer_id=issuer.id, name=f"Points {issuer.id}"
    )


def _merchant(number: int) -> MerchantPlan:
    return msgspec.structs.replace(
        MERCHANTS[0],
        id=number,
        merchant_id=f"8882900541{number:05d}",
        name=f"Shop {number}",
        issuer_ids=tuple(range(1, ISSUER_COUNT + 1)),
    )


def _store(number: int) -> StorePlan:
    return msgspec.structs.replace(STORES[0], id=number, merchant_id=number, name=f"Shop {number}")


def _card(number: int, issuer: IssuerPlan) -> CardPlan:
    return CardPlan(
        id=number,
        issuer_id=issuer.id,
        pan=card_pan(issuer, number),
        pin=PIN,
        expiry=EXPIRY,
        balance_minor=BALANCE_MINOR_EACH,
        points=POINTS_EACH,
    )
