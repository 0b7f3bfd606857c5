"""What people look at of one card, or of a few: where they stand, their life, what they paid."""

import datetime as dt
from typing import Final

from host.model.instruments import CardStatus
from host.office.card_walks import card_events
from host.office.places import Scope
from host.office.roles import AU, BM, BO, CS, FN, IM, MO, MP, PA, PO, RK, SM
from host.office.usages import Tender, usages
from host.office.view import EVERYWHERE, Column, Filter, How, View

_ISSUERS: Final = frozenset({Scope.PLATFORM, Scope.ISSUER})
_BY_CARD: Final = (
    Filter(name="card", column="id", kind=int),
    Filter(name="number", column="id", how=How.NUMBER, kind=int),
)
_PART: Final = Filter(name="part", column="part", how=How.PART, kind=int, beside="batch")
OF_BATCH: Final = (Filter(name="batch", column="id", how=How.CARD_OF_BATCH), _PART)
"""By whose number cards are a batch's, or those of its part of that number."""

CARDS: Final = View(
    id="cards",
    en="Cards",
    zh="卡",
    roles=frozenset({PA, PO, AU, RK, CS, IM, BM, BO}),
    scopes=_ISSUERS,
    columns=(
        Column(name="id", kind=int, opens="card_events"),
        Column(name="pan_masked", is_masked=True),
        Column(name="issuer", opens="issuers"),
        Column(name="product", kind=int, opens="products"),
        Column(name="batch", opens="card_batches"),
        Column(name="sale"),
        Column(name="card_status"),
        Column(name="balance_minor", kind=int, opens="usages"),
        Column(name="held_minor", kind=int),
        Column(name="points", kind=int),
        Column(name="member", kind=int, opens="members"),
        Column(name="valid_from", kind=dt.date),
        Column(name="valid_to", kind=dt.date),
        Column(name="activated_at", kind=dt.datetime),
    ),
    order=("id",),
    filters=(
        *_BY_CARD,
        Filter(name="phone", column="member", how=How.PHONE, kind=int),
        Filter(name="member", column="member", kind=int),
        *OF_BATCH,
        Filter(name="card_status", column="card_status", words=tuple(CardStatus)),
        Filter(name="ending", column="valid_to", how=How.BEFORE, kind=dt.date),
    ),
    needs=frozenset({"card", "number", "phone", "member", "batch"}),
    actions=("card.freeze", "card.rebind", "card.activate_for", "card.extend"),
    exports="C",
)
CARD_EVENTS: Final = View(
    id="card_events",
    en="Life of a card",
    zh="卡操作历史",
    roles=frozenset({PA, PO, AU, RK, CS, IM, BO}),
    scopes=_ISSUERS,
    columns=(
        Column(name="at", kind=dt.datetime),
        Column(name="event"),
        Column(name="amount_minor", kind=int),
        Column(name="points", kind=int),
        Column(name="balance_minor", kind=int),
        Column(name="outcome"),
        Column(name="source"),
        Column(name="by"),
    ),
    order=("id",),
    filters=_BY_CARD,
    needs=frozenset({"card", "number"}),
    exports="CP",
    walk=card_events,
)
USAGES: Final = View(
    id="usages",
    en="Usage records",
    zh="使用记录",
    roles=frozenset({PA, PO, AU, RK, FN, CS, IM, MO, MP, SM}),
    scopes=EVERYWHERE,
    columns=(
        Column(name="id", kind=int),
        Column(name="rrn"),
        Column(name="at", kind=dt.datetime),
        Column(name="business_date", kind=dt.date),
        Column(name="event"),
        Column(name="card", kind=int, opens="card_events"),
        Column(name="pan_masked", is_masked=True),
        Column(name="order"),
        Column(name="sub_order"),
        Column(name="gift_card_minor", kind=int),
        Column(name="points", kind=int),
        Column(name="cash_minor", kind=int),
        Column(name="refunded_minor", kind=int),
        Column(name="merchant", opens="merchants"),
        Column(name="store", kind=int, opens="stores"),
        Column(name="terminal", opens="terminals"),
        Column(name="source"),
        Column(name="is_valid", kind=bool),
    ),
    order=("id",),
    filters=(
        *_BY_CARD,
        Filter(name="phone", column="member", how=How.PHONE, kind=int),
        Filter(name="member", column="member", kind=int),
        Filter(name="order", column="order", how=How.WALKED),
        Filter(name="sub_order", column="sub_order", how=How.WALKED),
        Filter(name="date", column="business_date", how=How.WALKED, kind=dt.date),
        Filter(name="merchant", column="merchant", how=How.WALKED),
        Filter(name="store", column="store", how=How.WALKED, kind=int),
        Filter(name="terminal", column="terminal", how=How.WALKED),
        Filter(name="batch", column="batch", how=How.WALKED),
        Filter(name="tender", column="tenders", how=How.WALKED, kind=Tender),
        Filter(name="valid", column="is_valid", how=How.WALKED, kind=bool),
    ),
    needs=frozenset({"card", "number", "phone", "member", "batch", "order", "date"}),
    exports="CX",
    walk=usages,
    cut_by_rows=frozenset({Scope.MERCHANT, Scope.STORE}),
)
MOVES: Final = View(
    id="moves",
    en="Value on its way between cards",
    zh="在途价值",
    roles=frozenset({PA, PO, AU, RK, FN, IM, BO}),
    scopes=_ISSUERS,
    columns=(
        Column(name="card", kind=int, opens="card_events"),
        Column(name="kind"),
        Column(name="pan_masked", is_masked=True),
        Column(name="issuer", opens="issuers"),
        Column(name="batch", opens="card_batches"),
        Column(name="to_card", kind=int, opens="card_events"),
        Column(name="state"),
        Column(name="why"),
        Column(name="in_transit_minor", kind=int),
        Column(name="points_in_transit", kind=int),
        Column(name="left_minor", kind=int),
        Column(name="points_left", kind=int),
        Column(name="fee_minor", kind=int),
        Column(name="asked_at", kind=dt.datetime),
        Column(name="ended_at", kind=dt.datetime),
        Column(name="age_seconds", kind=int),
        Column(name="made_by"),
    ),
    order=("card", "kind"),
    filters=(
        Filter(name="card", column="card", kind=int),
        Filter(name="number", column="card", how=How.NUMBER, kind=int),
        Filter(name="batch", column="card", how=How.CARD_OF_BATCH),
        _PART,
        Filter(name="state", column="state", words=("open", "done", "refused")),
    ),
    exports="CX",
)
ACTIVATIONS: Final = View(
    id="activations",
    en="Activation records",
    zh="激活记录",
    roles=frozenset({PA, PO, AU, RK, CS, IM, BO}),
    scopes=_ISSUERS,
    columns=(
        Column(name="id", kind=int),
        Column(name="card", kind=int, opens="card_events"),
        Column(name="batch", opens="card_batches"),
        Column(name="pan_masked", is_masked=True),
        Column(name="name"),
        Column(name="amount_minor", kind=int),
        Column(name="way"),
        Column(name="member", kind=int, opens="members"),
        Column(name="phone", is_masked=True),
        Column(name="merchant", opens="merchants"),
        Column(name="made_by"),
        Column(name="activated_at", kind=dt.datetime),
        Column(name="card_status"),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(
        Filter(name="batch", column="part_id", how=How.OF_BATCH),
        _PART,
        Filter(name="way", column="way", words=("till", "office", "holder")),
        Filter(name="card_status", column="card_status", words=tuple(CardStatus)),
        Filter(name="since", column="activated_at", how=How.FROM, kind=dt.datetime),
        Filter(name="until", column="activated_at", how=How.BEFORE, kind=dt.datetime),
        Filter(name="made_by", column="made_by"),
    ),
    needs=frozenset({"batch"}),
    exports="CX",
)
