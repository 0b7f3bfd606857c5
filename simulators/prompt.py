"""A till to poke at: a line typed is a step of a scenario, and its answer is shown."""

from collections.abc import Iterator
from typing import Final, Protocol

import trio

from host.estate.demo import external_cards
from host.estate.plan import EstatePlan, TerminalPlan
from host.model.money import CURRENCY_BY_NUMBER, HOUSE_CURRENCY, POINTS_PREFIX, Money
from simulators.channels import CHANNELS, Place
from simulators.faults import Fault
from simulators.record import Record
from simulators.scenario import ACTS, Misfortune, Step, StepError, Till
from terminals.fields import BALANCE, size_of

LAST: Final = "last"
"""The sale that a prompt's void or refund is about."""
SCRIPTED: Final = frozenset({"misremember_batch"})
"""What a line cannot say: it wants a text."""
TYPED: Final = tuple(name for name in ACTS if name not in SCRIPTED)
AMOUNTS: Final = {
    "balance": ("balance", HOUSE_CURRENCY),
    "points": ("points balance", POINTS_PREFIX),
    "points_earned": ("earned", POINTS_PREFIX),
    "points_used": ("used", POINTS_PREFIX),
}
"""Words of answers that are amounts, and in what."""
POINTS_CONDITION: Final = "65"
"""F25 of what is asked in points."""
BALANCE_CHARACTERS: Final = size_of(BALANCE)
HIDDEN: Final = frozenset({"2", "35", "52", "62", "64", "mac", "key_block"})
"""Fields a prompt does not show: cards, keys and codes."""


class Console(Protocol):
    """Where a person types and reads."""

    def read(self) -> str | None:
        """The next line, None where there are no more."""

    def write(self, text: str) -> None:
        """What came of it."""


async def run_prompt(
    channel_name: str, plan: TerminalPlan, estate: EstatePlan, place: Place, console: Console
) -> None:
    """A till to poke at: a line a step, until there are no more lines."""
    misfortune = Misfortune()
    cards = {card.id: card for card in (*estate.cards, *external_cards())}
    with Record() as record:
        async with CHANNELS[channel_name].opens(place) as channel:
            counter = channel.counter(plan, estate, record, misfortune)
            async with counter.line:
                till = Till(counter.terminal, counter.line, misfortune, cards)
                while (line := await trio.to_thread.run_sync(console.read)) is not None:
                    console.write(await _tried(till, line))


async def _tried(till: Till, line: str) -> str:
    try:
        step = step_of(line)
        fields = await till.take(step)
    except StepError as error:
        return str(error)
    if fields is None:
        return "no answer was to be believed"
    return shown(fields)


def shown(fields: dict[str, str]) -> str:
    """Fields as they came, and behind them the amounts among them as people write them."""
    raw = "  ".join(f"{name}={text}" for name, text in fields.items() if name not in HIDDEN)
    money = ", ".join(_amounts(fields))
    return f"{raw}  ({money})" if money else raw


def _amounts(fields: dict[str, str]) -> Iterator[str]:
    unit = CURRENCY_BY_NUMBER.get(fields.get("49", ""), "")
    unit = POINTS_PREFIX if fields.get("25") == POINTS_CONDITION else unit
    if unit and fields.get("4", "").isdecimal():
        yield f"amount {Money(int(fields['4']), unit)}"
    for name, (what, in_what) in AMOUNTS.items():
        if fields.get(name, "0").strip("0").isdecimal():
            yield f"{what} {Money(int(fields[name]), in_what)}"
    balances = fields.get("54", "")
    for start in range(0, len(balances) - BALANCE_CHARACTERS + 1, BALANCE_CHARACTERS):
        one = balances[start : start + BALANCE_CHARACTERS]
        sign = -1 if one[BALANCE["sign"]] == "D" else 1
        unit = CURRENCY_BY_NUMBER.get(one[BALANCE["currency"]], "")
        if (digits := one[BALANCE["amount"]]).isdecimal():
            yield f"balance {Money(sign * int(digits), unit)}"


def step_of(line: str) -> Step:
    """`purchase 201 5000 drop_answer`: what, which card, how much, what goes wrong.

    A void or refund takes back the last sale: `void`, `refund 2500`.

    Raises:
        StepError: it is no such line; says what would be.
    """
    do, *words = line.split() or [""]
    if do not in TYPED:
        raise StepError(f"no such thing: {do or 'nothing'}. Next: one of {', '.join(TYPED)}")
    numbers = [int(word) for word in words if word.lstrip("-").isdigit()]
    faults = [word for word in words if word in set(Fault)]
    if len(numbers) + len(faults) != len(words):
        raise StepError(f"{line!r}: numbers, then a fault. Next: purchase 201 5000 drop_answer")
    of_sale = do in {"void", "refund"}
    amount = numbers[-1] if numbers and (of_sale or len(numbers) > 1) else 0
    return Step(
        do=do,
        card=numbers[0] if numbers and not of_sale else 0,
        amount=amount,
        of=LAST if of_sale else "",
        save=LAST,
        fault=Fault(faults[0]) if faults else Fault.NONE,
    )
