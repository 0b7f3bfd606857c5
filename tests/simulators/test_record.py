"""The record survives its writer, and folds into one claim a message."""

from pathlib import Path

from host.model.claims import Expected
from host.model.requests import Kind
from simulators.record import Event, Record, What, claims_of, read_record

SLOT = "pos/80010001/000012/000002/f"
SENT = Event(what=What.SENT, slot=SLOT, kind=Kind.PURCHASE, card_id=1, amount_minor=100, unit="CNY")


def test_a_record_reads_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    with Record(file) as record:
        record.note(SENT)
        record.note(Event(what=What.TOLD, slot=SLOT, f39="00", rrn="112200000001"))
    assert read_record(file) == record.events
    assert claims_of(read_record(file)) == record.claims()


def test_a_line_cut_by_a_kill_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    with Record(file) as record:
        record.note(SENT)
    with file.open("ab") as more:
        more.write(b'{"what":"to')
    assert read_record(file) == [SENT]


def test_a_message_that_was_only_sent_is_unknown() -> None:
    [claim] = claims_of([SENT])
    assert claim.outcome is Expected.UNKNOWN
    assert (claim.slot, claim.card_id, claim.amount_minor) == (SLOT, 1, 100)


def test_a_record_goes_on_where_another_ended(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    with Record(file) as record:
        record.note(SENT)
    with Record(file) as record:
        record.note(Event(what=What.TOLD, slot=SLOT, f39="51"))
    [claim] = claims_of(read_record(file))
    assert claim.told == "51"
