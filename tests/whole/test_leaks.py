"""Card numbers, tracks, PINs and keys go in; a search of all that was written finds none of them.

So do activation passwords that leave in a workbook, and phones that come in by a file.

A day of sales, declines, broken messages, wrong MACs, sign-ons, a host and a database that die,
a night and an audit, all with secrets made for this test. Then every file of the data directory
(heap, write-ahead log, logs, store-and-forward, clearing, records) and the metrics pages are
searched for each secret in every form. The first six and last four digits may be seen.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
import trio

from host.estate.demo import CITY, card_pan, demo_estate
from host.estate.plan import CardPlan, EstatePlan, TerminalPlan, WorkingKeys
from host.hsm.keys import new_key, receive
from host.hsm.vault import load_lmk
from host.model.requests import Kind
from host.model.secrets import Pan, Secret
from simulators import messages
from simulators.line import Line
from simulators.messages import Fields, Sale
from simulators.record import Record
from simulators.session import PosSession
from simulators.terminal import PosTerminal
from terminals.framing import wrap
from tests.peers.bcd import UnheardError
from tests.whole.house import House, command, page, rows, standing, wait_until
from tests.whole.papers import let_out
from tests.whole.scanner import (
    PAGE_BYTES,
    files_below,
    forms_of_bytes,
    forms_of_digits,
    patterns_of,
    scan,
)
from tests.whole.till import Till, Voice, fields_in

PIN = Secret(b"739150628413")
WRONG_PIN = Secret(b"604817293516")
STRANGER = card_pan(CITY, 80_417_362_955)
"""A number of our issuer that it never gave out."""
FOREIGNER = Pan("6217004928135072")
"""No Luhn digit and nobody's prefix."""
FIRST, SECOND = "80010001", "80010002"
PLANTED_PAN = "9988551907346284"
PLANTED_KEY = bytes.fromhex("3be17d5c904a26f8a1d06b93c45e7f12")
RECORD, SWITCH_PAGE, HOST_PAGE = "terminals.jsonl", "switch.metrics", "host.metrics"
LMK = "local master key"
PASSING = "passing"
"""Where what is killed would leave what it lays beside."""
LOGINS = ("owner", "host", "night", "office")
BITMAP_AT, AMOUNT_AT, TRACK_AT = 15, 26, 39
"""Where they stand in a swiped purchase."""
SWITCH = "host_seconds_max = 2\nsaf_retry_seconds_max = 0.5"
HOST = "statement_seconds_max = 1.5"


def _card(number: int, card_id: int) -> CardPlan:
    return CardPlan(
        id=card_id,
        issuer_id=CITY.id,
        pan=card_pan(CITY, number),
        pin=PIN,
        expiry="3012",
        balance_minor=100_000,
        points=5_000,
    )


CARDS = (_card(73_915_820_464, 2001), _card(46_038_271_595, 2002))


def secret_estate() -> EstatePlan:
    """The demo estate with cards and terminals whose secrets nobody has seen before."""
    demo = demo_estate()
    return msgspec.structs.replace(
        demo,
        terminals=tuple(
            _with_new_keys(one) if one.terminal_id in {FIRST, SECOND} else one
            for one in demo.terminals
        ),
        cards=(*demo.cards, *CARDS),
    )


def _with_new_keys(terminal: TerminalPlan) -> TerminalPlan:
    keys = WorkingKeys(pik=new_key(16), mak=new_key(8))
    return msgspec.structs.replace(terminal, tmk=new_key(16), working=keys)


@dataclass
class Secrets:
    """Everything said that nobody may read afterwards, by what it is."""

    digits: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def note_frame(self, frame: bytes) -> None:
        """A frame that we sent or got: its track, its PIN block, its keys."""
        fields = fields_in(frame)
        if "52" in fields:
            self.blobs[f"PIN block {next(self.numbers)}"] = bytes.fromhex(fields["52"])
        if "35" in fields:
            self.digits[f"track {fields['35'][6:12]}"] = fields["35"]
        if fields["t"] == "0810" and "62" in fields:
            self.blobs[f"F62 of sign-on {next(self.numbers)}"] = bytes.fromhex(fields["62"])

    def note_keys(self, name: str, pik: Secret, mak: Secret) -> None:
        self.blobs[f"PIN key {name}"] = pik.reveal()
        self.blobs[f"MAC key {name}"] = mak.reveal()


@dataclass(frozen=True)
class Day:
    """What is left of the day, and what must not be."""

    house: House
    secrets: Secrets
    answers: dict[str, str | None]
    """F39 of each message that could be read, by what it was."""
    broken: dict[str, str | None]
    """F39 of those that could not."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    estate, secrets = secret_estate(), Secrets()
    house = House(
        tmp_path_factory.mktemp("leaks") / "data",
        estate,
        switch=SWITCH,
        host=HOST,
        log='level = "debug"',
    )
    with standing(house):
        _note_the_estate(estate, secrets)
        told: dict[str, str | None] = {}
        voice = Voice(estate, FIRST)
        _trade_with_a_record(house, secrets)
        told |= _say(house, secrets, _sales(voice))
        broken = _say(house, secrets, _broken(voice))
        _say_in_vain(house, voice, _dropped(voice))
        _sign_on(house, voice, secrets)
        told |= _say(house, secrets, _sales(voice))
        told |= _with_the_host_down(house, voice, secrets)
        _with_postgres_down(house, voice, secrets)
        _let_out(house, secrets)
        _night_and_audit(house)
        _note_what_was_made(house, secrets)
        yield Day(house, secrets, told, broken)


def test_everything_was_really_said(day: Day) -> None:
    """A search after nothing was said would prove nothing."""
    expected = {
        "sale": "00",
        "keyed sale": "00",
        "wrong PIN": "55",
        "PIN block of nothing": "99",
        "unknown card": "14",
        "no card number": "15",
        "reversal": "00",
        "wrong MAC": "A0",
        "unknown terminal": "97",
        "host down": "91",
    }
    assert expected.items() <= day.answers.items(), day.answers
    assert set(day.broken.values()) == {"30"}, day.broken
    assert len(day.secrets.blobs) > 20
    assert len(day.secrets.digits) > 6


def test_no_secret_stands_in_any_file_or_page(day: Day) -> None:
    secrets, places = day.secrets, day.house.places
    files = files_below(places.data)
    assert {"host.log", "switch.log", "postgres.log", RECORD, SWITCH_PAGE, HOST_PAGE} <= {
        file.name for file in files
    }
    found = scan(files, patterns_of(secrets.digits, secrets.blobs))
    at_home = {"lmk": LMK} | {f"{login}.pgpass": f"password of {login}" for login in LOGINS}
    assert [str(one) for one in found if at_home.get(one.file.name) != one.secret] == []
    assert {one.secret for one in found} == set(at_home.values())  # which shows that it looks


def test_people_see_the_first_six_and_the_last_four(day: Day) -> None:
    """The masked number is in the log: the messages were read, and this is what is left."""
    assert CARDS[0].pan.masked in (day.house.places.log / "switch.log").read_text()


def test_a_number_in_the_database_would_be_found_in_its_heap_and_in_its_log(day: Day) -> None:
    house = day.house
    house.rows("CREATE DATABASE planted")
    planted = house.places.cluster.owner_dsn("planted")
    rows(planted, "CREATE TABLE one (pan text, packed bytea)")
    one = f"'{PLANTED_PAN}', decode('{PLANTED_KEY.hex()}', 'hex')"
    # The border of two pages of the log may stand in one of them, never in all.
    rows(planted, f"INSERT INTO one SELECT {one} FROM generate_series(1, 3)")
    house.rows("CHECKPOINT")
    patterns = patterns_of({"number": PLANTED_PAN}, {"key": PLANTED_KEY})
    found = scan(files_below(house.places.cluster.directory), patterns)
    places = {(one.secret, "pg_wal" in one.file.parts) for one in found}
    assert places == {(name, in_log) for name in ("number", "key") for in_log in (True, False)}


FORMS = [*forms_of_digits(PLANTED_PAN), *forms_of_digits(f"{PLANTED_PAN}D3012"),
         *forms_of_bytes(PLANTED_KEY)]  # fmt: skip


@pytest.mark.parametrize(("how", "form"), FORMS, ids=[how for how, _ in FORMS])
def test_the_scanner_finds_what_is_planted(how: str, form: bytes, tmp_path: Path) -> None:
    patterns = patterns_of(
        {"number": PLANTED_PAN, "track": f"{PLANTED_PAN}D3012"}, {"key": PLANTED_KEY}
    )
    clean, planted = tmp_path / "clean", tmp_path / "planted"
    noise = bytes(range(256)) * 50 + bytes(20_000)
    clean.write_bytes(noise)
    planted.write_bytes(noise + form + noise)
    found = scan(files_below(tmp_path), patterns)
    assert how in {one.form for one in found}
    assert {one.file for one in found} == {planted}


@pytest.mark.parametrize("start", [0, 1, 2, 3, *range(PAGE_BYTES - 9, PAGE_BYTES + 2)])
def test_the_scanner_finds_it_wherever_it_begins_and_nothing_that_is_cut(
    start: int, tmp_path: Path
) -> None:
    """Be it of few bytes or of many; all pages of a file may be known from another."""
    patterns = patterns_of({"number": PLANTED_PAN, "short": "739150"}, {})
    (tmp_path / "empty").write_bytes(bytes(3 * PAGE_BYTES))
    for form in patterns:
        (tmp_path / "a").write_bytes(bytes(start) + form[:-1] + b"\x01" + bytes(PAGE_BYTES))
        (tmp_path / "b").write_bytes(bytes(start) + form)
        found = scan(files_below(tmp_path), patterns)
        assert ("b", *patterns[form]) in {(one.file.name, one.secret, one.form) for one in found}
        assert {one.file.name for one in found if (one.secret, one.form) == patterns[form]} == {"b"}


# The day. -----------------------------------------------------------------------------------------

Said = dict[str, bytes]


def _note_the_estate(estate: EstatePlan, secrets: Secrets) -> None:
    secrets.digits |= {"PIN": "739150628413", "wrong PIN": "604817293516"}
    pans = {"first": CARDS[0].pan, "second": CARDS[1].pan, "stranger": STRANGER, "no": FOREIGNER}
    secrets.digits |= {f"{name} card number": pan.reveal() for name, pan in pans.items()}
    for terminal in estate.terminals:
        if terminal.terminal_id in {FIRST, SECOND}:
            assert terminal.working is not None
            secrets.blobs[f"master key {terminal.terminal_id}"] = terminal.tmk.reveal()
            secrets.note_keys(terminal.terminal_id, terminal.working.pik, terminal.working.mak)


def _note_what_was_made(house: House, secrets: Secrets) -> None:
    """Secrets that the house made for itself, and the pages it shows."""
    secrets.blobs[LMK] = load_lmk(house.places.lmk).reveal()
    for login in LOGINS:
        password = (house.places.secrets / f"{login}.pgpass").read_bytes().strip()
        secrets.blobs[f"password of {login}"] = password.rpartition(b":")[2]
    (house.places.data / SWITCH_PAGE).write_text(page(house.switch_metrics))
    (house.places.data / HOST_PAGE).write_text(page(house.host_metrics))


def _trade_with_a_record(house: House, secrets: Secrets) -> None:
    """A terminal with a record of its own: every kind, so that the night has something to do."""
    [plan] = [one for one in house.estate.terminals if one.terminal_id == SECOND]
    record = Record(house.places.data / RECORD)

    async def trade() -> None:
        async with Line("127.0.0.1", house.port) as line:

            async def ask(payload: bytes, is_mine: Callable[[bytes], bool]) -> bytes | None:
                secrets.note_frame(wrap(payload))
                told = await line.ask(payload, is_mine)
                if told is not None:
                    secrets.note_frame(wrap(told))
                return told

            till = PosTerminal(PosSession(plan, house.estate.merchant_of(plan), ask), record)
            signed_on = await till.sign_on()
            keys = receive("003", plan.tmk, bytes.fromhex(signed_on.fields["62"]))
            secrets.note_keys("second, fresh", keys.pik, keys.mak)
            sales = [(await till.purchase(card, 1_234, PIN)).sale for card in (*CARDS, *CARDS)]
            assert sales[0] is not None
            assert sales[1] is not None
            ends = [
                await till.void(sales[0]),
                await till.refund(sales[1], 1_000),
                await till.load_cash(CARDS[0], 5_000),
                await till.redeem(CARDS[0], 500),
                await till.balance(CARDS[1], PIN),
            ]
            assert [done.f39 for done in ends] == ["00"] * len(ends)

    with record:
        trio.run(trade)


def _swiped(voice: Voice, card: CardPlan, pin: Secret | None, **changes: str) -> Fields:
    fields = messages.swiped(
        Kind.PURCHASE, voice.who, voice.trace(), card, amount_minor=1_111, pin=pin
    )
    return fields | {name.removeprefix("f"): text for name, text in changes.items()}


def _sales(voice: Voice) -> Said:
    """Approved, declined, refused: each reads the card."""
    one, two = CARDS
    stranger = msgspec.structs.replace(one, pan=STRANGER)
    foreigner = msgspec.structs.replace(one, pan=FOREIGNER)
    keyed = _swiped(voice, one, PIN, f2=one.pan.reveal(), f14="3012", f22="011")
    del keyed["35"]
    in_text = one.pan.reveal().encode().hex().upper()
    redeemed = messages.swiped(
        Kind.POINTS_REDEMPTION, voice.who, voice.trace(), one, amount_minor=500
    )
    wrong_mac = voice.sealed(_swiped(voice, one, PIN))
    sale = voice.sealed(bought := _swiped(voice, two, PIN))
    return {
        "sale": voice.sealed(_swiped(voice, one, PIN)),
        "keyed sale": voice.sealed(keyed),
        "wrong PIN": voice.sealed(_swiped(voice, two, WRONG_PIN)),
        "PIN block of nothing": voice.sealed(_swiped(voice, one, PIN, f52="C9D0417FE35B826A")),
        "unknown card": voice.sealed(_swiped(voice, stranger, PIN)),
        "no card number": voice.sealed(_swiped(voice, foreigner, PIN)),
        "too much": voice.sealed(_swiped(voice, one, PIN, f4="000000480000")),
        "reversed sale": sale,
        "reversal": voice.sealed(messages.reversal(bought, "98")),
        "unknown original": voice.sealed(_void_of_nothing(voice)),
        "wrong MAC": wrong_mac[:-1] + bytes([wrong_mac[-1] ^ 1]),
        "no MAC": voice.plain(_swiped(voice, one, PIN)),
        "unknown terminal": voice.sealed(_swiped(voice, one, PIN, f41="77777777")),
        "card number as product": voice.sealed(redeemed | {"62": in_text}),
        "card number in text": voice.sealed(_swiped(voice, one, PIN, f63=one.pan.reveal())),
        "card number in control": voice.sealed(
            _swiped(voice, one, PIN, f60=f"22{voice.plan.epoch}000500{two.pan.reveal()}")
        ),
        "card number as original": voice.sealed(
            _void_of_nothing(voice) | {"61": two.pan.reveal() + "0000"}
        ),
    }


def _void_of_nothing(voice: Voice) -> Fields:
    sale = Sale(
        kind=Kind.PURCHASE,
        card=CARDS[1],
        amount_minor=100,
        batch=voice.plan.epoch,
        trace="000999",
        rrn="112299999999",
        auth_code="999999",
        date="1122",
        slot="",
    )
    return messages.void(voice.who, voice.trace(), sale)


def _broken(voice: Voice) -> Said:
    """Cannot be read whole, but the card stands in it; each is answered 30."""
    one = CARDS[0]
    frame = voice.sealed(_swiped(voice, one, PIN))
    at_control = frame.index(bytes.fromhex("001422"))
    return {
        "no track": voice.sealed(_swiped(voice, one, PIN, f35=one.pan.reveal())),
        "two cards": voice.sealed(_swiped(voice, one, PIN, f2=CARDS[1].pan.reveal())),
        "letters in the control field": _changed(frame, at_control + 2, b"\x2a"),
        "letters in the amount": _changed(frame, AMOUNT_AT, b"\xaa"),
        "bytes behind": wrap(frame[2:] + bytes.fromhex(one.pan.reveal())),
        "no MAC behind": wrap(frame[2:-8]),
        "cut behind the terminal": wrap(frame[2 : at_control - 19]),
    }


def _dropped(voice: Voice) -> list[bytes]:
    """Cannot even be answered."""
    one = CARDS[0]
    frame = voice.sealed(_swiped(voice, one, PIN))
    pan = bytes.fromhex(one.pan.reveal())
    keyed = voice.sealed(
        {"t": "0200", "2": one.pan.reveal(), "3": "000000", "41": FIRST, "60": "22000012000"}
    )
    return [
        wrap(frame[2:60]),  # behind the track
        wrap(keyed[2 : keyed.index(pan) + len(pan)]),  # behind the card number
        wrap(frame[2:23] + pan * 4),
        wrap(pan * 8),
        wrap(one.pan.reveal().encode() * 4),
        _changed(frame, BITMAP_AT, b"\xff"),
        _changed(frame, TRACK_AT, b"\x99"),
    ]


def _changed(frame: bytes, at: int, new: bytes) -> bytes:
    return frame[:at] + new + frame[at + len(new) :]


def _say(house: House, secrets: Secrets, said: Said) -> dict[str, str | None]:
    """Each message on one line; F39 of its answer."""
    told: dict[str, str | None] = {}
    with Till(house.port) as till:
        for name, frame in said.items():
            with contextlib.suppress(UnheardError):
                secrets.note_frame(frame)
            told[name] = fields_in(till.ask(frame))["39"]
    return told


def _say_in_vain(house: House, voice: Voice, frames: Iterable[bytes]) -> None:
    with Till(house.port) as till:
        for frame in frames:
            till.send(frame)
            assert fields_in(till.ask(voice.echo()))["t"] == "0830"


def _sign_on(house: House, voice: Voice, secrets: Secrets) -> None:
    """Fresh keys; once with a card number where the serial number belongs."""
    asked = messages.sign_on(voice.who, voice.trace(), "003", CARDS[1].pan.reveal())
    with Till(house.port) as till:
        for frame in (voice.plain(asked), voice.sign_on()):
            told = till.ask(frame)
            secrets.note_frame(told)
            voice.use(keys := voice.new_keys(told))
            secrets.note_keys(
                f"first, fresh {next(secrets.numbers)}", Secret(keys.pik), Secret(keys.mak)
            )


def _with_the_host_down(house: House, voice: Voice, secrets: Secrets) -> dict[str, str | None]:
    """A host that is not there, and one that dies with a sale in its hands."""
    house.host.kill()
    log = house.places.log / "switch.log"
    wait_until(lambda: "host link lost" in log.read_text(), "the switch has not noticed")
    told = _say(house, secrets, {"host down": voice.sealed(_swiped(voice, CARDS[0], PIN))})
    house.host.start(fault="after_commit_before_reply")
    _wait_for_the_link(house, voice)
    with Till(house.port) as till:
        frame = voice.sealed(_swiped(voice, CARDS[0], PIN))
        secrets.note_frame(frame)
        till.send(frame)
        house.host.wait_until_killed()
        wait_until(lambda: house.reversals_stored() == 1, "the switch owes no reversal")
    house.host.start()
    _wait_for_the_link(house, voice)
    house.wait_until_reversals_are_delivered()
    return told


def _with_postgres_down(house: House, voice: Voice, secrets: Secrets) -> None:
    """Every writer loses its connection with a message to post."""
    house.kill_postgres()
    with Till(house.port) as till:
        frame = voice.sealed(_swiped(voice, CARDS[0], PIN))
        secrets.note_frame(frame)
        till.send(frame)
        house.start_postgres()
    sale = voice.sealed(_swiped(voice, CARDS[0], PIN))
    wait_until(
        lambda: _say(house, secrets, {"sale": sale})["sale"] == "00",
        "the host does not find its database again",
    )
    house.wait_until_reversals_are_delivered()


def _wait_for_the_link(house: House, voice: Voice) -> None:
    with Till(house.port) as till:
        wait_until(
            lambda: fields_in(till.ask(voice.echo()))["39"] == "00", "the host link is not up"
        )


def _let_out(house: House, secrets: Secrets) -> None:
    """Cards with their activation passwords, in files and on screens; phones of members."""
    for name, text in let_out(house, house.places.data / PASSING).items():
        if text.isdecimal():
            secrets.digits[name] = text
        else:
            secrets.blobs[name] = text.encode()


def _night_and_audit(house: House) -> None:
    """Their reports are kept, to be searched too."""
    data = house.places.data
    for words in (("clearing", "run"), ("audit", "--json", "--record", str(data / RECORD))):
        ended = command(*words, data=data)
        (data / f"{words[0]}.txt").write_text(ended.stdout + ended.stderr)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    house.rows("CHECKPOINT")
