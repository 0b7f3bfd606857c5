"""Members come in by their phone: a code, a session that is theirs alone, a PIN of their own."""

import pytest

from host.model.office import NOBODY, Done, Refused
from host.model.secrets import Secret
from host.office.refusals import SIGN_IN
from host.store.office_settings import CODES_OF_PHONE_MAX, CODES_OF_SOURCE_MAX
from tests.host.office.conftest import HOME, PAY_PIN, Bureau, Person

PHONE, OTHER_PHONE = "13800001234", "13900005678"


@pytest.fixture
def known(bureau: Bureau) -> str:
    """The number of a member whom a merchant has added."""
    owner = bureau.person("merchant_owner")
    told = {"phone": PHONE, "merchant": HOME["merchant"], "name": "Wang"}
    return bureau.done(owner, "member.add", **told).subject


def test_a_phone_that_nobody_has_becomes_a_member_and_comes_back_as_the_same(
    bureau: Bureau,
) -> None:
    """S3-01, S3-02."""
    first = bureau.member(PHONE)
    again = bureau.member(PHONE)
    assert first.login == again.login
    assert first.session != again.session
    [(state, made_by)] = bureau.sql("SELECT state, made_by FROM member")
    assert (state, made_by) == ("active", "sign-in")


def test_a_code_is_sent_alike_to_who_is_known_and_who_is_not(bureau: Bureau, known: str) -> None:
    told = [bureau.done(None, "session.code", phone=one) for one in (PHONE, OTHER_PHONE)]
    assert told[0] == told[1]
    assert told[0].told == {"minutes": 5, "simulated_by": "console"}
    assert [one.masked for one in bureau.sent] == ["138****1234", "139****5678"]
    done = bureau.done(None, "session.code", phone=PHONE)
    signed = bureau.done(None, "session.phone_sign_in", phone=PHONE, code=bureau.code_sent())
    assert done.told == told[0].told
    assert signed.told["member"] == int(known)


def test_a_code_is_good_once_for_five_minutes_and_five_tries(bureau: Bureau) -> None:
    def refused(code: str) -> str:
        return bureau.refused(None, "session.phone_sign_in", phone=PHONE, code=code)

    assert refused("000000") == "E-PHONE-CODE"
    bureau.done(None, "session.code", phone=PHONE)
    right = bureau.code_sent()
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    assert {refused(wrong) for _ in range(5)} == {"E-PHONE-CODE"}
    assert refused(right) == "E-PHONE-CODE"
    bureau.done(None, "session.code", phone=PHONE)
    late = bureau.code_sent()
    bureau.later(minutes=5, seconds=1)
    assert refused(late) == "E-PHONE-CODE"
    bureau.done(None, "session.code", phone=PHONE)
    before = bureau.code_sent()
    bureau.done(None, "session.code", phone=PHONE)
    newest = bureau.code_sent()
    if before != newest:
        assert refused(before) == "E-PHONE-CODE"
    bureau.done(None, "session.phone_sign_in", phone=PHONE, code=newest)
    assert refused(newest) == "E-PHONE-CODE"
    kept = bureau.sql(
        "SELECT concat(c.*) FROM change AS c UNION ALL SELECT concat(h.*) FROM history AS h"
        " UNION ALL SELECT concat(p.*) FROM phone_code AS p UNION ALL SELECT concat(o.*)"
        " FROM once_key AS o"
    )
    assert not [row for row in kept for one in (late, PHONE) if one in str(row)]


def test_codes_are_limited_by_phone_and_by_where_they_are_asked_for(bureau: Bureau) -> None:
    for _ in range(CODES_OF_PHONE_MAX.normal):
        bureau.done(None, "session.code", phone=PHONE, _source="web/10.0.0.1")
    assert bureau.refused(None, "session.code", phone=PHONE, _source="web/10.0.0.2") == "E-CODES"
    bureau.done(None, "session.code", phone=OTHER_PHONE, _source="web/10.0.0.1")
    bureau.sql("UPDATE code_try SET tries = %s WHERE source = 'code from web/10.0.0.1'",
               CODES_OF_SOURCE_MAX.normal)  # fmt: skip
    told = {"phone": "13700000001", "_source": "web/10.0.0.1"}
    assert bureau.refused(None, "session.code", **told) == "E-CODES"
    sent = len(bureau.sent)
    bureau.later(hours=2)
    bureau.done(None, "session.code", **told)
    assert len(bureau.sent) == sent + 1


def test_a_member_is_nobody_at_work_and_nobody_at_work_is_a_member(bureau: Bureau) -> None:
    """S1-47, S3-01."""
    member = bureau.member(PHONE)
    told = bureau.do(None, "session.sign_in", login=member.login, password=PAY_PIN)
    assert isinstance(told, Refused)
    assert told.code == "E-FIELD"  # nobody can type such a login
    for action, values in (
        ("merchant.suspend", {"merchant_id": HOME["merchant"], "note": "because"}),
        ("person.save", {"login": "mallory", "name": "M", "role": "platform_admin"}),
        ("password.change", {"old": PAY_PIN, "new": "eleven blue herons"}),
        ("totp.enrol", {}),
    ):
        assert bureau.refused(member, action, **values) == "E-NOT-YOUR-ROLE", action
    assert bureau.refused(bureau.admin, "pay_pin.code") == "E-NOT-YOUR-ROLE"
    assert member.login not in str(bureau.rows(bureau.admin, "people"))
    assert member.login not in str(bureau.rows(bureau.admin, "grants"))
    grant = {"login": "x", "role": "member", "scope": "member", "scope_key": "1"}
    assert isinstance(bureau.do(bureau.admin, "person.grant", **grant), Refused)
    assert SIGN_IN.code == bureau.refused(
        None, "session.sign_in", login="nobody", password="eleven blue herons"
    )


def test_who_leaves_comes_back_by_signing_in_and_who_has_left_is_signed_out(
    bureau: Bureau, known: str
) -> None:
    """S4-28."""
    member = bureau.member(PHONE)
    bureau.sql("UPDATE member SET state = 'closing', closing_at = now() WHERE id = %s", int(known))
    assert bureau.member(PHONE).login == member.login
    assert bureau.sql("SELECT state FROM member WHERE id = %s", int(known)) == [("active",)]
    again = bureau.member(PHONE)
    bureau.sql("UPDATE member SET state = 'closed' WHERE id = %s", int(known))
    assert bureau.refused(again, "session.sign_out") == "E-SIGNED-OUT"


def test_a_pay_pin_takes_a_code_of_ones_own_phone_and_ends_other_sessions(bureau: Bureau) -> None:
    member = bureau.member(PHONE)
    other = bureau.member(PHONE)
    bureau.later(hours=2)
    assert bureau.refused(member, "pay_pin.set", new="480220", code="000000") == "E-SIGNED-OUT"
    third = bureau.member(PHONE)
    bureau.done(third, "pay_pin.code")
    code = bureau.code_sent()
    for easy in ("111111", "123456", "654321", "12345", "121212", "abcdef"):
        assert bureau.refused(third, "pay_pin.set", new=easy, code=code) == "E-FIELD", easy
    bureau.done(third, "pay_pin.set", new="480220", code=code)
    assert bureau.refused(other, "session.sign_out") == "E-SIGNED-OUT"
    [(kept,)] = bureau.sql("SELECT pay_pin_hash FROM person WHERE member_id IS NOT NULL")
    assert b"480220" not in kept
    assert len(kept) == 16


def test_where_nothing_sends_texts_nobody_is_told_another_thing(bureau: Bureau) -> None:
    def fail(_text: object) -> None:
        raise OSError

    sms = bureau.office.sms
    assert sms is not None
    object.__setattr__(sms, "send", fail)
    assert bureau.refused(None, "session.code", phone=PHONE) == "E-SMS"
    assert bureau.sql("SELECT tries FROM code_try WHERE source LIKE 'code to %%'") == [(1,)]


def test_what_is_sent_in_a_session_of_nobody_is_nobodys(bureau: Bureau) -> None:
    told = bureau.do(Person("x", session=NOBODY), "pay_pin.code")
    assert isinstance(told, Refused)
    assert told.code == "E-SIGNED-OUT"
    forged = Person("x", session=Secret(b"forged"))
    assert not isinstance(bureau.do(forged, "pay_pin.code"), Done)
