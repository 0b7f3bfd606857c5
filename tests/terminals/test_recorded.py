"""What is kept of a message shows none of its secrets, wherever they stand."""

import pytest

from host.estate.demo import voucher_code
from host.hsm.mac import mac_for
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.model.terminal import MacAlgorithm
from terminals.dialects.pos import POS
from terminals.recorded import Heard, Masker
from terminals.vouchers import voucher_text

PAN = "9988001234567897"
TRACK = f"{PAN}D30121200000000000000"
MAC = mac_for(MacAlgorithm.X9_19, Secret(bytes(range(16))))
MASKER = Masker(Secret(b"k" * 32))
PURCHASE = {
    "t": "0200",
    "3": "000000",
    "4": "000000005000",
    "11": "000007",
    "22": "021",
    "25": "00",
    "26": "12",
    "35": TRACK,
    "41": "80010001",
    "42": "888290054110001",
    "49": "156",
    "52": "0123456789ABCDEF",
    "53": "2600000000000000",
    "55": f"5A08{PAN}9F36020001",
    "60": "22000001000500",
}


def _line(**changes: str) -> Heard:
    fields = PURCHASE | {name.removeprefix("f"): text for name, text in changes.items()}
    payload = POS.compose(bytes.fromhex("6000030000"), bytes(6), fields, MAC)
    return MASKER.line(POS, payload, Heard(at=0.0, channel="pos", dialect="pos"))


def test_what_decides_is_kept_and_what_is_secret_is_named() -> None:
    line = _line()
    assert line.kind is Kind.PURCHASE
    assert line.asked["4"] == "000000005000"
    assert set(line.withheld) == {"35", "52", "55", "64"}
    assert line.has_pin
    assert line.pan == Pan(PAN).masked
    assert not any(secret in repr(line) for secret in (PAN, TRACK, PURCHASE["52"]))


def test_a_card_is_the_same_by_stripe_and_by_hand_and_another_under_another_key() -> None:
    assert _line().card == _line(f2=PAN).card == MASKER.pseudonym(PAN)
    assert Masker(Secret(b"other" * 8)).pseudonym(PAN) != MASKER.pseudonym(PAN)


@pytest.mark.parametrize("name", ["61", "60", "37", "63", "42"])
def test_a_card_number_in_a_field_that_is_kept_empties_the_line(name: str) -> None:
    sizes = {"61": 16, "60": 19, "37": 12, "63": 3, "42": 15}
    short = PAN if sizes[name] >= len(PAN) else PAN[: sizes[name]]
    line = _line(**{f"f{name}": short.ljust(sizes[name], "0")})
    assert PAN not in repr(line)


def test_nor_does_its_answer_bring_it_back() -> None:
    fields = PURCHASE | {"61": PAN}
    payload = POS.compose(bytes.fromhex("6000030000"), bytes(6), fields, MAC)
    line = MASKER.line(POS, payload, Heard(at=0.0, channel="pos", dialect="pos"))
    answer = POS.answer(POS.read(payload), Response(reason=Reason.FORMAT_ERROR), MAC)
    assert line.unreadable
    assert MASKER.answered(POS, answer, line).told == {"39": "30"}


def test_what_cannot_be_read_is_a_line_all_the_same() -> None:
    line = MASKER.line(POS, b"\x60" * 40, Heard(at=0.0, channel="pos", dialect="pos"))
    assert line.unreadable
    assert not line.asked


VOUCHER = {"f3": "920000", "f22": "032", "f60": "83000001000500"}


def _hex(text: str) -> str:
    return text.encode().hex().upper()


def test_a_voucher_is_known_again_and_nobody_reads_its_code() -> None:
    codes = [voucher_code(number) for number in (1, 2)]
    lines = [_line(**VOUCHER, f62=_hex(voucher_text(code.reveal()))) for code in codes]
    assert {line.kind for line in lines} == {Kind.VOUCHER_REDEMPTION}
    assert [line.code for line in lines] == [code.masked for code in codes]
    assert len({line.voucher for line in lines}) == len(codes)
    for line, code in zip(lines, codes, strict=True):
        assert "62" in line.withheld
        assert code.reveal() not in repr(line)
        assert _hex(code.reveal()) not in repr(line)


def test_a_voucher_for_an_article_and_a_code_that_is_none_are_no_voucher() -> None:
    for_bread = voucher_text(voucher_code(1).reveal(), "BREAD")
    for text in (for_bread, voucher_text("0123"), "VN"):
        assert _line(**VOUCHER, f62=_hex(text)).voucher == ""


@pytest.mark.parametrize(("text", "is_kept"), [("DEMO        ", True), ("an order", False)])
def test_the_lottery_of_a_draw_is_kept_and_nothing_else_in_its_place(
    text: str, is_kept: bool
) -> None:
    draw = _line(f3="940000", f25="65", f60="85000001000500", f62=_hex(text))
    assert draw.kind is Kind.LOTTERY_DRAW
    assert (draw.asked.get("62") == _hex(text)) is is_kept
    assert ("62" in draw.withheld) is not is_kept
