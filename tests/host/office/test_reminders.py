"""Who has not redeemed is reminded, by hand and by the clock, once on each occasion."""

from dataclasses import replace

import pytest
import trio

from host.office.reminding import TRIES_MAX
from host.sms import Text
from tests.host.conftest import Till, asking_of
from tests.host.office.conftest import Bureau
from tests.host.office.test_staff_issues import Works
from tests.host.test_vouchers import redeem


@pytest.fixture
def works(bureau: Bureau) -> Works:
    return Works(bureau)


def test_all_who_have_not_are_reminded_by_hand_once_a_day(works: Works) -> None:
    """S2-18, S2-20: by a text with a link, and never with a code."""
    bureau = works.bureau
    works.issue(departments=["Sales"])
    asked = {"enterprise": "ACME"}
    looked = bureau.done(works.hr, "staff.remind", **asked, _is_dry_run=True)
    assert looked.told["reminded"] == 2
    assert bureau.done(works.hr, "staff.remind", **asked).told["reminded"] == 2
    assert bureau.done(works.hr, "staff.remind", **asked).told["reminded"] == 0, "once a day"
    bureau.sent.clear()
    bureau.do_jobs()
    bureau.do_jobs()
    assert [text.masked for text in bureau.sent] == ["138****0001", "138****0002"]
    words = bureau.sent[0].words
    assert "Dragon boat" in words
    assert "2029-12-31" in words
    assert "https://pay.example/voucher/" in words
    codes = works.codes().values()
    assert not [code for code in codes if code.reveal() in words]
    assert {row["text_state"] for row in bureau.rows(works.hr, "outbox")} == {"sent"}
    bureau.later(days=1)
    bureau.sign_in(works.hr)
    assert bureau.done(works.hr, "staff.remind", **asked).told["reminded"] == 2


def test_the_clock_reminds_days_after_it_was_issued_and_each_once(works: Works) -> None:
    """S2-20."""
    bureau = works.bureau
    rule = {"enterprise": "ACME", "trigger": "after_issue", "reminder_days": 3}
    bureau.done(works.hr, "reminder.save", **rule)
    works.issue()
    bureau.sent.clear()
    for days, sent in ((2, 0), (2, 4), (1, 4), (30, 4)):
        bureau.later(days=days)
        bureau.do_jobs()
        assert len(bureau.sent) == sent, days
    bureau.sign_in(works.hr)
    [row] = bureau.rows(works.hr, "reminders")
    assert (row["reminded"], row["state"]) == (4, "on")


def test_the_clock_reminds_before_it_ends_and_not_where_that_is_off(works: Works) -> None:
    """S2-20."""
    bureau = works.bureau
    works.batch = works.made(4, valid_to=bureau.now.date().replace(
        year=2027))  # fmt: skip
    works.offer(works.batch)
    works.issue(departments=["Office"])
    rule = {"enterprise": "ACME", "trigger": "before_expiry", "reminder_days": 10}
    bureau.done(works.hr, "reminder.save", **rule, is_on=False)
    bureau.sent.clear()
    bureau.later(days=357)
    bureau.do_jobs()
    assert bureau.sent == []
    bureau.sign_in(works.hr)
    bureau.done(works.hr, "reminder.save", **rule, is_on=True)
    bureau.later(hours=2)
    bureau.do_jobs()
    assert len(bureau.sent) == 2


def test_a_text_that_nobody_takes_is_tried_again_and_given_up(works: Works) -> None:
    bureau = works.bureau

    def refuse(_text: Text) -> None:
        raise OSError

    works.issue(departments=["Sales"])
    bureau.done(works.hr, "staff.remind", enterprise="ACME")
    assert bureau.office.sms is not None
    bureau.office = replace(bureau.office, sms=replace(bureau.office.sms, send=refuse))
    for _ in range(TRIES_MAX + 1):
        bureau.do_jobs()
        bureau.later(minutes=11)
    bureau.sign_in(works.hr)
    rows = bureau.rows(works.hr, "outbox")
    assert {(row["text_state"], row["attempts"]) for row in rows} == {("failed", TRIES_MAX)}


async def test_who_has_redeemed_meanwhile_is_not_told(bureau: Bureau, till: Till) -> None:
    """S2-20: also of a text that waited."""
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    works = await trio.to_thread.run_sync(Works, bureau)
    await trio.to_thread.run_sync(lambda: works.issue(departments=["Sales"]))
    remind = lambda: bureau.done(works.hr, "staff.remind", enterprise="ACME")  # noqa: E731
    await trio.to_thread.run_sync(remind)
    assert (await redeem(till, works.codes()["E1"])).is_approved
    bureau.sent.clear()
    await trio.to_thread.run_sync(bureau.do_jobs)
    assert [text.masked for text in bureau.sent] == ["138****0002"]
    rows = await trio.to_thread.run_sync(bureau.rows, works.hr, "outbox")
    assert sorted(row["text_state"] for row in rows) == ["dropped", "sent"]
    assert works.findings() == []
