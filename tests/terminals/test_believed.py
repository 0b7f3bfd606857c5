"""A terminal believes an answer only after every check of its list."""

import pytest

from host.estate.demo import FIRST_TERMINAL
from host.hsm.mac import mac_for
from simulators import messages, uploads
from terminals.believed import Verdict, check_answer, is_answer_to
from terminals.dialects.pos import POS
from tests.terminals.frames import PAYLOADS, fields_of

assert FIRST_TERMINAL.working is not None
MAC = mac_for(FIRST_TERMINAL.mac_algorithm, FIRST_TERMINAL.working.mak)
ASKED = fields_of("stored-value-purchase-123.45-with-PIN")
APPROVED = "purchase-response-approved-remaining-balance-876.55"
DECLINED = "purchase-response-declined-51-no-MAC"


def changed(name: str, field: str, text: str) -> bytes:
    """A worked answer with another value in one field, sealed again where it was."""
    fields = fields_of(name)
    is_sealed = fields.pop("64", None) is not None
    fields[field] = text
    return POS.compose(messages.TPDU, messages.HEADER, fields, MAC if is_sealed else None)


def test_the_worked_approval_is_believed() -> None:
    answer = check_answer(ASKED, PAYLOADS[APPROVED], MAC)
    assert answer.verdict is Verdict.USABLE
    assert answer.is_approved
    assert answer.fields["54"] == "1002156C000000087655"


def test_the_worked_decline_is_believed_without_a_mac() -> None:
    answer = check_answer(ASKED, PAYLOADS[DECLINED], MAC)
    assert (answer.verdict, answer.f39) == (Verdict.USABLE, "51")


def test_an_approval_without_a_mac_is_not_believed() -> None:
    fields = fields_of(APPROVED)
    del fields["64"]
    bare = POS.compose(messages.TPDU, messages.HEADER, fields, None)
    assert check_answer(ASKED, bare, MAC).verdict is Verdict.MAC_WRONG


@pytest.mark.parametrize("name", [APPROVED])
def test_one_flipped_bit_in_the_mac_is_seen(name: str) -> None:
    payload = PAYLOADS[name]
    assert check_answer(ASKED, payload[:-1] + bytes([payload[-1] ^ 1]), MAC).verdict is (
        Verdict.MAC_WRONG
    )


def test_a_decline_that_is_sealed_wrongly_is_not_believed() -> None:
    fields = fields_of(DECLINED)
    sealed = POS.compose(messages.TPDU, messages.HEADER, fields, MAC)
    forged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    assert check_answer(ASKED, sealed, MAC).verdict is Verdict.USABLE
    assert check_answer(ASKED, forged, MAC).verdict is Verdict.MAC_WRONG


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("t", "0230"),
        ("3", "310000"),
        ("4", "000000012344"),
        ("11", "000003"),
        ("41", "80010002"),
        ("42", "888290054110002"),
    ],
)
def test_an_answer_that_does_not_echo_is_unusable(field: str, text: str) -> None:
    answer = check_answer(ASKED, changed(APPROVED, field, text), MAC)
    assert (answer.verdict, answer.f39) == (Verdict.UNUSABLE, None)


def test_an_answer_to_an_uploaded_record_says_only_that_it_came() -> None:
    record = uploads.whole_upload(fields_of("refund-next-day"))
    came = {name: record[name] for name in ("11", "41", "42", "60")} | {"t": "0330", "39": "00"}
    payload = POS.compose(messages.TPDU, messages.HEADER, came, None)
    assert check_answer(record, payload, MAC).is_approved
    strange = POS.compose(messages.TPDU, messages.HEADER, came | {"11": "000999"}, None)
    assert check_answer(record, strange, MAC).verdict is Verdict.UNUSABLE


def test_only_a_partial_approval_may_change_the_amount() -> None:
    partial = fields_of(APPROVED) | {"4": "000000005000", "39": "10"}
    del partial["64"]
    payload = POS.compose(messages.TPDU, messages.HEADER, partial, MAC)
    assert check_answer(ASKED, payload, MAC).is_approved


def test_a_decline_may_come_from_another_merchant_number() -> None:
    payload = changed(DECLINED, "42", "888290054110002")
    assert check_answer(ASKED, payload, MAC).f39 == "51"


def test_header_digit_three_asks_for_a_sign_on() -> None:
    name = "re-sign-on-demanded-header-digit-3-MAC-error-A0"
    answer = check_answer(ASKED, PAYLOADS[name], MAC)
    assert answer.asks_sign_on
    assert answer.f39 == "A0"
    assert not check_answer(ASKED, PAYLOADS[DECLINED], MAC).asks_sign_on


def test_silence_and_noise_are_no_answers() -> None:
    assert check_answer(ASKED, None, MAC).verdict is Verdict.SILENCE
    assert check_answer(ASKED, b"\xff" * 40, MAC).verdict is Verdict.UNUSABLE


def test_a_stale_answer_is_not_taken_for_ours() -> None:
    reversal = fields_of("reversal-of-the-purchase-timeout")
    assert is_answer_to(ASKED, PAYLOADS[APPROVED])
    assert not is_answer_to(reversal, PAYLOADS[APPROVED])
    assert not is_answer_to(ASKED | {"11": "000009"}, PAYLOADS[APPROVED])
