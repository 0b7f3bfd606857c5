"""ACTIONS and VIEWS: everything a person may do, and everything one may look at."""

from collections.abc import Mapping
from typing import Any, Final

from host.office.action import Action
from host.office.rows import approvals, entries, estate, people, views, work
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
    views.STORES,
    views.TERMINALS,
)

VIEWS: Final[Mapping[str, View]] = {row.id: row for row in _VIEWS}
