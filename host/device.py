"""The security module while the host runs: told when it no longer answers, and when it does again.

Meanwhile terminals are told 96, and nothing is posted that could not be looked at. A device that
was taken out, or restarted, has forgotten our session and all its objects. What was put to use in
it cannot be made again here, for working keys are not kept outside of it: so the host ends as soon
as the device would answer a new session, and whoever keeps it starts it again.
"""

from typing import Final, NoReturn

import structlog
import trio

from host.hsm.interface import Hsm
from host.hsm.pkcs11 import HsmError

LOOK_SECONDS: Final = 3.0
"""Between two looks."""

_LOG = structlog.get_logger(__name__)


async def watch_device(hsm: Hsm) -> NoReturn:
    """Look at it, for ever.

    Raises:
        HsmError: it is back, and our session with it is lost for good.
    """
    was_there = True
    while True:
        is_there = await trio.to_thread.run_sync(hsm.answers)
        if is_there != was_there:
            _tell(is_there=is_there)
        was_there = is_there
        if not is_there and await trio.to_thread.run_sync(hsm.would_answer_anew):
            raise HsmError(
                "the device that holds the LMK is back and has forgotten our session. "
                "Next: nothing; the host starts again and takes it up"
            )
        await trio.sleep(LOOK_SECONDS)


def _tell(*, is_there: bool) -> None:
    if is_there:
        _LOG.info("the device that holds the LMK answers again")
    else:
        _LOG.error(
            "the device that holds the LMK does not answer: terminals are told 96. Next: is it "
            "connected and switched on? posswitch doctor says why it does not open; the host goes "
            "on by itself once it is back"
        )
