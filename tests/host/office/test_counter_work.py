"""A clerk's own list, and what of it they take back by themselves."""

from host.model.office import Done, Refused
from tests.host.conftest import Till
from tests.host.office.conftest import STORE, Bureau
from tests.host.office.test_voucher_use import Desk, desk
from tests.host.test_vouchers import FACE, redeem

__all__ = ["desk"]


async def test_what_a_clerk_looks_at_is_told_and_nothing_happens(desk: Desk) -> None:
    """S2-13: looking is the action itself, but for keeping it."""
    code = desk.codes()[0]
    values = {"store": desk.store, "voucher_code": code.reveal()}
    told = desk.bureau.do(desk.clerk, "voucher.redeem", _is_dry_run=True, **values)
    assert isinstance(told, Done), told
    assert {name: told.told[name] for name in ("voucher", "name", "face_minor", "valid_to")} == {
        "voucher": code.masked,
        "name": "Autumn",
        "face_minor": FACE,
        "valid_to": "2029-12-31",
    }
    assert desk.bureau.sql("SELECT count(*) FROM job WHERE action = 'voucher.redeem'") == [(0,)]


async def test_wrong_codes_are_counted_while_they_are_looked_at(desk: Desk) -> None:
    """S2-14: who guesses by looking alone is stopped after five, and what is right as well."""
    right = desk.codes()[0].reveal()
    for place in range(5):
        wrong = ("0" if right[place] != "0" else "1").join([right[:place], right[place + 1 :]])
        assert _looked(desk, wrong) == "E-VOUCHER-CODE"
    assert _looked(desk, right) == "E-TRIES"


async def test_a_clerk_sees_their_own_and_takes_it_back_the_same_day(desk: Desk) -> None:
    """S2-14: by themselves, and nobody else's list has it."""
    code = desk.codes()[0]
    await desk.redeem(code)
    [row] = desk.bureau.rows(desk.clerk, "counter_work", mine="true")
    assert (row["action"], row["outcome"], row["voucher"]) == (
        "voucher.redeem",
        "done",
        code.masked,
    )
    other = desk.bureau.person("store_clerk")
    assert desk.bureau.rows(other, "counter_work", mine="true") == []
    refused = await desk.done(other, "transaction.void", rrn=row["rrn"])
    assert isinstance(refused, Refused)
    assert refused.code == "E-NOT-YOUR-ROLE"
    undone = await desk.done(desk.clerk, "transaction.void", rrn=row["rrn"])
    assert isinstance(undone, Done), undone
    assert desk.job() == ("done", "")
    void, _redeemed = desk.bureau.rows(desk.clerk, "counter_work", mine="true")
    assert (void["of_rrn"], void["outcome"]) == (row["rrn"], "done")
    assert desk.findings() == []
    assert isinstance(await desk.redeem(code), Done)


async def test_a_clerk_takes_back_nothing_of_a_till(desk: Desk, till: Till) -> None:
    answer = await redeem(till, desk.codes()[0])
    refused = await desk.done(desk.clerk, "transaction.void", rrn=answer.rrn)
    assert isinstance(refused, Refused)
    assert refused.code == "E-NOT-YOUR-ROLE"


def _looked(desk: Desk, code: str) -> str:
    values = {"store": int(STORE), "voucher_code": code}
    told = desk.bureau.do(desk.clerk, "voucher.redeem", _is_dry_run=True, **values)
    assert isinstance(told, Refused), told
    return told.code


def test_the_list_is_nobody_elses(bureau: Bureau) -> None:
    told = bureau.look(bureau.person("store_clerk"), "counter_work", filters={})
    assert isinstance(told, Refused)
