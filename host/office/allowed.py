"""What a grant may do and look at: by its role, and of a program by what its grant names."""

from typing import Any

from host.office.action import Action
from host.office.people import Grant
from host.office.roles import AP
from host.office.view import View


def may_do(action: Action[Any], grant: Grant) -> bool:
    """Whether the action is for who holds it."""
    if grant.role == AP:
        return action.may_be_called and action.id in grant.actions
    return grant.role in action.roles


def may_see(view: View, grant: Grant) -> bool:
    """Whether the view is."""
    if grant.scope not in view.scopes:
        return False
    return view.id in grant.views if grant.role == AP else grant.role in view.roles
