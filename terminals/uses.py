"""Which fields a message that moves money may carry, and how much of it nobody looks at.

A field its kind has no use for is a format error under every algorithm: what is not read must
not be there. Where a code does not know the order of blocks (`up-ecb`), whoever has heard one
message can make its code fit another that holds eight bytes of his choice, so under such a code
bytes that nobody looks at are counted too: fewer than eight may stand in a message, wherever.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from host.model.money import CURRENCY_BY_NUMBER
from host.model.requests import KINDS, Kind
from terminals.fields import CONTROL, SECURITY
from terminals.formats import TEXT
from terminals.lotteries import DRAWS
from terminals.message import Message
from terminals.orders import BEHIND_PRODUCT, ORDERED, PRODUCT_BYTES
from terminals.phones import LOADED
from terminals.vouchers import CODED, unread_bytes

Room = Callable[[str, Message], int]
"""How many bytes of a value could be anything."""
Rooms = tuple[tuple[str, Room], ...]
"""Fields by name, and the room of each."""

ROOM_BYTES_MAX: Final = 7
"""With one more every block of a code can be what somebody wants."""

AS_BYTES: Final = "surrogateescape"
"""How bytes that are no text stand in one: each is a character of its own."""

_FRAME: Final = frozenset({"t", "p", "1", "64", "128"})
_NAMED: Final = frozenset(
    {"7", "11", "12", "13", "15", "17", "18", "19", "24", "32", "33", "41", "42", "43", "60", "63"}
)
"""Who says it, when, and through whom."""
_CARD: Final = frozenset({"2", "14", "22", "23", "25", "26", "35", "36", "52", "53", "55"})
_TRADE: Final = _FRAME | _NAMED | _CARD | {"3", "4", "49"}
_CARDLESS: Final = _TRADE - {"2", "14", "35", "36", "52", "53", "55"}
"""Where none is presented."""
_ORIGINAL: Final = frozenset({"37", "38", "61"})

USES: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.BALANCE_INQUIRY: _TRADE,
    Kind.ACCOUNT_INQUIRY: _TRADE,
    Kind.PURCHASE: _TRADE | {"62"},
    Kind.COMBINED_PURCHASE: _TRADE | {"62"},
    Kind.CASH_LOAD: _TRADE | {"37", "61"},
    Kind.CASH_LOAD_CONFIRM: _TRADE | _ORIGINAL,
    Kind.POINTS_REDEMPTION: _TRADE | {"62"},
    Kind.POINTS_INQUIRY: _TRADE,
    Kind.POINTS_EARN: _TRADE | {"62"},
    Kind.CARD_ACTIVATION: _TRADE,
    Kind.LOAD_VERIFICATION: _TRADE | {"48", "62"},
    Kind.VOUCHER_REDEMPTION: _CARDLESS | {"62"},
    Kind.LOAD_BY_PHONE: _CARDLESS | {"62"},
    Kind.PHONE_LOAD_VOID: _CARDLESS | _ORIGINAL,
    Kind.LOAD_BY_CODE: _TRADE | {"62"},
    Kind.VOUCHER_VOID: _TRADE | _ORIGINAL,
    Kind.LOTTERY_DRAW: _TRADE | {"62"},
    Kind.PREAUTH: _TRADE,
    Kind.PREAUTH_INCREMENT: _TRADE | _ORIGINAL,
    Kind.PREAUTH_VOID: _TRADE | _ORIGINAL,
    Kind.COMPLETION: _TRADE | _ORIGINAL,
    Kind.COMPLETION_ADVICE: _TRADE | _ORIGINAL,
    Kind.COMPLETION_VOID: _TRADE | _ORIGINAL,
    Kind.VOID: _TRADE | _ORIGINAL,
    Kind.REFUND: _TRADE | _ORIGINAL | {"62"},
    Kind.REVERSAL: _TRADE | _ORIGINAL | {"39", "90"},
}
"""Every kind that is sealed. The others carry no code that could be made to fit."""

_CHECKS_PIN: Final = frozenset(
    {
        Kind.BALANCE_INQUIRY,
        Kind.ACCOUNT_INQUIRY,
        Kind.PURCHASE,
        Kind.COMBINED_PURCHASE,
        Kind.PREAUTH,
        Kind.PREAUTH_INCREMENT,
        Kind.POINTS_REDEMPTION,
        Kind.LOTTERY_DRAW,
    }
)
_OPENS_PIN: Final = _CHECKS_PIN | {Kind.REFUND, Kind.VOID}
"""The last two for an external issuer."""
_COMPARES_REFERENCE: Final = frozenset(
    {
        Kind.VOID,
        Kind.REFUND,
        Kind.VOUCHER_VOID,
        Kind.PHONE_LOAD_VOID,
        Kind.PREAUTH_INCREMENT,
        Kind.PREAUTH_VOID,
        Kind.COMPLETION,
        Kind.COMPLETION_ADVICE,
        Kind.COMPLETION_VOID,
    }
)
"""The reference that they send must be their original's."""
_BY_CHIP: Final = frozenset({"05", "07", "95", "98"})
"""F22 of a card that was read by its chip: F55 is what it said."""
_HAS_CHIP_DATA: Final = _CHECKS_PIN | {Kind.REVERSAL}
_DEVICE_MARK: Final = "SM016"
"""F63 of some terminals: this, and 16 bytes of their own."""
_DEVICE_BYTES: Final = len(_DEVICE_MARK) + 16
_CONTROL_DIGITS_MAX: Final = 19
"""F60 as live terminals write it; the names end earlier."""
_BLOCK_BYTES: Final = 8


def may_carry(kind: Kind | None, names: Collection[str], ksn_field: str = "") -> bool:
    """Whether each of these fields has a use in a message of this kind."""
    allowed = USES.get(kind) if kind is not None else None
    if allowed is None:
        return True
    useless = set(names) - allowed
    return not useless or useless == {ksn_field}


def first_useless(message: Message, ksn_field: str = "") -> str:
    """The first field that a message of its kind has no use for."""
    kind = message.asks
    allowed = USES[kind] if kind is not None else frozenset[str]()
    return min(message.fields.keys() - allowed - {ksn_field}, key=int)


def rooms_of(kind: Kind | None, names: Collection[str]) -> Rooms | None:
    """Which of these fields may hold what nobody looks at; None where no value is moved."""
    if kind is None or not KINDS[kind].moves_value:
        return None
    return tuple(
        (name, _ROOM.get(name, _characters))
        for name in names
        if name not in _LOOKED_AT and not _is_opened(name, kind, names)
    )


def room_bytes(message: Message, rooms: Rooms) -> int:
    """How many bytes of a message that moves value could be anything, as far as anybody looks."""
    fields, damage = message.fields, message.damage
    room = 0
    for name, room_of in rooms:
        room += room_of(fields[name], message)
    if damage is not None:
        room += damage.unsound_bytes + (0 if damage.is_cut else _BLOCK_BYTES)
    return room


def _is_opened(name: str, kind: Kind, names: Collection[str]) -> bool:
    """Whether a field of such a message is read, and found wrong where it is wrong.

    A track that is encrypted is opened where no card number stands beside it, and to trade; a
    reference is compared where it names an original, others' have letters.
    """
    match name:
        case "35":
            return "2" not in names and kind is not Kind.REVERSAL
        case "37":
            return kind in _COMPARES_REFERENCE
        case "52":
            return kind in _OPENS_PIN
        case _:
            return False


def _characters(value: str, _message: Message) -> int:
    """All but digits and what fills a text: a code or a name has few letters."""
    if value.isdigit() and value.isascii():
        return 0
    return sum(len(one.encode(TEXT, AS_BYTES)) for one in value if one not in "0123456789 ")


def _nibbles(value: str, _message: Message) -> int:
    return (len(value) + 1) // 2


def _track_2(value: str, _message: Message) -> int:
    """One in clear is digits; any nibble may stand in one that is encrypted."""
    return _nibbles(value, _message) if value.strip("0123456789=D") else 0


def _currency(value: str, _message: Message) -> int:
    return 0 if value in CURRENCY_BY_NUMBER else len(value)


def _bytes(value: str, _message: Message) -> int:
    return len(value) // 2


def _security(value: str, _message: Message) -> int:
    return _BLOCK_BYTES if value[SECURITY["reserved"]].strip("0") else 0


def _chip(value: str, message: Message) -> int:
    is_by_chip = message.fields.get("22", "")[:2] in _BY_CHIP
    return 0 if is_by_chip and message.asks in _HAS_CHIP_DATA else len(value) // 2


def _control(value: str, _message: Message) -> int:
    is_too_long = len(value) > _CONTROL_DIGITS_MAX
    return _BLOCK_BYTES if is_too_long and value[CONTROL["account"].stop :].strip("0") else 0


def _own(value: str, message: Message) -> int:
    """F62: a product code, filled with spaces, or bytes; an order's number, or both; a code."""
    data, kind = bytes.fromhex(value), message.asks
    if kind in CODED:
        return unread_bytes(data)
    if kind is DRAWS or kind is LOADED or (kind in ORDERED and kind not in BEHIND_PRODUCT):
        return _in_order(data)
    if len(data) < PRODUCT_BYTES:
        return len(data)
    product, order = data[:PRODUCT_BYTES], data[PRODUCT_BYTES:]
    return len(product.rstrip(b" ")) + (_in_order(order) if kind in ORDERED else len(order))


def _in_order(data: bytes) -> int:
    """An order's number is read, and refused where it is none; digits leave no room."""
    return sum(byte not in b"0123456789 " for byte in data)


def _operator(value: str, message: Message) -> int:
    """F63. Beside a PIN that is checked a terminal may say what it says of itself."""
    is_of_device = value.startswith(_DEVICE_MARK) and len(value) == _DEVICE_BYTES
    has_pin = message.asks in _CHECKS_PIN and "52" in message.fields
    return 0 if is_of_device and has_pin else len(value.encode(TEXT, AS_BYTES))


_LOOKED_AT: Final = frozenset(
    {
        "t",
        "p",
        "1",
        "64",
        "128",
        "2",
        "3",
        "4",
        "11",
        "12",
        "13",
        "14",
        "22",
        "25",
        "26",
        "41",
        "42",
    }
)
"""What is read, and found wrong where it is wrong; digits and nothing else; or the code itself."""
_ROOM: Final[Mapping[str, Room]] = {
    "35": _track_2,
    "36": _nibbles,
    "49": _currency,
    "52": _bytes,
    "53": _security,
    "55": _chip,
    "60": _control,
    "62": _own,
    "63": _operator,
}
"""How much room a field has; where it is not named, its characters."""
