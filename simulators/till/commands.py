"""What may be typed at a till: a row a command, with its words, what it does, and an example."""

import enum
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from simulators.faults import Fault
from simulators.till import looking, trading
from simulators.till.desk import Desk
from simulators.till.misfortunes import FAULT_WORDS
from simulators.till.typed import Takes, Values

Act = Callable[[Desk, Values], Awaitable[str]]
"""Does it, and gives what is to be read of it."""


@enum.unique
class Part(enum.Enum):
    """Where help shows it."""

    COUNTER = "at the counter"
    DAY = "the till's day"
    TROUBLE = "what goes wrong"
    LOOKING = "looking"


@enum.unique
class At(enum.Enum):
    """Which tills have it. The value is said where another is asked for it."""

    ALL = ""
    POS = "only POS terminals do this"
    GATEWAY = "only terminals behind a gateway do this"


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that may be typed."""

    name: str
    takes: tuple[Takes, ...] = ()
    says: str
    example: str
    act: Act
    part: Part
    at: At = At.ALL
    also: tuple[str, ...] = ()
    """Other spellings."""

    @property
    def usage(self) -> str:
        """Its name and its words."""
        return " ".join((self.name, *(take.value for take in self.takes)))


_TRADES: Final = (
    Command(
        name="purchase",
        takes=(Takes.CARD, Takes.AMOUNT),
        says="sell for money on the card",
        example="purchase first 12.34",
        act=trading.trade("purchase", "purchase"),
        part=Part.COUNTER,
        also=("sale", "sell", "buy"),
    ),
    Command(
        name="sell part",
        takes=(Takes.CARD, Takes.AMOUNT),
        says="sell for what is on the card",
        example="sell part first 9999",
        act=trading.trade("purchase_part", "purchase, part taken"),
        part=Part.COUNTER,
        also=("purchase part", "sale part"),
    ),
    Command(
        name="combined",
        takes=(Takes.CARD, Takes.AMOUNT),
        says="sell for points, then money",
        example="combined points 30",
        act=trading.trade("combined", "combined purchase"),
        part=Part.COUNTER,
        also=("split",),
    ),
    Command(
        name="dip",
        takes=(Takes.CARD, Takes.AMOUNT),
        says="sell, read by the chip",
        example="dip first 12.34",
        act=trading.trade("dip", "purchase by chip"),
        part=Part.COUNTER,
        at=At.POS,
    ),
    Command(
        name="balance",
        takes=(Takes.CARD,),
        says="ask what is on the card",
        example="balance first",
        act=trading.trade("balance", "balance"),
        part=Part.COUNTER,
    ),
    Command(
        name="account",
        takes=(Takes.CARD,),
        says="ask all that is on it",
        example="account points",
        act=trading.trade("account", "value and points"),
        part=Part.COUNTER,
    ),
    Command(
        name="void",
        takes=(Takes.RECEIPT,),
        says="take back a sale, all of it",
        example="void",
        act=trading.void,
        part=Part.COUNTER,
    ),
    Command(
        name="refund",
        takes=(Takes.RECEIPT, Takes.PART),
        says="give back a sale or a part",
        example="refund 5.00",
        act=trading.refund,
        part=Part.COUNTER,
    ),
    Command(
        name="hold",
        takes=(Takes.CARD, Takes.AMOUNT),
        says="have money on the card held",
        example="hold first 100",
        act=trading.trade("preauth", "pre-authorisation"),
        part=Part.COUNTER,
        also=("preauth",),
    ),
    Command(
        name="hold more",
        takes=(Takes.AMOUNT, Takes.RECEIPT),
        says="have more of it held",
        example="hold more 20",
        act=trading.hold_more,
        part=Part.COUNTER,
        also=("increase",),
    ),
    Command(
        name="complete",
        takes=(Takes.RECEIPT, Takes.PART),
        says="pay out of what is held",
        example="complete 90",
        act=trading.complete,
        part=Part.COUNTER,
        also=("completion",),
    ),
    Command(
        name="load",
        takes=(Takes.CARD, Takes.AMOUNT),
        says="take cash, put it on the card",
        example="load first 50",
        act=trading.trade("cash_load", "cash load"),
        part=Part.COUNTER,
        also=("cash load", "top up"),
    ),
    Command(
        name="activate",
        takes=(Takes.CARD, Takes.AMOUNT),
        says="sell a card of a card batch",
        example="activate 1110 100",
        act=trading.trade("activate", "card activated"),
        part=Part.COUNTER,
        at=At.POS,
        also=("sell card",),
    ),
    Command(
        name="check load",
        takes=(Takes.CARD,),
        says="how much the card can take",
        example="check load first",
        act=trading.trade("verify_load", "load verification"),
        part=Part.COUNTER,
        at=At.POS,
        also=("verify load",),
    ),
    Command(
        name="points",
        takes=(Takes.CARD,),
        says="how many points it has",
        example="points first",
        act=trading.trade("points", "points inquiry"),
        part=Part.COUNTER,
        at=At.POS,
    ),
    Command(
        name="redeem",
        takes=(Takes.CARD, Takes.POINTS),
        says="sell for points",
        example="redeem first 500",
        act=trading.trade("redeem", "points redemption", in_points=True),
        part=Part.COUNTER,
    ),
    Command(
        name="redeem part",
        takes=(Takes.CARD, Takes.POINTS),
        says="sell for what points there are",
        example="redeem part first 9999",
        act=trading.trade("redeem_part", "redemption, part taken", in_points=True),
        part=Part.COUNTER,
    ),
    Command(
        name="redeem union",
        takes=(Takes.CARD, Takes.POINTS),
        says="sell for the union's points",
        example="redeem union first 500",
        act=trading.trade("redeem_union", "union redemption", in_points=True),
        part=Part.COUNTER,
        at=At.POS,
    ),
    Command(
        name="earn",
        takes=(Takes.CARD, Takes.AMOUNT),
        says="give points for cash paid",
        example="earn first 20",
        act=trading.trade("earn", "points earned"),
        part=Part.COUNTER,
    ),
)
_DAY: Final = (
    Command(
        name="sign on",
        takes=(Takes.LAYOUT,),
        says="fetch keys and batch number",
        example="sign on",
        act=trading.sign_on,
        part=Part.DAY,
        also=("signon", "login"),
    ),
    Command(
        name="echo",
        says="is the switch there",
        example="echo",
        act=trading.manage("echo", "echo"),
        part=Part.DAY,
        also=("ping",),
    ),
    Command(
        name="parameters",
        says="fetch the till's parameters",
        example="parameters",
        act=trading.manage("parameters", "parameter download"),
        part=Part.DAY,
        at=At.POS,
    ),
    Command(
        name="status",
        takes=(Takes.TEXT,),
        says="say how the till is",
        example="status no paper",
        act=trading.manage("status", "status"),
        part=Part.DAY,
        at=At.POS,
    ),
    Command(
        name="batch",
        says="what it adds up to so far",
        example="batch",
        act=looking.batch,
        part=Part.DAY,
        also=("totals",),
    ),
    Command(
        name="settle",
        takes=(Takes.TIMES,),
        says="close it; 1: forget an entry",
        example="settle",
        act=trading.settle,
        part=Part.DAY,
    ),
    Command(
        name="sign off",
        says="go home",
        example="sign off",
        act=trading.manage("sign_off", "sign-off"),
        part=Part.DAY,
        also=("signoff", "logout"),
    ),
)


def _misfortune(fault: Fault) -> Command:
    row = FAULT_WORDS[fault]
    return Command(
        name=row.name,
        takes=(Takes.TIMES,),
        says=row.says,
        example=row.name,
        act=trading.misfortune(fault),
        part=Part.TROUBLE,
        also=(fault.value,),
    )


_TROUBLE: Final = (
    Command(
        name="reverse",
        says="undo the last transaction",
        example="reverse",
        act=trading.reverse,
        part=Part.TROUBLE,
        also=("undo",),
    ),
    Command(
        name="repeat",
        says="send it again as it was",
        example="repeat",
        act=trading.repeat,
        part=Part.TROUBLE,
        also=("again",),
    ),
    Command(
        name="mend",
        says="send what is still pending",
        example="mend",
        act=trading.mend,
        part=Part.TROUBLE,
        also=("pending",),
    ),
    Command(
        name="restart gateway",
        says="the gateway loses all calls",
        example="restart gateway",
        act=trading.restart_gateway,
        part=Part.TROUBLE,
        at=At.GATEWAY,
    ),
    *(_misfortune(fault) for fault in FAULT_WORDS),
)
_LOOKING: Final = (
    Command(
        name="cards",
        says="the cards beside the till",
        example="cards",
        act=looking.cards,
        part=Part.LOOKING,
    ),
    Command(
        name="amounts",
        says="what makes each decline",
        example="amounts",
        act=looking.amounts,
        part=Part.LOOKING,
    ),
    Command(
        name="history",
        says="all receipts in short",
        example="history",
        act=looking.history,
        part=Part.LOOKING,
    ),
    Command(
        name="receipt",
        takes=(Takes.RECEIPT,),
        says="a receipt again",
        example="receipt #1",
        act=looking.receipt,
        part=Part.LOOKING,
    ),
    Command(
        name="wire",
        takes=(Takes.SWITCHED,),
        says="bytes and fields",
        example="wire on",
        act=looking.wire,
        part=Part.LOOKING,
    ),
    Command(
        name="explain",
        takes=(Takes.CODE,),
        says="what a response code means",
        example="explain 51",
        act=looking.explain,
        part=Part.LOOKING,
    ),
)
COMMANDS: Final = (*_TRADES, *_DAY, *_TROUBLE, *_LOOKING)
"""`help` and `quit` are the prompt's own (`simulators.till.prompt`)."""
