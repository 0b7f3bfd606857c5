"""An export of the ledger proves itself to who has the public key, and names its first bad row."""

import datetime as dt
import hashlib
import io
import random
import re
import runpy
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from clearing.export import Dates, export_ledger
from clearing.night import ClearingError
from clearing.proof import TITLE, Fault, Proved, Writer, lines_of, verify
from host.ledger import seal_digest
from host.store.changes import note_what_differs
from host.store.heads import Head, sign_head
from tests.clearing.conftest import DAY, NOW, SmallLedger, _traded_day

KEY = Ed25519PrivateKey.generate()
PUBLIC = [KEY.public_key()]
NEXT = DAY + dt.timedelta(days=1)
LAST = DAY + dt.timedelta(days=2)

EXAMPLE = runpy.run_path(str(Path(__file__).parents[2] / "docs/examples/verify_export.py"))

Lines = list[bytes]


@pytest.fixture(scope="module")
def traded(module_database: Any) -> Iterator[SmallLedger]:
    """Three dates of trade; checkpoints within them and behind each."""
    with psycopg.connect(module_database.owner, autocommit=True) as owner:
        ledger = _traded_day(owner)
        sign_head(owner, KEY, NOW)
        ledger.purchase(2, 4_200)
        sign_head(owner, KEY, NOW)
        for date in (NEXT, LAST):
            turn(ledger, date)
            ledger.purchase(1, 700, points=7)
            ledger.purchase(3, 1_100)
            owner.execute("UPDATE merchant SET name = name || '*'")
            note_what_differs(owner)
            sign_head(owner, KEY, NOW)
            ledger.purchase(4, 900)
            sign_head(owner, KEY, NOW)
        ledger.purchase(5, 1)
        yield ledger


@pytest.fixture(scope="module")
def lines(traded: SmallLedger) -> Lines:
    """All of it, exported."""
    return exported(traded.connection)


def turn(ledger: SmallLedger, date: dt.date) -> None:
    ledger.run("UPDATE business_day SET state = 'closed', closed_at = opened_at")
    ledger.run("INSERT INTO business_day VALUES (%s, 'open', %s, NULL)", date, NOW)
    ledger.date, ledger.counter = date, 0


def exported(connection: Any, first: dt.date | None = None, last: dt.date | None = None) -> Lines:
    file = io.BytesIO()
    export_ledger(connection, Dates(first, last), Writer(file.write))
    return file.getvalue().splitlines(keepends=True)


def verified(lines: Sequence[bytes], keys: Sequence[Ed25519PublicKey] = PUBLIC) -> Proved:
    return verify(lines_of(io.BytesIO(b"".join(lines)).readline), keys)


def fault_of(lines: Sequence[bytes], keys: Sequence[Ed25519PublicKey] = PUBLIC) -> Fault:
    with pytest.raises(Fault) as caught:
        verified(lines, keys)
    return caught.value


def tagged_anew(lines: Sequence[bytes]) -> Lines:
    """With the tags that whoever edits a file can make: they are no secret."""
    running, made = hashlib.sha256(), []
    for line in lines:
        spelled = line.partition(b" ")[2]
        running.update(spelled)
        made.append(running.hexdigest()[:8].encode() + b" " + spelled)
    return made


def by_the_page(lines: Sequence[bytes]) -> str:
    """What the verifier in docs/examples says, which knows the page alone."""
    try:
        return str(EXAMPLE["verify"](iter(lines), KEY.public_key()))
    except EXAMPLE["WrongError"] as wrong:
        return str(wrong)


def kind_of(line: bytes) -> str:
    return line.split(b" ")[1].decode().strip()


def test_an_export_proves_itself_to_who_has_nothing_but_the_public_key(lines: Lines) -> None:
    """S2-37, S2-41."""
    proved = verified(lines)
    assert proved.first is None
    assert proved.last.date == LAST.isoformat()
    count = {kind: sum(kind_of(line) == kind for line in lines) for kind in ("seal", "row", "head")}
    assert (proved.seals, proved.rows, proved.heads) == tuple(count.values())
    assert proved.seals > 20
    assert by_the_page(lines) == str(proved.last.number)
    assert proved.links >= 3


def test_an_export_of_a_date_runs_from_the_checkpoint_before_it_to_the_one_behind(
    traded: SmallLedger,
) -> None:
    one = exported(traded.connection, NEXT, NEXT)
    proved = verified(one)
    assert proved.first is not None
    assert (proved.first.date, proved.last.date) == (DAY.isoformat(), LAST.isoformat())
    assert by_the_page(one) == str(proved.last.number)
    journals = [line for line in one if re.match(rb"\S+ row j\|", line)]
    assert sum(NEXT.isoformat().encode() in line for line in journals) == 3
    assert verified(exported(traded.connection, None, DAY)).first is None


def test_dates_that_no_checkpoint_is_behind_are_refused(traded: SmallLedger) -> None:
    with pytest.raises(ClearingError, match="no checkpoint"):
        exported(traded.connection, LAST + dt.timedelta(days=1))


@pytest.mark.counted
def test_each_of_a_thousand_random_edits_is_found_and_its_first_bad_row_named(
    lines: Lines, counts: SimpleNamespace
) -> None:
    """S2-41: FAULTS 26 of an export."""
    chance = random.Random(counts.seed)
    for _ in range(1_000):
        edit = chance.choice(EDITS)
        edited = edit(lines, chance)
        if edited == lines:
            continue
        first = next(
            (
                place
                for place, (one, other) in enumerate(zip(lines, edited, strict=False), 1)
                if one != other
            ),
            min(len(lines), len(edited)) + 1,
        )
        assert fault_of(edited).line == first, edit.__name__
        assert by_the_page(edited).startswith(f"line {first}: "), edit.__name__


@pytest.mark.counted
def test_an_edit_by_who_makes_the_tags_anew_is_found_in_its_seal_link_or_checkpoint(
    lines: Lines, counts: SimpleNamespace
) -> None:
    """S2-37: FAULTS 26 of an export, of somebody who knows how it is written."""
    chance = random.Random(counts.seed)
    covers = {"seal", "link", "head", "end", "range"}
    for _ in range(1_000):
        edit = chance.choice(EDITS)
        edited = tagged_anew(edit(lines, chance))
        if b"".join(edited) == b"".join(lines):
            continue
        same = next(
            (
                i
                for i, (one, two) in enumerate(zip(lines, edited, strict=False))
                if one[9:] != two[9:]
            ),
            min(len(lines), len(edited)),
        )
        begins = max((i for i in range(same) if kind_of(lines[i]) in covers), default=0)
        named = fault_of(edited).line - 1
        assert by_the_page(edited).startswith("line ")
        if named > same:  # what is named then is the next that covers, as a checkpoint covers seals
            between = {kind_of(line) for line in edited[same + 1 : named]}
            assert "head" not in between, edit.__name__
        assert begins <= named, edit.__name__


@pytest.mark.parametrize("kind", ["seal", "link", "head", "end", "range"])
def test_what_is_written_otherwise_and_means_the_same_is_an_edit(lines: Lines, kind: str) -> None:
    """S2-37: capitals for small digits, and a nought before a number."""
    for place, line in enumerate(lines):
        if kind_of(line) != kind:
            continue
        tag, _, *told = line.split(b" ")
        spelled = [told[-1].upper(), b"0" + told[-1]] if kind in {"end", "range"} else []
        others = [[*told[:-1], one] for one in spelled or [told[-1].upper()]]
        others += [[b"0" + told[0], *told[1:]]]
        for other in others:
            edited = b" ".join((tag, kind.encode(), *other))
            if edited == line:
                continue
            anew = tagged_anew([*lines[:place], edited, *lines[place + 1 :]])
            assert fault_of(anew).line == place + 1
            assert by_the_page(anew).startswith(f"line {place + 1}")
        return
    raise AssertionError(kind)


def flip(lines: Lines, chance: random.Random) -> Lines:
    place = chance.randrange(len(lines))
    line = bytearray(lines[place])
    at = chance.randrange(len(line))
    line[at] = chance.choice([byte for byte in range(32, 127) if byte != line[at]])
    return (
        "".join(map(bytes.decode, [*lines[:place], bytes(line), *lines[place + 1 :]]))
        .encode()
        .splitlines(keepends=True)
    )


def leave_out(lines: Lines, chance: random.Random) -> Lines:
    place = chance.randrange(len(lines))
    return lines[:place] + lines[place + chance.randint(1, 3) :]


def put_in(lines: Lines, chance: random.Random) -> Lines:
    place = chance.randrange(len(lines) + 1)
    return [*lines[:place], chance.choice(lines), *lines[place:]]


def swap(lines: Lines, chance: random.Random) -> Lines:
    one, other = sorted(chance.sample(range(len(lines)), 2))
    if chance.random() < 0.5:
        other = min(one + 1, len(lines) - 1)
    edited = list(lines)
    edited[one], edited[other] = edited[other], edited[one]
    return edited


def cut(lines: Lines, chance: random.Random) -> Lines:
    whole = b"".join(lines)
    return whole[: chance.randrange(len(whole))].splitlines(keepends=True)


def older(lines: Lines, chance: random.Random) -> Lines:
    """A checkpoint stands where another was."""
    places = [place for place, line in enumerate(lines) if kind_of(line) == "head"]
    to, which = chance.sample(places, 2)
    return [*lines[:to], lines[which], *lines[to + 1 :]]


EDITS: list[Callable[[Lines, random.Random], Lines]] = [
    flip,
    flip,
    leave_out,
    put_in,
    swap,
    cut,
    older,
]


def test_an_end_that_was_cut_off_is_named(lines: Lines) -> None:
    assert "cut off: its end is missing" in fault_of(lines[:-1]).what
    heads = [place for place, line in enumerate(lines) if kind_of(line) == "head"]
    shorter = tagged_anew([*lines[: heads[-2] + 1], b"- end %d\n" % (heads[-2] + 1)])
    last = verified(lines).last.number
    assert fault_of(shorter).what == f"checkpoint {last} is missing: the export is cut off"
    assert "in the middle of a line" in fault_of([*lines[:-1], lines[-1][:-1]]).what
    assert fault_of([]).line == 1


def test_a_row_that_was_left_out_changed_or_put_in_is_named_by_its_seal(lines: Lines) -> None:
    place = next(i for i, line in enumerate(lines) if b" row e|" in line)
    seal = next(i for i in range(place, 0, -1) if kind_of(lines[i]) == "seal")
    more = lines[place].replace(b"|CNY", b"0|CNY")
    for edited in (
        lines[:place] + lines[place + 1 :],
        [*lines[:place], more, *lines[place + 1 :]],
        [*lines[:place], lines[place], *lines[place:]],
    ):
        fault = fault_of(tagged_anew(edited))
        assert fault.line == seal + 1
        assert re.match(r"seal \d+ of shard \d, lines \d+ to \d+: what stands there", fault.what)


def test_seals_and_checkpoints_out_of_their_place_are_named(lines: Lines) -> None:
    seals = [i for i, line in enumerate(lines) if kind_of(line) == "seal"]
    left_out = tagged_anew(lines[: seals[3]] + lines[seals[4] :])
    assert "stands where seal" in fault_of(left_out).what
    heads = [i for i, line in enumerate(lines) if kind_of(line) == "head"]
    put_in = tagged_anew([*lines[: heads[2]], lines[heads[0]], *lines[heads[2] + 1 :]])
    assert fault_of(put_in).line == heads[2] + 1
    assert "older or later" in fault_of(put_in).what
    no_head = tagged_anew(lines[: heads[1]] + lines[heads[1] + 1 :])
    assert "out of its order, or a checkpoint is missing" in fault_of(no_head).what


def test_a_checkpoint_of_another_key_is_named(lines: Lines) -> None:
    other = [Ed25519PrivateKey.generate().public_key()]
    fault = fault_of(lines, other)
    first = next(i for i, line in enumerate(lines) if kind_of(line) == "head")
    assert fault.line == first + 1
    assert "is not signed by this key" in fault.what
    assert verified(lines, [*other, *PUBLIC])


def test_a_ledger_that_was_rewritten_whole_does_not_fit_its_checkpoints(lines: Lines) -> None:
    """All seals recomputed after an edit: everything fits, but what was signed."""
    edited = list(lines)
    place = next(i for i, line in enumerate(edited) if b" row e|" in line)
    edited[place] = edited[place].replace(b"|CNY", b"0|CNY")
    ends: dict[bytes, bytes] = {}
    for at, line in enumerate(lines):
        if kind_of(line) == "seal":
            _, _, shard, number, _ = line.split(b" ")
            rows = []
            for row in edited[at + 1 :]:
                if kind_of(row) != "row":
                    break
                rows.append(row.split(b" ", 2)[2])
            ends[shard] = hashlib.sha256(ends.get(shard, bytes(32)) + b"".join(rows)).digest()
            edited[at] = b"- seal %s %s %s\n" % (shard, number, ends[shard].hex().encode())
    fault = fault_of(tagged_anew(edited))
    assert "checkpoint" in fault.what
    assert "says that the chain stands at seal" in fault.what


@pytest.mark.parametrize(
    "edit",
    [
        (
            "UPDATE entry SET amount_minor = amount_minor + 1 WHERE (shard, journal_id) ="
            " (SELECT shard, min(id) FROM journal WHERE kind = 'purchase' GROUP BY shard LIMIT 1)"
        ),
        "DELETE FROM exchange WHERE id = (SELECT max(id) FROM exchange WHERE reason <> 'approved')",
        "UPDATE exchange SET reason = 'approved' WHERE reason = 'insufficient_funds'",
        "UPDATE exchange SET business_date = '2020-01-01' WHERE kind = 'refund'",
        (
            "INSERT INTO exchange SELECT home, slot || 'x', id + 100, shard, seal, kind,"
            " fingerprint, reason, is_tombstone, answer, card_id, terminal_id, business_date,"
            " decided_at FROM exchange WHERE kind = 'cash_load'"
        ),
        "UPDATE seal SET digest = sha256(digest) WHERE (shard, seq) = (1, 2)",
        "DELETE FROM seal WHERE (shard, seq) = (1, 3)",
        "UPDATE change SET key = 'x' WHERE id = (SELECT min(id) FROM change)",
        "DELETE FROM change WHERE id = (SELECT max(id) FROM change)",
        "DELETE FROM change_link WHERE seq = 2",
        "UPDATE signed_head SET body = replace(body, 'seal 0 ', 'seal 0 1')",
        "UPDATE signed_head SET signature = sha512(signature) WHERE number = 3",
        "UPDATE signed_head SET body = body || 'x' WHERE number = 5",
    ],
)
def test_what_was_edited_in_the_database_is_found_in_its_export(
    traded: SmallLedger, edit: str
) -> None:
    """S2-37: FAULTS 26, by who has nothing but the export."""
    owner = traded.connection
    with owner.transaction(force_rollback=True):
        assert owner.execute(edit).rowcount
        with pytest.raises(Fault, match=r"line \d+: "):
            verified(exported_inside(owner))


def exported_inside(owner: psycopg.Connection[Any]) -> Lines:
    """As `exported`, of a transaction that is open."""
    file = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clearing.export.ISOLATED", "SELECT 1")
        export_ledger(owner, Dates(), Writer(file.write))
    return file.getvalue().splitlines(keepends=True)


def test_what_is_no_export_is_a_fault_and_no_failure(lines: Lines) -> None:
    for made in (b"", b"\n", b"x\n", b"\x00\xff" * 99, b"a" * (5 << 20), lines[0], lines[0] * 2):
        assert fault_of([made]).line <= 2
    for kind in (
        "head 1",
        "head x y z",
        "seal 1 2",
        "seal a b c",
        "link 1",
        "row x",
        "change",
        "end x",
        "what",
    ):
        chosen = tagged_anew([*lines[:2], b"- " + kind.encode() + b"\n", *lines[2:]])
        assert fault_of(chosen).line == 3


def test_memory_does_not_grow_with_an_export() -> None:
    """Fifty thousand rows under a thousand seals, and nothing of them is kept."""
    tracemalloc.start()
    try:
        proved = verify(_long(), PUBLIC)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (proved.rows, proved.seals) == (50_000, 1_000)
    assert peak < 1_000_000


def _long() -> Iterator[bytes]:
    made: list[bytes] = []
    writer, digest = Writer(made.append), bytes(32)
    writer.line(TITLE)
    writer.line("range 0 1")
    for seal in range(1, 1_001):
        rows = [f"x|{seal}|{row}|{'y' * 200}" for row in range(50)]
        digest = seal_digest(digest, rows)
        writer.line(f"seal 0 {seal} {digest.hex()}")
        for row in rows:
            writer.line(f"row {row}")
        yield from made
        made.clear()
    body = f"posswitch head 1\nat x\ndate 2026-01-01\nseal 0 1000 {digest.hex()}\n"
    writer.head(Head(1, body, KEY.sign(body.encode())))
    writer.end()
    yield from made
