"""Letters between members and who serves them: each side's own, and nobody else's."""

from typing import Any

import trio

from host.model.office import Refused
from host.office.rows.mails import LETTERS_A_DAY
from tests.host.office.conftest import HOME, STORE, Bureau, Person
from tests.host.office.test_gifts import PHONE
from tests.host.office.test_holding import NOTE
from tests.host.office.test_members import leave, other_merchant
from tests.host.office.test_members_own import Two, two  # noqa: F401 - a fixture

LETTER: dict[str, Any] = {"topic": "complaint", "title": "The till", "text": "It took\nso long."}


def number_of(member: Person) -> int:
    return int(member.login.partition(":")[2])


def unread(bureau: Bureau, who: Person, view: str) -> list[int]:
    return [row["mail"] for row in bureau.rows(who, view, unread="true")]


async def test_a_member_writes_to_a_store_and_its_merchant_answers(two: Two) -> None:  # noqa: F811
    """S4-34, S4-42, S4-44: the other side alone reads it, and answers; its member sees who."""
    bureau, owner = two.bureau, two.bureau.person("merchant_owner")
    other = bureau.person("merchant_owner", "merchant", other_merchant(bureau))
    service = bureau.person("service", "platform")
    written = bureau.done(two.wang, "mail.write", **LETTER, store=int(STORE), card=two.giver)
    mail = written.told["mail"]
    [row] = bureau.rows(owner, "mails", unread="true")
    assert (row["mail"], row["title"], row["text"]) == (mail, "The till", "It took\nso long.")
    assert (row["topic"], row["mail_way"], row["member"]) == ("complaint", "from_member", None)
    assert row["written_by"] is None, "no number that another knows them by"
    assert bureau.rows(service, "mails") == bureau.rows(other, "mails") == []
    assert bureau.rows(two.li, "my_mails") == []
    for stranger in (service, other, two.li):
        assert bureau.refused(stranger, "mail.answer", mail=mail, text="Me") == "E-NOT-FOUND"
        assert bureau.refused(stranger, "mail.file", mail=mail) == "E-NOT-FOUND"

    bureau.later(seconds=60)
    answered = bureau.done(owner, "mail.answer", mail=mail, text="We are sorry.")
    assert unread(bureau, owner, "mails") == []
    [answer] = bureau.rows(two.wang, "my_mails", unread="true")
    [[merchant]] = bureau.sql("SELECT name FROM merchant WHERE merchant_id = %s", HOME["merchant"])
    assert (answer["at_office"], answer["text"]) == (merchant, "We are sorry.")
    assert (answer["thread"], answer["title"], answer["topic"]) == (mail, "The till", "complaint")
    bureau.done(two.wang, "mail.answer", mail=answered.told["mail"], text="Thank you.")
    assert unread(bureau, two.wang, "my_mails") == []
    thread = bureau.rows(owner, "mails", thread=str(mail))
    assert [one["text"] for one in thread] == ["Thank you.", "We are sorry.", "It took\nso long."]
    assert [one["written_by"] for one in thread] == [None, owner.login, None]


async def test_what_was_said_is_in_no_history(two: Two) -> None:  # noqa: F811
    """S4-44: that it was is, for whoever looks after the house."""
    bureau = two.bureau
    bureau.done(two.wang, "mail.write", **LETTER)
    service = bureau.person("service", "platform")
    [row] = bureau.rows(service, "mails")
    bureau.done(service, "mail.answer", mail=row["mail"], text="A lovely day.")
    lines = bureau.sql("SELECT to_jsonb(h)::text FROM history AS h WHERE action LIKE 'mail.%%'")
    kept = str(lines) + str(bureau.sql("SELECT to_jsonb(c)::text FROM change AS c"))
    assert len(lines) == 2
    for said in ("The till", "so long", "lovely"):
        assert said not in kept


async def test_a_letter_about_a_card_stays_with_who_had_it(two: Two) -> None:  # noqa: F811
    """S4-44, S1-24: its new member sees none of it; its issuer's service reads and answers it."""
    bureau, wang = two.bureau, two.wang
    issuers = bureau.person("service", "issuer")
    mail = bureau.done(wang, "mail.write", **LETTER, card=two.giver).told["mail"]
    assert bureau.refused(two.li, "mail.write", **LETTER, card=two.giver) == "E-NOT-FOUND"
    assert bureau.rows(bureau.person("service", "platform"), "mails") == []
    bureau.later(seconds=1)
    bureau.done_by_two(
        bureau.person("service", "platform"), bureau.admin, "card.rebind",
        card=two.giver, member=number_of(two.li), note=NOTE,
    )  # fmt: skip
    assert two.giver in {row["id"] for row in bureau.rows(two.li, "wallet")}
    assert bureau.rows(two.li, "my_mails") == []
    bureau.done(issuers, "mail.answer", mail=mail, text="It was replaced.")
    assert bureau.rows(two.li, "my_mails") == []
    told = [(row["text"], row["pan_masked"]) for row in bureau.rows(wang, "my_mails")]
    [[masked]] = bureau.sql("SELECT pan_masked FROM card WHERE id = %s", two.giver)
    assert told == [("It was replaced.", masked), ("It took\nso long.", masked)]


async def test_a_merchant_writes_to_a_member_of_its_own(two: Two) -> None:  # noqa: F811
    """S4-36, S4-44: by the number that it knows them by; they read it, and may let go of it."""
    bureau, owner = two.bureau, two.bureau.person("merchant_owner")
    record = int(
        bureau.done(
            owner, "member.add", phone=PHONE, merchant=HOME["merchant"], name="Wang"
        ).subject
    )
    assert record != number_of(two.wang), "a record of its own"
    letter = {"title": "Double points", "text": "On Friday."}
    assert bureau.refused(owner, "mail.send", member=number_of(two.li), **letter) == "E-NOT-FOUND"
    mail = bureau.done(owner, "mail.send", member=record, **letter).told["mail"]
    [row] = bureau.rows(owner, "mails", member=str(record))
    assert (row["mail"], row["member"], row["read_at"]) == (mail, record, None)
    assert unread(bureau, two.wang, "my_mails") == [mail]
    bureau.done(two.wang, "mail.file", mail=mail)
    [mine] = bureau.rows(two.wang, "my_mails")
    assert mine["read_at"] is not None
    bureau.done(two.wang, "mail.file", mail=mail, is_dropped=True)
    assert bureau.rows(two.wang, "my_mails") == []
    [row] = bureau.rows(owner, "mails")
    assert (row["text"], row["read_at"]) == ("On Friday.", mine["read_at"])


async def test_a_member_writes_so_many_letters_a_day(two: Two) -> None:  # noqa: F811
    """S4-44: to stores that take a card of theirs."""
    bureau = two.bureau
    two.till.sql("UPDATE card SET member_id = NULL WHERE id = %s", two.giver)
    assert bureau.refused(two.wang, "mail.write", **LETTER, store=int(STORE)) == "E-NOT-FOUND"
    for _ in range(LETTERS_A_DAY):
        bureau.done(two.wang, "mail.write", **LETTER)
    told = bureau.do(two.wang, "mail.write", **LETTER)
    assert isinstance(told, Refused)
    assert told.code == "E-TOO-MANY"
    bureau.done(two.li, "mail.write", **LETTER)
    bureau.later(hours=24, seconds=1)
    bureau.sign_in(two.wang)
    bureau.done(two.wang, "mail.write", **LETTER)


async def test_what_was_written_goes_with_who_is_forgotten(two: Two) -> None:  # noqa: F811
    """S4-44: that there was a letter stays, and nobody writes to who is no member any more."""
    bureau, owner = two.bureau, two.bureau.person("merchant_owner")
    bureau.done(two.wang, "mail.write", **LETTER, store=int(STORE))
    [row] = bureau.rows(owner, "mails")
    two.till.sql("UPDATE card SET member_id = NULL WHERE id = %s", two.giver)
    leave(bureau, number_of(two.wang))
    bureau.later(days=16)
    await trio.to_thread.run_sync(bureau.do_jobs)
    bureau.sign_in(owner)
    [after] = bureau.rows(owner, "mails")
    assert (after["mail"], after["title"], after["text"]) == (row["mail"], "", "")
    assert bureau.refused(owner, "mail.answer", mail=row["mail"], text="Hello?") == "E-STATE"
