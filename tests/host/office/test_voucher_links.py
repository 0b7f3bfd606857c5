"""A link that was sent opens the voucher of who has it, until it is redeemed, and nothing else."""

import re
from typing import Any

import psycopg
import pytest
import trio

from host.model.office import Done, Refused
from host.model.secrets import Secret
from host.rules.guesses import WRONG_MAX, WRONG_MINUTES
from host.stock import pickups
from tests.host.conftest import Till
from tests.host.office.conftest import Bureau
from tests.host.office.test_staff_issues import Works
from tests.host.test_vouchers import redeem

LINK = re.compile(r"https://pay\.example/voucher/([0-9A-Za-z_=-]+)")


class Texts:
    """Two employees who were sent a text each."""

    def __init__(self, bureau: Bureau) -> None:
        self.works, self.bureau = Works(bureau), bureau
        self.works.issue(departments=["Sales"])
        bureau.done(self.works.hr, "staff.remind", enterprise="ACME")
        bureau.sent.clear()
        bureau.do_jobs()
        bureau.do_jobs()
        found = [LINK.search(text.words) for text in bureau.sent]
        self.links = [one[1] for one in found if one is not None]
        self.cards = [
            card for (card,) in bureau.sql("SELECT card_id FROM staff_voucher ORDER BY place")
        ]

    def told(self, link: str, source: str = "203.0.113.7") -> Any:
        return self.bureau.do(None, "voucher.open_link", link=link, _source=source)

    def code(self, told: Any) -> str:
        assert isinstance(told, Done), told
        return str(told.shown_once["code"])

    def scanned(self, code: str) -> int:
        """Which voucher it is that somebody shows at a counter."""
        with psycopg.connect(self.bureau.dsns.owner) as owner:
            found = pickups.scanned(
                owner, self.bureau.hsm, Secret(code.encode()), "clerk", self.bureau.now
            )
        assert found.pickup is not None
        return found.pickup.card


@pytest.fixture
def texts(bureau: Bureau) -> Texts:
    return Texts(bureau)


def test_a_link_shows_the_code_of_its_own_voucher_and_no_more(texts: Texts) -> None:
    """S2-18: nobody signs in, and nothing that opens anything is kept."""
    assert len(set(texts.links)) == 2
    for link, card in zip(texts.links, texts.cards, strict=True):
        told = texts.told(link)
        code = texts.code(told)
        assert (told.told["name"], told.told["valid_to"]) == ("Dragon boat", "2029-12-31")
        assert texts.scanned(code) == card
        again = texts.code(texts.told(link))
        assert again != code
        assert texts.scanned(again) == card
    [kept] = texts.bureau.sql(
        "SELECT string_agg(h::text, '') || (SELECT string_agg(r::text, '') FROM staff_reminder"
        " AS r) FROM history AS h WHERE h.action = 'voucher.open_link'"
    )
    assert str(texts.cards[0]) in kept[0]
    assert not [link for link in texts.links if link in kept[0]]


async def test_a_link_is_good_until_its_voucher_is_redeemed(till: Till, bureau: Bureau) -> None:
    """S2-18."""
    texts = await trio.to_thread.run_sync(Texts, bureau)
    assert (await redeem(till, texts.works.codes()["E1"])).is_approved
    states = [texts.told(link) for link in texts.links]
    refused = [one.code for one in states if isinstance(one, Refused)]
    assert refused == ["E-VOUCHER-LINK"]


def test_a_link_of_what_is_anothers_by_now_leads_nowhere(texts: Texts) -> None:
    """S2-18: told as one that is none."""
    with psycopg.connect(texts.bureau.dsns.owner, autocommit=True) as owner:
        owner.execute(
            "UPDATE card SET member_id = (SELECT max(id) FROM member) WHERE id = %s",
            [texts.cards[0]],
        )
    gone, mine = (texts.told(link) for link in texts.links)
    assert (gone.code, isinstance(mine, Done)) == ("E-VOUCHER-LINK", True)


def test_links_that_are_none_are_told_alike_and_counted_by_where_they_come_from(
    texts: Texts,
) -> None:
    """S2-18: after some nothing is told there for a while, of good ones neither."""
    good = texts.links[0]
    changed = good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1]
    wrong = [changed, "x", "0" * 60, "é" * 50, "y" * 5_000]
    assert len(wrong) == WRONG_MAX
    assert {texts.told(link).code for link in wrong} == {"E-VOUCHER-LINK"}
    assert texts.told("z").code == "E-TRIES"
    assert texts.told(good).code == "E-TRIES"
    assert isinstance(texts.told(good, "203.0.113.8"), Done), "elsewhere nobody has guessed"
    texts.bureau.later(minutes=WRONG_MINUTES + 1)
    assert isinstance(texts.told(good), Done)
