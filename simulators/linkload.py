"""A load on the host alone, over its link: `python -m simulators.linkload --link unix:PATH`.

Requests are encoded before the clock starts. A window bounds how many are under way; whatever
room the answers that came together have made is filled by one frame, as a busy switch does. At a
rate, each is sent at its own time whatever has been answered, until standard input ends.
"""

import argparse
import random
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from host.estate.demo import bench_estate
from host.estate.many import many_estate
from host.estate.mixed import mixed_estate
from host.estate.plan import CardPlan, EstatePlan, TerminalPlan
from host.hsm.pin import make_pin_block
from host.link.frames import Answers, Hello, LinkReader, encode, encode_ask, encode_item
from host.model.money import Money
from host.model.requests import ExchangeKey, Family, Kind, PinBlock, Request
from simulators.mix import DAY, Turn, mixed_messages
from simulators.tally import percentile

RECEIVE_BYTES_MAX: Final = 1 << 20
AMOUNT_MINOR_MAX: Final = 9_999
PIN_FORMAT: Final = 0


class LinkLoadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What to send where. The host must serve `bench_estate`, or the estate of its mix."""

    link: str = "unix:host.sock"
    messages: int = 20_000
    terminals: int = 512
    cards: int = 10_000
    window: int = 256
    """Requests under way; no more than there are terminals, each has one at a time."""
    first_trace: int = 1
    first_voucher: int = 0
    """Of a mix: vouchers of the estate before this one are others'."""
    seed: int = 8583
    rate: float = 0.0
    """Messages a second; a latency is then from when one was due. 0: as fast as the window lets."""
    mix: str = ""
    """Empty: purchases alone. `one` or `spread`: every kind, at one merchant or at many. `day`:
    what a night clears, at the merchants of `many_estate`, a terminal each."""


class LinkLoadReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Latencies in milliseconds."""

    sent: int
    approved: int
    reasons: dict[str, int]
    elapsed_seconds: float
    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @property
    def is_clean(self) -> bool:
        """Whether every request was approved."""
        return self.approved == self.sent


def prepare(settings: LinkLoadSettings) -> list[msgspec.Raw]:
    """Every request with its ticket, as it stands in a frame."""
    if settings.mix:
        return [encode_item(ticket, one) for ticket, one in enumerate(_mixed(settings))]
    estate = bench_estate(settings.terminals, settings.cards)
    dice = random.Random(settings.seed)  # noqa: S311 - a load to be repeated, no secret
    merchant_id = estate.merchants[0].merchant_id
    return [
        encode_item(
            ticket, _purchase(terminal, merchant_id, dice.choice(estate.cards), trace, dice)
        )
        for ticket, (terminal, trace) in enumerate(_turns(estate, settings))
    ]


def run_load(settings: LinkLoadSettings, requests: Sequence[msgspec.Raw]) -> LinkLoadReport:
    """Send everything, take every answer."""
    link = _connected(settings.link)
    reader, reasons = LinkReader(), Counter[str]()
    sent_at: list[float] = []
    latencies: list[float] = []
    answered = 0
    began = time.perf_counter()
    while answered < settings.messages:
        sent = len(sent_at)
        filling = requests[sent : answered + settings.window]
        if filling:
            link.sendall(encode_ask(filling))
            sent_at += [time.perf_counter()] * len(filling)
        data = link.recv(RECEIVE_BYTES_MAX)
        if not data:
            raise ConnectionError("the host closed the link in the middle of the load")
        now = time.perf_counter()
        for answers in reader.feed(data):
            if not isinstance(answers, Answers):
                continue
            answered += len(answers.items)
            reasons.update(response.reason for _, response in answers.items)
            latencies += [now - sent_at[ticket] for ticket, _ in answers.items]
    elapsed = time.perf_counter() - began
    link.close()
    return _report(reasons, latencies, elapsed)


def run_paced(settings: LinkLoadSettings, requests: Sequence[msgspec.Raw]) -> LinkLoadReport:
    """Send at the rate until standard input ends or all are sent; take every answer."""
    link = _connected(settings.link)
    reader, reasons = LinkReader(), Counter[str]()
    latencies: list[float] = []
    sent, watched, last = 0, [link, sys.stdin], len(requests)
    began = time.perf_counter()
    while sent < last or len(latencies) < sent:
        due = min(last, int((time.perf_counter() - began) * settings.rate) + 1)
        if due > sent:
            link.sendall(encode_ask(requests[sent:due]))
            sent = due
        next_at = began + sent / settings.rate
        wait = max(0.0, next_at - time.perf_counter()) if sent < last else None
        ready, _, _ = select.select(watched, [], [], wait)
        if sys.stdin in ready:
            last, watched = sent, [link]
        if link not in ready:
            continue
        data = link.recv(RECEIVE_BYTES_MAX)
        if not data:
            raise ConnectionError("the host closed the link in the middle of the load")
        now = time.perf_counter() - began
        for answers in reader.feed(data):
            if not isinstance(answers, Answers):
                continue
            reasons.update(response.reason for _, response in answers.items)
            latencies += [now - ticket / settings.rate for ticket, _ in answers.items]
    elapsed = time.perf_counter() - began
    link.close()
    return _report(reasons, latencies, elapsed)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: prepare, say ready, start at a line on standard input, report as JSON."""
    parser = argparse.ArgumentParser(prog="python -m simulators.linkload", description=__doc__)
    for field in msgspec.structs.fields(LinkLoadSettings):
        name = "--" + field.name.replace("_", "-")
        parser.add_argument(name, default=field.default, type=field.type)
    settings = LinkLoadSettings(**vars(parser.parse_args(arguments)))
    requests = prepare(settings)
    _say("ready")
    sys.stdin.readline()
    run = run_paced if settings.rate else run_load
    report = run(settings, requests)
    _say(msgspec.json.encode(report).decode())
    return 0 if report.is_clean else 1


def _mixed(settings: LinkLoadSettings) -> Iterator[Request]:
    turn = Turn(settings.first_trace, settings.first_voucher, settings.seed)
    if settings.mix == "day":
        estate = many_estate(settings.terminals, settings.cards)
        return mixed_messages(estate, estate.terminals, settings.messages, turn=turn, parts=DAY)
    estate = mixed_estate(settings.terminals, settings.cards)
    one_merchants = estate.terminals[: settings.terminals]
    spread = estate.terminals[settings.terminals :]
    terminals = one_merchants if settings.mix == "one" else spread
    return mixed_messages(estate, terminals, settings.messages, turn=turn)


def _turns(estate: EstatePlan, settings: LinkLoadSettings) -> Iterator[tuple[TerminalPlan, int]]:
    for number in range(settings.messages):
        each, place = divmod(number, len(estate.terminals))
        yield estate.terminals[place], settings.first_trace + each


def _purchase(
    terminal: TerminalPlan, merchant_id: str, card: CardPlan, trace: int, dice: random.Random
) -> Request:
    assert terminal.working is not None
    assert card.pin is not None
    return Request(
        kind=Kind.PURCHASE,
        key=ExchangeKey(
            "pos", terminal.terminal_id, terminal.epoch, f"{trace:06d}", Family.FINANCIAL
        ),
        merchant_id=merchant_id,
        pan=card.pan,
        amount=Money(dice.randint(1, AMOUNT_MINOR_MAX), "CNY"),
        pin=PinBlock(
            PIN_FORMAT, make_pin_block(terminal.working.pik, card.pin, card.pan, PIN_FORMAT)
        ),
        entry_mode="021",
        key_generation=1,
    )


def _connected(link: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(link.removeprefix("unix:"))
    connection.sendall(encode(Hello()))
    return connection


def _report(reasons: Counter[str], latencies: list[float], elapsed: float) -> LinkLoadReport:
    milliseconds = sorted(second * 1000 for second in latencies)
    return LinkLoadReport(
        sent=len(latencies),
        approved=reasons["approved"],
        reasons=dict(reasons),
        elapsed_seconds=round(elapsed, 4),
        rate=round(len(latencies) / elapsed, 1),
        p50_ms=round(percentile(milliseconds, 0.50), 3),
        p95_ms=round(percentile(milliseconds, 0.95), 3),
        p99_ms=round(percentile(milliseconds, 0.99), 3),
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
