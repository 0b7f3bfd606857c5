"""CARD: one card on one page, by its own number and never by that which is printed on it."""

from typing import Final

from terminals.web.screen import Part, Screen, tab_of_view

LIVE_SECONDS: Final = 5.0
_OF_IT: Final = {"card": "{card}"}
_ABOUT_IT: Final = {"subject_kind": "card", "subject_key": "{card}"}
_TABS: Final = {
    "life": tab_of_view("life", "card_events", _OF_IT),
    "usages": tab_of_view("usages", "usages", _OF_IT),
    "holds": tab_of_view("holds", "holds", _OF_IT),
    "gifts": tab_of_view("gifts", "gifts", _OF_IT),
    "moves": tab_of_view("moves", "moves", _OF_IT),
    "disclosures": tab_of_view("disclosures", "disclosures", _ABOUT_IT),
    "history": tab_of_view("history", "audit", _ABOUT_IT),
}

CARD: Final = Screen(
    id="card",
    path="/cards/{card}",
    en="Card",
    zh="卡",
    template="card.html",
    is_about="card",
    parts={
        "card": Part(view="cards", filters=_OF_IT),
        "batch": Part(
            view="card_batches",
            filters={"batch": "{card.batch}"},
            needs=frozenset({"batch"}),
        ),
        "holder": Part(
            view="members",
            filters={"member": "{card.member}"},
            needs=frozenset({"member"}),
        ),
        **_TABS,
    },
    tabs=tuple(_TABS),
    live_seconds=LIVE_SECONDS,
)
