"""Cards in the office: made, opened by another person, sold, stopped, and who looks at them."""

from typing import Any

import pytest

from host.model.office import Done, Refused, Waiting
from tests.host.office.conftest import HOME, Bureau, Person


class Issuer:
    """The people of one, and a product."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.manager = bureau.person("issuer_manager")
        self.maker = bureau.person("batch_maker")
        self.owner = bureau.person("batch_owner")
        self.product = int(
            bureau.done(
                self.manager, "product.revise", issuer=HOME["issuer"], code="GIFT", name="Gift",
                form="virtual", face_minor_min=10_000, valid_days=365,
            ).subject
        )  # fmt: skip

    def batch(self, cards: int = 3) -> Done:
        """Made, and its cards with it."""
        made = self.bureau.done(
            self.maker, "card_batch.create", product=self.product, name="Autumn", cards=cards,
            responsible=self.manager.login,
        )  # fmt: skip
        self.bureau.do_jobs()
        return made

    def opened(self) -> Done:
        """And opened by its owner."""
        made = self.batch()
        told = self.bureau.with_code(self.owner, "card_batch.open", batch=made.subject)
        assert isinstance(told, Done), told
        return made

    def state(self, who: Person, batch: str) -> Any:
        return self.bureau.rows(who, "card_batches", batch=batch)[0]["state"]


@pytest.fixture
def issuer(bureau: Bureau) -> Issuer:
    return Issuer(bureau)


def test_a_batch_is_made_by_a_job_and_opened_by_another_person(issuer: Issuer) -> None:
    """S1-01, S1-03, S1-09, S1-11, S1-15, S1-25."""
    made, bureau = issuer.batch(), issuer.bureau
    [job] = bureau.rows(issuer.maker, "jobs")
    assert (job["state"], job["done"], job["subject_key"]) == ("done", 3, made.subject)
    assert bureau.refused(issuer.maker, "card_batch.open", batch=made.subject) == "E-NOT-YOUR-ROLE"
    told = bureau.with_code(issuer.owner, "card_batch.open", batch=made.subject)
    assert isinstance(told, Done), told
    assert issuer.state(issuer.manager, made.subject) == "opened"


def test_suspending_needs_nobody_and_resuming_a_code(issuer: Issuer) -> None:
    """S1-13."""
    made, bureau = issuer.opened(), issuer.bureau
    bureau.done(issuer.manager, "card_batch.suspend", batch=made.subject, note="printed wrong")
    assert issuer.state(issuer.owner, made.subject) == "suspended"
    told = bureau.with_code(
        issuer.owner, "card_batch.resume", batch=made.subject, note="it was right"
    )
    assert isinstance(told, Done), told


def test_what_risk_has_stopped_is_let_go_by_risk(issuer: Issuer) -> None:
    made, bureau = issuer.opened(), issuer.bureau
    risk = bureau.person("risk")
    bureau.done(risk, "card_batch.suspend", batch=made.subject, note="many tries")
    told = bureau.with_code(issuer.owner, "card_batch.resume", batch=made.subject, note="resume")
    assert isinstance(told, Waiting)
    done = bureau.with_code(risk, "approval.decide", approval=told.approval, decision="approve")
    assert isinstance(done, Done), done
    assert issuer.state(issuer.owner, made.subject) == "opened"


def test_voiding_takes_two(issuer: Issuer) -> None:
    """S1-14."""
    made, bureau = issuer.opened(), issuer.bureau
    told = bureau.with_code(issuer.owner, "card_batch.void", batch=made.subject, note="misprint")
    assert isinstance(told, Waiting)
    done = bureau.with_code(
        issuer.manager, "approval.decide", approval=told.approval, decision="approve"
    )
    assert isinstance(done, Done), done
    assert issuer.state(issuer.owner, made.subject) == "voided"


def test_cards_that_are_added_wait_for_an_opening_of_their_own(issuer: Issuer) -> None:
    """S1-17."""
    made, bureau = issuer.opened(), issuer.bureau
    bureau.done(issuer.maker, "card_batch.add", batch=made.subject, cards=2)
    bureau.do_jobs()
    parts = bureau.rows(issuer.owner, "batch_parts", batch=made.subject)
    assert [(one["part"], one["state"]) for one in parts] == [(1, "opened"), (2, "generated")]


def test_chosen_numbers_that_cannot_be_are_named_by_line(issuer: Issuer) -> None:
    """S1-02."""
    told = issuer.bureau.do(
        issuer.maker, "card_batch.create", product=issuer.product, name="Vanity", cards=1,
        responsible=issuer.manager.login, numbers="1234567812345678",
    )  # fmt: skip
    assert isinstance(told, Refused)
    assert told.code == "E-NUMBER"
    assert "line" in told.en


def test_an_order_is_sold_once_and_shown(issuer: Issuer) -> None:
    """S1-29, S1-30."""
    issuer.opened()
    order = {"product": issuer.product, "cards": 2, "order": "A1", "buyer": "Wu"}
    sold = issuer.bureau.done(issuer.manager, "card.sell", **order)
    assert issuer.bureau.done(issuer.manager, "card.sell", **order).told == sold.told
    assert issuer.bureau.refused(
        issuer.manager, "card.sell", **{**order, "order": "A2"}
    ) == "E-STOCK-OUT"  # fmt: skip
    [row] = issuer.bureau.rows(issuer.manager, "allocations")
    assert (row["cards"], row["order_reference"], row["buyer"]) == (2, "A1", "Wu")


def test_a_batchs_cards_are_shown_masked_and_never_all_of_the_house(issuer: Issuer) -> None:
    """S1-26, S1-27."""
    made = issuer.batch()
    bureau = issuer.bureau
    assert bureau.look(issuer.maker, "batch_cards").code == "E-FIELD"
    cards = bureau.rows(issuer.maker, "batch_cards", batch=made.subject)
    assert len(cards) == 3
    assert all("*" in one["pan_masked"] for one in cards)


def test_a_part_is_named_by_its_batch_and_its_number_within_it(issuer: Issuer) -> None:
    """S1-17: what an action tells of a part is what a view and an action are asked for."""
    other, bureau = issuer.batch(cards=1), issuer.bureau
    made = issuer.batch()
    assert (other.told["part"], made.told["part"]) == (1, 1)
    with pytest.raises(AssertionError, match="E-FIELD"):
        bureau.rows(issuer.maker, "batch_cards", part="1")
    told = bureau.done(issuer.maker, "card_batch.add", batch=made.subject, cards=2)
    assert told.told["part"] == 2
    bureau.do_jobs()

    def cards(view: str = "batch_cards", **filters: str) -> list[int]:
        return [one["id"] for one in bureau.rows(issuer.maker, view, **filters)]

    first, second = (cards(batch=made.subject, part=number) for number in "12")
    assert (len(first), len(second)) == (3, 2)
    assert cards(batch=made.subject) == [*first, *second]
    assert cards("cards", batch=made.subject, part="2") == second
    assert cards(batch=made.subject, part="3") == []
    assert not {*cards(batch=other.subject)} & {*first, *second}
    [part] = bureau.rows(issuer.maker, "batch_parts", batch=made.subject, part="2")
    assert (part["part"], part["cards"], "id" in part) == (2, 2, False)
    opened = bureau.with_code(issuer.owner, "card_batch.open", batch=made.subject, part=2)
    assert isinstance(opened, Done)
    assert opened.told["opened_parts"] == [2]


@pytest.mark.parametrize(
    ("view", "name", "beside", "words"),
    [
        ("card_batches", "state", {}, "draft, generating, generated, opened"),
        ("jobs", "state", {}, "waiting, running"),
        ("cards", "card_status", {"card": "1"}, "inactive, active"),
        ("usages", "tender", {"card": "1"}, "one of"),
    ],
)
def test_a_word_that_a_filter_does_not_know_is_refused_with_those_it_does(
    issuer: Issuer, view: str, name: str, beside: dict[str, str], words: str
) -> None:
    """S1-46: no rows would say that there are none."""
    told = issuer.bureau.look(issuer.manager, view, filters={**beside, name: "nonsense"})
    assert isinstance(told, Refused)
    assert (told.code, told.field) == ("E-FIELD", name)
    assert words in told.en


@pytest.mark.parametrize("numbers", [None, "9988765432100019"])
def test_a_dry_run_uses_up_no_number_of_a_batch(issuer: Issuer, numbers: str | None) -> None:
    """S1-01."""
    bureau, first = issuer.bureau, issuer.batch()
    values: dict[str, Any] = {
        "product": issuer.product, "name": "Winter", "cards": 1,
        "responsible": issuer.manager.login, **({"numbers": numbers} if numbers else {}),
    }  # fmt: skip
    before = bureau.sql("SELECT count(*), max(id) FROM card_batch_part")
    told = bureau.do(issuer.maker, "card_batch.create", _is_dry_run=True, **values)
    assert isinstance(told, Done), told
    assert bureau.refused(issuer.maker, "card_batch.create", **values | {"cards": 0}) == "E-FIELD"
    wrong = {"responsible": issuer.manager.login, "numbers": "1", "cards": 1}
    assert bureau.refused(issuer.maker, "card_batch.create", **values | wrong) == "E-NUMBER"
    assert bureau.sql("SELECT count(*), max(id) FROM card_batch_part") == before
    year, number = issuer.batch().subject.rsplit("-", 1)
    assert first.subject == f"{year}-{int(number) - 1:04}"
    assert told.subject == f"{year}-{number}"


def test_pages_of_a_batch_go_on_from_one_part_to_the_next(issuer: Issuer) -> None:
    made, bureau = issuer.batch(), issuer.bureau
    issuer.batch()
    bureau.done(issuer.maker, "card_batch.add", batch=made.subject, cards=3)
    bureau.do_jobs()
    asked = {"batch": made.subject}
    [*whole] = bureau.show(issuer.maker, "batch_cards", **asked).rows
    seen: list[list[Any]] = []
    after: list[str] = []
    for _ in range(4):
        page = bureau.look(
            issuer.maker, "batch_cards", filters=asked, rows_max=2, after=after, is_counted=True
        )
        assert page.count == 6
        seen, after = [*seen, *page.rows], page.next
        if not after:
            break
    assert (seen, after, len(whole)) == (whole, [], 6)


def test_a_member_is_added_once_and_shown_masked(bureau: Bureau) -> None:
    """S4-26, S3-18."""
    owner = bureau.person("merchant_owner")
    told = {"phone": "13700001234", "merchant": HOME["merchant"], "name": "王小明"}
    member = bureau.done(owner, "member.add", **told).subject
    again = bureau.do(owner, "member.add", **told)
    assert isinstance(again, Refused)
    assert (again.code, again.en) == ("E-ID", "member 137****1234 is there already")
    [row] = bureau.rows(owner, "members", member=member)
    assert (row["name"], row["phone"]) == ("王*", "137****1234")
