"""What a draw of a lottery asks and posts, and what becomes of it when it is undone.

Pure, as `postings`. A draw takes its cost in points and gives its prize in one posting: points as a
lot, money onto the card; what has to be handed out is owed from then on. Points go to who gives the
prizes and come from there: of a merchant's lottery what it has accepted, else what its programme
has given out. Money comes from the funds of its issuer, or out of what is owed to its merchant.
"""

from typing import Final

from host.cases import CaseKind
from host.ledger import Chart, Leg
from host.model.lottery import LotteryState, Prize, PrizeKind
from host.model.requests import DrawTold, ToldBesides
from host.model.responses import Reason
from host.rules.dossier import Dossier, NewLot, Posting
from host.rules.drawing import name_of_draw
from host.rules.lottery_list import Act, Entrant, Line, Lottery, rows_of
from host.rules.lottery_states import DRAW_TOLD
from host.rules.points import spend, spendable
from host.rules.state import Purse

_DRAFT: Final = LotteryState.DRAFT


def is_open(dossier: Dossier) -> bool:
    """The lottery that is named draws, and its days are these."""
    lottery = _named(dossier)
    if lottery is None or lottery.seed is None or DRAW_TOLD[lottery.state] is not None:
        return False
    return lottery.content.opens_on <= dossier.today <= lottery.content.closes_on


def card_may_take_part(dossier: Dossier) -> bool:
    """It is of the issuer whose lottery it is, or at the merchant's; its points are taken here."""
    lottery, issuer, merchant = _of(dossier), dossier.issuer, dossier.merchant_id
    if lottery.issuer not in {0, issuer.id} or lottery.merchant not in {0, merchant}:
        return False
    unit = lottery.content.unit
    return dossier.book.redeemed(issuer, unit, merchant, dossier.today) is not None


def amount_is_the_cost(dossier: Dossier) -> bool:
    """What the customer was told it costs is what it costs, in points."""
    money, content = dossier.request.amount, _of(dossier).content
    return money is not None and money.is_points and money.amount_minor == content.cost_points


def cap_leaves_a_draw(dossier: Dossier) -> bool:
    """Neither the card nor its member has drawn as often as anybody may."""
    lottery = _of(dossier)
    cap = lottery.content.cap
    return not cap or lottery.draws_of(_entrant(dossier)) < cap


def points_cover_cost(dossier: Dossier) -> bool:
    """Enough points in lots that have not expired."""
    return _of(dossier).content.cost_points <= spendable(_purse(dossier), dossier.today)


def points_reach_threshold(dossier: Dossier) -> bool:
    """The card has as many points as who takes part must have."""
    return spendable(_purse(dossier), dossier.today) >= _of(dossier).content.threshold_points


def any_prize_has_room(dossier: Dossier) -> bool:
    """The card can take the largest of its money prizes: nobody draws what they could not have."""
    prizes = _of(dossier).content.prizes
    largest = max((one.amount for one in prizes if one.kind is PrizeKind.VALUE), default=0)
    return dossier.present_card.value.available + largest <= dossier.balance_minor_max


def post_draw(dossier: Dossier) -> Posting:
    """The draw: its cost and its prize in one posting, its line in the list."""
    lottery, card, purse = _of(dossier), dossier.present_card, _purse(dossier)
    content = lottery.content
    line = lottery.draw(dossier.item.slot, _entrant(dossier))
    prize = lottery.prize_at(line.place)
    cost, unit = content.cost_points, content.unit
    uses = spend(purse, cost, dossier.today)
    legs = [Leg(purse.account, _points_side(dossier, lottery), cost, unit)]
    posting = Posting(card, dossier.merchant_id, cost, unit, legs, uses)
    posting.points_used = cost
    _give(dossier, lottery, prize, posting)
    for row in rows_of(line):
        dossier.keep(row)
    name = name_of_draw(content.code, line.seq, line.link)
    dossier.told = ToldBesides(draw=DrawTold(name, prize.code, prize.name))
    return posting


def why_not_undone(dossier: Dossier) -> Reason | None:
    """Why a draw, or the void of one, is not undone: its prize was handed out, or is gone."""
    drawn = _line_of_original(dossier)
    if drawn is None:
        return None
    lottery = dossier.state.lotteries[drawn.lottery]
    if drawn.act is Act.UNDONE:
        left = lottery.left_of(lottery.prize_at(drawn.place))
        is_well, why = left is None or left > 0, "its prize was given to another"
    else:
        is_well = dossier.present_original.number not in dossier.state.handed_out
        why = "its prize was handed out"
    if is_well:
        return None
    original, stan = dossier.present_original, dossier.request.key.stan
    detail = f"{original.kind}: {why}; 51 was answered"
    dossier.open_case(
        CaseKind.REVERSAL_REFUSED, detail, original.amount_minor, original.unit, stan=stan
    )
    return Reason.INSUFFICIENT_FUNDS


def note_undone_draw(dossier: Dossier) -> None:
    """What was undone, where it was a draw or the void of one, has its line in the list."""
    drawn = _line_of_original(dossier)
    if drawn is None:
        return
    lottery = dossier.state.lotteries[drawn.lottery]
    is_void = drawn.act is Act.UNDONE
    line = lottery.give_again(drawn) if is_void else lottery.take_back(drawn)
    for row in rows_of(line):
        dossier.keep(row)


def _line_of_original(dossier: Dossier) -> Line | None:
    return dossier.state.drawn.get(dossier.present_original.number)


def _give(dossier: Dossier, lottery: Lottery, prize: Prize, posting: Posting) -> None:
    card, amount = posting.card, prize.amount
    if prize.kind is PrizeKind.POINTS:
        unit = lottery.content.unit
        purse, programme = card.purse_in(unit), dossier.programme_in(unit)
        assert programme is not None, "its points are taken here"
        account = dossier.account_of(purse)
        posting.legs.append(Leg(_points_side(dossier, lottery), account, amount, unit))
        posting.new_lots.append(NewLot(account, amount, *programme.days_of_lot(dossier.today)))
        posting.points_earned = amount
    elif prize.kind is PrizeKind.VALUE:
        unit = dossier.issuer.currency
        account = dossier.account_of(card.value)
        posting.legs.append(Leg(_money_side(dossier, lottery), account, amount, unit))


def _points_side(dossier: Dossier, lottery: Lottery) -> int:
    """Where points of draws go to, and those of prizes come from."""
    unit, issuer = lottery.content.unit, dossier.issuer.id
    if lottery.merchant:
        return dossier.book.account(Chart.MERCHANT_POINTS, unit, issuer, lottery.merchant)
    return dossier.book.account(Chart.POINTS_ISSUED, unit, issuer)


def _money_side(dossier: Dossier, lottery: Lottery) -> int:
    unit, issuer = dossier.issuer.currency, dossier.issuer.id
    if lottery.merchant:
        return dossier.book.account(Chart.MERCHANT_PAYABLE, unit, issuer, lottery.merchant)
    return dossier.book.account(Chart.ISSUER_FUNDS, unit, issuer)


def _named(dossier: Dossier) -> Lottery | None:
    besides = dossier.request.besides
    return dossier.state.lotteries_named.get(besides.lottery) if besides is not None else None


def _of(dossier: Dossier) -> Lottery:
    lottery = _named(dossier)
    assert lottery is not None, "a check before has made sure of it"
    return lottery


def _entrant(dossier: Dossier) -> Entrant:
    card = dossier.present_card
    return Entrant(card.id, card.member)


def _purse(dossier: Dossier) -> Purse:
    return dossier.present_card.purse_in(_of(dossier).content.unit)
