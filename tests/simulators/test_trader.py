"""What a till or an app does when its keys or its batch are over: as a POS terminal would."""

import json
import time

from host.estate.demo import demo_estate
from host.hsm.keys import deliver, new_working_keys
from host.hsm.mac import mac_for
from simulators.certificates import attestation_key
from simulators.line import IsMine
from simulators.mis import LAYOUT, MisTill
from simulators.record import Record
from simulators.softpos import AttestationService, SoftPosApp
from simulators.trader import Trader
from terminals.dialects import dialect_named
from terminals.dialects.mis import HEADER_BYTES, MisDialect, split_tag

ESTATE = demo_estate()
CARD = ESTATE.cards[0]
SILENCE = None
OVER = {"code": "A0", "next": "3"}
"""The keys are not believed: sign on."""


def plan_of(terminal_id: str):
    [plan] = [one for one in ESTATE.terminals if one.terminal_id == terminal_id]
    return plan


class Host:
    """Answers a till in turn; SIGN always with new keys. Keeps what it was sent."""

    def __init__(self, *answers) -> None:
        self.plan = plan_of("80030001")
        self.new = new_working_keys(LAYOUT, self.plan.mac_algorithm)
        self.answers = list(answers)
        self.said: list[bytes] = []

    async def ask(self, payload: bytes, _is_mine: IsMine) -> bytes | None:
        self.said.append(payload)
        answer = self._keys() if self.codes[-1] == "SIGN" else self.answers.pop(0)
        return None if answer is None else payload[:HEADER_BYTES] + json.dumps(answer).encode()

    @property
    def codes(self) -> list[str]:
        return [payload[HEADER_BYTES - 4 : HEADER_BYTES].decode() for payload in self.said]

    def is_under_new_keys(self, payload: bytes) -> bool:
        mac = mac_for(self.plan.mac_algorithm, self.new.mak)
        return split_tag(payload[:HEADER_BYTES], payload[HEADER_BYTES:], mac) is not None

    def _keys(self) -> dict[str, str]:
        block = deliver(
            LAYOUT,
            self.plan.tmk,
            self.new.pik,
            self.new.mak,
            algorithm=self.plan.mac_algorithm,
        )
        return {"code": "00", "key_block": block.hex()}


def till_on(host: Host) -> Trader:
    dialect = dialect_named("mis-json")
    assert isinstance(dialect, MisDialect)
    till = MisTill(host.plan, ESTATE.merchant_of(host.plan), dialect)
    return Trader(till, host.ask, Record(None), attempts_max=10)


async def test_a_till_whose_keys_are_over_signs_on_before_its_next_trade() -> None:
    host = Host(OVER, {"code": "51"})
    till = till_on(host)
    assert (await till.purchase(CARD, 100, None)).f39 == "A0"
    assert (await till.purchase(CARD, 100, None)).f39 == "51"
    assert host.codes == ["SALE", "SIGN", "SALE"]
    assert host.is_under_new_keys(host.said[-1])


async def test_what_a_till_still_owes_is_sealed_under_the_keys_it_has_by_then() -> None:
    host = Host(SILENCE, SILENCE, SILENCE, {"code": "25"})
    till = till_on(host)
    await till.purchase(CARD, 100, None)
    assert host.codes == ["SALE", "SALE", "REVS"]
    await till.sign_on()
    await till.mend()
    assert not till.has_pending
    assert host.codes[-2:] == ["SIGN", "REVS"]
    assert host.is_under_new_keys(host.said[-1])


async def test_a_till_that_owes_something_signs_on_first_when_it_is_told_to() -> None:
    host = Host(SILENCE, OVER, SILENCE, {"code": "25"})
    till = till_on(host)
    await till.purchase(CARD, 100, None)
    await till.mend()
    assert host.codes == ["SALE", "SALE", "REVS", "SIGN", "REVS"]
    assert not till.has_pending


async def test_an_app_told_that_its_batch_is_over_goes_on_in_the_next() -> None:
    plan = plan_of("80040001")
    said: list[dict[str, object]] = []

    async def ask(payload: bytes, _is_mine: IsMine) -> bytes:
        said.append(json.loads(payload))
        told = {"msgid": said[-1]["msgid"], "ksn": said[-1]["ksn"]}
        return json.dumps(told | {"code": "77" if said[-1]["batch"] == 1 else "51"}).encode()

    service = AttestationService(attestation_key(), clock=time.time)
    app = Trader(SoftPosApp(plan, ESTATE.merchant_of(plan), service), ask, Record(None))
    told = [(await app.purchase(CARD, 100, None)).f39 for _ in range(3)]
    assert told == ["77", "51", "51"]
    assert [(one["batch"], one["seq"]) for one in said] == [(1, 1), (2, 2), (2, 3)]
