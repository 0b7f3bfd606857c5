"""`posswitch rules dry-run`: a past day, held against the rules of now, or the proposed ones."""

import datetime as dt
from pathlib import Path

from config.as_json import print_json
from config.language import Language, speech
from config.screen import Column, Sheet, number, screen
from config.tasks.lives import Labelled, opened_books, outcome_of, print_labelled, words_of
from host.house_rules.rule import HouseRule
from host.house_rules.sentence import sentence
from host.model.money import Money
from host.model.numbers import rrn_of
from host.rules.replaying import UNKNOWN, Change
from host.store.book import read_estate
from host.store.connecting import LONG
from host.store.replaying import Tried, replay

SUMS = (
    Column("kind"),
    number("approved"),
    number("amount"),
    number("would be"),
    number("amount then"),
)


def dry_run(
    data: Path, settings: Path | None, day: dt.date, *, is_proposed: bool, as_json: bool
) -> None:
    """Print which answers and which sums would be others.

    Raises:
        DayUnknownError: there was no such business date.
    """
    with opened_books(data, settings, LONG) as (connection, _, _):
        book = read_estate(connection)
        tried = replay(connection, book, day, None if is_proposed else ())
    if as_json:
        print_json(_as_told(tried))
        return
    result, console = tried.result, screen()
    head = f"{day}: {result.changed:,} of {result.asked:,} answers would be others"
    console.print(head, markup=False)
    if result.sums:
        console.print(Sheet(SUMS, list(_sums(tried))))
    print_labelled(_labelled(tried))


def _sums(tried: Tried) -> list[list[str]]:
    return [
        [
            words_of(kind),
            f"{one.was_times:,}",
            str(Money(one.was_minor, unit)),
            f"{one.times:,}",
            str(Money(one.minor, unit)),
        ]
        for (kind, unit), one in sorted(tried.result.sums.items())
    ]


def _labelled(tried: Tried) -> Labelled:
    result, rules = tried.result, {rule.id: rule for rule in tried.rules}
    for number_of, one in sorted(result.by_rule.items()):
        yield "rule", _rule(number_of, rules.get(number_of))
        yield (
            "",
            f"refuses {one.times:,} that had passed, lets pass {one.was_times:,} it had refused",
        )
    for change in sorted(result.largest, reverse=True):
        yield "answer", _change(change)
    yield "not known", f"{result.not_known:,} were declined by no rule, and stay so"
    if result.goods_not_known:
        yield "", f"{result.goods_not_known:,} could not be asked for their goods"
    for unknown in UNKNOWN:
        yield "", unknown


def _rule(number_of: int, rule: HouseRule | None) -> str:
    if not number_of:
        return "none: what follows from another change"
    if rule is None:
        return f"rule {number_of}, which is not in force"
    said = sentence(rule)
    says = said.zh if speech.language is Language.CHINESE else said.en
    return f"rule {rule.id}, version {rule.version}, {rule.name}: {says}"


def _change(change: Change) -> str:
    amount, kind = Money(change.amount, change.unit), words_of(change.kind)
    was, would_be = outcome_of(change.was), outcome_of(change.would_be)
    return f"RRN {rrn_of(change.number)} {kind} {amount}: {was}, would be {would_be}"


def _as_told(tried: Tried) -> dict[str, object]:
    result = tried.result
    return {
        "date": tried.day,
        "asked": result.asked,
        "changed": result.changed,
        "sums": [
            {
                "kind": kind,
                "was_times": one.was_times,
                "was": Money(one.was_minor, unit),
                "times": one.times,
                "would_be": Money(one.minor, unit),
            }
            for (kind, unit), one in sorted(result.sums.items())
        ],
        "rules": [
            {"rule": rule, "refuses": one.times, "lets_pass": one.was_times}
            for rule, one in sorted(result.by_rule.items())
        ],
        "largest": [
            {
                "rrn": rrn_of(one.number),
                "kind": one.kind,
                "amount": Money(one.amount, one.unit),
                "was": one.was,
                "would_be": one.would_be,
                "rule": one.rule,
            }
            for one in sorted(result.largest, reverse=True)
        ],
        "declined_otherwise": result.not_known,
        "goods_not_known": result.goods_not_known,
        "not_known": UNKNOWN,
    }
