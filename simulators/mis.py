"""A till of a merchant's own system: MIS frames, in any of the three payload forms.

It holds two working keys as a POS terminal does, seals by its group's MAC (X9.19), and names a
message by its own date and a request number of twelve digits. The codes are spelled here again
on purpose, not taken from the host's tables.
"""

import datetime as dt
import functools
from collections.abc import Callable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from host.estate.plan import MerchantPlan, TerminalPlan
from host.hsm.keys import KeyBlockError, receive
from host.hsm.mac import Mac, mac_for
from host.hsm.pin import make_pin_block
from host.model.money import POINTS_PREFIX
from host.model.requests import ExchangeKey, Family, Kind, Totals
from host.model.secrets import Secret
from simulators.trader import Sent
from simulators.trades import Trade, account_in
from terminals.batches import Halves
from terminals.believed import Answer, Verdict
from terminals.codec import DecodeError
from terminals.dialects.mis import HEADER_BYTES, MisDialect, compose, header_of, split_tag
from terminals.dialects.mis_words import Head

INSTITUTION: Final = "mis"
ZONE: Final = ZoneInfo("Asia/Shanghai")
LAYOUT: Final = "003"
FRAME_BYTES: Final = (16, 8192)
CODES: Final[dict[Kind, str]] = {
    Kind.PURCHASE: "SALE",
    Kind.VOID: "VOID",
    Kind.REFUND: "REFD",
    Kind.ACCOUNT_INQUIRY: "ACCQ",
    Kind.BALANCE_INQUIRY: "BALQ",
    Kind.CASH_LOAD: "TOPU",
    Kind.COMBINED_PURCHASE: "CMBN",
    Kind.POINTS_REDEMPTION: "PNTR",
    Kind.POINTS_EARN: "PNTE",
    Kind.LOTTERY_DRAW: "LOTT",
    Kind.PREAUTH: "PRAU",
    Kind.PREAUTH_INCREMENT: "PRAI",
    Kind.PREAUTH_VOID: "PRAV",
    Kind.COMPLETION: "CMPL",
    Kind.COMPLETION_ADVICE: "CMPA",
    Kind.COMPLETION_VOID: "CMPV",
    Kind.VOUCHER_REDEMPTION: "VOUC",
    Kind.LOAD_BY_CODE: "VOUL",
    Kind.VOUCHER_VOID: "VOUV",
    Kind.LOAD_BY_PHONE: "PHOL",
    Kind.PHONE_LOAD_VOID: "PHOV",
}
CARDLESS: Final = frozenset(
    {
        Kind.VOID,
        Kind.COMPLETION_VOID,
        Kind.VOUCHER_REDEMPTION,
        Kind.VOUCHER_VOID,
        Kind.LOAD_BY_PHONE,
        Kind.PHONE_LOAD_VOID,
    }
)
"""At which no card is presented."""
UNSEALED: Final = frozenset({"SIGN", "ECHO"})
AGREES: Final[dict[object, str]] = {True: "yes", "1": "yes", False: "no", "2": "no"}
HALF_FLAG: Final = (30, 61)
"""Places of the flags in F48 of the ISO form."""


class MisTill:
    """A filling of `simulators.trader.Speaker`."""

    def __init__(
        self,
        plan: TerminalPlan,
        merchant: MerchantPlan,
        dialect: MisDialect,
        *,
        last_number: int = 0,
        today: Callable[[], dt.date] = lambda: dt.datetime.now(ZONE).date(),
    ) -> None:
        assert plan.working is not None, "a till is loaded with working keys"
        self._plan = plan
        self._merchant_id = merchant.merchant_id
        self._form = dialect.form
        self._number = last_number
        self._today = today
        self._pik: Secret = plan.working.pik
        self._mac: Mac = mac_for(plan.mac_algorithm, plan.working.mak)

    def trade(self, trade: Trade) -> Sent:
        """As a `Speaker`."""
        date, card = self._date(), trade.card
        values: dict[str, Any] = {"date": date}
        if trade.kind not in {Kind.BALANCE_INQUIRY, Kind.ACCOUNT_INQUIRY}:
            values["amount"] = trade.amount_minor
        if trade.kind not in CARDLESS:
            values |= {"card": card.pan.reveal(), "entry": "032"}
            if not card.pan.is_code:
                values |= {"expiry": card.expiry, "entry": "022"}
            if trade.pin is not None:
                block = make_pin_block(self._pik, trade.pin, card.pan, 0)
                values |= {"pin": block.reveal().hex().upper(), "entry": "021"}
        values |= _besides(trade)
        original = trade.original or trade.held
        if original is not None:
            values |= {
                "original_number": original.trace,
                "original_date": original.batch,
                "original_reference": original.rrn,
                "unit": POINTS_PREFIX if original.is_in_points else "CNY",
            }
        if trade.kind is Kind.POINTS_REDEMPTION:
            values |= {"unit": POINTS_PREFIX, "goods": "P0001"}
        if trade.kind is Kind.LOTTERY_DRAW:
            values |= {"unit": POINTS_PREFIX, "goods": trade.lottery}
        return self._sent(CODES[trade.kind], self._next(), date, values)

    def undo(self, trade: Trade, sent: Sent) -> Sent:
        """As a `Speaker`: under the number and date of what it undoes."""
        original = trade.original
        in_points = trade.kind in {Kind.POINTS_REDEMPTION, Kind.LOTTERY_DRAW} or (
            original is not None and original.is_in_points
        )
        values = {
            "date": sent.batch,
            "amount": trade.amount_minor,
            "original_code": CODES[trade.kind],
            "unit": POINTS_PREFIX if in_points else "CNY",
        }
        return self._sent("REVS", sent.trace, sent.batch, values)

    def settle(self, totals: Halves) -> Sent:
        """As a `Speaker`: a day is a batch."""
        date = self._date()
        money, points = (_words(half) for half in totals)
        values = {"date": date, "totals": money, "points_totals": points}
        return self._sent("BTCH", self._next(), date, values)

    def sign_on(self) -> Sent:
        """As a `Speaker`."""
        values = {"keys": LAYOUT, "serial": f"T{self._plan.terminal_id}"}
        return self._sent("SIGN", self._next(), self._date(), values)

    def echo(self) -> Sent:
        """As a `Speaker`."""
        return self._sent("ECHO", self._next(), self._date(), {})

    def said(self, code: str, number: str, date: str, values: Mapping[str, object]) -> Sent:
        """Any message: its code, under a number and a date, with these words beside its merchant.

        Raises:
            EncodeError: a word has no place in this form.
        """
        return self._sent(code, number, date, values)

    @property
    def pik(self) -> Secret:
        """Its PIN key."""
        return self._pik

    def is_answer(self, sent: Sent, payload: bytes) -> bool:
        """As a `Speaker`: the answer repeats the header."""
        return payload[:HEADER_BYTES] == sent.payload[:HEADER_BYTES]

    def read(self, sent: Sent, payload: bytes) -> Answer:
        """As a `Speaker`."""
        header, rest = payload[:HEADER_BYTES], payload[HEADER_BYTES:]
        head = Head(sent.trace, self._plan.terminal_id, header[-4:].decode())
        body = rest if head.code in UNSEALED else split_tag(header, rest, self._mac)
        is_proved = body is not None
        try:
            told = self._form.read_answer(head, rest if body is None else body)
        except DecodeError:
            verdict = Verdict.UNUSABLE if is_proved else Verdict.MAC_WRONG
            return Answer(verdict, {})
        answer = Answer(Verdict.USABLE, words_of(told), told.get("next") == "3")
        if answer.is_approved and not is_proved:
            return Answer(Verdict.MAC_WRONG, {})
        return answer

    def signed_on(self, answer: Answer) -> None:
        """As a `Speaker`."""
        block = bytes.fromhex(answer.fields.get("key_block", ""))
        try:
            keys = receive(LAYOUT, self._plan.tmk, block, self._plan.mac_algorithm)
        except KeyBlockError:
            return
        self._pik = keys.pik
        self._mac = mac_for(self._plan.mac_algorithm, keys.mak)

    def begin_batch(self) -> None:
        """As a `Speaker`: numbers go on, the day is what ends."""

    def leave_batch(self, answer: Answer) -> None:
        """As a `Speaker`: the day is the batch."""

    def _sent(self, code: str, number: str, date: str, values: Mapping[str, object]) -> Sent:
        head = Head(number, self._plan.terminal_id, code)
        payload = self._form.write_request(head, {"merchant": self._merchant_id, **values})
        mac = None if code in UNSEALED else self._mac
        key = ExchangeKey(INSTITUTION, self._plan.terminal_id, date, number, Family.FINANCIAL)
        return Sent(
            payload=compose(header_of(head), payload, mac),
            slot=key.text,
            batch=date,
            trace=number,
            renew=functools.partial(self._sent, code, number, date, values),
        )

    @property
    def last_number(self) -> int:
        """As a `Speaker`."""
        return self._number

    def _next(self) -> str:
        self._number += 1
        return f"{self._number:012d}"

    def _date(self) -> str:
        return f"{self._today():%Y%m%d}"


def words_of(told: Mapping[str, object]) -> dict[str, str]:
    """An answer's words as text, with `39`, `37` and `agrees` wherever they came from."""
    flat = {**account_in(told), **told}
    words = {name: str(value) for name, value in flat.items() if value is not None}
    words["39"] = words.get("code", "")
    if "reference" in words:
        words["37"] = words["reference"]
    flags = [told[name] for name in ("agrees", "points_agree") if told.get(name) is not None]
    if not flags and len(words.get("48", "")) > max(HALF_FLAG):
        flags = [words["48"][place] for place in HALF_FLAG]
    if flags:
        agree = all(AGREES.get(flag) == "yes" for flag in flags)
        words["agrees"] = "yes" if agree else "no"
    return words


def _besides(trade: Trade) -> dict[str, Any]:
    """What few trades say."""
    values: dict[str, Any] = {}
    if trade.voucher is not None:
        values["voucher"] = trade.voucher.code.reveal()
    if trade.goods:
        values["goods"] = trade.goods
    if trade.phone:
        values["phone"] = trade.phone
    if trade.takes_part:
        values["partial"] = True
    if trade.points_max is not None:
        values["points_max"] = trade.points_max
    return values


def _words(half: Totals) -> dict[str, int]:
    return {
        "debit_minor": half.debit_minor,
        "debit_count": half.debit_count,
        "credit_minor": half.credit_minor,
        "credit_count": half.credit_count,
    }
