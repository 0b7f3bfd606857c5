"""A payment application on a phone: framed JSON in mutual TLS, sealed under AES DUKPT.

Every message takes the next KSN, whose keys seal the card, the PIN (format 4) and the message. So
does a repeat: it has the `msgid`, batch and number of the first, and all else of it is sealed anew.
Before each sending the attestation service is asked, here a key beside us, and its token travels
with the payment.
"""

import base64
import functools
import itertools
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host.estate.plan import MerchantPlan, TerminalPlan
from host.hsm.dukpt import seal_data
from host.hsm.dukpt_aes import ONE_BITS_MAX, Usage, device_key
from host.hsm.pin import make_pin_block
from host.model.money import POINTS_PREFIX
from host.model.requests import ExchangeKey, Family, Kind, Totals
from host.model.secrets import Secret
from simulators.messages import NO_CARD
from simulators.trader import Sent
from simulators.trades import Trade, account_in
from terminals.attestation import Claims, nonce_of, sign_attestation
from terminals.batches import Halves
from terminals.believed import Answer, Verdict
from terminals.dialects.softpos import is_sealed_by, sealed
from terminals.dukpt_session import Direction, DukptMac

INSTITUTION: Final = "softpos"
FRAME_BYTES: Final = (2, 16_384)
KID: Final = "demo"
SERVICE_CODE: Final = "120"
OPERATIONS: Final[dict[Kind, str]] = {
    Kind.PURCHASE: "purchase",
    Kind.VOID: "void",
    Kind.REFUND: "refund",
    Kind.ACCOUNT_INQUIRY: "account",
    Kind.BALANCE_INQUIRY: "balance",
    Kind.CASH_LOAD: "top_up",
    Kind.COMBINED_PURCHASE: "combined",
    Kind.POINTS_REDEMPTION: "points_redeem",
    Kind.POINTS_EARN: "points_earn",
    Kind.LOTTERY_DRAW: "lottery",
    Kind.PREAUTH: "preauth",
    Kind.PREAUTH_INCREMENT: "preauth_more",
    Kind.PREAUTH_VOID: "preauth_void",
    Kind.COMPLETION: "complete",
    Kind.COMPLETION_VOID: "complete_void",
    Kind.VOUCHER_REDEMPTION: "voucher",
    Kind.LOAD_BY_CODE: "load_code",
    Kind.VOUCHER_VOID: "voucher_void",
    Kind.LOAD_BY_PHONE: "load_phone",
    Kind.PHONE_LOAD_VOID: "load_phone_void",
}
CARDLESS: Final = frozenset(
    {Kind.VOID, Kind.COMPLETION_VOID, Kind.VOUCHER_VOID, Kind.PHONE_LOAD_VOID}
)
"""Of which nothing is scanned, nor held to the phone."""
APPROVED: Final = "00"


class _Numbered(Claims, frozen=True, kw_only=True):
    """Claims as services sign them: with a number, so that a second's tokens differ."""

    jti: str


class AttestationService:
    """The A&M service: signs that this app, at this moment, is in order."""

    def __init__(
        self, key: Ed25519PrivateKey, *, kid: str = KID, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = key
        self._kid = kid
        self._clock = clock
        self._count = itertools.count(1)
        self.verdict = "pass"

    def attest(self, instance: str, msgid: str) -> str:
        """A token for one sending of one message of one instance; no two are alike."""
        claims = _Numbered(
            sub=instance,
            iat=int(self._clock()),
            nonce=nonce_of(msgid),
            verdict=self.verdict,
            jti=str(next(self._count)),
        )
        return sign_attestation(self._key, self._kid, claims)


class SoftPosApp:
    """A filling of `simulators.trader.Speaker`."""

    def __init__(
        self,
        plan: TerminalPlan,
        merchant: MerchantPlan,
        service: AttestationService,
        *,
        last_counter: int = 0,
        last_number: int = 0,
    ) -> None:
        assert plan.device is not None, "an app is loaded with an initial key"
        self._plan = plan
        self._merchant_id = merchant.merchant_id
        self._service = service
        self._instance = plan.device.key_id
        self._initial = plan.device.initial_key
        self._mac = DukptMac(self._initial, Direction.DEVICE)
        self._counter = last_counter
        self._number = last_number
        self._batch = int(plan.epoch)

    def trade(self, trade: Trade) -> Sent:
        """As a `Speaker`."""
        values: dict[str, Any] = {}
        if trade.kind not in {Kind.BALANCE_INQUIRY, Kind.ACCOUNT_INQUIRY}:
            values["amount"] = trade.amount_minor
        if trade.takes_part:
            values["partial"] = True
        if trade.points_max is not None:
            values["points_max"] = trade.points_max
        if trade.lottery or trade.goods:
            values["goods"] = trade.lottery or trade.goods
        original = trade.original or trade.held
        if original is not None:
            values["original"] = {
                "batch": int(original.batch),
                "seq": int(original.trace),
                "rrn": original.rrn,
                "unit": POINTS_PREFIX if original.is_in_points else "CNY",
            }
        message = self._message(OPERATIONS[trade.kind], self._next_number(), self._batch, values)
        return self._sealed(message, trade if trade.kind not in CARDLESS else None)

    def undo(self, trade: Trade, sent: Sent) -> Sent:
        """As a `Speaker`: under the batch and number of what it undoes."""
        values: dict[str, Any] = {
            "amount": trade.amount_minor,
            "original_op": OPERATIONS[trade.kind],
        }
        if trade.kind is Kind.VOID and trade.original is not None and trade.original.is_in_points:
            values["original"] = {"unit": POINTS_PREFIX}
        number, batch = int(sent.trace), int(sent.batch)
        return self._sealed(self._message("reverse", number, batch, values))

    def settle(self, totals: Halves) -> Sent:
        """As a `Speaker`."""
        money, points = (_words(half) for half in totals)
        values = {"totals": money, "points_totals": points}
        return self._sealed(self._message("settle", self._next_number(), self._batch, values))

    def sign_on(self) -> Sent:
        """As a `Speaker`: keys follow from the KSN, so there are none to ask for."""
        return self.echo()

    def echo(self) -> Sent:
        """As a `Speaker`."""
        return self._sealed(self._message("echo", self._next_number(), self._batch, {}))

    def is_answer(self, sent: Sent, payload: bytes) -> bool:
        """As a `Speaker`: one to an earlier sending is under that one's KSN, and let pass."""
        told, asked = _object(payload), json.loads(sent.payload)
        if told is None:
            return True
        return told.get("msgid") == asked["msgid"] and told.get("ksn") in {None, asked["ksn"]}

    def read(self, sent: Sent, payload: bytes) -> Answer:
        """As a `Speaker`: sealed under the KSN of the question, the other way."""
        told, ksn = _object(payload), bytes.fromhex(json.loads(sent.payload)["ksn"])
        if told is None:
            return Answer(Verdict.UNUSABLE, {})
        if not is_sealed_by(told, ksn, self._mac) and told.get("code") == APPROVED:
            return Answer(Verdict.MAC_WRONG, {})
        return Answer(Verdict.USABLE, words_of(told))

    def signed_on(self, answer: Answer) -> None:
        """As a `Speaker`: nothing came."""

    @property
    def last_number(self) -> int:
        """As a `Speaker`."""
        return self._number

    def begin_batch(self) -> None:
        """As a `Speaker`."""
        self._batch += 1
        self._number = 0

    def leave_batch(self, answer: Answer) -> None:
        """As a `Speaker`: numbers go on, for who remembers no batch may have sold in the next."""
        self._batch = int(answer.fields.get("next_batch") or self._batch + 1)

    def _card(self, trade: Trade, ksn: str) -> dict[str, Any]:
        """What was read, of a card and of a voucher, under this KSN's keys."""
        values: dict[str, Any] = {}
        if trade.voucher is not None:
            code = Secret(trade.voucher.code.reveal().encode())
            values["voucher_block"] = _base64(seal_data(self._initial, ksn, code).block)
        if trade.phone:
            phone = Secret(trade.phone.encode())
            values["phone_block"] = _base64(seal_data(self._initial, ksn, phone).block)
        card = trade.card
        if card is NO_CARD:
            return values
        track, entry = f"{card.pan.reveal()}D{card.expiry}{SERVICE_CODE}", "nfc"
        if card.pan.is_code:
            track, entry = card.pan.reveal(), "qr"
        block = seal_data(self._initial, ksn, Secret(track.encode())).block
        values |= {"entry": entry, "pan_block": _base64(block)}
        if trade.pin is not None:
            key = device_key(self._initial, bytes.fromhex(ksn), Usage.PIN)
            pin = make_pin_block(key, trade.pin, card.pan, 4)
            values["pin"] = {"ksn": ksn, "block": _base64(pin)}
        return values

    def _message(
        self, op: str, number: int, batch: int, values: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What stays the same however often it is sent."""
        return {
            "msgid": f"{self._plan.terminal_id}-{batch}-{number}-{op[:8]}",
            "instance": self._instance,
            "tid": self._plan.terminal_id,
            "mid": self._merchant_id,
            "batch": batch,
            "seq": number,
            "op": op,
            **values,
        }

    def _sealed(self, message: Mapping[str, Any], card_of: Trade | None = None) -> Sent:
        """A sending of it, under the next KSN."""
        ksn = self._next_ksn()
        token = self._service.attest(self._instance, message["msgid"])
        value = {**message, "ksn": ksn, "attestation": token}
        if card_of is not None:
            value |= self._card(card_of, ksn)
        epoch, stan = f"{message['batch']:06d}", f"{message['seq']:06d}"
        key = ExchangeKey(INSTITUTION, self._plan.terminal_id, epoch, stan, Family.FINANCIAL)
        return Sent(
            payload=sealed(value, bytes.fromhex(ksn), self._mac),
            slot=key.text,
            batch=epoch,
            trace=stan,
            renew=functools.partial(self._sealed, message, card_of),
        )

    def _next_ksn(self) -> str:
        """Counters with too many one-bits are skipped, as a device does."""
        self._counter += 1
        while self._counter.bit_count() > ONE_BITS_MAX:
            self._counter += 1
        return f"{self._instance}{self._counter:08X}"

    def _next_number(self) -> int:
        self._number += 1
        return self._number


def words_of(told: Mapping[str, Any]) -> dict[str, str]:
    """An answer's words as text, with `39`, `37` and `agrees` as every channel has them."""
    flat = {**account_in(told), **told}
    words = {name: str(value) for name, value in flat.items() if value is not None}
    words["39"] = words.get("code", "")
    if "rrn" in words:
        words["37"] = words["rrn"]
    flags = [told[name] for name in ("agrees", "points_agree") if told.get(name) is not None]
    if flags:
        words["agrees"] = "yes" if all(flags) else "no"
    return words


def _object(payload: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(payload)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _base64(block: Secret) -> str:
    return base64.b64encode(block.reveal()).decode()


def _words(half: Totals) -> dict[str, int]:
    return {
        "debit_minor": half.debit_minor,
        "debit_count": half.debit_count,
        "credit_minor": half.credit_minor,
        "credit_count": half.credit_count,
    }
