"""A message on its way to an issuer: its stages are a table, and what is over is over."""

from types import SimpleNamespace

import pytest

from host.model.requests import Kind, Request
from host.model.responses import Reason
from switch.hostlink import Slot
from switch.issuers.issuer import OnLine
from switch.issuers.passage import NEXT, Passage, Passages, Stage
from switch.memory.route_words import Noted, State
from tests.switch.conftest import approval
from tests.switch.memory.test_routes import purchase_of

ENDS = {Stage.TOLD, Stage.UNDONE, Stage.UNSENT, Stage.IN_DOUBT}


def test_every_stage_is_reached_from_the_first_and_only_an_end_is_followed_by_none():
    reached, found = {Stage.NOTING}, {Stage.NOTING}
    while found:
        found = {after for stage in found for after in NEXT.get(stage, ())} - reached
        reached |= found
    assert reached == set(Stage)
    assert set(Stage) - set(NEXT) == ENDS


def test_no_message_has_a_text_that_could_show_its_fields():
    asked = {"2": "9988001234567893"}
    on_line = OnLine(line=None, asked=asked, correlation=("", "", ""))  # type: ignore[arg-type]
    made = Bench().passages
    passage = Passage(made, purchase_of(1), on_line=on_line)
    assert asked["2"] not in f"{on_line!r} {passage!r}"


class Bench:
    """An issuer, a memory and store-and-forward that do nothing until they are told to."""

    def __init__(self) -> None:
        self.sent: list[Passage] = []
        self.timed_out: list[OnLine] = []
        self.written: list = []
        """Call-backs of the files, in the order in which they were asked for."""
        self.is_taken = False
        """Whether another process has noted everything first."""
        issuer = SimpleNamespace(
            name="far",
            pins=None,
            cards=SimpleNamespace(keep=lambda *_: None),
            settings=SimpleNamespace(issuer_id="48882955"),
            send=self._send,
            read=lambda _on_line, fields: approval(reason=fields["reason"]),
            timed_out=self.timed_out.append,
            lost=lambda _on_line: None,
        )
        memory = SimpleNamespace(
            note=lambda _route, request, done: self.written.append(
                lambda: done(None if self.is_taken else note_of(request))
            ),
            is_taken=lambda _key_text: self.is_taken,
            answer=lambda noted, _response, done: self.written.append(lambda: done(noted)),
            drop=lambda *_: None,
        )
        owing = SimpleNamespace(owe=lambda _advice, _route, stored: self.written.append(stored))
        self.passages = Passages(issuer, memory, owing)  # type: ignore[arg-type]

    def write(self) -> None:
        self.written.pop(0)()

    def _send(self, _request, _noted, sender, **_):
        self.sent.append(sender)
        return OnLine(line=None, asked={}, correlation=("", "", str(len(self.sent))))  # type: ignore[arg-type]


class Ear:
    def __init__(self) -> None:
        self.heard: list = []

    def answered(self, response):
        self.heard.append(response.reason)

    def unsent(self):
        self.heard.append("unsent")

    def in_doubt(self):
        self.heard.append("in doubt")


def note_of(request: Request) -> Noted:
    return Noted(
        key_text=request.key.text,
        route="far",
        owner="one",
        state=State.OPEN,
        noted_at=0.0,
        trace=1,
        request=request,
    )


@pytest.fixture
def bench() -> Bench:
    return Bench()


def refund() -> Request:
    return Request(kind=Kind.REFUND, key=purchase_of(1).key, merchant_id="m")


def test_an_approval_goes_to_the_disk_twice_before_it_is_told(bench: Bench):
    ear = Ear()
    bench.passages.take(purchase_of(1), ear)
    bench.write()
    [passage] = bench.sent
    passage.arrived({"reason": Reason.APPROVED})
    assert passage.stage is Stage.ADVISING
    bench.write()
    assert (passage.stage, ear.heard) == (Stage.ANSWERED, [])
    bench.write()
    assert (passage.stage, ear.heard) == (Stage.TOLD, [Reason.APPROVED])


def test_what_another_process_noted_first_is_told_there_and_nothing_here(bench: Bench):
    bench.is_taken = True
    ear = Ear()
    bench.passages.take(purchase_of(1), ear)
    bench.write()
    assert (bench.sent, ear.heard, bench.passages.count) == ([], [Reason.IN_PROGRESS], 0)


def test_what_timed_out_while_its_answer_was_written_ends_no_repeat_of_it(bench: Bench):
    first, again = Ear(), Ear()
    ticket = bench.passages.take(refund(), first)
    bench.write()
    bench.sent[0].arrived({"reason": Reason.APPROVED})
    bench.passages.forget(ticket)
    assert not bench.passages.has(refund().key.text)
    bench.passages.repeat(refund(), note_of(refund()), again)
    bench.write()
    bench.write()
    assert bench.sent[0].stage is Stage.TOLD
    assert bench.passages.has(refund().key.text), "it is the repeat that is on its way"
    bench.sent[1].arrived({"reason": Reason.APPROVED})
    bench.write()
    bench.write()
    assert (first.heard, again.heard) == ([], [Reason.APPROVED])
    assert (bench.passages.count, bench.timed_out) == (0, [])


def test_the_last_who_waits_takes_a_message_off_its_line(bench: Bench):
    first, joined = Ear(), Ear()
    one = bench.passages.take(purchase_of(1), first)
    other = bench.passages.join(purchase_of(1), joined)
    bench.write()
    bench.passages.forget(one)
    assert bench.timed_out == []
    assert isinstance(other, Slot)
    bench.passages.forget(other)
    bench.passages.forget(other)
    assert (len(bench.timed_out), bench.passages.count) == (1, 0)
    assert bench.sent[0].stage is Stage.IN_DOUBT
