"""Gifts as people ask for them: to a phone, by a link, claimed, withdrawn, declined, and listed."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
import trio

from host.model.office import Done, Refused, Told, Waiting
from host.model.secrets import Secret
from host.office.timers import TIMERS
from tests.host.conftest import Till, asking_of
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.test_gifts import give_back, money
from tests.host.test_moves import drive

PHONE, OTHER_PHONE = "13800001234", "13900005678"
CARDS = (11, 12, 13)
SUM = 10_000


@dataclass
class Desk:
    """Customer service of an issuer, a host that trades, and cards of two members."""

    bureau: Bureau
    till: Till
    service: Person
    sender: int
    receiver: int
    giver: int
    getter: int
    others: int
    """A card of the receiver's again."""

    async def done(self, action: str, *, who: Person | None = None, **values: Any) -> Done:
        """Asked with a code where one is needed; what waits is agreed to; its job is done."""
        told = await self.asked(action, who=who, **values)
        assert isinstance(told, Done), told
        return told

    async def asked(self, action: str, *, who: Person | None = None, **values: Any) -> Told:
        person = who or self.service
        told = self.bureau.do(person, action, **values)
        if isinstance(told, Refused) and told.code == "E-STEP-UP":
            told = self.bureau.do(person, action, _code=self.bureau.code(person), **values)
        if isinstance(told, Waiting):
            told = self.bureau.with_code(
                self.bureau.admin, "approval.decide", approval=told.approval, decision="approve"
            )
        await trio.to_thread.run_sync(self.bureau.do_jobs)
        return told

    async def refused(self, action: str, **values: Any) -> str:
        told = await self.asked(action, **values)
        assert isinstance(told, Refused), told
        return told.code

    async def send(self, **values: Any) -> Done:
        return await self.done("gift.send", card=self.giver, amount_minor=SUM, **values)

    def job(self, told: Done) -> tuple[str, str]:
        """How the job of it ended."""
        number = told.told.get("job") or told.told["outcome"]["told"]["job"]
        [row] = self.bureau.sql("SELECT state, error FROM job WHERE id = %s", number)
        return row[0], row[1]

    def manager(self) -> Person:
        """Who looks at what is on its way."""
        return self.bureau.person("issuer_manager")

    def newest(self) -> int:
        [(number,)] = self.bureau.sql("SELECT max(journal_id) FROM gift")
        return int(number)


@pytest.fixture
async def desk(bureau: Bureau, till: Till) -> Desk:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(lambda: made_desk(bureau, till))


def made_desk(bureau: Bureau, till: Till) -> Desk:
    owner = bureau.person("merchant_owner")
    members = [
        int(
            bureau.done(
                owner, "member.add", phone=phone, merchant=HOME["merchant"], name=name
            ).subject
        )
        for phone, name in ((PHONE, "Wang"), (OTHER_PHONE, "Li"))
    ]
    for card, member in zip(CARDS, [*members, members[1]], strict=True):
        till.sql("UPDATE card SET member_id = %s WHERE id = %s", member, card)
    service = bureau.person("service", "issuer")
    return Desk(bureau, till, service, members[0], members[1], *CARDS)


async def test_a_gift_to_a_phone_is_claimed_by_whose_it_is_and_by_nobody_else(desk: Desk) -> None:
    """S3-14, S3-15, S3-16: and both see it with its wish."""
    told = await desk.send(phone=OTHER_PHONE, wish="端午安康!", from_name="王")
    assert desk.job(told) == ("done", "")
    gift = desk.newest()
    assert await desk.refused("gift.claim", gift=gift, card=desk.giver) == "E-NOT-FOR"
    [row] = desk.bureau.rows(desk.service, "gifts", sender=str(desk.sender), state="reserved")
    shown = {
        "id": gift, "state": "reserved", "amount_minor": SUM, "phone": "139****5678",
        "wish": "端午安康!", "from_name": "王", "card": desk.giver, "receiver": None,
    }  # fmt: skip
    assert {name: row[name] for name in shown} == shown
    claimed = await desk.done("gift.claim", gift=gift, card=desk.getter)
    assert desk.job(claimed) == ("done", "")
    assert money(desk.till, desk.giver, desk.getter) == [90_000, 110_000]
    [row] = desk.bureau.rows(desk.service, "gifts", receiver=str(desk.receiver))
    assert (row["state"], row["to_card"]) == ("claimed", desk.getter)
    lines = desk.bureau.sql(
        "SELECT action, after->>'state', after->>'gift' FROM history"
        " WHERE source LIKE 'job/%%' ORDER BY id"
    )
    assert lines == [
        ("gift.send", "reserved", str(gift)),
        ("gift.claim", "claimed", str(gift)),
    ]


async def test_a_gift_by_a_link_is_whose_who_has_it_and_the_house_keeps_no_link(
    desk: Desk,
) -> None:
    """S3-15: it is shown once, and only its keyed hash is kept."""
    told = await desk.send(wish="for you")
    link = told.shown_once["link"]
    kept = desk.bureau.sql("SELECT token_hash FROM gift WHERE phone_hash IS NULL")
    assert kept == [(desk.bureau.hsm.hash_secret(Secret(link.encode()), "gift"),)]
    dumped = "".join(
        str(row)
        for table in ("gift", "job", "approval", "history", "once_key")
        for row in desk.bureau.sql(f"SELECT t::text FROM {table} AS t")
    )
    assert link not in dumped
    assert await desk.refused("gift.claim", link=link + "x", card=desk.getter) == "E-NOT-FOUND"
    claimed = await desk.done("gift.claim", link=link, card=desk.getter)
    assert desk.job(claimed) == ("done", "")
    assert await desk.refused("gift.claim", link=link, card=desk.giver) == "E-GIFT-GONE"
    assert money(desk.till, desk.giver, desk.getter) == [90_000, 110_000]


@pytest.mark.parametrize("way", ["link", "gift"])
async def test_whoever_claims_what_they_have_claimed_is_told_that_it_is_theirs(
    desk: Desk, way: str
) -> None:
    """A link that was clicked twice, or a page that was open twice; whatever became of the card."""
    told = await desk.send(**({} if way == "link" else {"phone": OTHER_PHONE}))
    named: dict[str, Any] = {way: told.shown_once["link"] if way == "link" else desk.newest()}
    assert desk.job(await desk.done("gift.claim", card=desk.getter, **named)) == ("done", "")
    desk.bureau.done(
        desk.service, "card.freeze", card=desk.getter, kind="lose", note="it is not mine"
    )
    for card in (desk.getter, desk.others):
        again = await desk.done("gift.claim", card=card, **named)
        assert again.told["gift"] == desk.newest()
        assert desk.job(again) == ("done", "")
    assert money(desk.till, desk.giver, desk.getter, desk.others) == [90_000, 110_000, 100_000]
    posted = desk.bureau.sql("SELECT count(*) FROM journal WHERE kind = 'gift_claim'")
    assert posted == [(1,)]
    lines = desk.bureau.sql(
        "SELECT after - 'rrn', after ? 'rrn' FROM history WHERE source LIKE 'job/%%'"
        " AND action = 'gift.claim' ORDER BY id"
    )
    theirs = {"gift": desk.newest(), "state": "claimed"}
    assert lines == [(theirs, True), (theirs, False), (theirs, False)]


async def test_two_claims_at_once_are_one_claim_and_the_other_hears_that_it_is_gone(
    desk: Desk,
) -> None:
    """S3-14: both were asked before either was posted."""
    link = (await desk.send()).shown_once["link"]
    told = [
        desk.bureau.done(desk.service, "gift.claim", link=link, card=card)
        for card in (desk.getter, desk.giver, desk.others)
    ]
    await trio.to_thread.run_sync(desk.bureau.do_jobs)
    states = [desk.job(one) for one in told]
    assert [state for state, _ in states] == ["done", "failed", "done"], "the last is the first's"
    assert states[1][1].startswith("E-GIFT-GONE")
    assert money(desk.till, desk.getter, desk.others) == [110_000, 100_000]
    assert sum(money(desk.till, desk.giver, desk.getter, desk.others)) == 300_000
    [line] = desk.bureau.sql("SELECT outcome FROM history WHERE outcome = 'E-GIFT-GONE'")
    assert line == ("E-GIFT-GONE",)


async def test_a_gift_is_withdrawn_or_declined_and_then_gone(desk: Desk) -> None:
    """S3-15, S3-16."""
    await desk.send(phone=OTHER_PHONE)
    await desk.send(phone=OTHER_PHONE)
    [first, second] = [row["id"] for row in desk.bureau.rows(desk.service, "gifts")]
    assert desk.job(await desk.done("gift.withdraw", gift=first)) == ("done", "")
    told = await desk.done("gift.withdraw", gift=second, is_declined=True)
    assert desk.job(told) == ("done", "")
    assert await desk.refused("gift.withdraw", gift=first) == "E-GIFT-GONE"
    ended = [(row["state"], row["ended_as"]) for row in desk.bureau.rows(desk.service, "gifts")]
    assert ended == [("returned", "withdrawn"), ("returned", "declined")]
    made_by = desk.bureau.sql("SELECT made_by FROM journal WHERE kind = 'gift_return' ORDER BY id")
    assert made_by == [(str(desk.sender),), (str(desk.receiver),)]
    assert money(desk.till, desk.giver) == [100_000]
    await desk.send()
    by_link = {"gift": desk.newest(), "is_declined": True}
    assert await desk.refused("gift.withdraw", **by_link) == "E-NOT-FOR"


async def test_the_hours_that_a_gift_waits_are_a_setting(desk: Desk) -> None:
    """S3-15: 72, until somebody sets it."""
    desk.till.sql("UPDATE office_setting SET value = 5 WHERE name = 'gift_hours'")
    await desk.send(phone=OTHER_PHONE)
    [(hours,)] = desk.bureau.sql(
        "SELECT (extract(epoch FROM due_at - sent_at) / 3600)::int FROM gift"
    )
    assert hours == 5
    [(due,)] = desk.bureau.sql("SELECT due_at FROM gift")
    await give_back(desk.till, due)
    [row] = desk.bureau.rows(desk.service, "gifts", state="returned")
    assert row["ended_as"] == "expired"


async def test_what_cannot_be_given_says_why_at_once_or_when_it_is_posted(desk: Desk) -> None:
    asked: dict[str, Any] = {"card": desk.giver, "amount_minor": 100_001}
    told = await desk.done("gift.send", **asked)
    state, why = desk.job(told)
    assert (state, why.split(":")[0]) == ("failed", "E-CARD")
    assert "insufficient_funds" in why.replace(" ", "_")
    desk.till.sql("UPDATE card SET member_id = NULL WHERE id = %s", desk.getter)
    assert await desk.refused("gift.send", card=desk.getter, amount_minor=1) == "E-NOBODYS"
    both = {"phone": PHONE, "member": desk.receiver}
    assert await desk.refused("gift.send", **asked, **both) == "E-FIELD"
    wish = {"wish": "福" * 61}
    assert await desk.refused("gift.send", **asked, **wish) == "E-FIELD"
    named = {"gift": 1, "link": "x"}
    assert await desk.refused("gift.claim", card=desk.giver, **named) == "E-FIELD"
    assert await desk.refused("gift.withdraw") == "E-NOT-FOUND"
    assert desk.bureau.sql("SELECT 1 FROM gift") == []


async def test_a_gift_above_the_limit_of_who_asks_takes_a_second_person(desk: Desk) -> None:
    asked = {"card": desk.giver, "amount_minor": SUM, "phone": OTHER_PHONE}
    told = desk.bureau.with_code(desk.service, "gift.send", **asked)
    assert isinstance(told, Waiting), told
    desk.till.sql("UPDATE person_grant SET limit_minor = %s WHERE role = 'service'", SUM)
    other = desk.bureau.with_code(desk.service, "gift.send", **asked)
    assert isinstance(other, Done), other


async def test_service_of_another_issuer_finds_no_gift(desk: Desk) -> None:
    await desk.send(phone=OTHER_PHONE)
    [(foreign,)] = desk.bureau.sql(
        "SELECT institution_id FROM issuer WHERE institution_id <> %s LIMIT 1", HOME["issuer"]
    )
    stranger = desk.bureau.person("service", "issuer", foreign)
    assert desk.bureau.rows(stranger, "gifts", sender=str(desk.sender)) == []
    told = await desk.asked("gift.withdraw", who=stranger, gift=desk.newest())
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-FOUND"


async def test_cards_of_a_member_are_merged_onto_one_and_stay_in_use(desk: Desk) -> None:
    """S3-10: once at a time, and shown until it is there."""
    asked: dict[str, Any] = {"card": desk.getter, "many": [desk.others]}
    told = await desk.done("card.merge", **asked)
    assert told.told["moved_minor"] == 100_000
    assert await desk.refused("card.merge", **asked) == "E-STATE"
    [row] = desk.bureau.rows(desk.manager(), "moves", card=str(desk.others))
    assert (row["kind"], row["to_card"], row["left_minor"]) == ("merge", desk.getter, 100_000)
    await drive(desk.till)
    assert money(desk.till, desk.others, desk.getter) == [0, 200_000]
    [row] = desk.bureau.rows(desk.manager(), "moves", state="done")
    assert row["left_minor"] == 0
    back: dict[str, Any] = {"card": desk.others, "many": [desk.getter]}
    assert (await desk.done("card.merge", **back)).told["moved_minor"] == 200_000
    await drive(desk.till)
    assert money(desk.till, desk.others, desk.getter) == [200_000, 0]


async def test_what_cannot_be_merged_says_why_before_anything_moves(desk: Desk) -> None:
    """S3-10: whose they are, how much one may hold, and that it would end sooner."""
    asked: dict[str, Any] = {"card": desk.getter, "many": [desk.others]}
    assert await desk.refused("card.merge", card=desk.getter, many=[desk.giver]) == "E-BOUND"
    assert await desk.refused("card.merge", card=desk.getter, many=[desk.getter]) == "E-CARD"
    desk.till.sql("UPDATE card SET expiry = '3011' WHERE id = %s", desk.getter)
    assert await desk.refused("card.merge", **asked) == "E-EXPIRY"
    told = await desk.asked("card.merge", **asked, may_end_sooner=True, _is_dry_run=True)
    assert isinstance(told, Done)
    for _ in range(2):
        await desk.till.load(desk.getter, 450_000)
    assert await desk.refused("card.merge", **asked, may_end_sooner=True) == "E-ROOM"
    assert desk.bureau.sql("SELECT 1 FROM move") == []


async def test_the_only_gift_that_waits_needs_no_number(desk: Desk) -> None:
    """S3-14: of more than one it is asked which."""
    assert await desk.refused("gift.claim", card=desk.getter) == "E-GIFT-GONE"
    for _ in range(2):
        await desk.send(phone=OTHER_PHONE)
    assert await desk.refused("gift.claim", card=desk.getter) == "E-FIELD"
    assert await desk.refused("gift.withdraw", card=desk.giver) == "E-FIELD"
    told = await desk.done("gift.withdraw", gift=desk.newest())
    assert desk.job(told) == ("done", "")
    assert desk.job(await desk.done("gift.claim", card=desk.getter)) == ("done", "")
    await desk.send()
    assert desk.job(await desk.done("gift.withdraw", card=desk.giver)) == ("done", "")
    assert money(desk.till, desk.giver, desk.getter) == [90_000, 110_000]


async def test_a_wallet_shows_what_a_member_has_the_first_to_end_before_the_rest(
    desk: Desk,
) -> None:
    """S3-15: what was given waits there until it is claimed."""
    desk.till.sql("UPDATE card SET expiry = '2912' WHERE id = %s", desk.others)
    await desk.done("gift.send", card=desk.getter, amount_minor=SUM, phone=PHONE)
    desk.till.sql("UPDATE purse SET held_minor = 500 WHERE card_id = %s", desk.others)
    shown = [
        tuple(row[name] for name in ("id", "free_minor", "held_minor", "waiting_minor"))
        for row in desk.bureau.rows(desk.service, "wallet", phone=OTHER_PHONE)
    ]
    desk.till.sql("UPDATE purse SET held_minor = 0 WHERE card_id = %s", desk.others)
    assert shown == [(desk.others, 99_500, 500, 0), (desk.getter, 90_000, 0, SUM)]
    [row] = desk.bureau.rows(desk.service, "wallet", member=str(desk.sender))
    assert row["waiting_minor"] == 0


async def test_what_a_member_wrote_and_is_found_by_is_gone_when_they_are_forgotten(
    desk: Desk,
) -> None:
    """S4-28: what was given and when stays, for the ledger says the same."""
    await desk.send(phone=OTHER_PHONE, wish="端午安康!", from_name="王")
    claimed = await desk.done("gift.claim", gift=desk.newest(), card=desk.getter)
    assert desk.job(claimed) == ("done", "")
    forget(desk, desk.sender)
    kept = "SELECT wish, from_name, phone_masked, state FROM gift ORDER BY journal_id"
    assert desk.bureau.sql(kept) == [("", "", "139****5678", "claimed")]
    forget(desk, desk.receiver)
    assert desk.bureau.sql(kept) == [("", "", "", "claimed")]
    hashes = "SELECT 1 FROM gift AS g JOIN member AS m USING (phone_hash) WHERE m.state <> 'closed'"
    assert desk.bureau.sql(hashes) == []


async def test_a_gift_for_a_member_who_is_forgotten_waits_for_nobody_and_comes_back(
    desk: Desk,
) -> None:
    await desk.send(phone=OTHER_PHONE, wish="for you", from_name="Wang")
    gift = desk.newest()
    forget(desk, desk.receiver)
    told = desk.bureau.sql("SELECT wish, from_name, phone_masked FROM gift")
    assert told == [("", "Wang", "")]
    assert await desk.refused("gift.withdraw", gift=gift, is_declined=True) == "E-NOT-FOR"
    desk.till.sql("UPDATE gift SET due_at = sent_at + interval '1 second'")
    await give_back(desk.till)
    assert money(desk.till, desk.giver) == [100_000]


async def test_who_has_a_gift_on_its_way_is_not_forgotten_before_it_is_theirs_again(
    desk: Desk,
) -> None:
    await desk.send(wish="for you")
    operations = desk.bureau.person("platform_ops")
    told = await desk.asked(
        "member.close", who=operations, member=desk.sender, phone_last="1234", note="asked"
    )
    assert isinstance(told, Refused), told
    assert (told.code, "100000 CNY" in told.en) == ("E-OPEN", True), "the gift is theirs still"
    forget(desk, desk.sender)
    [(state,)] = desk.bureau.sql("SELECT state FROM member WHERE id = %s", desk.sender)
    assert state == "closing", "what comes back would be nobody's"


def forget(desk: Desk, member: int) -> None:
    """They left long ago, with nothing on their cards."""
    desk.till.sql("UPDATE card SET member_id = NULL WHERE member_id = %s", member)
    desk.till.sql(
        "UPDATE member SET state = 'closing', closing_at = %s WHERE id = %s",
        desk.bureau.now - dt.timedelta(days=30), member,
    )  # fmt: skip
    [timer] = [one for one in TIMERS if one.name == "members"]
    with psycopg.connect(desk.bureau.dsns.office) as connection:
        timer.do(connection, desk.bureau.now)
