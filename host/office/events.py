"""EVENTS: what programs hear of, and out of which journal it comes.

What people do is told out of history, in the transaction that writes its line: nothing that is
kept is untold, and nothing is told that was undone. What is traded is told out of the journal, by
whoever reads it behind (`host.office.webhooks`), so that no posting pays for it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from host.office.places import Place
from host.office.subjects import Ref
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "webhooks.sql")
DONE, ASKED = "done", "asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row."""

    id: str
    en: str
    zh: str
    actions: frozenset[str] = field(default_factory=frozenset)
    """Whose line of history it is; none: of whichever action."""
    outcome: str = DONE
    is_traded: bool = False
    """Whether it comes out of the ledger's journal."""


def _of(words: str) -> frozenset[str]:
    return frozenset(words.split())


POSTED: Final = Event(
    id="transaction.posted", en="A transaction was posted", zh="交易入账", is_traded=True
)
WAITING: Final = Event(
    id="approval.waiting", en="Something waits for a second person", zh="待复核", outcome=ASKED
)
_ROWS: Final = (
    POSTED,
    WAITING,
    Event(id="approval.decided", en="An approval was decided", zh="复核已决定",
          actions=_of("approval.decide approval.withdraw")),
    Event(id="card_batch.changed", en="A card batch was changed", zh="卡批次变更",
          actions=_of("card_batch.create card_batch.edit card_batch.add card_batch.open"
                      " card_batch.suspend card_batch.resume card_batch.void")),
    Event(id="voucher_batch.changed", en="A voucher batch was changed", zh="券批次变更",
          actions=_of("voucher_batch.create voucher_batch.open voucher_batch.stop")),
    Event(id="card.changed", en="A card was changed", zh="卡变更",
          actions=_of("card.freeze card.extend card.replace card.void card.rebind")),
    Event(id="settlement.changed", en="A settlement was confirmed or disputed", zh="结算单变更",
          actions=_of("settlement.confirm settlement.dispute settlement.answer")),
    Event(id="payout.changed", en="A payout was instructed or came back", zh="付款变更",
          actions=_of("payout.instruct payout.return")),
    Event(id="day.changed", en="A business day was cleared or released", zh="营业日变更",
          actions=_of("clearing.run clearing.release")),
    Event(id="merchant.changed", en="A merchant was changed", zh="商户变更",
          actions=_of("merchant.save merchant.suspend merchant.close")),
    Event(id="store.changed", en="A store was changed", zh="门店变更", actions=_of("store.save")),
    Event(id="terminal.changed", en="A terminal was changed", zh="终端变更",
          actions=_of("terminal.save terminal.disable terminal.rotate")),
    Event(id="member.changed", en="A member was changed", zh="会员变更",
          actions=_of("member.add member.edit member.freeze member.close")),
)  # fmt: skip
EVENTS: Final[Mapping[str, Event]] = {row.id: row for row in _ROWS}
_BY_ACTION: Final = {action: row for row in _ROWS if row.outcome == DONE for action in row.actions}


def event_of(action: str, outcome: str) -> Event | None:
    """What a line of history is told as; None: it is not told."""
    if outcome == ASKED:
        return WAITING
    return _BY_ACTION.get(action) if outcome == DONE else None


def announce(
    connection: Connection,
    said: tuple[str, str, dt.datetime],
    about: Ref,
    place: Place,
    approval: int | None,
) -> None:
    """Tell it to who wants to hear of it; `said` is action, outcome and when."""
    action, outcome, at = said
    event = event_of(action, outcome)
    if event is None:
        return
    data: dict[str, Any] = {
        "action": action,
        "outcome": outcome,
        "subject_kind": about.kind,
        "subject_key": about.key,
    }
    if approval is not None:
        data["approval"] = approval
    told = {
        "event": event.id,
        "line": f"{about.kind}/{about.key}",
        "body": body_of(event, at, data),
        "now": at,
        "issuer_id": place.issuer_id,
        "merchant_id": place.merchant_id,
    }
    connection.execute(SQL["tell"], told)


def body_of(event: Event, at: dt.datetime, data: Mapping[str, Any]) -> str:
    """What is sent: type, when, and what is known of it (Standard Webhooks 1.0.0)."""
    told = {"type": event.id, "timestamp": at.isoformat(), "data": data}
    return msgspec.json.encode(told).decode()
