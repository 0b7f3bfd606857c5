"""An `[[issuers]]` row that cannot work is refused with the setting's name and the cure."""

import msgspec
import pytest

from switch.issuer_settings import IssuerSettings, check_issuers

GOOD = {
    "name": "far",
    "issuer_id": "48882955",
    "prefixes": ["62"],
    "addresses": ["127.0.0.1:9000"],
}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"name": ""}, "name: "),
        ({"issuer_id": ""}, "issuer_id: "),
        ({"issuer_id": "far"}, "issuer_id: "),
        ({"prefixes": []}, "prefixes: "),
        ({"prefixes": ["62x"]}, "prefixes: "),
        ({"prefixes": ["1234567890123"]}, "prefixes: "),
        ({"prefixes": ["62", "2988"]}, "codes to pay by begin with 29"),
        ({"prefixes": ["2"]}, "codes to pay by begin with 29"),
        ({"addresses": []}, "addresses: "),
        ({"addresses": ["9000"]}, "9000"),
        ({"addresses": ["192.0.2.1:9000"]}, "is_private_line = true"),
        ({"kinds": ["settlement"]}, "kinds: an issuer is not asked settlement"),
        ({"stand_in": [{"kinds": ["purchase"], "reason": "approved"}]}, "stand_in: an approval"),
        ({"stand_in": [{"kinds": ["balance_inquiry"], "reason": "expired"}]}, "stand_in: an inq"),
        ({"pin_zone": "far", "takes_no_pin": True}, "takes_no_pin: it has a pin_zone"),
        ({"timezone": "Moon/Tycho"}, "timezone: there is no Moon/Tycho"),
        ({"seconds_max": 0}, "seconds_max"),
    ],
)
def test_a_row_that_cannot_work_is_refused(change: dict, names: str):
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(GOOD | change, IssuerSettings)
    assert names in str(refused.value)


def test_a_private_line_may_lead_elsewhere():
    changes = {"addresses": ["192.0.2.1:9000"], "is_private_line": True}
    assert msgspec.convert(GOOD | changes, IssuerSettings).addresses == ("192.0.2.1:9000",)


@pytest.mark.parametrize(
    ("change", "why"), [({}, "two are named far"), ({"name": "near"}, "both have the prefix 62")]
)
def test_rows_in_each_others_way_are_refused(change: dict, why: str):
    rows = [msgspec.convert(GOOD | each, IssuerSettings) for each in ({}, change)]
    with pytest.raises(ValueError, match=why):
        check_issuers(rows)
