"""Texts to who has not redeemed: queued once on an occasion, and sent by the clock.

A text is sent while its row is held, and its end is kept with it: so it goes at least once, and a
host that is killed in between sends again what it had sent of some at most.
"""

import datetime as dt
from typing import Final
from urllib.parse import urljoin

from host.hsm.interface import Hsm
from host.model.secrets import Secret
from host.sms import Sms, Text
from host.stock.lives import PHONE_USE
from host.stock.qr import handed_out_link
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "reminders.sql")
TEXTS_AT_A_TIME: Final = 20
LATE_DAYS: Final = 3
"""What was due longer ago is not sent any more."""
TRIES_MAX: Final = 5
PATH: Final = "/voucher/"
"""Where a link leads, with what it ends with: beside the members' pages."""
AGAIN_AFTER: Final = dt.timedelta(minutes=10)
WORDS: Final = "您有一张券待提: {name}{until}. 一键提货 {link} A voucher waits for you."


def queue_by_hand(
    connection: Connection, enterprise: int, issue: int | None, now: dt.datetime
) -> int:
    """Remind all who have not redeemed, once on a day; gives how many are."""
    today = now.astimezone().date()
    told = {
        "enterprise": enterprise,
        "issue": issue,
        "occasion": f"by_hand/{today}",
        "now": now,
        "today": today,
    }
    return connection.execute(SQL["queue_by_hand"], told).rowcount


def queue_due(connection: Connection, now: dt.datetime, at_a_time: int) -> int:
    """What the rules say of now; gives how many."""
    told = {"now": now, "today": now.astimezone().date(), "late": LATE_DAYS, "limit": at_a_time}
    return connection.execute(SQL["queue_due"], told).rowcount


def send_due(connection: Connection, now: dt.datetime, hsm: Hsm, sms: Sms) -> bool:
    """Send the next; gives whether there may be more."""
    told = {"now": now, "limit": TEXTS_AT_A_TIME}
    rows = connection.execute(SQL["due_reminders"], told).fetchall()
    for number, attempts, hashed, sealed, masked, name, valid_to, is_theirs, *row in rows:
        state, next_at, sent_at = "dropped", now, None
        if is_theirs:
            phone = hsm.open_secret(bytes(sealed), f"{PHONE_USE}/{bytes(hashed).hex()}")
            link = urljoin(sms.link, f"{PATH}{handed_out_link(hsm, *row)}")
            if _is_taken(sms, phone, masked, words_of(name, valid_to, link)):
                state, sent_at = "sent", now
            else:
                state = "queued" if attempts + 1 < TRIES_MAX else "failed"
                next_at = now + AGAIN_AFTER
        ended = {"id": number, "state": state, "next_at": next_at, "sent_at": sent_at}
        connection.execute(SQL["end_reminder"], ended)
    return len(rows) == TEXTS_AT_A_TIME


def words_of(name: str, valid_to: dt.date | None, link: str) -> str:
    """What a text says: never a code, and no goods."""
    until = f", 有效期至 {valid_to.isoformat()}" if valid_to is not None else ""
    return WORDS.format(name=name, until=until, link=link)


def _is_taken(sms: Sms, phone: Secret, masked: str, words: str) -> bool:
    try:
        sms.send(Text(phone=phone, masked=masked, words=words))
    except OSError:
        return False
    return True
