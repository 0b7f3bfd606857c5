"""Cards of another system come with what they have, to the last unit, or not at all."""

import base64
from dataclasses import dataclass, replace
from typing import Any

import pytest
import trio

from host.model.office import Done, Refused, Told, Waiting
from host.model.own import OwnRequest
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.model.secrets import Pan
from host.office import cards_in
from host.stock.numbers import Range, random_numbers
from tests.host.conftest import Till, asking_of, audit_ledger
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.office.test_card_ends import keep_driving

MINOR, POINTS = 15_050, 700
"""What is owed on the three cards together."""


@dataclass
class Moving:
    """An issuer that takes over cards of another system, and a host that trades."""

    bureau: Bureau
    till: Till
    manager: Person
    owner: Person
    product: int
    pans: list[Pan]

    def rows(self, pans: list[Pan] | None = None) -> str:
        one, two, three = (pan.reveal() for pan in pans or self.pans)
        return f"card_number,balance,points\n{one},100.00,700\n{two},50.50,\n{three},0,0\n"

    def ask(self, rows: str, **more: Any) -> Told:
        content = base64.b64encode(rows.encode()).decode()
        sent = self.bureau.done(self.manager, "file.send", name="cards.csv", content=content)
        told = {
            "product": self.product, "name": "Old house", "responsible": self.manager.login,
            "file": sent.told["file"], "liability_minor": MINOR, "liability_points": POINTS,
            "note": "from the old house", **more,
        }  # fmt: skip
        if told.get("_is_dry_run"):
            return self.bureau.do(self.manager, "card.import", **told)
        return self.bureau.with_code(self.manager, "card.import", **told)

    def agree(self, told: Told) -> dict[str, Any]:
        assert isinstance(told, Waiting), told
        done = self.bureau.with_code(
            self.bureau.admin, "approval.decide", approval=told.approval, decision="approve"
        )
        assert isinstance(done, Done), done
        outcome: dict[str, Any] = done.told["outcome"]
        return outcome

    async def take(self, rows: str) -> str:
        """Asked, agreed to and taken; gives the batch."""
        outcome = self.agree(self.ask(rows))
        await trio.to_thread.run_sync(self.bureau.do_jobs)
        return str(outcome["subject"])

    async def buy(self, pan: Pan, amount: int = 100) -> Response:
        return await self.till.ask(self.till.request(Kind.PURCHASE, None, amount, pan=pan))

    def held(self) -> list[tuple[str, int]]:
        return self.bureau.sql(
            "SELECT left(p.unit, 2), sum(p.posted_minor)::int FROM purse AS p JOIN card AS c"
            " ON c.shard = p.shard AND c.id = p.card_id WHERE c.part_id ="
            " (SELECT max(id) FROM card_batch_part) GROUP BY 1 ORDER BY 1"
        )

    def cards(self) -> int:
        return int(self.bureau.sql("SELECT count(*) FROM card")[0][0])


@pytest.fixture
async def moving(bureau: Bureau, till: Till) -> Moving:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(lambda: made(bureau, till))


def made(bureau: Bureau, till: Till) -> Moving:
    manager, owner = bureau.person("issuer_manager"), bureau.person("batch_owner")
    product = bureau.done(
        manager, "product.revise", issuer=HOME["issuer"], code="OLD", name="Old cards",
        form="virtual", face_minor_min=10_000, valid_days=365, is_reloadable=True,
    ).subject  # fmt: skip
    [(prefix,)] = bureau.sql(
        "SELECT pan_prefix FROM issuer WHERE institution_id = %s", HOME["issuer"]
    )
    pans = random_numbers(Range(prefix, ()), 3)
    return Moving(bureau, till, manager, owner, int(product), pans)


async def test_cards_come_with_what_they_have_and_work_once_another_opens_them(
    moving: Moving,
) -> None:
    """S4-28: owed before and after alike, postings of their own, and the audit is zero."""
    bureau, before = moving.bureau, moving.cards()
    dry = moving.ask(moving.rows(), _is_dry_run=True)
    assert isinstance(dry, Done), dry
    owed = {"liability_minor": MINOR, "liability_points": POINTS}
    assert (dry.told["cards"], dry.told["before"], dry.told["after"]) == (3, owed, owed)
    assert moving.cards() == before
    batch = await moving.take(moving.rows())
    assert moving.held() == [("CN", MINOR), ("P:", POINTS)]
    assert (await moving.buy(moving.pans[0])).reason is Reason.CARD_BATCH_NOT_OPENED
    opened = bureau.with_code(moving.owner, "card_batch.open", batch=batch)
    assert isinstance(opened, Done), opened
    told = await moving.buy(moving.pans[0], 9_900)
    assert (told.reason, told.balance) == (Reason.APPROVED, told.balance)
    assert (await moving.buy(moving.pans[0], 9_900)).reason is Reason.INSUFFICIENT_FUNDS
    assert (await moving.buy(moving.pans[2], 100)).reason is Reason.INSUFFICIENT_FUNDS
    [(kinds,)] = bureau.sql(
        "SELECT array_agg(amount_minor ORDER BY amount_minor)::int[] FROM journal"
        " WHERE kind = 'card_opening'"
    )
    assert kinds == [5_050, 10_000]
    assert bureau.sql(
        "SELECT DISTINCT status, sale, code_sealed IS NULL, valid_to IS NOT NULL FROM card"
        " WHERE part_id = (SELECT max(id) FROM card_batch_part)"
    ) == [("active", "sold", True, True)]
    audit_ledger(bureau.dsns)


async def test_who_works_for_the_issuer_beside_the_platform_may_be_responsible(
    moving: Moving,
) -> None:
    """As docs/operating.md has them: invited by the platform, with a grant at the issuer."""
    bureau, both = moving.bureau, moving.bureau.person("platform_ops")
    told = moving.ask(moving.rows(), responsible=both.login)
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-FOUND"
    granted = bureau.with_code(
        bureau.admin, "person.grant", login=both.login, role="issuer_manager", scope="issuer",
        scope_key=HOME["issuer"],
    )  # fmt: skip
    assert isinstance(granted, Done), granted
    assert isinstance(moving.ask(moving.rows(), responsible=both.login), Waiting)


async def test_whoever_was_killed_goes_on_and_nothing_is_put_on_twice(
    moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards_in, "CARDS_PER_STEP", 2)
    bureau = moving.bureau
    ask = bureau.office.ask
    assert ask is not None
    asked: list[OwnRequest] = []

    def killed(own: OwnRequest) -> Response:
        asked.append(own)
        answer = ask(own)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return answer

    bureau.office = replace(bureau.office, ask=killed)
    moving.agree(moving.ask(moving.rows()))
    with pytest.raises(KeyboardInterrupt):
        await trio.to_thread.run_sync(bureau.do_jobs)
    assert moving.held() == [("CN", MINOR), ("P:", POINTS)], "both were posted"
    assert bureau.sql("SELECT state FROM card_batch ORDER BY id DESC LIMIT 1") == [("generating",)]
    bureau.office = replace(bureau.office, ask=ask)
    bureau.later(seconds=31)
    await trio.to_thread.run_sync(bureau.do_jobs)
    assert moving.held() == [("CN", MINOR), ("P:", POINTS)]
    assert bureau.sql("SELECT state FROM card_batch ORDER BY id DESC LIMIT 1") == [("generated",)]


async def test_a_batch_refused_midway_is_voided_and_what_it_had_goes_back(moving: Moving) -> None:
    """S4-28, S1-14."""
    bureau = moving.bureau
    ask = bureau.office.ask
    assert ask is not None
    asked: list[OwnRequest] = []

    def refusing(own: OwnRequest) -> Response:
        asked.append(own)
        return ask(own) if len(asked) != 2 else Response(reason=Reason.AMOUNT_LIMIT, rrn="1")

    bureau.office = replace(bureau.office, ask=refusing)
    outcome = moving.agree(moving.ask(moving.rows()))
    batch = {"batch": outcome["subject"], "note": "it was refused"}
    assert bureau.refused(moving.owner, "card_batch.void", **batch) == "E-STEP-UP"
    assert bureau.refused(
        moving.owner, "card_batch.void", _code=bureau.code(moving.owner), **batch
    ) == "E-GENERATING", "a job may yet make it whole"  # fmt: skip
    await trio.to_thread.run_sync(bureau.do_jobs)
    [(job, error)] = bureau.sql("SELECT id, error FROM job WHERE state = 'failed'")
    assert "line 3: amount_limit; void the batch" in error
    assert moving.held() == [("CN", 10_000), ("P:", POINTS)]
    moving.agree(bureau.with_code(moving.owner, "card_batch.void", **batch))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep_driving, moving.till)
        await trio.to_thread.run_sync(bureau.do_jobs)
        nursery.cancel_scope.cancel()
    assert moving.held() == [("CN", 0), ("P:", 0)]
    bureau.done(moving.manager, "job.stop", job=job, is_stopped=False)
    await trio.to_thread.run_sync(bureau.do_jobs)
    assert moving.held() == [("CN", 0), ("P:", 0)], "whoever lets the job go on puts nothing on"
    assert bureau.sql("SELECT state FROM card_batch ORDER BY id DESC LIMIT 1") == [("voided",)]
    told = moving.ask(moving.rows())
    assert isinstance(told, Refused)
    assert told.code == "E-FILE-ROWS"
    taken = f"in use by card batch {outcome['subject']}, which was voided"
    assert all(f"line {line}, card_number: {taken}" in told.en for line in (2, 3, 4))
    assert "put a new number of the issuer in this line" in told.en
    assert not any(pan.reveal() in told.en + told.zh for pan in moving.pans)
    [(prefix,)] = bureau.sql(
        "SELECT pan_prefix FROM issuer WHERE institution_id = %s", HOME["issuer"]
    )
    moving.pans = random_numbers(Range(prefix, ()), 3)
    bureau.office = replace(bureau.office, ask=ask)
    await moving.take(moving.rows())
    assert moving.held() == [("CN", MINOR), ("P:", POINTS)], "as the sentence says"
    audit_ledger(bureau.dsns)


async def test_cards_of_customers_leave_in_no_file_before_they_are_opened(moving: Moving) -> None:
    """S1-21: their batch looks like one that nobody has bought of."""
    batch = await moving.take(moving.rows())
    maker = moving.bureau.person("batch_maker")
    told = {"batch": batch, "recipient": "x", "note": "to be printed", "with_secrets": True,
            "workbook_password": "eleven blue herons"}  # fmt: skip
    assert moving.bureau.refused(maker, "card_batch.export", **told) == "E-OPENED"


async def test_a_file_for_an_issuer_of_another_currency_is_not_taken(moving: Moving) -> None:
    moving.till.sql("UPDATE issuer SET currency = 'HKD'")
    told = moving.ask(moving.rows())
    moving.till.sql("UPDATE issuer SET currency = 'CNY'")
    assert isinstance(told, Refused)
    assert "balance: its issuer counts in HKD" in told.en


async def test_a_file_that_owes_another_sum_than_was_told_is_not_taken(moving: Moving) -> None:
    before = moving.cards()
    for more, field in (
        ({"liability_minor": MINOR + 1}, "liability_minor"),
        ({"liability_points": 0}, "liability_points"),
    ):
        told = moving.ask(moving.rows(), **more)
        assert isinstance(told, Refused)
        assert (told.code, told.field) == ("E-LIABILITY", field)
    assert moving.cards() == before


async def test_a_card_that_cannot_be_is_named_by_its_line(moving: Moving) -> None:
    before = moving.cards()
    stranger, *rest = moving.pans[1:], Pan("6217004928135075")
    rows = moving.rows([moving.pans[0], *stranger[:1], rest[-1]])
    told = moving.ask(rows)
    assert isinstance(told, Refused)
    assert told.code == "E-FILE-ROWS"
    assert "line 4, card_number" in told.en
    for cell, said in (
        ("1e3", "line 2, balance: no amount"),
        ("-1", "line 2, balance: no amount"),
        ("1,000.00", "line 2"),
        ("1.5", "line 2, balance: no amount"),
        ("99999999.00", "line 2, balance: more than"),
    ):
        told = moving.ask(moving.rows().replace("100.00", cell))
        assert isinstance(told, Refused)
        assert said in told.en, told.en
        assert moving.pans[0].reveal() not in told.en
    assert moving.cards() == before
