"""A terminal batch, as the host has it and as the terminal uploads it, and where the two differ.

Pure: no clock, no database.

A batch is open until its terminal settles it. Totals that agree reconcile it; others make it
await the terminal's records, and the end of that upload closes it. Either way the terminal moves
on to the next batch number, and nothing is ever posted to make the two agree: each difference is
a case.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from host.cases import CaseKind, NewCase
from host.model.money import HOUSE_CURRENCY, POINTS_PREFIX, Money
from host.model.requests import Kind, Totals
from host.model.totals import SIDES, TotalsSide

EPOCH_LAST: Final = 999_998
"""Batch numbers go from 1 to this and round again: terminals adopt no other."""
EPOCH_DIGITS: Final = 6
DATED: Final = frozenset({"mis"})
"""Institutions whose epoch is the terminal's own date and no batch that the host gives. Such a
batch has parts: what is traded after its settlement is in the next one."""
PART: Final = "."
CASES_PER_BATCH_MAX: Final = 50
"""Of one upload; what is more is one case that counts them."""
NOTHING: Final = (Totals(), Totals())

Halves = tuple[Totals, Totals]
"""Money and points."""
Place = tuple[bool, TotalsSide]
"""Whether in the points half, and on which side of it."""


class BatchName(NamedTuple):
    """Which batch of which terminal."""

    institution: str
    terminal_id: str
    epoch: str
    """Of a dated batch that was settled and traded in again: the date, a point, the part."""

    @property
    def key_epoch(self) -> str:
        """The epoch that its exchanges have in their keys."""
        return self.epoch.partition(PART)[0]

    @property
    def next_part(self) -> "BatchName":
        """What follows it under the same date."""
        date, _, part = self.epoch.partition(PART)
        return self._replace(epoch=f"{date}{PART}{int(part or 1) + 1}")


class Settled(NamedTuple):
    """How a batch was settled: what it counted, and whether its terminal's keys proved it."""

    marks: tuple[int, ...]
    """The last seal of each shard that is in it."""
    is_proved: bool

    def has(self, shard: int, seal: int) -> bool:
        """Whether what this seal covers was counted."""
        return shard < len(self.marks) and seal <= self.marks[shard]


def settled_in(
    settled: Mapping[BatchName, Sequence[Settled]], batch: BatchName, at: tuple[int, int] | None
) -> Settled | None:
    """The settlement that has counted what stands at this shard and seal, or has left its batch."""
    for one in settled.get(batch, ()):
        if batch.institution not in DATED or (at is not None and one.has(*at)):
            return one
    return None


class Traded(msgspec.Struct, frozen=True, kw_only=True):
    """A financial exchange of the batch as the host has it."""

    stan: str
    kind: Kind
    is_approved: bool
    unit: str | None = None
    """None: nothing was posted."""
    amount_minor: int = 0
    paid_minor: int = 0
    """For points earned: the amount that was paid for them, which a terminal may have kept."""
    pan_hash: bytes | None = None
    card: str = ""
    """Masked."""
    is_reversed: bool = False
    is_reversed_late: bool = False
    """After the settlement."""

    @property
    def stands(self) -> bool:
        """Whether it was posted and no reversal took it back."""
        return self.unit is not None and not self.is_reversed

    @property
    def place(self) -> Place | None:
        """Where it counts; None: nowhere, or it cannot be said of what was never posted."""
        return place_of(self.kind, self.unit)

    @property
    def money(self) -> Money:
        """Its amount, as people read it."""
        return Money(self.amount_minor, self.unit or "")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction as the terminal uploaded it."""

    stan: str
    amount_minor: int
    pan_hash: bytes | None = None
    card: str = ""
    """Masked."""
    kind: Kind | None = None


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """All that is compared when an upload ends."""

    batch: BatchName
    traded: Sequence[Traded]
    records: Sequence[Record]
    told: Halves | None
    """The terminal's totals; None where it never settled."""
    with_points: bool
    """Whether this terminal counts points in its totals."""
    count: int
    """How many records it says it sent."""
    voided: Sequence[Traded] = ()
    """What the office has voided of it, under the traces of what was sold."""
    agreed: bool = False
    """Whether the totals had agreed: then a terminal may send notices of chips and no more."""


def next_epoch(epoch: str) -> str:
    """The batch number after this one."""
    number = int(epoch) if epoch.isdigit() else 0
    return f"{number % EPOCH_LAST + 1:0{EPOCH_DIGITS}d}"


def place_of(kind: Kind, unit: str | None) -> Place | None:
    """Where a transaction counts in F48, by `SIDES`."""
    row = SIDES.get(kind)
    if row is None:
        return None
    if unit is None:
        sides = [(False, row.money), (True, row.points)]
        sure = [(in_points, side) for in_points, side in sides if side is not None]
        return sure[0] if len(sure) == 1 else None
    in_points = unit.startswith(POINTS_PREFIX)
    side = row.points if in_points else row.money
    return None if side is None else (in_points, side)


def totals_of(parts: Iterable[tuple[Place, int]], *, with_points: bool = True) -> Halves:
    """What transactions add up to, each given by its place and amount."""
    sums = dict.fromkeys(_PLACES, (0, 0))
    for place, amount in parts:
        if with_points or not place[0]:
            minor, count = sums[place]
            sums[place] = (minor + amount, count + 1)
    return _halves(sums)


def totals_of_sums(sums: Mapping[Place, tuple[int, int]], *, with_points: bool = True) -> Halves:
    """The same from sums and counts that were made elsewhere, place by place."""
    kept = {place: both for place, both in sums.items() if with_points or not place[0]}
    return _halves({**dict.fromkeys(_PLACES, (0, 0)), **kept})


def differences(upload: Upload) -> list[NewCase]:
    """Every case the comparison finds: record by record, then of the batch as a whole."""
    ours = {one.stan: one for one in upload.traded}
    found = [case for record in upload.records for case in _of_record(upload, ours, record)]
    uploaded = {record.stan for record in upload.records}
    missing = [
        one
        for one in upload.traded
        if one.stands and one.stan not in uploaded and _is_uploaded(upload, one)
    ]
    is_part = upload.agreed and bool(missing)
    if not is_part:
        found += [
            _case(upload, CaseKind.MISSING_AT_TERMINAL, one.stan, _seen(one), one.money)
            for one in missing
        ]
    if len(upload.records) != upload.count:
        detail = f"{upload.count} records sent, {len(upload.records)} came"
        found.append(_case(upload, CaseKind.UPLOAD_INCOMPLETE, "", detail))
    elif not is_part and upload.told and not _records_make(upload, ours, upload.told):
        found.append(_case(upload, CaseKind.TOTALS_UNEXPLAINED, "", _told_of(upload.told)))
    found += [
        _case(upload, CaseKind.VOIDED_AT_OFFICE, one.stan, _seen(one), one.money)
        for one in upload.voided
        if _is_uploaded(upload, one)
    ]
    found += [
        _case(upload, CaseKind.REVERSAL_DURING_UPLOAD, one.stan, _seen(one), one.money)
        for one in upload.traded
        if one.is_reversed_late
    ]
    return found


def text_of(totals: Halves) -> str:
    """Totals as people read them."""
    return "; ".join(halves_of(totals))


def halves_of(totals: Halves) -> tuple[str, str]:
    """The same apart: money, and points."""
    money, points = totals
    return _half_text(money, HOUSE_CURRENCY), _half_text(points, POINTS_PREFIX)


def text_of_record(record: Record, one: Traded | None = None) -> str:
    """What a terminal has, as people read it; `one` is what the host has under its trace."""
    return f"{_money_at_terminal(record, one)} of {record.card}"


_PLACES: Final[tuple[Place, ...]] = tuple(
    (in_points, side) for in_points in (False, True) for side in TotalsSide
)


def _halves(sums: Mapping[Place, tuple[int, int]]) -> Halves:
    money, points = (
        Totals(*sums[half, TotalsSide.DEBIT], *sums[half, TotalsSide.CREDIT])
        for half in (False, True)
    )
    return money, points


def _of_record(upload: Upload, ours: Mapping[str, Traded], record: Record) -> Iterable[NewCase]:
    """What is wrong with one record. Nothing posted here is touched by it."""
    one = ours.get(record.stan)
    stan, sent = record.stan, f"the terminal has {text_of_record(record, one)}"
    if one is None:
        yield _case(upload, CaseKind.UNKNOWN_STAN, stan, sent, _money_at_terminal(record, one))
        return
    if not one.stands:
        if not (one.is_approved and not one.is_reversed and record.amount_minor == 0):
            detail = f"{sent}; here it is {_seen(one)}"
            amount = _money_at_terminal(record, one)
            yield _case(upload, CaseKind.APPROVED_AT_TERMINAL, stan, detail, amount)
        return
    both = f"{sent}; here it is {_seen(one)}"
    if record.amount_minor not in {one.amount_minor, one.paid_minor or one.amount_minor}:
        rest = Money(abs(record.amount_minor - one.amount_minor), one.money.unit)
        yield _case(upload, CaseKind.AMOUNT_DIFFERS, stan, both, rest)
    if None not in {record.pan_hash, one.pan_hash} and record.pan_hash != one.pan_hash:
        yield _case(upload, CaseKind.CARD_DIFFERS, stan, both, one.money)
    if record.kind is not None and not _is_same_kind(record.kind, one.kind):
        detail = f"the terminal has a {record.kind}; here it is {_seen(one)}"
        yield _case(upload, CaseKind.KIND_DIFFERS, stan, detail, one.money)


def _is_same_kind(theirs: Kind, ours: Kind) -> bool:
    """A load that its confirmation posted is the same load to the terminal."""
    loads = {Kind.CASH_LOAD, Kind.CASH_LOAD_CONFIRM}
    return theirs is ours or {theirs, ours} == loads


def _is_uploaded(upload: Upload, one: Traded) -> bool:
    """Whether the terminal keeps such a thing in its batch at all."""
    return one.place is not None and (upload.with_points or not one.place[0])


def _records_make(upload: Upload, ours: Mapping[str, Traded], told: Halves) -> bool:
    """Whether the terminal's totals are the sum of its records: sum of parts = whole.

    A record that says no kind and never came here may stand anywhere, so what the others leave of
    the totals has to be the sum of these.
    """
    placed: list[tuple[Place, int]] = []
    floating: list[int] = []
    for record in upload.records:
        one = ours.get(record.stan)
        place = _place_at_terminal(record, one)
        amount = _amount_at_terminal(record, one, place)
        if place is not None:
            placed.append((place, amount))
        elif one is None or (one.unit is None and one.kind in SIDES):
            floating.append(amount)
    if not upload.with_points and any(half != Totals() for half in told[1:]):
        return False
    return _is_rest(told, totals_of(placed, with_points=upload.with_points), floating)


def _place_at_terminal(record: Record, one: Traded | None) -> Place | None:
    if one is not None:
        return one.place
    return None if record.kind is None else place_of(record.kind, None)


def _amount_at_terminal(record: Record, one: Traded | None, place: Place | None) -> int:
    """Points earned are summed in points, whichever amount the record has."""
    is_paid = one is not None and one.paid_minor and record.amount_minor == one.paid_minor
    if one is not None and is_paid and place is not None and place[0]:
        return one.amount_minor
    return record.amount_minor


def _is_rest(told: Halves, placed: Halves, floating: list[int]) -> bool:
    """Whether told less placed is made of all the floating records, each on some side."""
    if not floating:
        return told == placed
    rest = [
        (half.debit_minor - part.debit_minor, half.debit_count - part.debit_count,
         half.credit_minor - part.credit_minor, half.credit_count - part.credit_count)
        for half, part in zip(told, placed, strict=True)
    ]  # fmt: skip
    if any(number < 0 for numbers in rest for number in numbers):
        return False
    minor = sum(numbers[0] + numbers[2] for numbers in rest)
    count = sum(numbers[1] + numbers[3] for numbers in rest)
    return (minor, count) == (sum(floating), len(floating))


def _case(
    upload: Upload, kind: CaseKind, stan: str, detail: str, amount: Money | None = None
) -> NewCase:
    return NewCase(
        kind=kind,
        terminal_id=upload.batch.terminal_id,
        epoch=upload.batch.epoch,
        stan=stan,
        detail=detail,
        amount_minor=amount.amount_minor if amount is not None else 0,
        unit=amount.unit if amount is not None else "",
    )


def _seen(one: Traded) -> str:
    """What the host has, in words."""
    if one.unit is None:
        return f"{one.kind}, {'approved, nothing to post' if one.is_approved else 'declined'}"
    state = ", reversed" if one.is_reversed else ""
    return f"{one.kind} of {one.money}, card {one.card}{state}"


def _told_of(told: Halves) -> str:
    return f"the terminal says {text_of(told)}"


def _half_text(half: Totals, unit: str) -> str:
    debit, credit = Money(half.debit_minor, unit), Money(half.credit_minor, unit)
    return f"debit {debit} in {half.debit_count}, credit {credit} in {half.credit_count}"


def _money_at_terminal(record: Record, one: Traded | None) -> Money:
    """A terminal's amount, in the unit of what the host posted, or of what such a thing is in.

    Its unit is empty where neither tells: a void may be of money or of points. Who earned points
    may have kept what was paid for them, which is money.
    """
    if one is not None and one.unit is not None:
        is_paid = one.paid_minor and record.amount_minor == one.paid_minor != one.amount_minor
        return Money(record.amount_minor, HOUSE_CURRENCY if is_paid else one.unit)
    kind = record.kind if one is None else one.kind
    place = None if kind is None else place_of(kind, None)
    if place is None:
        return Money(record.amount_minor, "")
    return Money(record.amount_minor, POINTS_PREFIX if place[0] else HOUSE_CURRENCY)
