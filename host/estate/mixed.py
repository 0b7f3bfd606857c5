"""The estate of the bench of every kind: two programmes, one merchant beside many others."""

from typing import Final

import msgspec

from host.estate.circle import in_circle
from host.estate.demo import (
    LOTTERY,
    MERCHANTS,
    STORES,
    bench_estate,
    made_up_terminal,
    voucher_batch,
)
from host.estate.plan import EstatePlan, MerchantPlan, StorePlan

MERCHANT_COUNT: Final = 64
"""The first of them takes everything in one turn; the others share it in the next."""
POINTS_EACH: Final = 10**9
VOUCHERS: Final = 10_000
"""Each is taken once, so that no turn may have another's."""


def mixed_estate(terminals: int, cards: int) -> EstatePlan:
    """Twice so many terminals: the first half is one merchant's, the rest is spread over others."""
    plain = bench_estate(terminals, cards)
    [issuer], numbers = plain.issuers, range(2, MERCHANT_COUNT + 1)
    merchants = (*plain.merchants, *(_merchant(number, issuer.id) for number in numbers))
    spread = (
        made_up_terminal(f"{75_000_000 + number}", store_id=2 + number % (MERCHANT_COUNT - 1))
        for number in range(terminals)
    )
    mixed = msgspec.structs.replace(
        plain,
        name=f"mixed-{terminals}-{cards}",
        merchants=merchants,
        stores=(*plain.stores, *(_store(number) for number in numbers)),
        terminals=(*plain.terminals, *spread),
        batches=(voucher_batch(cards + 1, VOUCHERS),),
        lotteries=(LOTTERY,),
        cards=tuple(msgspec.structs.replace(card, points=POINTS_EACH) for card in plain.cards),
    )
    return in_circle(mixed)


def _merchant(number: int, issuer: int) -> MerchantPlan:
    return msgspec.structs.replace(
        MERCHANTS[0],
        id=number,
        merchant_id=f"88829005411{number:04d}",
        name=f"Shop {number}",
        issuer_ids=(issuer,),
    )


def _store(number: int) -> StorePlan:
    return msgspec.structs.replace(
        STORES[0], id=number, merchant_id=number, name=f"Shop {number}, high street"
    )
