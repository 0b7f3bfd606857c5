"""Members find stores that take their cards, and what is said of themselves."""

from host.model.office import Refused
from tests.host.office.conftest import PAY_PIN, STORE
from tests.host.office.test_members_own import Two, two  # noqa: F401 - a fixture

PLACE = "31.2304,121.4737"


async def test_a_member_sees_stores_that_take_a_card_of_theirs_with_where_they_are(
    two: Two,  # noqa: F811
) -> None:
    """S3-04, S3-05: of merchants that take their issuer, in use; each says where it is."""
    bureau = two.bureau
    owner = bureau.person("merchant_owner")
    saved = {"store": int(STORE), "address": "1 Century Avenue", "hours": "09:00-22:00"}
    bureau.done(owner, "store.save", **saved, coordinates=PLACE)
    for wrong in ("31.2304", "95,10", "x"):
        told = bureau.do(owner, "store.save", store=int(STORE), coordinates=wrong)
        assert isinstance(told, Refused)
        assert (told.code, told.field) == ("E-FIELD", "coordinates")
    rows = {row["id"]: row for row in bureau.rows(two.wang, "my_stores")}
    home = rows[int(STORE)]
    assert (home["coordinates"], home["hours"]) == (PLACE, "09:00-22:00")
    taken = bureau.sql(
        "SELECT s.id FROM store AS s JOIN acceptance AS a ON a.merchant_id = s.merchant_id"
        " WHERE a.issuer_id = 1 AND s.is_active"
    )
    assert rows.keys() == {store for (store,) in taken}
    bureau.done(owner, "store.save", store=int(STORE), is_active=False)
    assert int(STORE) not in {row["id"] for row in bureau.rows(two.wang, "my_stores")}
    two.till.sql("UPDATE card SET status = 'lost' WHERE id = %s", two.giver)
    assert bureau.rows(two.wang, "my_stores") == [], "with no card none takes one"
    assert bureau.rows(two.li, "my_stores")


async def test_a_member_says_what_they_are_called_and_chooses_another_pin(two: Two) -> None:  # noqa: F811
    """S4-39, S4-41: their own alone; the secret by a code of their phone, and at once."""
    bureau = two.bureau
    [before] = bureau.rows(two.wang, "my_profile")
    assert before["has_pay_pin"] is True
    assert before["phone"] == "138****1234"
    bureau.done(two.wang, "member.edit", member=before["member"], name="小王")
    [after] = bureau.rows(two.wang, "my_profile")
    assert after["name"] == "小王"
    [other] = bureau.rows(two.li, "my_profile")
    assert bureau.refused(two.wang, "member.edit", member=other["member"], name="X") == (
        "E-NOT-FOUND"
    )
    bureau.done(two.wang, "pay_pin.code")
    bureau.done(two.wang, "pay_pin.set", new="730915", code=bureau.code_sent())
    gift = {"card": two.giver, "amount_minor": 100, "phone": "13911112222"}
    assert bureau.refused(two.wang, "gift.send", **gift) == "E-PAY-PIN"
    assert bureau.refused(two.wang, "gift.send", _code=PAY_PIN, **gift) == "E-WRONG-PIN"
    assert bureau.refused(two.wang, "gift.send", **gift) == "E-PAY-PIN"
    sent = await two.told(two.wang, "gift.send", _code="730915", **gift)
    assert not isinstance(sent, Refused)
