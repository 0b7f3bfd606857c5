"""CARD_BATCH: everything of one card batch: what it is, what may be done, its cards and records."""

from typing import Final

from terminals.web.screen import Part, Screen, tab_of_view

LIVE_SECONDS: Final = 5.0
_OF_IT: Final = {"batch": "{batch}"}
_ABOUT_IT: Final = {"subject_kind": "card_batch", "subject_key": "{batch}"}
_TABS: Final = {
    "cards": tab_of_view("cards", "batch_cards", _OF_IT),
    "activations": tab_of_view("activations", "activations", _OF_IT),
    "usages": tab_of_view("usages", "usages", _OF_IT),
    "shipments": tab_of_view("shipments", "shipments", _OF_IT),
    "disclosures": tab_of_view("disclosures", "disclosures", _ABOUT_IT),
    "history": tab_of_view("history", "audit", _ABOUT_IT),
}

CARD_BATCH: Final = Screen(
    id="card_batch",
    path="/card-batches/{batch}",
    en="Card batch",
    zh="卡批次",
    template="card_batch.html",
    is_about="batch",
    parts={
        "batch": Part(view="card_batches", filters=_OF_IT),
        "files": Part(
            view="jobs", filters={"action": "card_batch.export", "mine": "true"}, rows_max=5
        ),
        "figures": Part(view="batch_figures", filters=_OF_IT, is_still=True),
        "segments": Part(view="batch_parts", filters=_OF_IT),
        **_TABS,
    },
    tabs=tuple(_TABS),
    live_seconds=LIVE_SECONDS,
)
