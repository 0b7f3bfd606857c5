"""Messages worked out byte for byte, with the demo estate's public keys and cards."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from config.manual.page import hexadecimal, listing, table
from host.estate.demo import FIRST_TERMINAL, MERCHANTS, PIN, demo_estate
from host.hsm.keys import deliver
from host.hsm.mac import Mac, mac_for
from host.model.money import Money
from host.model.requests import Kind, Response, Totals
from host.model.responses import Reason
from simulators import messages, uploads
from simulators.messages import Fields, Sale, Who
from terminals.batches import totals_digits
from terminals.dialects.pos import POS, SPEC
from terminals.framing import wrap

TERMINAL: Final = FIRST_TERMINAL
CARD: Final = demo_estate().cards[0]
AMOUNT_MINOR: Final = 12_345
APPROVED: Final = Response(
    reason=Reason.APPROVED,
    rrn="112300000002",
    auth_code="A00002",
    local_time="20261123101502",
    business_date="20261123",
    balance=Money(100_000 - AMOUNT_MINOR, "CNY"),
    points_earned=123,
)
"""What tills and phones are told of the worked sale."""
_SOLD: Final = (Totals(AMOUNT_MINOR, 1, 0, 0), Totals())
_SERIAL: Final = "012345678901"
_WORKING: Final = FIRST_TERMINAL.working
assert _WORKING is not None, "the demo's first terminal is signed on"
WHO: Final = Who(
    terminal_id=TERMINAL.terminal_id,
    merchant_id=MERCHANTS[0].merchant_id,
    batch=TERMINAL.epoch,
    pik=_WORKING.pik,
)
MAC: Final[Mac] = mac_for(TERMINAL.mac_algorithm, _WORKING.mak)
KEY_BLOCK: Final = deliver("003", TERMINAL.tmk, _WORKING.pik, _WORKING.mak)

SIGN_ON: Final = messages.sign_on(WHO, "000001", "003", _SERIAL)
PURCHASE: Final = messages.swiped(
    Kind.PURCHASE, WHO, "000002", CARD, amount_minor=AMOUNT_MINOR, pin=PIN
)
REVERSAL: Final = messages.reversal(PURCHASE, "98")
SETTLEMENT: Final = uploads.settlement(WHO, "000005", totals_digits(_SOLD))
_RECORD: Final = f"0100{PURCHASE['11']}{CARD.pan.reveal():0>20}{AMOUNT_MINOR:012d}"
UPLOAD: Final = uploads.compact_upload(WHO, "000006", _RECORD)
SALE: Final = Sale(
    kind=Kind.PURCHASE,
    card=CARD,
    amount_minor=AMOUNT_MINOR,
    batch=WHO.batch,
    trace=PURCHASE["11"],
    rrn="112300000002",
    auth_code="A00002",
    date="1123",
    slot="",
)
"""The purchase, as a void or refund names it."""
VOID: Final = messages.void(WHO, "000003", SALE)
REFUND: Final = messages.refund(WHO, "000004", SALE, 345)
LOAD: Final = messages.swiped(Kind.CASH_LOAD, WHO, "000008", CARD, amount_minor=20_000)
CONFIRM: Final = messages.confirm(LOAD, CARD, None)
POINTS: Final = messages.swiped(
    Kind.POINTS_REDEMPTION, WHO, "000009", CARD, amount_minor=5_000, pin=PIN
)
BY_CHIP: Final = messages.dipped(PURCHASE, CARD)
UPLOAD_END: Final = uploads.upload_end(WHO, "000007", 3, balanced=False)

_ANSWERED: Final = Response(
    reason=Reason.APPROVED,
    rrn="112300000002",
    local_time="20261123101502",
    business_date="20261123",
    acquirer_id="48882900",
)


def worked_messages() -> Iterator[tuple[str, str]]:
    """Title and text of each message, in the order of a terminal's day."""
    plain: tuple[tuple[str, Fields, Response | None], ...] = (
        ("Sign-on, and its answer", SIGN_ON, _with(epoch=TERMINAL.epoch, key_block=KEY_BLOCK)),
        (
            "Purchase of 123.45 with a PIN, and its answer",
            PURCHASE,
            _with(
                auth_code="A00002",
                issuer_id="48882900",
                balance=Money(100_000 - AMOUNT_MINOR, "CNY"),
            ),
        ),
        ("Its reversal, had no answer come", REVERSAL, _with()),
        ("Void of the purchase", VOID, None),
        ("Refund of 3.45 of it", REFUND, None),
        ("Cash load of 200.00", LOAD, None),
        ("Its confirmation, had no answer come", CONFIRM, None),
        (
            "Points purchase of 5,000 points, and its answer",
            POINTS,
            _with(auth_code="A00009", points_balance=12_800, points_used=5_000),
        ),
        ("Echo", messages.echo(WHO), None),
        (
            "Settlement, and an answer that agrees",
            SETTLEMENT,
            _with(totals=_SOLD, totals_agree=(True, True)),
        ),
        ("Upload of one record, had the totals not agreed", UPLOAD, None),
        ("Upload of the refund, whole", uploads.whole_upload(REFUND), None),
        ("Notice of a purchase by chip", uploads.chip_upload(BY_CHIP, CARD, balanced=False), None),
        ("The end of that upload", UPLOAD_END, _with()),
    )
    for title, fields, response in plain:
        yield title, _worked(fields, response)


def request_of(fields: Mapping[str, str]) -> bytes:
    """The payload of a request: TPDU, header and body, sealed where its kind is."""
    is_sealed = fields["t"][:2] in POS.sealed_classes
    return POS.compose(messages.TPDU, messages.HEADER, dict(fields), MAC if is_sealed else None)


def covered(fields: Mapping[str, str]) -> bytes:
    """What the code of a sealed request covers."""
    return POS.split(request_of(fields)).body[:-8]


def _with(**told: object) -> Response:
    return msgspec.structs.replace(_ANSWERED, **told)


def _worked(fields: Mapping[str, str], response: Response | None) -> str:
    asked = request_of(fields)
    text = f"{_taken_apart(asked)}\n{listing(hexadecimal(wrap(asked)))}"
    if response is None:
        return text
    answer = POS.answer(POS.read(asked), response, MAC)
    return f"{text}\n\nThe answer:\n\n{_taken_apart(answer)}\n{listing(hexadecimal(wrap(answer)))}"


def _taken_apart(payload: bytes) -> str:
    message = POS.split(payload)
    head = [
        ("length", len(payload).to_bytes(2, "big").hex(), f"{len(payload)} bytes follow"),
        ("TPDU", message.tpdu.hex(), ""),
        ("header", message.header.hex(), ""),
        ("type", message.body[:2].hex(), message.mti),
        ("bitmap", message.body[2:10].hex(), " ".join(_numbers(message.fields))),
    ]
    rows = [(f"F{name}", *_field(name, message.fields[name])) for name in _numbers(message.fields)]
    return table(("what", "bytes", "value"), ((a, b.upper(), c) for a, b, c in [*head, *rows]))


def _numbers(fields: Mapping[str, str]) -> list[str]:
    return sorted((name for name in fields if name.isdigit() and name != "1"), key=int)


def _field(name: str, value: str) -> tuple[str, str]:
    """Its bytes, and its value where that is more than they show."""
    data = POS.codec.encode({"t": "0200", name: value})[POS.codec.head_bytes :]
    return data.hex(), "" if SPEC[name]["data_enc"] == "b" and not _is_nibbles(name) else value


def _is_nibbles(name: str) -> bool:
    return SPEC[name].get("len_count") == "nibbles"
