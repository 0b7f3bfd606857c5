"""The demo estate: two issuers, three merchants, 1,000 cards, 76 terminals of every kind.

A third issuer decides by itself and keeps its cards' accounts: ours are what it owes merchants.

40 POS terminals, 20 behind a dial-up gateway, 6 tills of merchant systems, 6 payment applications
on phones, and 4 POS terminals that take an external issuer's cards.

It is the same everywhere: `posswitch up --estate demo`, the tests, the documentation and the
worked messages of the protocol notes, which can be typed at terminal 80010001 byte for byte.
Its keys are published test keys or derived from public text: none of them is secret.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from host.estate import ends
from host.estate.batches import FIRST_DAY
from host.estate.ends import LAST_DAY, LATER_EXPIRY
from host.estate.plan import (
    BatchPlan,
    CardPlan,
    DevicePlan,
    EstatePlan,
    IssuerPlan,
    LotteryPlan,
    MerchantPlan,
    ProgrammePlan,
    StorePlan,
    TerminalPlan,
    UsePlan,
    VoucherPlan,
    WorkingKeys,
    ZoneKeyPlan,
)
from host.hsm.dukpt_aes import initial_key
from host.model.instruments import BatchState, Form, SaleState
from host.model.lottery import PARTS, Content, Prize, PrizeKind
from host.model.secrets import Pan, Secret, luhn_digit
from host.model.terminal import MacAlgorithm, TerminalFamily
from host.model.voucher_codes import ALPHABET, RANDOM_LETTERS, VoucherCode, check_letter
from host.model.vouchers import ProductKind

EXPIRY: Final = LATER_EXPIRY
PIN: Final = Secret(b"123456")
"""Every demo card has the same PIN, so that a person can type it."""
BALANCE_MINOR: Final = 100_000

CITY: Final = IssuerPlan(
    id=1,
    institution_id="48882900",
    name="City Card",
    pan_prefix="9988",
    amount_minor_max=500_000,
    balance_minor_max=1_000_000,
)
PEAR: Final = IssuerPlan(
    id=2,
    institution_id="48882977",
    name="Pear Mall Card",
    pan_prefix="9977",
    amount_minor_max=200_000,
    balance_minor_max=500_000,
)
EXTERNAL: Final = IssuerPlan(
    id=3,
    institution_id="48882955",
    name="Lake Bank",
    pan_prefix="9955",
    amount_minor_max=500_000,
    balance_minor_max=1_000_000,
)
"""It decides by itself (`[[issuers]]`): our host has no account of its cards."""
ISSUERS: Final = (CITY, PEAR, EXTERNAL)

PROGRAMMES: Final = (
    ProgrammePlan(
        code="CITY",
        issuer_id=CITY.id,
        name="City Points",
        earn_points=1,
        earn_per_minor=100,
        redemption_points_min=100,
        lot_months=24,
        debt_is_allowed=True,
        price_points=100,
        price_minor=100,
    ),
    ProgrammePlan(
        code="PEAR",
        issuer_id=PEAR.id,
        name="Pears",
        earn_points=2,
        earn_per_minor=100,
        redemption_points_min=500,
        lot_months=12,
        debt_is_allowed=False,
    ),
    ProgrammePlan(
        code="LAKE",
        issuer_id=EXTERNAL.id,
        name="None of ours",
        earn_points=0,
        earn_per_minor=100,
        redemption_points_min=0,
        lot_months=1,
        debt_is_allowed=False,
    ),
)

MERCHANTS: Final = (
    MerchantPlan(id=1, merchant_id="888290054110001", name="Harbour Grocery", issuer_ids=(1, 2, 3)),
    MerchantPlan(id=2, merchant_id="888290058120002", name="Noodle Lane", issuer_ids=(1, 2, 3)),
    MerchantPlan(id=3, merchant_id="888290059420003", name="Lantern Books", issuer_ids=(1, 3)),
)
"""The third takes no pear cards: they are declined there."""

STORES: Final = (
    StorePlan(id=1, merchant_id=1, name="Harbour Grocery, Quay", region="EAST"),
    StorePlan(id=2, merchant_id=1, name="Harbour Grocery, Station", region="EAST"),
    StorePlan(id=3, merchant_id=2, name="Noodle Lane, Old Town", region="WEST"),
    StorePlan(id=4, merchant_id=2, name="Noodle Lane, University", region="WEST"),
    StorePlan(id=5, merchant_id=3, name="Lantern Books", region="SOUTH"),
)

FIRST_TERMINAL: Final = TerminalPlan(
    terminal_id="80010001",
    store_id=1,
    epoch="000012",
    tmk=Secret.from_hex("40A1B3C2D5E5F70719293B4A5D6D7F8F"),
    working=WorkingKeys(
        pik=Secret.from_hex("1C3B5E7092B5D6F80B2C4F6185A7C8EA"),
        mak=Secret.from_hex("2568ADE013579BDF"),
    ),
    mac_algorithm=MacAlgorithm.UNIONPAY_ECB,
)
UNPACKED_TERMINAL: Final = "80010040"
"""It has its master key only: until it signs on, its messages are answered A0."""
TERMINALS_PER_STORE: Final = 8

GATEWAY_TERMINALS: Final = tuple(f"{80_020_000 + number}" for number in range(1, 21))
"""Behind a dial-up gateway."""
TILLS: Final = tuple(f"{80_030_000 + number}" for number in range(1, 7))
"""Of merchants' own systems: X9.19, and a request number and date where others have a batch."""
PHONES: Final = tuple(f"{80_040_000 + number}" for number in range(1, 7))
"""Payment applications under AES DUKPT."""
EXTERNAL_TERMINALS: Final = tuple(f"{80_050_000 + number}" for number in range(1, 5))
"""POS terminals that take the external issuer's cards."""
BDK: Final = Secret.from_hex("FEDCBA9876543210F1F1F1F1F1F1F1F1")
"""Of the standard's test vectors, X9.24-3."""

EXTERNAL_CARDS: Final = 200
EXTERNAL_ZONE: Final = ZoneKeyPlan(
    name="external", key=Secret.from_hex("89B07B35A1B3F47E89B07B35A1B3F488")
)
"""Under what PIN blocks go to it."""

CITY_CARDS: Final = 700
PEAR_CARDS: Final = 300
FIRST_CARD_POINTS: Final = 17_800
"""The worked points purchase takes 5,000 of the first card's points and leaves 12,800."""
POINTS_EACH_FIFTH_CARD: Final = 2_000


class OddCard(msgspec.Struct, frozen=True, kw_only=True):
    """How a card on purpose differs from the rest."""

    name: str = ""
    """What a person at a till calls it."""
    why: str
    f39: str = "00"
    """What a purchase of 50.00 with it is answered."""
    status: str = "active"
    expiry: str = EXPIRY
    balance_minor: int = BALANCE_MINOR


ODD_CARDS: Final[dict[int, OddCard]] = {
    101: OddCard(name="frozen", why="frozen", f39="62", status="frozen"),
    102: OddCard(
        name="inactive", why="not activated", f39="21", status="inactive", balance_minor=0
    ),
    103: OddCard(name="expired", why="expired", f39="54", expiry="2012"),
    104: OddCard(name="poor", why="one yuan left", f39="51", balance_minor=100),
    105: OddCard(name="lost", why="lost", f39="41", status="lost"),
    106: OddCard(name="stolen", why="stolen", f39="43", status="stolen"),
    107: OddCard(name="empty", why="empty", f39="51", balance_minor=0),
}
"""City cards that are declined on purpose, by their number."""

CARD_NAMES: Final[dict[str, int]] = {
    "first": 1,
    "points": 5,
    "pear": CITY_CARDS + 1,
    "lake": -1,
    **{odd.name: number for number, odd in ODD_CARDS.items()},
}
"""What a person may call a card instead of its number: the worked messages' card, one with points
to spend, one of each other issuer, and those that are declined on purpose."""


GIFT_FACE_MINOR: Final = 10_000
GIFT_EXPIRY: Final = ends.EXPIRY


GIFT_VENDOR: Final[Mapping[str, object]] = {
    "name": "Harbour Card Works",
    "contact": "cards@harbour.example",
}
GIFT_PRODUCT: Final[Mapping[str, object]] = {
    "code": "DAY",
    "name": "Gift card of the day",
    "form": Form.PHYSICAL.value,
    "face_minor_min": GIFT_FACE_MINOR,
    "valid_from": FIRST_DAY.isoformat(),
    "valid_to": LAST_DAY.isoformat(),
    "is_reloadable": True,
}
"""Values of the office's own actions: which cards are made in the demo's day, and by whom."""


class DemoPerson(NamedTuple):
    """What somebody at the demo's office is called."""

    login: str
    name: str


PEOPLE: Final[Mapping[str, DemoPerson]] = {
    "platform_admin": DemoPerson("wang", "Wang Min"),
    "issuer_manager": DemoPerson("li", "Li Qiang"),
    "batch_maker": DemoPerson("bai", "Bai Ling"),
    "batch_owner": DemoPerson("zhao", "Zhao Ying"),
    "risk": DemoPerson("rong", "Rong Wei"),
    "service": DemoPerson("sun", "Sun Jie"),
    "platform_ops": DemoPerson("ma", "Ma Tao"),
}
"""By role. No estate brings them: they are invited when they are needed."""


class GiftBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A card batch of city cards: where it stands, its first card, how many."""

    state: BatchState
    part: BatchState = BatchState.OPENED
    form: Form = Form.PHYSICAL
    first: int
    count: int = 5


GIFT_BATCHES: Final[dict[str, GiftBatch]] = {
    "opened": GiftBatch(state=BatchState.OPENED, first=1101, count=20),
    "waiting": GiftBatch(state=BatchState.GENERATED, part=BatchState.GENERATED, first=1121),
    "suspended": GiftBatch(state=BatchState.SUSPENDED, first=1131),
    "voided": GiftBatch(state=BatchState.VOIDED, first=1141),
    "each otherwise": GiftBatch(state=BatchState.OPENED, first=1151, count=16),
    "being made": GiftBatch(state=BatchState.GENERATING, part=BatchState.GENERATING, first=1171),
    "added": GiftBatch(state=BatchState.OPENED, part=BatchState.GENERATED, first=1181),
    "expired": GiftBatch(state=BatchState.EXPIRED, first=1191),
    "closed": GiftBatch(state=BatchState.CLOSED, first=1201),
    "e-cards": GiftBatch(state=BatchState.OPENED, form=Form.VIRTUAL, first=1211),
    "members'": GiftBatch(state=BatchState.OPENED, first=1221, count=20),
}
"""By name. A batch in which each card stands otherwise has one of each (`ODD_GIFTS`)."""


class OddGift(msgspec.Struct, frozen=True, kw_only=True):
    """How a gift card stands that is not like the others of its batch."""

    status: str = "inactive"
    sale: SaleState = SaleState.UNSOLD
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


LONG_AGO: Final = dt.date(2025, 12, 31)
FAR_AHEAD: Final = LAST_DAY.replace(day=1)
ODD_GIFTS: Final[dict[int, OddGift]] = {
    1151: OddGift(status="active", sale=SaleState.SOLD),
    1152: OddGift(status="frozen", sale=SaleState.SOLD),
    1153: OddGift(status="lost", sale=SaleState.SOLD),
    1154: OddGift(status="stolen", sale=SaleState.SOLD),
    1155: OddGift(status="replaced", sale=SaleState.SOLD),
    1156: OddGift(status="voided", sale=SaleState.SOLD),
    1157: OddGift(status="expired", sale=SaleState.SOLD),
    1158: OddGift(sale=SaleState.SOLD),
    1159: OddGift(sale=SaleState.ALLOCATED),
    1160: OddGift(valid_from=FAR_AHEAD, valid_to=LAST_DAY),
    1161: OddGift(valid_to=LONG_AGO),
    1162: OddGift(status="active", sale=SaleState.SOLD, valid_to=LONG_AGO),
    1163: OddGift(status="active", sale=SaleState.SOLD, valid_from=FAR_AHEAD, valid_to=LAST_DAY),
    1164: OddGift(status="voided", sale=SaleState.RETURNED),
    1212: OddGift(sale=SaleState.ALLOCATED),
}
"""How these gift cards stand, where they are not inactive and unsold."""


def _gift_batches() -> tuple[BatchPlan, ...]:
    return tuple(
        BatchPlan(
            id=number,
            code=f"CB-DEMO-{number}",
            name=f"Gift cards, {name}",
            state=gifts.state,
            part=gifts.part,
            form=gifts.form,
            face_minor=GIFT_FACE_MINOR,
            issuer_id=CITY.id,
            cards=tuple(_gift_card(gifts.first + place, number) for place in range(gifts.count)),
        )
        for number, (name, gifts) in enumerate(GIFT_BATCHES.items(), 1)
    )


def _gift_card(number: int, part: int) -> CardPlan:
    return CardPlan(
        id=number,
        issuer_id=CITY.id,
        pan=card_pan(CITY, number),
        pin=None,
        expiry=GIFT_EXPIRY,
        part=part,
        **msgspec.structs.asdict(ODD_GIFTS.get(number, OddGift())),
    )


VOUCHER_FACE_MINOR: Final = 5_000
VOUCHER_BATCH: Final = len(GIFT_BATCHES) + 1
FIRST_VOUCHER: Final = 1301
VOUCHERS: Final = 200


def voucher_code(number: int) -> VoucherCode:
    """The demo's code of that number: it follows from public text, and is worth nothing."""
    digest = hashlib.sha256(f"posswitch demo voucher {number}".encode()).digest()
    payload = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:RANDOM_LETTERS])
    return VoucherCode(payload + check_letter(payload))


def voucher_batch(first: int, count: int) -> BatchPlan:
    """So many paper vouchers that a till takes, or puts onto a card; the first of that number."""
    return BatchPlan(
        id=VOUCHER_BATCH,
        code=f"CB-DEMO-{VOUCHER_BATCH}",
        name="Paper vouchers",
        state=BatchState.OPENED,
        form=Form.PAPER,
        kind=ProductKind.AMOUNT,
        face_minor=VOUCHER_FACE_MINOR,
        issuer_id=CITY.id,
        vouchers=tuple(
            VoucherPlan(
                id=number,
                code=voucher_code(number),
                face_minor=VOUCHER_FACE_MINOR,
                part=VOUCHER_BATCH,
            )
            for number in range(first, first + count)
        ),
    )


class PieceVouchers(NamedTuple):
    """Vouchers of the demo that are worth no money: what they are, and their first number."""

    name: str
    kind: ProductKind
    first: int
    use: UsePlan
    state: BatchState = BatchState.OPENED


VOUCHERS_OF_A_KIND: Final = 20
PIECE_VOUCHERS: Final = (
    PieceVouchers("Admission tickets", ProductKind.TICKET, 1501, UsePlan(entries=3)),
    PieceVouchers(
        "Tea or a cup, in three stores",
        ProductKind.GOODS,
        1521,
        UsePlan(entries=2, goods=("TEA", "CUP"), stores=(1, 2, 4)),
    ),
    PieceVouchers(
        "A book, at the bookshop", ProductKind.GOODS, 1541, UsePlan(goods=("BOOK",), stores=(5,))
    ),
    PieceVouchers("A cake, in the east", ProductKind.GOODS, 1561, UsePlan(regions=("EAST",))),
    PieceVouchers("Noodles, in the west", ProductKind.GOODS, 1581, UsePlan(regions=("WEST",))),
    PieceVouchers("Buy three, get one", ProductKind.BUY_AND_GET, 1601, UsePlan(entries=1, buys=3)),
    PieceVouchers(
        "Admission tickets, suspended",
        ProductKind.TICKET,
        1621,
        UsePlan(entries=3),
        BatchState.SUSPENDED,
    ),
)
"""In the order of their batches, which come after that of vouchers of money."""


def _piece_batches() -> tuple[BatchPlan, ...]:
    return tuple(
        piece_batch(number, one) for number, one in enumerate(PIECE_VOUCHERS, VOUCHER_BATCH + 1)
    )


def piece_batch(number: int, of: PieceVouchers) -> BatchPlan:
    """So many vouchers of pieces, in the batch of that number."""
    pieces = of.use.entries if of.kind is ProductKind.GOODS else 1
    return BatchPlan(
        id=number,
        code=f"CB-DEMO-{number}",
        name=of.name,
        state=of.state,
        form=Form.PAPER,
        kind=of.kind,
        use=of.use,
        face_minor=0,
        issuer_id=CITY.id,
        vouchers=tuple(
            VoucherPlan(id=code, code=voucher_code(code), face_minor=0, part=number, pieces=pieces)
            for code in range(of.first, of.first + VOUCHERS_OF_A_KIND)
        ),
    )


DRAW_POINTS: Final = 50
PRIZE_POINTS: Final = 10
_NO_END: Final = 1_000_000
LOTTERY: Final = LotteryPlan(
    issuer_id=CITY.id,
    content=Content(
        code="DEMO",
        name="人人有奖",
        owner=f"issuer {CITY.institution_id}",
        unit=PROGRAMMES[0].unit,
        cost_points=DRAW_POINTS,
        threshold_points=0,
        cap=0,
        opens_on=FIRST_DAY,
        closes_on=LAST_DAY,
        prizes=(
            Prize(
                place=1,
                code="POINTS",
                parts=PARTS,
                stock=_NO_END,
                kind=PrizeKind.POINTS,
                amount=PRIZE_POINTS,
                name="积分",
            ),
            Prize(
                place=2, code="NONE", parts=0, stock=None, kind=PrizeKind.NOTHING, name="谢谢参与"
            ),
        ),
    ),
    house=Secret(hashlib.sha256(b"posswitch demo lottery").digest()),
    author_words="the river is high",
    freezer_words="the drums are wet",
)
"""Everybody wins the same, so that what a draw moves is known beforehand."""


def demo_estate() -> EstatePlan:
    """The demo estate."""
    return EstatePlan(
        name="demo",
        issuers=ISSUERS,
        programmes=PROGRAMMES,
        merchants=MERCHANTS,
        stores=STORES,
        terminals=_demo_terminals(),
        cards=(
            *(_city_card(number) for number in range(1, CITY_CARDS + 1)),
            *(_pear_card(number) for number in range(1, PEAR_CARDS + 1)),
        ),
        zone_keys=(EXTERNAL_ZONE,),
        batches=(
            *_gift_batches(),
            voucher_batch(FIRST_VOUCHER, VOUCHERS),
            *_piece_batches(),
        ),
        lotteries=(LOTTERY,),
        settings=(("simulated_payments", 1),),
    )


def external_cards() -> tuple[CardPlan, ...]:
    """The external issuer's cards, with the PIN of all others."""
    return tuple(
        CardPlan(
            id=-number,
            issuer_id=EXTERNAL.id,
            pan=card_pan(EXTERNAL, number),
            pin=PIN,
            expiry=EXPIRY,
            balance_minor=BALANCE_MINOR,
        )
        for number in range(1, EXTERNAL_CARDS + 1)
    )


def bench_estate(terminals: int, cards: int) -> EstatePlan:
    """One issuer, one merchant; cards that never run dry, terminals that are signed on."""
    issuer = msgspec.structs.replace(CITY, balance_minor_max=10**15)
    return EstatePlan(
        name=f"bench-{terminals}-{cards}",
        issuers=(issuer,),
        programmes=PROGRAMMES[:1],
        merchants=(msgspec.structs.replace(MERCHANTS[0], issuer_ids=(issuer.id,)),),
        stores=STORES[:1],
        terminals=tuple(
            made_up_terminal(f"{70_000_000 + number}", store_id=1)
            for number in range(1, terminals + 1)
        ),
        cards=tuple(
            CardPlan(
                id=number,
                issuer_id=issuer.id,
                pan=card_pan(issuer, number),
                pin=PIN,
                expiry=EXPIRY,
                balance_minor=10**11,
            )
            for number in range(1, cards + 1)
        ),
    )


def card_pan(issuer: IssuerPlan, number: int) -> Pan:
    """The issuer's card of that number: prefix, number in eleven digits, Luhn digit."""
    payload = f"{issuer.pan_prefix}{number:011d}"
    return Pan(payload + luhn_digit(payload))


def made_up_terminal(terminal_id: str, store_id: int) -> TerminalPlan:
    """A signed-on terminal whose keys follow from its id."""
    return TerminalPlan(
        terminal_id=terminal_id,
        store_id=store_id,
        epoch="000001",
        tmk=_made_up_key(terminal_id, "tmk", 16),
        working=WorkingKeys(
            pik=_made_up_key(terminal_id, "pik", 16), mak=_made_up_key(terminal_id, "mak", 8)
        ),
        mac_algorithm=MacAlgorithm.UNIONPAY_ECB,
    )


def _demo_terminals() -> tuple[TerminalPlan, ...]:
    made_up = [
        made_up_terminal(f"{80_010_000 + number}", 1 + (number - 1) // TERMINALS_PER_STORE)
        for number in range(2, len(STORES) * TERMINALS_PER_STORE + 1)
    ]
    return (
        FIRST_TERMINAL,
        *(
            msgspec.structs.replace(one, working=None)
            if one.terminal_id == UNPACKED_TERMINAL
            else one
            for one in made_up
        ),
        *(made_up_terminal(name, _store_of(name)) for name in GATEWAY_TERMINALS),
        *(_till(name) for name in TILLS),
        *(_phone(name) for name in PHONES),
        *(made_up_terminal(name, _store_of(name)) for name in EXTERNAL_TERMINALS),
    )


def _store_of(terminal_id: str) -> int:
    return 1 + int(terminal_id) % len(STORES)


def _till(terminal_id: str) -> TerminalPlan:
    plan = made_up_terminal(terminal_id, _store_of(terminal_id))
    keys = WorkingKeys(
        pik=_made_up_key(terminal_id, "pik", 16), mak=_made_up_key(terminal_id, "mak", 16)
    )
    return msgspec.structs.replace(
        plan, working=keys, mac_algorithm=MacAlgorithm.X9_19, family=TerminalFamily.MIS
    )


def _phone(terminal_id: str) -> TerminalPlan:
    """Its initial key id is public text, its key the standard's test BDK's."""
    key_id = f"5053{int(terminal_id):012d}"
    device = DevicePlan(key_id=key_id, initial_key=initial_key(BDK, bytes.fromhex(key_id)))
    plan = made_up_terminal(terminal_id, _store_of(terminal_id))
    return msgspec.structs.replace(
        plan,
        working=None,
        device=device,
        mac_algorithm=MacAlgorithm.AES_DUKPT,
        family=TerminalFamily.SOFTPOS,
    )


def _city_card(number: int) -> CardPlan:
    odd = ODD_CARDS.get(number, OddCard(why=""))
    return CardPlan(
        id=number,
        issuer_id=CITY.id,
        pan=card_pan(CITY, number),
        pin=PIN,
        expiry=odd.expiry,
        status=odd.status,
        balance_minor=odd.balance_minor,
        points=FIRST_CARD_POINTS if number == 1 else _points_of(number),
    )


def _pear_card(number: int) -> CardPlan:
    return CardPlan(
        id=CITY_CARDS + number,
        issuer_id=PEAR.id,
        pan=card_pan(PEAR, number),
        pin=PIN,
        expiry=EXPIRY,
        balance_minor=BALANCE_MINOR,
        points=_points_of(number),
    )


def _points_of(number: int) -> int:
    return POINTS_EACH_FIFTH_CARD if number % 5 == 0 else 0


def _made_up_key(terminal_id: str, usage: str, size: int) -> Secret:
    """Bytes from public text, each with odd parity as DES keys have."""
    digest = hashlib.sha256(f"posswitch demo {terminal_id} {usage}".encode()).digest()
    return Secret(bytes(_with_odd_parity(byte) for byte in digest[:size]))


def _with_odd_parity(byte: int) -> int:
    return byte ^ 1 if byte.bit_count() % 2 == 0 else byte
