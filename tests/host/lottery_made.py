"""Puts a lottery into the database as the office would have left it: frozen, committed to, open."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from host.hsm.vault import Vault
from host.model.lottery import PARTS, Content, Prize, PrizeKind
from host.model.secrets import Secret
from host.rules.drawing import commitment_of, seed_of
from host.store.lotteries import place_of_seed
from tests.host.conftest import LMK, Till

HOUSE = Secret(bytes(range(100, 132)))
WORDS = ("the river is high", "the drums are wet")
CITY, PEAR = 1, 2
OWNERS = {"issuer_id": "issuer", "merchant_id": "merchant", "alliance_id": "alliance"}


def prizes_of(*odds: tuple[PrizeKind, int, int, int]) -> tuple[Prize, ...]:
    """Kind, amount, parts and stock of each; the last, nothing, has the parts that are left."""
    given = [
        Prize(
            place=place, code=f"P{place}", parts=parts, stock=stock, kind=kind, amount=amount,
            name=f"奖品 {place}",
        )
        for place, (kind, amount, parts, stock) in enumerate(odds, start=1)
    ]  # fmt: skip
    rest = PARTS - sum(one.parts for one in given)
    last = Prize(
        place=len(given) + 1,
        code="NONE",
        parts=rest,
        stock=None,
        kind=PrizeKind.NOTHING,
        name="谢谢参与",
    )
    return (*given, last)


def put_lottery(
    till: Till,
    code: str,
    prizes: Sequence[Prize],
    *,
    owner: tuple[str, int] = ("issuer_id", CITY),
    state: str = "open",
    **told: Any,
) -> Content:
    """It, with its prizes, its seed and its empty list."""
    content = _content(till, code, prizes, owner, told)
    seed = seed_of(HOUSE, *WORDS)
    author, freezer = (_person(till, login) for login in ("mei", "tao"))
    [(number,)] = till.sql(
        f"INSERT INTO lottery (code, name, {owner[0]}, unit, cost_points, threshold_points, cap,"
        " opens_on, closes_on, author_words, freezer_words, commitment, seed_sealed, made_by,"
        " made_at, frozen_by, frozen_at, state) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
        " %s, 'x', %s, now(), %s, now(), 'frozen') RETURNING id",
        code, content.name, owner[1], content.unit, content.cost_points, content.threshold_points,
        content.cap, content.opens_on, content.closes_on, *WORDS,
        commitment_of(seed, content.text), author, freezer,
    )  # fmt: skip
    sealed = Vault(LMK).seal_secret(HOUSE, place_of_seed(number))
    till.sql("UPDATE lottery SET seed_sealed = %s, state = %s WHERE id = %s", sealed, state, number)
    for one in prizes:
        till.sql(
            "INSERT INTO prize (lottery_id, place, code, name, kind, amount, parts, stock)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            number, one.place, one.code, one.name, one.kind, one.amount, one.parts, one.stock,
        )  # fmt: skip
        till.sql("INSERT INTO prize_stock VALUES (%s, %s, %s)", number, one.place, one.stock)
    till.sql(
        "INSERT INTO lottery_list (lottery_id, link) VALUES (%s, %s)",
        number, commitment_of(seed, content.text),
    )  # fmt: skip
    return content


def _content(
    till: Till, code: str, prizes: Sequence[Prize], owner: tuple[str, int], told: dict[str, Any]
) -> Content:
    column, number = owner
    name = {"issuer_id": "institution_id", "merchant_id": "merchant_id", "alliance_id": "code"}
    [(whose,)] = till.sql(f"SELECT {name[column]} FROM {OWNERS[column]} WHERE id = %s", number)
    about: dict[str, Any] = {
        "unit": "P:CITY",
        "cost_points": 50,
        "threshold_points": 0,
        "cap": 0,
        "opens_on": dt.date(2026, 11, 1),
        "closes_on": dt.date(2026, 12, 31),
        "name": f"抽奖 {code}",
        **told,
    }
    return Content(code=code, owner=f"{OWNERS[column]} {whose}", prizes=tuple(prizes), **about)


def _person(till: Till, login: str) -> int:
    found = till.sql("SELECT id FROM person WHERE login = %s", login)
    if not found:
        found = till.sql(
            "INSERT INTO person (login, name, phone_hash, phone_sealed, phone_masked, created_at)"
            " VALUES (%s, %s, %s, 'x', 'x', now()) RETURNING id",
            login, login, login.encode(),
        )  # fmt: skip
    return int(found[0][0])
