"""What the office tells, at a command line: amounts, moments and words for people."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from config.language import Language, speech
from config.tasks.office_words import label, shown
from host.office.stock_refusals import ALL_REFUSALS


@pytest.fixture(autouse=True)
def in_shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("name", "value", "unit", "text"),
    [
        ("balance_minor", 8_666, None, "86.66"),
        ("balance_minor", -1_234_567, "CNY", "-12,345.67"),
        ("amount_minor", 1_200, "P:CITY", "1,200"),
        ("amount_minor", 1_200, "G:", "1,200"),
        ("amount_minor", 4, "S:", "4"),
        ("face_minor_max", 10_000, None, "100.00"),
        ("cards", 1_200, None, "1200"),
        ("is_active", True, None, "yes"),
        ("state", "asked", None, "waiting"),
        ("at", "2026-11-26T13:15:44.200000Z", None, "2026-11-26 21:15:44"),
        ("until", "2026-11-29T13:15:46+00:00", None, "2026-11-29 21:15:46"),
        ("valid_to", "2029-12-31", None, "2029-12-31"),
        ("asked", {"part": None, "limit_minor": 500, "note": ""}, None, "limit: 5.00"),
        ("written_back", [{"unit": "P:CITY", "amount_minor": 7}], None,
         "unit: points CITY, amount: 7"),
        ("nothing", None, None, ""),
        ("note", "asked", None, "asked"),
        ("asked", {"state": "asked", "note": "open"}, None, "state: waiting, why: open"),
    ],
)  # fmt: skip
def test_a_person_reads_figures_and_the_time_here(
    name: str, value: Any, unit: str | None, text: str
) -> None:
    assert shown(name, value, unit) == text


def test_a_value_is_said_in_the_language_of_who_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "language", Language.CHINESE)
    assert shown("is_active", value=True) == "是"
    assert shown("state", "suspended") == "已暂停"


def test_a_number_in_the_book_is_not_called_by_the_name_that_people_give() -> None:
    assert label("id", "merchant") == "number"
    assert label("code", "card_batch") == "code"
    assert label("code", "totp") == "one-time code"


def test_one_word_is_not_lent_to_another_thing() -> None:
    """What a move is and which card has the place, a card's state and what a terminal reports."""
    assert shown("kind", "replacement") == "replacement"
    assert label("replacement", "card") == "new card"
    assert label("status", "card") == "card state"


@pytest.mark.parametrize(
    ("error", "chinese"),
    [
        ("E-CARD: the card does not allow it (reason card lost)", "E-CARD: 卡状态不允许"),
        ("E-NOT-OPENED: the card batch is not opened", "E-NOT-OPENED: 批次未开启"),
        (
            "LiabilityError: its batch was voided meanwhile; nothing of it can be used",
            "其批次已被废弃，其中的卡都不能使用",
        ),
        ("KeyError: 7", "KeyError: 7"),
    ],
)
def test_why_a_job_was_not_done_is_said_in_the_language_of_who_reads(
    error: str, chinese: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown("error", error) == error
    monkeypatch.setattr(speech, "language", Language.CHINESE)
    assert shown("error", error).startswith(chinese)


def test_every_refusal_of_a_job_can_be_told_apart_by_its_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speech, "language", Language.CHINESE)
    for kind in ALL_REFUSALS.values():
        assert shown("error", f"{kind.code}: {kind.en}").startswith(f"{kind.code}: ")
