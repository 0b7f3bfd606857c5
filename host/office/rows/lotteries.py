"""Lotteries as people make, freeze and close them, and hand out what was won in them.

Who writes one and who freezes it are two people; each gives words for its seed, which are typed
and never shown until the seed is told. What happens by the clock is `host.office.lottery_clock`.
"""

import datetime as dt
import secrets
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from psycopg import errors

from host.model.lottery import HANDED_OUT, Content, LotteryState, PrizeKind
from host.model.money import Money
from host.model.secrets import Secret
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import InstitutionId, MerchantId, Name, Note, Number, Values
from host.office.jobs import wake
from host.office.lottery_refusals import NO_STOCK, OPEN_DRAWS
from host.office.places import Scope
from host.office.prizes import PrizeLine, is_printed, prizes_of
from host.office.refusals import FIELD, ID, NOT_YOUR_ROLE, STATE, Refusal
from host.office.roles import AL, AU, IM, MB, MO, PA, PO, ROLES
from host.office.rows.programmes import Code, business_date
from host.office.subjects import Ref
from host.office.view import Column, Filter, Own, View
from host.rules.drawing import HOUSE_BYTES, commitment_of, seed_of
from host.rules.lottery_states import LOTTERY_STATES
from host.rules.states import StateError, after
from host.store.lotteries import place_of_seed
from host.store.lottery_file import content_told
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "lotteries.sql")
WORDS_MIN: Final = 8
WORDS_MAX: Final = 200
"""Characters of what a person gives for the seed."""
PRIZES_MAX: Final = 99
WAIT_FOR_DRAWS: Final = "SET LOCAL lock_timeout = '5s'"
"""A batch that draws is committed long before."""

Points = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Threshold = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Cap = Annotated[int, Meta(ge=0, le=1_000_000)]
Prizes = Annotated[tuple[PrizeLine, ...], Meta(min_length=1, max_length=PRIZES_MAX)]


class LotteryCreate(Values, frozen=True, kw_only=True):
    """A draft: what a draw costs and what is won, a line each, as TEA 2.5% 42 goods 0 tea.

    The prizes are an issuer's, a merchant's or an alliance's.
    """

    lottery: Code
    name: Name
    programme: Code
    cost_points: Points
    prizes: Prizes
    opens_on: dt.date
    closes_on: dt.date
    """Its last day."""
    words: Secret
    """Of its author, for the seed."""
    issuer: InstitutionId | None = None
    """Whose it is, or"""
    merchant: MerchantId | None = None
    alliance: Code | None = None
    threshold_points: Threshold = 0
    """Whoever has less does not take part."""
    cap: Cap = 0
    """Draws of one card, and of one member; 0: as many as they like."""


class LotteryFreeze(Values, frozen=True, kw_only=True):
    """From here on nothing of it is changed: odds, stock and seed are committed to."""

    lottery: Code
    typed_name: Name
    """What it is called, typed once more."""
    words: Secret
    """Of who freezes it, for the seed."""


class LotteryClose(Values, frozen=True, kw_only=True):
    """Nobody draws any more, and its seed is told soon; before it opens it is cancelled."""

    lottery: Code
    note: Note


class LotteryPay(Values, frozen=True, kw_only=True):
    """Goods or a voucher are handed out to who won them: that draw is not undone any more."""

    lottery: Code
    draw: Number
    """By its place in the list."""
    note: Note


def _create(acting: Acting, values: LotteryCreate) -> Result:
    if acting.about is not None:
        raise Refusal(ID, field="lottery", what="lottery", key=values.lottery)
    assert acting.within is not None, "it is made within who gives the prizes"
    if sum(one is not None for one in (values.issuer, values.merchant, values.alliance)) > 1:
        raise Refusal(FIELD, field="issuer", problem="one of them gives the prizes: name one")
    prizes = prizes_of(values.prizes)
    if not is_printed(values.name):
        raise Refusal(FIELD, field="name", problem="it has signs that no till prints")
    if values.opens_on < business_date(acting):
        raise Refusal(FIELD, field="opens_on", problem="it begins today at the earliest")
    place = acting.within.place
    told = msgspec.structs.asdict(values) | {
        "issuer": place.issuer_id,
        "merchant": place.merchant_id,
        "alliance": place.alliance_id,
        "unit": Money.points(values.programme, 0).unit,
        "words": _words(values.words),
        "made_by": acting.who.person,
        "made_at": acting.now,
    }
    if acting.connection.execute(SQL["programme_for_owner"], told).fetchone() != (True,):
        raise Refusal(FIELD, field="programme", problem="its points are not taken there")
    row = acting.connection.execute(SQL["add_lottery"], told).fetchone()
    assert row is not None, "RETURNING"
    for one in prizes:
        kept = msgspec.structs.asdict(one) | {"lottery_id": row[0], "kind": one.kind.value}
        acting.connection.execute(SQL["add_prize"], kept)
    return Result(key=values.lottery, beside={"prizes": [one.text for one in prizes]})


def _freeze(acting: Acting, values: LotteryFreeze) -> Result:
    state = _after(acting, "lottery.freeze")
    _refuse_platform(acting)
    content = content_told(acting.connection, values.lottery)
    if values.typed_name != content.name:
        raise Refusal(FIELD, field="typed_name", problem="it is not what the lottery is called")
    if content.closes_on < business_date(acting):
        raise Refusal(FIELD, field="lottery", problem="its last day is over")
    _refuse_without_stock(content)
    number, house = acting.subject.id, Secret(secrets.token_bytes(HOUSE_BYTES))
    assert isinstance(number, int), "lotteries are numbered"
    freezer_words = _words(values.words)
    commitment = commitment_of(seed_of(house, _author_words(acting), freezer_words), content.text)
    told: dict[str, Any] = {
        "id": number,
        "state": state,
        "words": freezer_words,
        "sealed": acting.hsm.seal_secret(house, place_of_seed(number)),
        "commitment": commitment,
        "frozen_by": acting.who.person,
        "now": acting.now,
    }
    for statement in ("freeze", "stock_prizes", "begin_list"):
        acting.connection.execute(SQL[statement], told)
    return Result(told={"commitment": commitment.hex()})


def _author_words(acting: Acting) -> str:
    """What the author gave for the seed, which no history shows."""
    row = acting.connection.execute(SQL["author_words"], {"id": acting.subject.id}).fetchone()
    assert row is not None, "it is the subject"
    words: str = row[0]
    return words


def _close(acting: Acting, values: LotteryClose) -> Result:
    del values
    state = _after(acting, "lottery.close")
    told = {"id": acting.subject.id, "state": state, "now": acting.now}
    _hold_list(acting)
    acting.connection.execute(SQL["end"], told)
    wake(acting.connection)  # whose seed is to be told
    return OK


def _pay(acting: Acting, values: LotteryPay) -> Result:
    _hold_list(acting)
    told: dict[str, Any] = {"id": acting.subject.id, "draw": values.draw}
    row = acting.connection.execute(SQL["draw_of"], told).fetchone()
    if row is None:
        raise Refusal(FIELD, field="draw", problem="there is no draw at this place of its list")
    shard, journal, *what = row
    _refuse_to_pay(*what)
    told |= {"shard": shard, "journal": journal, "note": values.note, "now": acting.now}
    acting.connection.execute(SQL["hand_out"], told | {"by": acting.who.person})
    return Result(beside={"draw": values.draw, "handed_out": True})


def _refuse_to_pay(kind: str, stands: bool, is_paid: bool) -> None:
    """Raises Refusal: there is nothing to hand out."""
    if PrizeKind(kind) not in HANDED_OUT:
        raise Refusal(FIELD, field="draw", problem="what it won is not handed out")
    if not stands:
        raise Refusal(FIELD, field="draw", problem="it was taken back")
    if is_paid:
        raise Refusal(FIELD, field="draw", problem="it was handed out already")


def _hold_list(acting: Acting) -> None:
    """Until the end of the transaction nobody draws; who is at it is waited for.

    Raises:
        Refusal: they take too long.
    """
    told = {"id": acting.subject.id, "now": acting.now}
    try:
        with acting.connection.transaction():
            acting.connection.execute(WAIT_FOR_DRAWS)
            acting.connection.execute(SQL["hold_list"], told)
    except errors.LockNotAvailable:
        raise Refusal(OPEN_DRAWS) from None


def _after(acting: Acting, action: str) -> str:
    state = acting.subject.content["state"]
    try:
        return after(LOTTERY_STATES, "lottery", state, action)
    except StateError as error:
        raise Refusal(STATE, state=state) from error


def _refuse_platform(acting: Acting) -> None:
    """The platform freezes for a merchant alone, and only where nobody else there could.

    Raises:
        Refusal: it is none such.
    """
    if acting.grant.role != PO:
        return
    content = acting.subject.content
    told = {"merchant": content["merchant_id"], "person": content["made_by"], "now": acting.now}
    has_others = acting.connection.execute(SQL["other_owners"], told).fetchone() == (True,)
    if content["merchant_id"] is None or has_others:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[PO])


def _refuse_without_stock(content: Content) -> None:
    for one in content.prizes:
        if one.stock == 0:
            raise Refusal(NO_STOCK, prize=one.code)


def _words(typed: Secret) -> str:
    """What somebody gave for the seed: a line.

    Raises:
        Refusal: it is none, or too short to be anything that another does not guess.
    """
    words = typed.reveal().decode()
    if not WORDS_MIN <= len(words) <= WORDS_MAX or not words.isprintable():
        problem = f"they are a line of {WORDS_MIN} to {WORDS_MAX} letters, which nobody guesses"
        raise Refusal(FIELD, field="words", problem=problem)
    return words


def _owner_of(values: LotteryCreate) -> Ref:
    if values.merchant is not None:
        return Ref("merchant", values.merchant)
    if values.alliance is not None:
        return Ref("alliance", values.alliance)
    return Ref("issuer", values.issuer or "")


OWNERS: Final = frozenset({IM, MO, AL})
PRIZE_STATES: Final = ("posted", "owed", "handed_out", "nothing", "taken_back")
"""What becomes of what was won."""
CREATE: Final = Action(
    id="lottery.create",
    en="Write a lottery",
    zh="抽奖活动",
    values=LotteryCreate,
    roles=OWNERS,
    do=_create,
    about=lambda values: Ref("lottery", values.lottery),
    within=_owner_of,
    taken=ID,
)
FREEZE: Final = Action(
    id="lottery.freeze",
    en="Freeze a lottery, and tell its commitment",
    zh="锁定并公布承诺",
    values=LotteryFreeze,
    roles=OWNERS | {PO},
    do=_freeze,
    about=lambda values: Ref("lottery", values.lottery),
    second=Second.ITSELF,
    step=Step.OWN,
)
CLOSE: Final = Action(
    id="lottery.close",
    en="Close a lottery, or cancel it before it opens",
    zh="结束并公布种子",
    values=LotteryClose,
    roles=OWNERS,
    do=_close,
    about=lambda values: Ref("lottery", values.lottery),
)
PAY: Final = Action(
    id="lottery.pay",
    en="Hand out what was won",
    zh="派奖",
    values=LotteryPay,
    roles=OWNERS,
    do=_pay,
    about=lambda values: Ref("lottery", values.lottery),
)
_SCOPES: Final = frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.ALLIANCE, Scope.MERCHANT})
LOTTERIES: Final = View(
    id="lotteries",
    en="Lotteries",
    zh="抽奖活动",
    roles=frozenset({PA, PO, AU, IM, AL, MO, MB}),
    scopes=_SCOPES | {Scope.MEMBER},
    open_to=frozenset({Scope.MEMBER}),
    columns=(
        Column(name="lottery", opens="draws"),
        Column(name="name"),
        Column(name="prize_owner"),
        Column(name="programme", opens="programmes"),
        Column(name="cost_points", kind=int),
        Column(name="cap", kind=int),
        Column(name="threshold_points", kind=int),
        Column(name="prizes", kind=list),
        Column(name="stock_left", kind=list),
        Column(name="commitment"),
        Column(name="opens_on", kind=dt.date),
        Column(name="closes_on", kind=dt.date),
        Column(name="draws", kind=int),
        Column(name="won", kind=int),
        Column(name="state"),
        Column(name="told_lines", kind=int),
        Column(name="told_link"),
    ),
    order=("opens_on", "id"),
    is_newest_first=True,
    filters=(
        Filter(name="lottery", column="lottery"),
        Filter(name="state", column="state", words=tuple(LotteryState)),
    ),
    own={
        Scope.MEMBER: Own(among="v.state NOT IN ('draft', 'cancelled')", order=("opens_on", "id"))
    },
    actions=(CREATE.id, FREEZE.id, CLOSE.id, "lottery.draw"),
    exports="CP",
)
DRAWS: Final = View(
    id="draws",
    en="Draws",
    zh="抽奖记录",
    roles=frozenset({PA, PO, AU, IM, AL, MO, MB}),
    scopes=_SCOPES | {Scope.MEMBER},
    columns=(
        Column(name="lottery"),
        Column(name="draw", kind=int),
        Column(name="at", kind=dt.datetime),
        Column(name="rrn"),
        Column(name="member_phone", is_masked=True),
        Column(name="prize"),
        Column(name="won"),
        Column(name="prize_state"),
        Column(name="link"),
    ),
    order=("lottery", "draw"),
    filters=(
        Filter(name="lottery", column="lottery"),
        Filter(name="prize", column="prize"),
        Filter(name="prize_state", column="prize_state", words=PRIZE_STATES),
    ),
    needs=frozenset({"lottery"}),
    few=frozenset({Scope.MEMBER}),
    actions=(PAY.id,),
    exports="C",
)
PROOF: Final = View(
    id="lottery_proof",
    en="Proof of a lottery",
    zh="抽奖验证",
    roles=frozenset(),
    scopes=frozenset(),
    columns=(
        Column(name="lottery"),
        Column(name="name"),
        Column(name="state"),
        Column(name="commitment"),
        Column(name="content"),
    ),
    order=("lottery",),
    filters=(Filter(name="lottery", column="lottery"),),
    needs=frozenset({"lottery"}),
    is_public=True,
)
