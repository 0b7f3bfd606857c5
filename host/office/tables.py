"""ACTIONS and VIEWS: everything a person may do, and everything one may look at."""

from collections.abc import Mapping
from typing import Any, Final

from host.office.action import Action
from host.office.disclosing import make_file
from host.office.jobs import Step
from host.office.rows import (
    approvals,
    card_ends,
    card_views,
    disclosures,
    entries,
    estate,
    faces,
    holding,
    intake,
    members,
    people,
    programme_views,
    programmes,
    self_activation,
    settings,
    stock,
    stock_views,
    views,
    work,
)
from host.office.view import View

_ACTIONS: Final[tuple[Action[Any], ...]] = (
    entries.SIGN_IN,
    entries.USE_GRANT,
    entries.SIGN_OUT,
    entries.ACCEPT,
    people.SAVE,
    people.GRANT,
    people.REVOKE,
    people.LOCK,
    people.RESET,
    people.DISABLE,
    entries.CHANGE_PASSWORD,
    entries.ENROL,
    approvals.DECIDE,
    approvals.WITHDRAW,
    work.STOP,
    estate.ISSUER_SAVE,
    estate.ISSUER_SUSPEND,
    estate.MERCHANT_SAVE,
    estate.MERCHANT_SUSPEND,
    estate.MERCHANT_CLOSE,
    estate.STORE_SAVE,
    estate.TERMINAL_SAVE,
    estate.TERMINAL_DISABLE,
    estate.TERMINAL_ROTATE,
    estate.VENDOR_SAVE,
    programmes.REVISE,
    programmes.SAVE,
    programmes.INVITE,
    stock.PRODUCT_REVISE,
    settings.SET,
    faces.SAVE,
    faces.WITHDRAW,
    stock.BATCH_CREATE,
    stock.BATCH_EDIT,
    stock.BATCH_ADD,
    stock.BATCH_OPEN,
    stock.BATCH_SUSPEND,
    stock.BATCH_RESUME,
    stock.BATCH_VOID,
    stock.CARD_SELL,
    stock.CARD_RETURN,
    stock.CARD_FREEZE,
    stock.CARD_EXTEND,
    self_activation.CARD_ACTIVATE,
    holding.CARD_ACTIVATE_FOR,
    holding.CARD_BIND_BOUGHT,
    holding.CARD_REBIND,
    card_ends.CARD_REPLACE,
    card_ends.CARD_VOID,
    members.ADD,
    members.EDIT,
    members.FREEZE,
    members.CLOSE,
    disclosures.BATCH_EXPORT,
    disclosures.FILE_TAKE,
    disclosures.CARD_REVEAL,
    disclosures.VALUE_UNMASK,
    intake.FILE_SEND,
    intake.SHIPMENT_IMPORT,
    intake.MEMBERS,
    intake.CARDS,
)

ACTIONS: Final[Mapping[str, Action[Any]]] = {row.id: row for row in _ACTIONS}

_VIEWS: Final = (
    views.PEOPLE,
    views.GRANTS,
    views.APPROVALS,
    views.AUDIT,
    views.JOBS,
    views.ISSUERS,
    views.MERCHANTS,
    views.VENDORS,
    programme_views.PROGRAMMES,
    programme_views.ALLIANCES,
    programme_views.DIRECTORY,
    views.STORES,
    views.TERMINALS,
    stock_views.PRODUCTS,
    settings.SETTINGS,
    faces.FACES,
    stock_views.CARD_BATCHES,
    stock_views.BATCH_PARTS,
    stock_views.BATCH_CARDS,
    card_views.CARDS,
    card_views.CARD_EVENTS,
    card_views.ACTIVATIONS,
    card_views.MOVES,
    card_views.USAGES,
    stock_views.ALLOCATIONS,
    stock_views.MEMBERS,
    views.DISCLOSURES,
    stock_views.SHIPMENTS,
)

VIEWS: Final[Mapping[str, View]] = {row.id: row for row in _VIEWS}

WORKS: Final[Mapping[str, Step]] = {
    stock.CREATE: stock.make_cards,
    card_ends.WRITE_BACK: card_ends.write_back,
    disclosures.EXPORT: make_file,
    intake.MEMBER_IMPORT: intake.take_file_of_members,
    holding.ACTIVATE_FOR: holding.post_binding,
    holding.BIND_BOUGHT: holding.post_binding,
    intake.CARD_IMPORT: intake.take_file_of_cards,
}
"""What is done by jobs, by the action that begins them."""

POSTINGS: Final = frozenset({holding.ACTIVATE_FOR, holding.BIND_BOUGHT})
"""Of these, what asks the poster: short, and done beside long work."""
