"""What is kept of a till's message shows none of its secrets, wherever they stand."""

import pytest

from host.hsm.mac import mac_for
from host.model.requests import Kind
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from terminals.dialects import dialect_named
from terminals.dialects.ascii87_fields import BINARY, HEXADECIMAL
from terminals.dialects.mis import MisDialect, compose, header_of
from terminals.dialects.mis_words import Head
from terminals.recorded import Heard, Masker, is_recordable, name_of
from tests.terminals.frames import ASCII_FIELDS

PAN = "9988001234567897"
BLOCK = "0123456789ABCDEF"
MACS = {
    "X9.19": mac_for(MacAlgorithm.X9_19, Secret(bytes(range(16)))),
    "AES-CMAC": mac_for(MacAlgorithm.AES_CMAC, Secret(bytes(range(16)))),
}
MASKER = Masker(Secret(b"k" * 32))
FORMS = ("mis-json", "mis-fixed", "mis-iso")
SALE = {
    "merchant": "888290054110001",
    "date": "20261122",
    "card": PAN,
    "expiry": "3012",
    "pin": BLOCK,
    "amount": 12345,
    "entry": "021",
}


def _line(form: str, mac: str = "X9.19", **changes: object) -> Heard:
    dialect = dialect_named(form)
    assert isinstance(dialect, MisDialect)
    head = Head("000000000123", "80030001", "SALE")
    payload = dialect.form.write_request(head, SALE | changes)
    data = compose(header_of(head), payload, MACS[mac])
    return MASKER.line(dialect, data, Heard(at=0.0, channel="tills", dialect=form))


@pytest.mark.parametrize("mac", MACS)
@pytest.mark.parametrize("form", FORMS)
def test_what_decides_is_kept_and_what_is_secret_is_named(form: str, mac: str) -> None:
    line = _line(form, mac)
    assert (line.kind, line.terminal, line.has_pin) == (Kind.PURCHASE, "80030001", True)
    assert line.asked["amount"] == "12345"
    assert (line.asked["t"], line.asked["11"]) == ("SALE", "000000000123")
    assert set(line.withheld) == {"expiry", "card", "pin"}
    assert line.card == MASKER.pseudonym(PAN)
    assert not any(secret in repr(line) for secret in (PAN, BLOCK, "3012"))


@pytest.mark.parametrize("form", ["mis-json", "mis-fixed"])
@pytest.mark.parametrize("name", ["goods", "memo", "operator"])
def test_a_card_number_in_a_text_is_not_kept(form: str, name: str) -> None:
    line = _line(form, **{name: PAN if name != "operator" else PAN[:8]})
    assert PAN not in repr(line)
    assert PAN[:8] not in repr(line.asked)


def test_a_request_number_that_quotes_the_card_empties_the_line() -> None:
    dialect = dialect_named("mis-json")
    assert isinstance(dialect, MisDialect)
    head = Head(PAN[:12], "80030001", "SALE")
    payload = dialect.form.write_request(head, SALE | {"card": PAN[:12] + "0"})
    data = compose(header_of(head), payload, MACS["X9.19"])
    line = MASKER.line(dialect, data, Heard(at=0.0, channel="tills", dialect="mis-json"))
    assert PAN[:12] + "0" not in repr(line)


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_read_is_a_line_all_the_same(form: str) -> None:
    dialect = dialect_named(form)
    blank = Heard(at=0.0, channel="tills", dialect=form)
    assert isinstance(dialect, MisDialect)
    for data in (b"", b"MIS1", b"MIS100000000012380030001SALE" + b"\xff" * 40):
        line = MASKER.line(dialect, data, blank)
        assert line.unreadable
        assert not line.asked


@pytest.mark.parametrize("codec", [BINARY, HEXADECIMAL], ids=["bytes", "hexadecimal"])
@pytest.mark.parametrize("name", ["purchase", "keyed void", "reversal"])
def test_of_messages_in_characters_the_same_is_kept_as_of_others(codec: object, name: str) -> None:
    dialect = dialect_named("ascii87-hex" if codec is HEXADECIMAL else "ascii87-bin")
    fields = ASCII_FIELDS[name]
    data = (HEXADECIMAL if codec is HEXADECIMAL else BINARY).encode(fields)
    blank = Heard(at=0.0, channel="a", dialect=name_of(dialect))
    line = MASKER.line(dialect, data, blank)  # type: ignore[arg-type]
    assert line.terminal == "80010001"
    assert {"2", "35", "52", "64", "128"} & fields.keys() <= set(line.withheld)
    assert line.asked["4"] == fields["4"]
    for secret in ("9988000000000015", fields.get("52", "-" * 9)):
        assert secret not in repr(line)


def test_every_dialect_but_that_of_phones_has_a_name_in_recordings() -> None:
    for name in ("pos", "ascii87-hex", "ascii87-bin", *FORMS):
        dialect = dialect_named(name)
        assert (name_of(dialect), is_recordable(dialect)) == (name, True)
    assert not is_recordable(dialect_named("softpos"))
