"""What the demo's day leaves behind for who walks around in it: a seat, an open lottery, vouchers.

Neither takes part in the day's trade. What is a member's, `config.run.scene` gives them.
"""

import hashlib
from typing import Final

import msgspec

from host.estate.batches import FIRST_DAY
from host.estate.demo import (
    CITY,
    MERCHANTS,
    PIECE_VOUCHERS,
    PROGRAMMES,
    STORES,
    VOUCHER_BATCH,
    PieceVouchers,
    made_up_terminal,
    piece_batch,
)
from host.estate.ends import LAST_DAY
from host.estate.plan import EstatePlan, LotteryPlan, UsePlan
from host.model.instruments import PLACE_BITS
from host.model.lottery import PARTS, Content, Prize, PrizeKind
from host.model.secrets import Secret
from host.model.vouchers import ProductKind

SEAT: Final = "80060001"
"""A terminal whose till is the web front; it is given its key with that."""
DRAW_POINTS: Final = 20
LOTTERY: Final = LotteryPlan(
    issuer_id=CITY.id,
    content=Content(
        code="LANTERN",
        name="灯谜抽奖",
        owner=f"issuer {CITY.institution_id}",
        unit=PROGRAMMES[0].unit,
        cost_points=DRAW_POINTS,
        threshold_points=0,
        cap=0,
        opens_on=FIRST_DAY,
        closes_on=LAST_DAY,
        prizes=(
            Prize(place=1, code="GOLD", parts=PARTS // 10, stock=20, kind=PrizeKind.POINTS,
                  amount=500, name="五百积分"),
            Prize(place=2, code="SILVER", parts=PARTS // 2, stock=500, kind=PrizeKind.POINTS,
                  amount=30, name="三十积分"),
            Prize(place=3, code="NONE", parts=PARTS - PARTS // 10 - PARTS // 2, stock=None,
                  kind=PrizeKind.NOTHING, name="谢谢参与"),
        ),
    ),
    house=Secret(hashlib.sha256(b"posswitch demo lantern lottery").digest()),
    author_words="the moon is round",
    freezer_words="the lamps are lit",
)  # fmt: skip


BREAKFAST_BATCH: Final = VOUCHER_BATCH + len(PIECE_VOUCHERS) + 1
BREAKFAST: Final = PieceVouchers(
    "Breakfast for two",
    ProductKind.GOODS,
    (BREAKFAST_BATCH << PLACE_BITS) + 1,
    UsePlan(merchants=(MERCHANTS[0].id,)),
)
"""Vouchers that one merchant alone takes, who prints them: numbered as those that are made."""


def in_scene(plan: EstatePlan) -> EstatePlan:
    """The demo's plan with all of it."""
    seat = msgspec.structs.replace(made_up_terminal(SEAT, STORES[0].id), working=None)
    return msgspec.structs.replace(
        plan,
        terminals=(*plan.terminals, seat),
        lotteries=(*plan.lotteries, LOTTERY),
        batches=(*plan.batches, piece_batch(BREAKFAST_BATCH, BREAKFAST)),
    )
