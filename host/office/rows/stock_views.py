"""What people look at of products, card batches, cards and members."""

import datetime as dt
from typing import Final

from host.office.places import Scope
from host.office.roles import AU, BM, BO, CS, FN, IM, MO, MP, PA, PO, RK
from host.office.view import Column, Filter, How, View

_ISSUERS: Final = frozenset({Scope.PLATFORM, Scope.ISSUER})

PRODUCTS: Final = View(
    id="products",
    en="Products",
    zh="卡券产品",
    roles=frozenset({PA, PO, AU, IM, BM, BO}),
    scopes=_ISSUERS,
    columns=(
        Column(name="id", kind=int),
        Column(name="issuer", opens="issuers"),
        Column(name="product_code"),
        Column(name="name"),
        Column(name="version", kind=int),
        Column(name="form"),
        Column(name="face_minor_min", kind=int),
        Column(name="face_minor_max", kind=int),
        Column(name="valid_from", kind=dt.date),
        Column(name="valid_to", kind=dt.date),
        Column(name="valid_days", kind=int),
        Column(name="is_reloadable", kind=bool),
    ),
    order=("id",),
    filters=(Filter(name="issuer", column="issuer"),),
    actions=("product.revise", "card_batch.create", "card.sell"),
    exports="C",
)
CARD_BATCHES: Final = View(
    id="card_batches",
    en="Card batches",
    zh="卡批次",
    roles=frozenset({PA, AU, RK, IM, BM, BO}),
    scopes=_ISSUERS,
    columns=(
        Column(name="id", kind=int),
        Column(name="batch"),
        Column(name="name"),
        Column(name="product", kind=int, opens="products"),
        Column(name="form"),
        Column(name="face_minor", kind=int),
        Column(name="cards", kind=int, opens="batch_parts"),
        Column(name="responsible"),
        Column(name="vendor", opens="vendors"),
        Column(name="state"),
        Column(name="made_by"),
        Column(name="made_at", kind=dt.datetime),
        Column(name="suspended_by"),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(
        Filter(name="batch", column="batch"),
        Filter(name="state", column="state"),
        Filter(name="product", column="product", kind=int),
        Filter(name="responsible", column="responsible"),
    ),
    actions=(
        "card_batch.open",
        "card_batch.suspend",
        "card_batch.resume",
        "card_batch.void",
        "card_batch.edit",
        "card_batch.add",
    ),
    exports="CX",
)
BATCH_PARTS: Final = View(
    id="batch_parts",
    en="Parts of a card batch",
    zh="批次分段",
    roles=frozenset({PA, AU, IM, BM, BO}),
    scopes=_ISSUERS,
    columns=(
        Column(name="id", kind=int, opens="batch_cards"),
        Column(name="batch", opens="card_batches"),
        Column(name="part", kind=int),
        Column(name="cards", kind=int),
        Column(name="made", kind=int),
        Column(name="state"),
        Column(name="added_by"),
        Column(name="added_at", kind=dt.datetime),
        Column(name="opened_by"),
        Column(name="opened_at", kind=dt.datetime),
    ),
    order=("id",),
    filters=(Filter(name="batch", column="batch"),),
    actions=("card_batch.open",),
    exports="C",
)
BATCH_CARDS: Final = View(
    id="batch_cards",
    en="Cards of a batch",
    zh="批次内礼品卡",
    roles=frozenset({PA, AU, IM, BM, BO}),
    scopes=_ISSUERS,
    columns=(
        Column(name="id", kind=int),
        Column(name="pan_masked", is_masked=True),
        Column(name="sale"),
        Column(name="card_status"),
        Column(name="member", kind=int, opens="members"),
        Column(name="valid_from", kind=dt.date),
        Column(name="valid_to", kind=dt.date),
    ),
    order=("id",),
    filters=(
        Filter(name="part", column="id", how=How.OF_PART, kind=int),
        Filter(name="card", column="id", kind=int),
    ),
    needs=frozenset({"part", "card"}),
    actions=("card.freeze", "card.extend"),
    exports="C",
)
ALLOCATIONS: Final = View(
    id="allocations",
    en="Sales and allocations",
    zh="售出与分配",
    roles=frozenset({PA, PO, AU, FN, IM}),
    scopes=_ISSUERS,
    columns=(
        Column(name="id", kind=int),
        Column(name="product", kind=int, opens="products"),
        Column(name="order_reference"),
        Column(name="channel"),
        Column(name="buyer"),
        Column(name="cards", kind=int),
        Column(name="price_minor", kind=int),
        Column(name="state"),
        Column(name="sold_by"),
        Column(name="sold_at", kind=dt.datetime),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(Filter(name="product", column="product", kind=int),),
    actions=("card.return_sale",),
    exports="CX",
)
MEMBERS: Final = View(
    id="members",
    en="Members",
    zh="会员",
    roles=frozenset({PA, PO, AU, RK, CS, MO, MP}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT}),
    columns=(
        Column(name="id", kind=int),
        Column(name="name", is_masked=True),
        Column(name="phone", is_masked=True),
        Column(name="merchant", opens="merchants"),
        Column(name="state"),
        Column(name="made_at", kind=dt.datetime),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(
        Filter(name="member", column="id", kind=int),
        Filter(name="merchant", column="merchant"),
    ),
    actions=("member.edit", "member.freeze"),
    exports="CX",
)
