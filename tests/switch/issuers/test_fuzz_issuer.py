"""An issuer's host that sends what it must not: its line holds, and nothing false is believed."""

import datetime as dt
import random
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from host.link.frames import Answers, LinkReader, encode
from host.model.requests import Kind
from switch.issuer_settings import IssuerSettings
from switch.issuers.line import IssuerLine
from switch.issuers.metrics import IssuerMetrics, IssuersMetrics
from terminals.dialects import issuer
from terminals.dialects.issuer import MismatchError
from tests.switch.fake_issuer import approved
from tests.switch.mutations import mutated, reworded
from tests.terminals.dialects.test_issuer import AT, PARTIES, asked_of

SETTINGS = IssuerSettings(
    name="far", issuer_id="48882955", prefixes=("998800",), addresses=("127.0.0.1:9",)
)
ASKED = {kind: asked_of(kind) for kind in issuer.ROWS if kind is not Kind.REVERSAL}
TOLD: list[dict[str, str]] = [
    *map(approved, ASKED.values()),
    *(approved(fields, f39="51") for fields in ASKED.values()),
    issuer.management_fields(issuer.SIGN_ON, 1, AT),
    issuer.management_fields(issuer.ECHO, 2, AT),
    issuer.management_answer(issuer.management_fields(issuer.ECHO, 3, AT)),
]


class Pipe:
    def wake(self) -> None:
        """Somebody would write now."""


class Sender:
    """Reads each answer as the link does."""

    def __init__(self, asked: dict[str, str]) -> None:
        self.asked = asked
        self.responses: list[Any] = []

    def arrived(self, told: Any) -> None:
        try:
            response = issuer.response_of(self.asked, told, PARTIES, dt.datetime.now(dt.UTC))
        except MismatchError:
            return
        self.responses.append(response)

    def unsent(self) -> None:
        raise AssertionError("the line broke")

    in_doubt = unsent


def spoiled(dice: random.Random, corpus: list[bytes]) -> bytes:
    if dice.random() < 0.5:
        return mutated(dice, dice.choice(corpus), corpus)
    while True:
        fields = reworded(dice, dice.choice(TOLD), dice.choice(TOLD))
        if dice.random() < 0.2:
            fields["t"] = f"{dice.choice(('02', '04', '08'))}{dice.randrange(100):02d}"
        try:
            return issuer.CODEC.encode(fields)
        except ValueError:
            continue


@pytest.mark.counted
@pytest.mark.usefixtures("bugs")
def test_no_broken_message_of_an_issuer_breaks_its_line_or_approves_another_amount(
    counts: SimpleNamespace,
) -> None:
    dice = random.Random(counts.seed)
    corpus = [issuer.CODEC.encode(fields) for fields in TOLD]
    metrics = IssuerMetrics(IssuersMetrics(CollectorRegistry()), "far")
    line = IssuerLine(SETTINGS, "127.0.0.1:9", metrics, lambda: 1.8e9, lambda: None)
    line._pipe = Pipe()  # type: ignore[assignment]
    for _ in range(counts.fuzz // 10):
        asked = dict(dice.choice(list(ASKED.values())))
        sender = Sender(asked)
        line._sent[issuer.correlation_of(asked)] = sender
        payload = spoiled(dice, corpus)
        try:
            line._take(payload)
        except Exception as error:
            raise AssertionError(f"{payload.hex()}: {error!r}") from error
        line._outgoing.clear()
        for response in sender.responses:
            frame = Answers([(0, response)])
            assert LinkReader().feed(encode(frame)) == [frame], payload.hex()
            if response.is_approved:
                told = issuer.decode(payload)
                wanted = asked.get("4", "0" * 12)
                assert told.get("4", wanted) == wanted, payload.hex()
