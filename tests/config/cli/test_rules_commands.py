"""`posswitch rules`: which rule decided what, and which would, as people read it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
import trio

from config.places import Places, places_of
from config.run.database import Dsns, embedded_dsns, opened_database
from config.settings import DatabaseSettings
from host.model.requests import Response
from tests.commands import run_command
from tests.host.conftest import CARDS, LMK, PLAN, put_estate, trading
from tests.host.rule_makers import put_rule

CARD, POOR = 2, 3
DIGITS = CARDS[CARD].pan.reveal()


@dataclass
class Ruled:
    """A data directory with a rule, and what was traded under it."""

    places: Places
    dsns: Dsns
    rule: int
    approved: Response
    by_rule: Response
    by_check: Response

    def said(self, *words: str, given: bytes = b"", lang: str = "en") -> str:
        done = run_command("--lang", lang, "rules", *words, "--data", self.places.data, given=given)
        assert done.returncode == 0, done.stderr
        assert DIGITS not in done.stdout + done.stderr
        return done.stdout

    def refused(self, *words: str) -> str:
        done = run_command("rules", *words, "--data", self.places.data)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert "Next: " in done.stderr
        return done.stderr


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ruled]:
    places = places_of(tmp_path_factory.mktemp("ruled") / "data")
    with opened_database(DatabaseSettings(), places, say=lambda _: None):
        places.lmk.touch(0o600)
        places.lmk.write_text(LMK.reveal().hex())
        dsns = embedded_dsns(places.cluster)
        put_estate(dsns, PLAN)
        rule = put_rule(dsns, "amount_max", amount_minor=10_000, unit="CNY", period="day")

        async def trade() -> tuple[Response, Response, Response]:
            async with trading(dsns) as till:
                approved = await till.buy(CARD, 6_000)
                return approved, await till.buy(CARD, 4_001), await till.buy(CARD, 150_000)

        yield Ruled(places, dsns, rule, *trio.run(trade))


def test_an_approval_is_explained_by_the_rule_that_counted_it(ruled: Ruled) -> None:
    said = ruled.said("explain", ruled.approved.rrn)
    assert f"RRN {ruled.approved.rrn}  purchase  approved (00)" in said
    assert f"rule {ruled.rule}, version 1, amount_max of a test: no more than 100.00 CNY" in said
    assert "60.00 CNY asked, 0.00 CNY used before, at most 100.00 CNY" in said
    assert "it let it pass, and counted it" in said


def test_a_decline_is_explained_by_the_rule_that_decided_it(ruled: Ruled) -> None:
    """S1-07: with its figures."""
    said = ruled.said("explain", ruled.by_rule.rrn)
    assert "(61)" in said
    assert "40.01 CNY asked, 60.00 CNY used before, at most 100.00 CNY" in said
    assert "this rule decided: it says no" in said
    told = json.loads(ruled.said("explain", ruled.by_rule.rrn, "--json"))
    [rule] = told["rules"]
    assert (rule["rule"], rule["outcome"]) == (ruled.rule, "denied")


def test_a_decline_that_no_rule_decided_is_explained_by_its_check(ruled: Ruled) -> None:
    said = ruled.said("explain", ruled.by_check.rrn)
    assert "no rule of the house decided it: a check of its kind did" in said
    assert "Posted less held is enough." in said


def test_an_rrn_that_nobody_knows_is_refused_with_what_to_do(ruled: Ruled) -> None:
    assert "E-TRANSACTION-UNKNOWN" in ruled.refused("explain", "112299999999")


def test_a_decline_is_explained_in_chinese(ruled: Ruled) -> None:
    said = ruled.said("explain", ruled.by_rule.rrn, lang="zh")
    assert "由这条规则决定" in said
    assert "本次 40.01 CNY" in said


def test_what_if_names_the_rule_that_would_decide_and_its_figures(ruled: Ruled) -> None:
    said = ruled.said("what-if", str(CARD), "40.01", "80010001")
    assert "would be" in said
    assert "(61)" in said
    assert "40.01 CNY asked, 60.00 CNY used before, at most 100.00 CNY" in said
    assert "nothing was posted or counted" in said


def test_what_if_says_that_it_would_be_approved(ruled: Ruled) -> None:
    said = ruled.said("what-if", "-", "40.00", "80010001", given=DIGITS.encode())
    assert "approved (00)" in said
    assert "it lets it pass" in said
    with psycopg.connect(ruled.dsns.audit) as audit:
        assert audit.execute("SELECT amount_minor FROM usage_counter").fetchall() == [(6_000,)]


def test_what_if_tells_programs_the_same(ruled: Ruled) -> None:
    told = json.loads(ruled.said("what-if", str(CARD), "1500", "80010001", "--json"))
    assert (told["would_be_approved"], told["f39"]) == (False, "51")
    assert told["checks"] == ["Posted less held is enough."]
    assert told["rules"][0]["outcome"] == "not_decided"
    loaded = json.loads(
        ruled.said("what-if", str(POOR), "50", "80010001", "--kind", "cash_load", "--json")
    )
    assert (loaded["would_be_approved"], loaded["rules"]) == (True, [])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("99999999", "1", "80010001"), "E-CARD-UNKNOWN"),
        ((str(CARD), "1", "80019999"), "E-TERMINAL-UNKNOWN"),
        ((str(CARD), "1.001", "80010001"), "E-COMMAND-LINE"),
        ((str(CARD), "1", "80010001", "--channel", "mis"), "E-COMMAND-LINE"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_what_to_do(
    ruled: Ruled, words: tuple[str, ...], code: str
) -> None:
    assert code in ruled.refused("what-if", *words)


def test_what_if_is_told_in_chinese(ruled: Ruled) -> None:
    said = ruled.said("what-if", str(CARD), "40.01", "80010001", lang="zh")
    assert "本次 40.01 CNY" in said
    assert "nothing" not in said


def test_a_past_day_is_held_against_the_rules_that_are_proposed(ruled: Ruled) -> None:
    """S2-02: which answers and which sums change, and what cannot be known."""
    put_rule(ruled.dsns, "amount_max", amount_minor=5_000, unit="CNY", state="draft",
             activated_by=None, activated_at=None)  # fmt: skip
    now = ruled.said("dry-run", "--date", "2026-11-22")
    assert "2026-11-22: 0 of 2 answers would be others" in now
    said = ruled.said("dry-run", "--date", "2026-11-22", "--proposed")
    assert "2026-11-22: 2 of 2 answers would be others" in said
    assert "refuses 1 that had passed, lets pass 0 it had refused" in said
    assert "refuses 0 that had passed, lets pass 1 it had refused" in said
    assert f"RRN {ruled.approved.rrn} purchase 60.00 CNY: approved (00), would be" in said
    assert "1 were declined by no rule, and stay so" in said
    assert "points and earn rules are not reckoned anew" in said
    told = json.loads(ruled.said("dry-run", "--date", "2026-11-22", "--proposed", "--json"))
    [purchases] = told["sums"]
    assert (purchases["was"]["amount_minor"], purchases["would_be"]["amount_minor"]) == (
        6_000,
        4_001,
    )


def test_a_past_day_is_told_in_chinese(ruled: Ruled) -> None:
    said = ruled.said("dry-run", "--date", "2026-11-22", lang="zh")
    assert "应答会有所不同" in said
    assert "not known" not in said


def test_a_day_that_never_was_is_refused_with_what_to_do(ruled: Ruled) -> None:
    assert "E-NIGHT" in ruled.refused("dry-run", "--date", "2025-01-01")
