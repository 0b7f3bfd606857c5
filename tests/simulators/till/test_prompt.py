"""Whole sessions at a till, against a whole posswitch: what is typed, and what is read of it."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import pytest
from rich.cells import cell_len

from host.estate.demo import CARD_NAMES, ODD_CARDS
from simulators.channels import CHANNELS, Place
from simulators.record import Record
from simulators.till.codes import words_of_code
from simulators.till.commands import COMMANDS, At
from simulators.till.magic import LATE, MAGIC, NOTHING, By, Magic
from simulators.till.prompt import Prompt, TillPlace, standing_till
from simulators.till.screen import WIDTH
from tests.simulators.scripted import ESTATE

PLANS = {plan.terminal_id: plan for plan in ESTATE.terminals}
TRACES: Final = itertools.count(700_000, 1_000)
"""Where each session's traces begin, so that none repeats another's."""
TERMINALS: Final = {
    "pos": itertools.cycle(f"{number}" for number in range(80_010_017, 80_010_033)),
    "nac": itertools.cycle(f"{number}" for number in range(80_020_012, 80_020_020)),
    "external": itertools.cycle(f"{number}" for number in range(80_050_002, 80_050_005)),
}
"""Each session has another, for a switch takes few sign-ons of one terminal at a time."""
PROMPTS: Final = ("pos", "nac", "mis-json", "mis-fixed", "mis-iso", "softpos", "external")
At_ = Callable[[str], Place]


@asynccontextmanager
async def till(place_of: At_, channel: str = "pos", terminal: str = "") -> AsyncIterator[Prompt]:
    ours = TERMINALS.get(channel)
    plan = PLANS[terminal or (next(ours) if ours else CHANNELS[channel].till)]
    place = replace(place_of(channel), last_trace=next(TRACES))
    with Record() as record:
        async with standing_till(TillPlace(channel, plan, ESTATE, place), record) as prompt:
            await prompt.open()
            yield prompt


async def typed(prompt: Prompt, *lines: str) -> list[str]:
    said = [await prompt.take(line) for line in lines]
    for each in said:
        assert all(cell_len(line) <= WIDTH for line in each.splitlines()), each
    return said


async def test_a_till_that_is_switched_on_signs_on_and_says_who_it_is(place_of: At_) -> None:
    with Record() as record:
        at = TillPlace("pos", PLANS["80010017"], ESTATE, place_of("pos"))
        async with standing_till(at, record) as prompt:
            said = await prompt.open()
    assert "Harbour" in said or "Noodle" in said
    assert "terminal 80010017" in said
    assert "APPROVED    00 approved (交易成功)" in said
    assert "keys        taken; batch" in said
    assert prompt.was_answered


async def test_a_receipt_has_amount_unit_currency_balance_and_card(place_of: At_) -> None:
    async with till(place_of) as prompt:
        [said] = await typed(prompt, "purchase 521 12.34")
    lines = said.splitlines()
    assert lines[0] == "#1  PURCHASE"
    assert "    amount      12.34 CNY" in lines
    assert "    APPROVED    00 approved (交易成功)" in lines
    assert "    balance     987.66 CNY" in lines
    assert "City Card 521" in said
    assert "998800******5212" in said
    assert "reference " in said
    assert "batch 000" in said


async def test_points_are_told_on_a_receipt_as_points(place_of: At_) -> None:
    async with till(place_of) as prompt:
        redeemed, earned, asked = await typed(prompt, "redeem 525 500", "earn 525 20", "points 525")
    assert "amount      500 points" in redeemed
    assert "used        500 points" in redeemed
    assert "points      1,500 points" in redeemed
    assert "amount      20.00 CNY" in earned
    assert "earned      20 points" in earned
    assert "points      1,520 points" in asked


@pytest.mark.parametrize(
    ("channel", "card"), [("pos", 571), ("mis-json", 572), ("mis-iso", 573), ("softpos", 574)]
)
async def test_what_is_held_is_raised_completed_and_voided_by_its_receipt(
    place_of: At_, channel: str, card: int
) -> None:
    async with till(place_of, channel) as prompt:
        none, held, raised, paid, again, _, freed, left, settled = await typed(
            prompt, "complete", f"hold {card} 100", "hold more 20", "complete 110", "complete #1",
            f"hold {card} 50", "void", f"balance {card}", "settle",
        )  # fmt: skip
    assert "nothing is held. Next: hold first 100" in none
    assert "PRE-AUTHORISATION" in held
    assert "balance     900.00 CNY" in held
    assert "balance     880.00 CNY" in raised
    assert "balance     890.00 CNY" in paid
    assert "DECLINED" in again
    assert "APPROVED" in freed
    assert "balance     890.00 CNY" in left
    assert "AGREED" in settled


async def test_a_decline_has_its_words_and_what_to_do(place_of: At_) -> None:
    async with till(place_of) as prompt:
        [said] = await typed(prompt, "purchase frozen 50")
    told = "".join(f"DECLINED 62 {words_of_code('62')}".split())
    assert told in "".join(said.split()), "whatever shares it"
    assert "next        the card is frozen; another card: cards" in said


async def test_a_lost_answer_is_reversed_and_the_receipt_tells_it(place_of: At_) -> None:
    async with till(place_of) as prompt:
        armed, said, balance = await typed(
            prompt, "lose answer", "purchase 522 12.34", "balance 522"
        )
    assert "the next message: its answer is not heard" in armed
    assert "NO ANSWER   nothing was heard" in said
    assert "reversed    answered 00" in said
    assert "balance     1,000.00 CNY" in balance


@pytest.mark.parametrize(
    ("fault", "card", "left"),
    [
        ("lose request", 551, "1,000.00"),
        ("late answer", 552, "1,000.00"),
        ("garble answer", 553, "1,000.00"),
        ("cut", 554, "1,000.00"),
        ("cut half", 555, "1,000.00"),
        ("dead line", 556, "1,000.00"),
        ("twice", 557, "990.00"),
    ],
)
async def test_what_goes_wrong_moves_nothing_but_once(
    place_of: At_, fault: str, card: int, left: str
) -> None:
    async with till(place_of) as prompt:
        _said, balance, settled = await typed(
            prompt, f"purchase {card} 10.00 {fault}", f"balance {card}", "settle"
        )
    assert f"balance     {left} CNY" in balance
    assert "AGREED" in settled


async def test_a_reversal_that_is_lost_too_is_pending_until_it_is_mended(place_of: At_) -> None:
    async with till(place_of) as prompt:
        _armed, lost, mended, again = await typed(
            prompt, "lose answer 2", "purchase 524 10.00", "mend", "mend"
        )
    assert "NO ANSWER" in lost
    assert "pending     goes out again" in lost
    assert "reversed    answered 00" in mended
    assert "nothing is pending" in again


async def test_a_void_is_of_the_last_sale_or_the_one_named(place_of: At_) -> None:
    async with till(place_of) as prompt:
        said = await typed(
            prompt, "purchase 526 1", "purchase 526 2", "void #1", "void", "void", "history"
        )
    assert "of          #1, purchase" in said[2]
    assert "of          #2, purchase" in said[3]
    assert said[4] == "there is no sale to take back. Next: purchase first 12.34"
    history = said[5].splitlines()
    assert [line.split() for line in history] == [
        ["#1", "purchase", "1.00", "CNY", "approved", "voided", "by", "#3"],
        ["#2", "purchase", "2.00", "CNY", "approved", "voided", "by", "#4"],
        ["#3", "void", "1.00", "CNY", "approved"],
        ["#4", "void", "2.00", "CNY", "approved"],
    ]


async def test_a_refund_is_of_a_part_or_of_all(place_of: At_) -> None:
    async with till(place_of) as prompt:
        said = await typed(
            prompt, "purchase 527 10", "refund 2.50", "refund #1 7.50", "balance 527"
        )
    assert "amount      2.50 CNY" in said[1]
    assert "APPROVED" in said[2]
    assert "balance     1,000.00 CNY" in said[3]


async def test_a_repeat_gets_the_same_answer_and_a_reversal_by_hand_undoes(place_of: At_) -> None:
    async with till(place_of) as prompt:
        said = await typed(
            prompt, "purchase 528 10", "repeat", "reverse", "repeat", "balance 528", "settle"
        )
    assert "the same answer as the first time: nothing moved twice" in said[1]
    assert "#1 is as if it had never been" in said[2]
    assert "DECLINED    94" in said[3]
    assert "balance     1,000.00 CNY" in said[4]
    assert "AGREED" in said[5]


async def test_a_void_that_is_reversed_lets_its_sale_stand(place_of: At_) -> None:
    async with till(place_of) as prompt:
        said = await typed(prompt, "purchase 529 10", "void", "reverse", "balance 529", "history")
    assert "balance     990.00 CNY" in said[3]
    assert "voided" not in said[4]


async def test_what_is_never_reversed_says_so(place_of: At_) -> None:
    async with till(place_of) as prompt:
        said = await typed(prompt, "reverse", "repeat", "balance 530", "reverse")
    assert said[0] == said[1] == "nothing was traded yet. Next: purchase first 12.34"
    assert said[3] == "a balance inquiry is never reversed from here"


async def test_a_batch_shows_its_totals_and_settles(place_of: At_) -> None:
    async with till(place_of) as prompt:
        said = await typed(
            prompt,
            "settle",
            "purchase 531 10",
            "purchase 531 5",
            "void",
            "batch",
            "settle",
            "batch",
        )
    assert "money       debit 2 of 15.00 CNY, credit 1 of 5.00 CNY" in said[4]
    assert "AGREED" in said[5]
    assert "0 entries" in said[6]


async def test_a_settlement_that_forgets_an_entry_differs_and_says_what_to_do(
    place_of: At_,
) -> None:
    async with till(place_of) as prompt:
        said = await typed(prompt, "purchase 532 10", "settle 1")
    assert "DIFFERS" in said[1]
    assert "posswitch terminal exceptions" in said[1]


async def test_keys_that_the_switch_does_not_take_are_made_good_first(place_of: At_) -> None:
    """Somebody else has signed on as this terminal: A0 is no answer for a cashier."""
    async with till(place_of) as prompt:
        async with till(place_of, terminal=prompt.desk.plan.terminal_id) as other:
            await typed(other, "balance 533")
        [said] = await typed(prompt, "purchase 533 10")
        assert said.splitlines()[0].startswith("A0: the switch does not take this till's keys.")
        assert "APPROVED    00" in said
        assert "balance     990.00 CNY" in said


async def test_the_wire_stands_beside_the_receipt_on_demand(place_of: At_) -> None:
    async with till(place_of) as prompt:
        said = await typed(
            prompt, "wire", "balance 534", "wire", "wire on", "purchase 534 1", "wire off", "echo"
        )
    assert "--> sent" in said[0], "the sign-on"
    assert "--> sent" not in said[1]
    assert "processing code       310000" in said[2]
    assert "--> sent" in said[4]
    assert "<-- heard" in said[4]
    assert "amount                000000000100 1.00 CNY" in said[4]
    assert "--> sent" not in said[6]


async def test_no_card_number_pin_or_key_is_ever_shown(place_of: At_) -> None:
    pan = ESTATE.cards[534].pan.reveal()
    async with till(place_of) as prompt:
        said = await typed(prompt, "wire on", "sign on", "purchase 535 1", "history", "wire")
        session = prompt.desk.pos
        assert session is not None
        key = session.session.who.pik
        assert key is not None
    shown = "".join(said).replace(" ", "").replace("\n", "")
    assert pan not in shown
    assert pan[6:] not in shown
    assert key.reveal().hex().upper() not in shown


@pytest.mark.parametrize("channel", PROMPTS)
async def test_everything_that_help_shows_can_be_typed_as_it_stands(
    place_of: At_, channel: str
) -> None:
    async with till(place_of, channel) as prompt:
        [page] = await typed(prompt, "help")
        for command in prompt.commands:
            assert command.usage in page
            assert command.example in page
            [more] = await typed(prompt, f"help {command.name}")
            assert command.usage in more
            example = command.example.replace("first", "540")  # the worked messages' own
            await typed(prompt, "purchase 540 1", example)
            assert not prompt.mistyped, command.name
        await typed(prompt, "settle")


@pytest.mark.parametrize("channel", [each for each in PROMPTS if each != "external"])
async def test_a_day_at_every_kind_of_till(place_of: At_, channel: str) -> None:
    async with till(place_of, channel) as prompt:
        said = await typed(
            prompt,
            "purchase 545 10",
            "refund 4",
            "purchase 545 10 lose answer",
            "repeat",
            "load 545 5",
            "redeem 545 100",
            "earn 545 10",
            "batch",
            "settle",
        )
    assert "amount      10.00 CNY" in said[0]
    assert "APPROVED    00" in said[0]
    assert "balance" in said[0]
    assert "APPROVED    00" in said[1]
    assert "APPROVED    00" in said[4]
    assert "amount      100 points" in said[5]
    assert "AGREED" in said[8], said
    assert not prompt.desk.till.terminal.has_pending
    counts, receipts = prompt.desk.counts, prompt.desk.receipts
    assert counts["approved"] + counts["no"] == 6, [each.in_short() for each in receipts]


async def test_the_summary_counts_and_says_what_is_left(place_of: At_) -> None:
    async with till(place_of) as prompt:
        await typed(prompt, "settle", "purchase 546 1", "purchase frozen 1", "balance 546 cut")
        said = prompt.summary()
    assert said.splitlines()[0] == "3 transactions: 1 approved, 1 declined, 1 without an answer"
    assert "settle would close it" in said


async def test_what_is_no_command_is_a_sentence_and_sends_nothing(place_of: At_) -> None:
    async with till(place_of) as prompt:
        prompt.desk.heard.clear()
        for line in ("dance", "purchase", "purchase x 1", "purchase 1 x", "void #7", "lose", "\0"):
            [said] = await typed(prompt, line)
            assert "Next: " in said, line
        assert not prompt.desk.heard
        assert prompt.mistyped == 7


async def test_empty_lines_and_remarks_are_passed_over(place_of: At_) -> None:
    async with till(place_of) as prompt:
        assert await typed(prompt, "", "   ", "# a remark", "#") == ["", "", "", ""]
        assert prompt.is_end(" QUIT ")
        assert not prompt.mistyped


async def test_a_command_may_be_spelled_as_in_a_scenario(place_of: At_) -> None:
    async with till(place_of) as prompt:
        said = await typed(prompt, "sign_on", "cash_load 547 5", "VERIFY_LOAD 547", "Echo")
    assert all("APPROVED" in each for each in said)


async def test_tab_completes_the_commands_of_this_kind_of_till(place_of: At_) -> None:
    async with till(place_of, "mis-json") as prompt:
        assert prompt.completions("re") == [
            "refund",
            "redeem",
            "redeem part",
            "reverse",
            "repeat",
            "receipt",
        ]
        assert "dip" not in prompt.completions("")
        [said] = await typed(prompt, "dip first 5")
    assert said == "only POS terminals do this. Next: help"


async def test_the_gateway_of_a_till_is_restarted_by_command(place_of: At_) -> None:
    async with till(place_of, "nac") as prompt:
        said = await typed(prompt, "restart gateway", "echo")
    assert "begins anew" in said[0]


def test_every_name_of_a_card_is_a_card() -> None:
    ids = {card.id for card in ESTATE.cards} | {-1}
    assert set(CARD_NAMES.values()) <= ids
    assert {odd.name for odd in ODD_CARDS.values()} <= CARD_NAMES.keys()


def test_no_two_commands_are_spelled_alike() -> None:
    names = [{name.replace("_", " ") for name in (each.name, *each.also)} for each in COMMANDS]
    assert sum(map(len, names)) == len(set.union(*names))
    assert {each.at for each in COMMANDS} == set(At)


@pytest.mark.parametrize("magic", MAGIC, ids=[each.line for each in MAGIC])
async def test_every_row_of_magic_is_answered_as_it_is_written(place_of: At_, magic: Magic) -> None:
    if magic.f39 == LATE:
        pytest.skip("how long a switch waits for its issuer is a setting")
    channel = "external" if magic.by is By.ISSUER else "pos"
    async with till(place_of, channel, magic.terminal) as prompt:
        await typed(prompt, magic.line)
        [receipt] = prompt.desk.receipts
    assert (receipt.answer.f39 or NOTHING) == magic.f39
