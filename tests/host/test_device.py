"""A device that stops answering is told of once, and taken up again once it is back."""

from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from config.run.database import Dsns
from host.device import watch_device
from host.hsm.pkcs11 import HsmError
from host.hsm.vault import Vault
from host.model.requests import Kind
from host.model.responses import Reason
from host.model.secrets import Secret
from tests.host.conftest import trading

LMK = Secret(bytes(range(32)))


class OverError(Exception):
    """Nothing more comes to pass."""


class Device(Vault):
    """Whether it answers, and whether it would anew, is written down look by look."""

    def __init__(self, looks: list[tuple[bool, bool]]) -> None:
        super().__init__(LMK)
        self._looks = iter(looks)
        self._anew = False

    def answers(self) -> bool:
        try:
            answers, self._anew = next(self._looks)
        except StopIteration:
            raise OverError from None
        return answers

    def would_answer_anew(self) -> bool:
        return self._anew


async def watched(looks: list[tuple[bool, bool]]) -> NoReturn:
    await watch_device(Device(looks))


HERE, AWAY, FORGOTTEN = (True, False), (False, False), (False, True)
GONE = ("error", "the device that holds the LMK does not answer")
BACK = ("info", "the device that holds the LMK answers again")


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ([HERE] * 3, []),
        ([HERE, AWAY, AWAY, HERE, HERE], [GONE, BACK]),
        ([AWAY, HERE, AWAY], [GONE, BACK, GONE]),
    ],
)
async def test_it_is_told_once_that_it_is_gone_and_once_that_it_is_back(
    looks: list[tuple[bool, bool]],
    said: list[tuple[str, str]],
    autojump_clock: object,  # noqa: ARG001 - as a mark alone it does not tick
) -> None:
    with capture_logs() as lines, pytest.raises(OverError):
        await watched(looks)
    assert [(line["log_level"], line["event"].partition(":")[0]) for line in lines] == said


async def test_the_host_ends_once_a_device_that_forgot_us_is_back(
    autojump_clock: object,  # noqa: ARG001 - as a mark alone it does not tick
) -> None:
    with pytest.raises(HsmError, match=r"forgotten our session\. Next: nothing; the host starts"):
        await watched([HERE, AWAY, AWAY, FORGOTTEN])


def test_an_lmk_in_this_process_always_answers() -> None:
    vault = Vault(LMK)
    assert (vault.answers(), vault.would_answer_anew()) == (True, False)


async def test_a_request_meanwhile_is_told_96_and_is_one_line_of_the_log(
    estate_database: Dsns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_asked: object) -> NoReturn:
        raise HsmError("the device that holds the LMK does not answer (DeviceRemoved). Next: look")

    async with trading(estate_database) as till:
        with monkeypatch.context() as away, capture_logs() as lines:
            away.setattr(Vault, "pan_hash", lost)
            told = await till.ask(till.request(Kind.CASH_LOAD, 2, 100))
        assert told.reason is Reason.MALFUNCTION
        [line] = [each for each in lines if each["log_level"] == "error"]
        assert "does not answer" in line["why"]
        assert "exc_info" not in line
        assert (await till.ask(till.request(Kind.CASH_LOAD, 3, 100))).is_approved
