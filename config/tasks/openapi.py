"""The whole API as OpenAPI, for who writes a program or has a client made by a tool."""

from typing import Any

from host.office.catalogue import listed
from host.office.schemas import schemas_of
from host.office.tables import ACTIONS, VIEWS
from switch.web.openapi import document_of


def whole_document() -> dict[str, Any]:
    """Every action that a program may do, and every view."""
    actions = tuple(one for one in ACTIONS.values() if one.may_be_called)
    views = tuple(VIEWS.values())
    return document_of(*listed(actions, views), schemas_of(actions, views))
