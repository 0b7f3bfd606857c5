"""Every sentence of an error has a code, and every code a row that says what to do next."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.cli import ending as cli
from config.error_kinds import ERROR_KINDS, KINDS_BY_CODE
from config.errors import (
    CODES,
    FOREIGN,
    OperatorError,
    SettingsError,
    SurroundingsError,
    code_of,
    explained,
    told,
)
from config.run.postgres import PostgresError
from config.tasks.explain import everything
from config.tasks.explain import explained as meanings_of
from host.link import tls
from host.model.responses import Reason
from host.office.refusals import COMMON, OF_ACTIONS
from host.office.refusals import REFUSALS as OF_OFFICE
from host.office.stock_refusals import OF_STOCK
from switch import dispatch, intake, telling
from switch.whys import CLOSURES, HANDSHAKES, REFUSALS, SILENCES
from switch.wire import connection, listeners
from terminals.remedies import REMEDIES
from tests.commands import run_command

ROOT = Path(__file__).parents[2]
RAISED = {"SettingsError", "SurroundingsError", "PostgresError", "ChildDiedError", "OperatorError"}


def _sites() -> Iterator[tuple[str, ast.Call]]:
    """Every place in `config` where an operator's error is made."""
    for file in sorted((ROOT / "config").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED:
                yield f"{file.name}:{node.lineno}", node


def test_every_code_that_is_given_has_a_row() -> None:
    literals = {
        word.value: place
        for place, call in _sites()
        for word in call.args[1:]
        if isinstance(word, ast.Constant)
    }
    classes = {
        kind.code for kind in (OperatorError, SettingsError, SurroundingsError, PostgresError)
    }
    given = {*literals, *classes, *CODES.values(), *(code for _, _, code in FOREIGN)}
    assert given <= {*KINDS_BY_CODE, *OF_OFFICE}
    assert set(KINDS_BY_CODE) <= given | {"E-BUG", "E-FILE"}, "a row that nothing gives"


def test_every_code_means_one_thing() -> None:
    """Whoever explains a code has one row: of the commands', the office's, or of cards'."""
    office = [*COMMON, *OF_ACTIONS]
    of_cards = [kind for kind in OF_STOCK.values() if not any(kind is row for row in office)]
    meant: dict[str, list[str]] = {}
    for code, why in [
        *((row.code, row.why) for row in ERROR_KINDS),
        *((row.code, row.why) for row in (*office, *of_cards)),
    ]:
        meant.setdefault(code, []).append(why)
    assert {code: said for code, said in meant.items() if len(said) > 1} == {}


@pytest.mark.parametrize("code", sorted({*OF_OFFICE, *(kind.code for kind in OF_STOCK.values())}))
def test_every_code_that_the_office_refuses_with_is_explained(code: str) -> None:
    """Of cards, too: what it means, why, and what to do next."""
    rows = [row for row in meanings_of(code.lower()) if row["code"] == code]
    assert rows
    for row in rows:
        assert row["next"]
        assert "{facts}" not in str(row)
    assert code in {each["code"] for each in everything()}


def test_codes_are_spelled_alike_and_say_what_why_and_next() -> None:
    assert len(KINDS_BY_CODE) == len(ERROR_KINDS)
    for kind in ERROR_KINDS:
        assert re.fullmatch(r"E(-[A-Z]+)+", kind.code)
        assert all((kind.what, kind.why, kind.next))


@pytest.mark.parametrize(("module", "name", "code"), FOREIGN)
def test_errors_of_lower_floors_are_there_and_have_their_code(
    module: str, name: str, code: str
) -> None:
    kind = getattr(importlib.import_module(module), name)
    error = kind(["a problem"]) if name == "UnsafeDatabaseError" else kind("a problem")
    assert code_of(error) == code


def test_the_code_of_an_error_is_that_of_its_nearest_kind() -> None:
    assert code_of(psycopg.errors.ConnectionTimeout("gone")) == "E-DATABASE-AWAY"
    assert code_of(FileNotFoundError(2, "none", "x")) == "E-FILE"
    assert code_of(KeyError("x")) == "E-BUG"
    full = explained(OSError(28, "No space left on device"))
    assert full is not None
    assert told(full).startswith("E-DISK-FULL: cannot use a file: No space left")


def test_a_sentence_without_a_cure_of_its_own_ends_with_what_explains_it() -> None:
    assert told(SurroundingsError("it is gone.")) == (
        "E-SURROUNDINGS: it is gone. Next: posswitch explain E-SURROUNDINGS"
    )
    kept = "it is gone. Next: look for it"
    assert told(SurroundingsError(kept, "E-PORT")) == f"E-PORT: {kept}"


@pytest.mark.parametrize(
    ("words", "code", "status"),
    [
        (["sing"], "E-COMMAND-LINE", 2),
        (["terminal", "show"], "E-COMMAND-LINE", 2),
        (["up", "--port", "70000"], "E-COMMAND-LINE", 2),
        (["explain", "ZZ"], "E-CODE-UNKNOWN", 2),
        (["clearing", "run", "--date", "soon", "--data", "none"], "E-NIGHT-DATE", 2),
        (["audit", "--data", "none"], "E-DATABASE-NONE", 3),
        (["reload", "--data", "none"], "E-NOTHING-RUNS", 3),
        (["audit", "--data", "mistyped"], "E-DATA-PLACE", 3),
    ],
)
def test_a_mistake_is_printed_with_a_code_that_explain_expands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: str, status: int
) -> None:
    (tmp_path / "none" / "secrets").mkdir(parents=True)  # and no database
    monkeypatch.chdir(tmp_path)
    done = run_command(*words)
    assert done.returncode == status
    assert done.stderr.startswith(f"posswitch: error {code}: ")
    assert "Next: " in done.stderr
    assert KINDS_BY_CODE[code].next in meanings_of(code)[0]["next"]


def test_a_fault_of_ours_is_told_apart_from_a_finding() -> None:
    """Status 1 says that something does not balance; a traceback says 4."""

    def fails() -> None:
        raise RuntimeError("a bug")

    assert cli.status_of(fails) == 4


def test_every_reason_says_what_to_do_at_the_terminal_and_in_the_house() -> None:
    assert set(REMEDIES) == set(Reason)
    assert all(remedy.terminal and remedy.house for remedy in REMEDIES.values())


def _literals(module: object, *callers: str) -> set[str]:
    """Texts that stand as an argument in calls of these names."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    return {
        word.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in callers
        for word in node.args[:2]
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }


def test_every_word_by_which_the_switch_keeps_silent_is_explained() -> None:
    said = {
        word
        for module in (dispatch, intake, telling)
        for word in _literals(module, "drop", "_leave")
    }
    assert "terminal locked" in said
    assert said <= set(SILENCES)
    assert meanings_of("Not proved")[0]["next"] == SILENCES["not proved"].next


def test_every_word_by_which_a_connection_is_let_go_is_explained() -> None:
    said = _literals(listeners, "close", "end") | _literals(connection, "close", "end", "_hung_up")
    assert "idle" in said
    assert said <= set(CLOSURES)
    refused = re.findall(r'why = "(.+)"', inspect.getsource(listeners))
    assert refused
    assert set(refused) <= set(REFUSALS)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("E-PROT", "E-PORT"),
        ("insuficient_funds", "insufficient_funds"),
        ("notproved", '"not proved"'),
        ("ZZ", "all"),
    ],
)
def test_a_word_that_nobody_gives_is_answered_with_the_nearest(word: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=f"Next: posswitch explain {meant}$"):
        meanings_of(word)


def test_every_reason_of_a_refused_handshake_is_explained() -> None:
    said = {*tls.REASONS.values(), *tls.VERIFY_REASONS.values()}
    assert said | {tls.OTHER_REASON, tls.OTHER_VERIFY_REASON} <= set(HANDSHAKES)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("0210", "financial response"),
        ("22=021", "stripe, with PIN"),
        ("F25=00", "normal"),
        ("totals-differ", "settlement totals differ"),
        ("bad frame: what its length says", "out of step"),
        ("39=98", "no answer in time"),
        ("TLS: certificate expired", "past its date"),
        ("certificate revoked (CERT_REVOKED)", "revocation list"),
        ("TLS refused", "handshake failed"),
        ("the attestation is too old", "which rule it breaks"),
    ],
)
def test_values_of_fields_and_words_of_logs_are_explained(word: str, meaning: str) -> None:
    assert any(meaning in row.get("meaning", "") for row in meanings_of(word))
