"""People of the demo at its office: who has no place there is said, not stumbled over."""

import pytest

from config.errors import SettingsError
from config.run.staff import place_of
from host.office.roles import ROLES


@pytest.mark.parametrize("role", ["alliance_manager", "nobody"])
def test_who_has_no_place_in_the_demo_is_named_with_those_who_have(role: str) -> None:
    with pytest.raises(SettingsError, match=f"{role}.*issuer_manager"):
        place_of(role)


def test_whoever_has_a_place_holds_the_role_there() -> None:
    for role in ("issuer_manager", "platform_admin", "merchant_owner"):
        scope, _key = place_of(role)
        assert scope in ROLES[role].scopes
