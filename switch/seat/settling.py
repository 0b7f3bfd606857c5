"""How a seat settles: its totals; where they do not agree its records; the end; the next batch."""

from functools import partial
from typing import Final

import msgspec

from host.model.requests import Totals
from switch.seat.till import NotNowError, Till
from terminals.batches import WHOLE_UPLOADS, compact_uploads, flags_of, totals_of
from terminals.believed import Verdict
from terminals.fields import AGREED
from terminals.seat import asked as messages

BATCH_LAST: Final = 999_998
LAST: Final = "settled"
"""What it is kept by."""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How the last settlement of a seat ended."""

    batch: str
    money: Totals
    points: Totals
    agrees: bool
    uploaded: int = 0
    is_over: bool = False
    """Whether the batch is closed: else it is settled once more."""
    at: float = 0.0
    by: str = ""


async def settle(till: Till, by: str) -> Settled:
    """Close the batch, and begin the next where the house has closed it, too.

    Raises:
        NotNowError: something is under way or in doubt, or the switch does not answer: the batch
            is as it was.
    """
    async with till.held():
        session = till.session
        if not session.is_signed_on and not await session.sign_on():
            raise NotNowError("unreached")
        lines = [one for one in reversed(till.day) if one.counts]
        money, points = totals_of(lines)
        answer = await session.exchange(
            lambda who, trace: messages.settlement(who, trace, (money, points))
        )
        if answer.verdict is not Verdict.USABLE or "48" not in answer.fields:
            raise NotNowError("unreached")
        agrees = set(flags_of(answer.fields["48"])) == {AGREED}
        uploaded = 0 if agrees else await _upload(till)
        end = await session.exchange(
            lambda who, trace: messages.upload_end(who, trace, uploaded, agrees=agrees)
        )
        settled = Settled(
            batch=till.batch,
            money=money,
            points=points,
            agrees=agrees,
            uploaded=uploaded,
            is_over=end.is_approved,
            at=till.now,
            by=by,
        )
        await till.say(**{LAST: settled})
        if settled.is_over:
            await till.begin_batch(f"{int(settled.batch) % BATCH_LAST + 1:06d}")
        return settled


async def _upload(till: Till) -> int:
    """Every record of the batch; how many were sent."""
    lines = [one for one in reversed(till.day) if one.counts]
    compact = [one for one in lines if one.kind not in WHOLE_UPLOADS]
    whole = [one for one in lines if one.kind in WHOLE_UPLOADS]
    for digits in compact_uploads(compact):
        await till.session.exchange(partial(messages.compact_upload, records=digits))
    for one in whole:
        await till.session.insist(messages.whole_upload(one))
    return len(lines)
