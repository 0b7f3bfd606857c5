"""How a POS terminal closes its batch: totals, where they do not agree the records, and the end.

Records go up compact, refunds in their own fields. Of cards that were read by chip the notices
follow whether or not the totals agreed, and so do transactions that a chip or the host refused;
those never happened, and count nowhere. A page of the log may be lost before.
"""

from simulators import uploads
from simulators.messages import Fields
from simulators.session import PosSession
from simulators.trades import Settled
from terminals.batches import compact_uploads, flags_of, totals_digits
from terminals.believed import Answer, Verdict
from terminals.fields import AGREED


async def settle(session: PosSession, attempts_max: int, *, misses: int = 0) -> Settled:
    """Close the batch, and begin the next where the host has closed it, too."""
    batch = session.batch
    for trace in list(batch.entries)[:misses]:
        del batch.entries[trace]

    async def insist(asked: Fields) -> Answer:
        return await session.insist(asked, attempts_max)

    totals = totals_digits(batch.totals())
    answer = await insist(uploads.settlement(session.who, session.next_trace(), totals))
    if answer.verdict is not Verdict.USABLE:
        return Settled(answer=answer, agrees=False)
    if "48" not in answer.fields:
        await session.sign_on()
        return Settled(answer=answer, agrees=False)
    agrees = set(flags_of(answer.fields["48"])) == {AGREED}
    records = uploads_of(session, agrees=agrees)
    for asked in records:
        await insist(asked)
    uploaded = sum(map(uploads.records_in, records))
    end = uploads.upload_end(session.who, session.next_trace(), uploaded, balanced=agrees)
    answered = await insist(end)
    if answered.is_approved:
        session.begin_batch()
    return Settled(answer=answer, agrees=agrees, uploaded=uploaded, end=answered)


def uploads_of(session: PosSession, *, agrees: bool) -> list[Fields]:
    """The messages of an upload in the order terminals send them."""
    who, batch = session.who, session.batch
    stripe = [] if agrees else batch.compact
    whole = [] if agrees else batch.whole
    return [
        *(
            uploads.compact_upload(who, session.next_trace(), digits)
            for digits in compact_uploads(stripe)
        ),
        *(uploads.whole_upload(entry.asked) for entry in whole),
        *(uploads.chip_upload(one.asked, one.card, balanced=agrees) for one in batch.by_chip),
        *(
            uploads.refused_chip_upload(one.asked, one.card, balanced=agrees)
            for one in batch.refused
        ),
    ]
