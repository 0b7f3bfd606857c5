"""Messages of every dialect, sound and damaged: what whoever explains messages is tried with."""

import json
from collections.abc import Iterator
from typing import Any, Final

from host.hsm.mac import mac_for
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from terminals.dialects import dialect_named
from terminals.dialects.ascii87_fields import BINARY, HEXADECIMAL
from terminals.dialects.mis import MisDialect, compose, header_of
from terminals.dialects.mis_words import Head
from terminals.dialects.pos import POS
from tests.terminals.frames import ASCII_FIELDS, FRAMES
from tests.vectors.reader import TEST_DATA

PAN: Final = TEST_DATA["pan"]
MAC: Final = mac_for(MacAlgorithm.X9_19, Secret.from_hex("0123456789ABCDEFFEDCBA9876543210"))
LARGEST: Final = {
    "t": "0210",
    "2": TEST_DATA["pan19"],
    "4": "999999999999",
    "11": "000001",
    "25": "00",
    "39": "51",
    "41": "80010001",
    "49": "156",
    "54": "1002156C999999999999",
    "60": "22000012000501000",
    "63": "CUP余额不足" + "好" * 60,
}
"""An answer whose amounts and texts are as long as they can be."""
SALE: Final = {
    "merchant": "888290054110001",
    "date": "20261122",
    "card": PAN,
    "expiry": "3012",
    "pin": "71F9B13D35BD37AF",
    "amount": 999999999999,
}
MEMO: Final = "一段很长的备注，" * 6
PHONE: Final[dict[str, Any]] = {
    "msgid": "m-1",
    "tid": "80010001",
    "mid": "888290054110001",
    "op": "purchase",
    "amount": 12345,
    "ksn": "FFEEDDCCBBAA998800000001",
    "pan_block": "c2VjcmV0IGJsb2NrIQ==" * 5,
    "pin": {"ksn": "FFEEDDCCBBAA998800000001", "block": "c2VjcmV0IHBpbiEh"},
    "attestation": "aaaa.bbbb.cccc" * 40,
    "goods": "礼品 café",
    "totals": {"debit_minor": 123456, "debit_count": 2, "credit_minor": 0, "credit_count": 0},
    "surprise": "whatever this is",
}


def sound() -> Iterator[bytes]:
    """Messages as each dialect writes them."""
    yield from FRAMES.values()
    yield POS.compose(bytes(5), bytes.fromhex("603100311000"), LARGEST, None)
    for codec in (BINARY, HEXADECIMAL):
        yield from (codec.encode(fields) for fields in ASCII_FIELDS.values())
        yield codec.encode(LARGEST)
    for name in ("mis-fixed", "mis-json", "mis-iso"):
        dialect = dialect_named(name)
        assert isinstance(dialect, MisDialect)
        head = Head("000000000123", "80010001", "SALE")
        values = SALE if name == "mis-iso" else SALE | {"memo": MEMO[:30]}
        yield compose(header_of(head), dialect.form.write_request(head, values), MAC)
    for ascii_only in (False, True):
        yield json.dumps(PHONE, ensure_ascii=ascii_only).encode()


def every() -> Iterator[bytes]:
    """The same, and each cut short, lengthened, and with bytes that do not belong."""
    for data in sound():
        yield data
        for size in (1, 12, len(data) // 2, len(data) - 1):
            yield data[:size]
        yield data + b"\xff" * 40
        for at in (20, 36, 58, len(data) - 20):
            if 0 <= at < len(data):
                yield data[:at] + b"\xfe" + data[at + 1 :]
    yield bytes(300)
    yield b"no message at all, and a very long one " * 8
