"""The office from the command line: from an empty directory to the first card sold, and its night.

The commands are those of docs/operating.md, read out of it and typed by two people, each with a
state directory and a phone of their own.
"""

import json
import re
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.main import get_command

from config.cli.app import app
from config.cli.examples import FILES, example_of, example_of_view
from config.cli.generated import BY_HAND
from config.cli.options import epilog
from config.cli.whole import needs_office
from config.places import places_of
from config.tasks.sessions import session_file
from host.office.field_kinds import is_secret
from host.office.tables import ACTIONS, VIEWS
from host.office.valued import values_of
from tests.commands import every_command, run_command
from tests.keyboard import BLOCKS, PAGE, Person, invitation_in

TYPED = dict(re.findall(r"<!-- till: (\w+) -->\n\n```text\n(.*?)```", PAGE, re.DOTALL))


@dataclass
class Two:
    """The people of the page."""

    wang: Person
    li: Person
    till: dict[str, str] = field(default_factory=dict)
    """What was to be read at the till, by what was typed there."""

    def play(self, block: str, who: Person) -> list[str]:
        return [who.done(line) for line in BLOCKS[block].splitlines()]

    def sell(self, name: str) -> None:
        [line] = BLOCKS["till"].splitlines()
        self.till[name] = self.wang.done(line, typed=TYPED[name])


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """As far as the page goes, with all running as it says."""
    home = tmp_path_factory.mktemp("office")
    data = home / "data"
    two = Two(Person(home / "wang", data), Person(home / "li", data))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        [begun] = BLOCKS["init"].splitlines()
        said = two.wang.run(begun)
        assert said.returncode == 0, said.stderr
        two.wang.invitation = invitation_in(said.stdout)
        with everything_running(data):
            two.li.invitation = invitation_in(two.play("first", two.wang)[-1])
            two.play("second", two.li)
            two.play("estate", two.wang)
            two.play("keys", two.wang)
            two.play("manager", two.li)
            two.play("cards", two.wang)
            two.sell("early")
            two.play("open", two.li)
            two.sell("sale")
            two.wang.done("posswitch session use-grant 1")
            two.li.done("posswitch session use-grant 2")
            yield two


@contextmanager
def everything_running(data: Path) -> Iterator[None]:
    """`posswitch up`, on a port of its own."""
    [line] = BLOCKS["up"].splitlines()
    words = [*shlex.split(line)[1:], "--port", "0", "--data", str(data)]
    command = [sys.executable, "-m", "config", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert any(said.startswith("pos on ") for said in iter(running.stdout.readline, ""))
            yield
        finally:
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=60)


def test_two_people_get_from_nothing_to_a_terminal_by_commands_alone(two: Two) -> None:
    """S3-17, S3-19, S4-21, S4-47, S4-80, S1-47: merchants, terminals, issuers and people."""
    assert "80010001" in two.wang.done("posswitch show terminals")
    shown = json.loads(two.wang.done("posswitch show issuers --json"))
    assert "48882900" in str(shown["rows"])
    assert "no rows" in two.wang.done("posswitch approvals")
    assert "done" in two.wang.done("posswitch approvals --all")


def test_a_card_is_refused_before_another_opens_its_batch_and_sold_after(two: Two) -> None:
    """S1-01, S1-02, S1-11, S1-12, S4-21, S4-76: made and opened by two people, sold at a till."""
    assert "DECLINED    21" in two.till["early"]
    sale = two.till["sale"]
    assert sale.count("APPROVED    00") == 4, "sign-on, activation, purchase, balance"
    assert "City Card" in sale
    assert "87.66 CNY" in sale
    assert "AGREED" in sale
    trace = re.search(r"trace (\d{6})", sale)
    assert trace is not None
    told = two.wang.done(f"posswitch trace {trace[1]}@80010001")
    assert "card activation 100.00 CNY  approved" in told


def test_its_master_key_comes_by_the_ceremony(two: Two) -> None:
    history = json.loads(two.wang.done("posswitch show audit --json"))
    actions = [dict(zip(history["columns"], row, strict=True))["action"] for row in history["rows"]]
    assert {"merchant.save", "store.save", "terminal.save"} <= set(actions)


def test_the_night_closes_what_was_sold_and_the_audit_finds_nothing(two: Two) -> None:
    cleared, audited, *_ = BLOCKS["night"].splitlines()
    said = two.wang.done(cleared)
    assert "888290054110001" in said
    assert "12.34 CNY" in said
    assert "audit: 0 violations" in two.wang.done(audited)


def test_a_session_is_a_file_that_only_its_user_may_read(two: Two) -> None:
    [file] = (two.li.home / "posswitch").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    refused = two.li.run("posswitch show people")
    assert (refused.returncode, "others than you may read" in refused.stderr) == (3, True)
    file.chmod(0o600)
    assert "wang" in two.li.done("posswitch show people")


def test_who_acts_is_who_signed_in_and_no_option(two: Two) -> None:
    for group in {action.split(".")[0].replace("_", "-") for action in set(ACTIONS) - BY_HAND}:
        for command in commands(every_command().commands[group]):
            options = {option for each in command.params for option in getattr(each, "opts", ())}
            assert not {"--as", "--user", "--person", "--session"} & options
    history = two.wang.done("posswitch show audit --json")
    assert '"wang"' in history
    assert '"li"' in history


def test_a_dry_run_says_what_would_change_and_keeps_nothing(two: Two) -> None:
    line = "posswitch merchant save 888290054110001 --name Quay"
    assert "Quay" in two.wang.done(f"{line} --dry-run")
    assert "Harbour Grocery" in two.wang.done("posswitch show merchants")


def test_a_refusal_has_its_code_in_the_language_of_who_reads(two: Two) -> None:
    line = "posswitch store save --merchant 888290054119999 --name Nowhere"
    refused = two.wang.run(line)
    assert (refused.returncode, "error E-NOT-FOUND: " in refused.stderr) == (1, True)
    assert "未找到" in two.wang.run(line, "zh").stderr
    assert "商户" in two.wang.done("posswitch show merchants", "zh")


def test_somebody_else_can_be_made_the_first_only_once(two: Two) -> None:
    again = two.wang.run("posswitch init --login eve --name Eve")
    assert (again.returncode, "E-OFFICE-BEGUN" in again.stderr) == (3, True)


def test_nobody_acts_before_signing_in_or_after_signing_out(two: Two, tmp_path: Path) -> None:
    zhao = Person(tmp_path, two.wang.data)
    for line in ("posswitch show people", "posswitch terminal disable 80010001 --note gone"):
        refused = zhao.run(line)
        assert (refused.returncode, "E-SIGNED-OUT" in refused.stderr) == (3, True)
    zhao.invitation = invitation_in(
        two.wang.done("posswitch person save zhao --name Zhao --role auditor")
    )
    zhao.done("posswitch invitation accept")
    zhao.done("posswitch sign-in zhao")
    assert "signed out: zhao" in zhao.done("posswitch sign-out")
    assert not session_file_of(zhao).exists()
    wrong = zhao.run("posswitch sign-in nobody")
    assert (wrong.returncode, "E-SIGN-IN" in wrong.stderr) == (1, True)


def session_file_of(who: Person) -> Path:
    return who.home / "posswitch" / session_file(places_of(who.data)).name


def test_no_secret_is_an_option_or_an_argument() -> None:
    for command in commands(every_command()):
        for each in command.params:
            assert each.name not in {"password", "new", "old", "token"}, command.name


def test_every_action_and_view_has_its_command() -> None:
    whole = every_command()
    for action in set(ACTIONS) - BY_HAND:
        subject, verb = (part.replace("_", "-") for part in action.split("."))
        assert verb in whole.commands[subject].commands
    assert {view.replace("_", "-") for view in VIEWS} == set(whole.commands["show"].commands)


@pytest.mark.parametrize(
    ("words", "is_needed"),
    [
        (["terminal", "show", "80010001"], False),
        (["terminal", "save", "80010001"], True),
        (["--lang", "zh", "issuer", "save"], True),
        (["up"], False),
        (["explain", "51"], False),
        (["--help"], True),
        (["terminal", "--help"], True),
        ([], True),
    ],
)
def test_the_tables_are_read_only_for_who_needs_them(words: list[str], *, is_needed: bool) -> None:
    assert needs_office(get_command(app), words) is is_needed


def commands(command: Any) -> Iterator[Any]:
    below = getattr(command, "commands", {})
    if not below:
        yield command
    for each in below.values():
        yield from commands(each)


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - BY_HAND))
def test_an_actions_help_has_an_example_that_can_be_typed(
    action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read as the command reads it, and its values are such as the action takes."""
    row = ACTIONS[action]
    words = shlex.split(example_of(row))
    for name in FILES.values():
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    command: Any = every_command().commands[words[1]].commands[words[2]]
    assert command.epilog == epilog(example_of(row))
    assert "--help" not in words
    given = command.make_context(words[2], words[3:]).params
    told = {
        one.name: "secret" if is_secret(one) else given[one.name]
        for one in msgspec.structs.fields(row.values)
        if (is_secret(one) and one.required) or given.get(one.name) not in (None, [], ())
    }
    if row.takes in told:
        told[row.takes] = 1
    assert isinstance(values_of(row, json.dumps(told).encode()), row.values)


@pytest.mark.parametrize("view", VIEWS)
def test_a_views_help_has_an_example_that_asks_for_what_it_needs(view: str) -> None:
    row = VIEWS[view]
    words = shlex.split(example_of_view(row))
    command: Any = every_command().commands["show"].commands[words[2]]
    assert command.epilog == epilog(example_of_view(row))
    given = command.make_context(words[2], words[3:]).params
    assert not row.needs or any(given[name] for name in row.needs)


def test_help_of_what_is_generated_is_chinese_where_its_user_is() -> None:
    done = run_command("--lang", "zh", "merchant", "save", "--help", environ={"COLUMNS": "100"})
    assert "新增/编辑商户" in done.stdout
    assert "名称" in done.stdout
    assert "操作员" in run_command("--lang", "zh", "show", "--help").stdout
