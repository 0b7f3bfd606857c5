"""A member's letters: what came and what they wrote, an answer, and a letter of their own."""

from collections.abc import Mapping
from typing import Any, Final

from host.model.office import ROWS_MAX
from terminals.web.member_parts import MINE, WALLET_PART
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen

WRITE: Final = "mail.write"
TO_MEMBER: Final = "to_member"


def _letters(reader: Reader, given: Given, parts: Parts) -> Mapping[str, Any]:
    """Letters, and what one of their own may be to and about."""
    rows = {name: part.rows for name, part in parts.items()}
    topic = next(
        (one for one in reader.actions[WRITE].fields if one.name == "topic"), None
    )  # as the office has them
    return {
        "letters": rows.get("mails", ()),
        "cards": rows.get("wallet", ()),
        "stores": rows.get("stores", ()),
        "topics": topic.choices if topic is not None else (),
        "to_store": given.get("store", ""),
        "more": parts["mails"].more if "mails" in parts else "",
        "to_member": TO_MEMBER,
    }


MAIL: Final = Screen(
    id="me_mail",
    path="/me/mail",
    en="Letters",
    zh="信件",
    template="me_mail.html",
    roles=MINE,
    asks=("store",),
    parts={
        "mails": Part(view="my_mails", rows_max=20, goes_on="after"),
        "wallet": WALLET_PART,
        "stores": Part(view="my_stores", rows_max=ROWS_MAX),
    },
    arrange=_letters,
)
