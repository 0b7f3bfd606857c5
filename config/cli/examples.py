"""An example of every command that is made from a row: what one types, of the row's own fields.

A field's value is that of its name, or else the first of its words or of its kind; a test reads
each example as the command does and takes its values as the action does.
"""

import datetime as dt
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from host.office.action import Action
from host.office.field_kinds import choices_of, is_secret, kinds_of, stand_alone
from host.office.view import How, View

VALUES: Final[Mapping[str, str]] = {
    "transaction": "000123@80010001",
    "account_holder": "ACME",
    "actions": "member.add",
    "api_key": "psk_AbCdEfGh",
    "client": "shop-erp",
    "networks": "192.0.2.0/24",
    "views": "stores",
    "from_at": "2026-12-31T18:00:00+08:00",
    "webhook": "wh_0123456789ab",
    "address": "https://shop.example/hook",
    "events": "transaction.posted",
    "account_number": "GB82WEST12345698765432",
    "bank_code": "WESTGB2L",
    "alliance": "HARBOUR",
    "enterprise": "ACME",
    "reminder_days": "7",
    "department": "Sales",
    "employee": "E1001",
    "amount_minor": "10000",
    "amount_minor_max": "500000",
    "balance_minor_max": "1000000",
    "batch": "CB-2026-0001",
    "card": "4294967297",
    "cards": "100",
    "code": "GIFT100",
    "rrns": "112200001234",
    "coordinates": "31.2304,121.4737",
    "contact": "cards@harbour.example",
    "currency": "CNY",
    "earn_per_minor": "100",
    "face_minor_min": "10000",
    "figure": "72",
    "first": "1",
    "gift": "2517000001002",
    "institution_id": "48882900",
    "from_programme": "CITY",
    "issuer": "48882900",
    "issuers": "48882900",
    "last": "50",
    "login": "wang",
    "lot_life": "year_end",
    "lottery": "DW2026",
    "draw": "17",
    "difference": "7",
    "typed_name": "Harbour",
    "prizes": "TEA 100% 42 goods 0 Tea",
    "many": "4294967297",
    "merchant": "888290054110001",
    "merchant_id": "888290054110001",
    "month": "2026-11",
    "name": "Harbour",
    "note": "misprint",
    "order": "S-1",
    "pack": "CN-PREPAID",
    "payment": "7",
    "pan_prefix": "9988",
    "points": "300",
    "phone": "13800001234",
    "directory": "inbox",
    "phone_last": "1234",
    "pin_tries_max": "3",
    "programme": "HARBOUR",
    "rate": "3/2",
    "receipt": "R-1001",
    "member_code": "42949672978",
    "recipient": "Wu",
    "reference": "S-1",
    "replacement": "4294967298",
    "responsible": "wang",
    "rule": "DOUBLE",
    "role": "issuer_manager",
    "scope": "issuer",
    "scope_key": "48882900",
    "rrn": "112700000042",
    "title": "Opening",
    "text": "Welcome",
    "mail": "7",
    "pickup": "7",
    "setting": "approval-hours",
    "terminal_id": "80010001",
    "times": "2",
    "to_programme": "HARBOUR",
    "valid_days": "365",
    "percent": "10%",
    "slot": "HOME-TOP",
    "advert_text": "Every afternoon",
    "returned_for": "account closed",
}
"""By the names of fields and filters."""
FILES: Final[Mapping[str, str]] = {
    "card_face.save": "face.png",
    "settlement.dispute": "slip.pdf",
    "card.import": "cards.csv",
    "member.import": "members.csv",
    "staff.import": "staff.csv",
    "shipment.import": "sent.csv",
    "recon.import": "theirs.csv",
}
"""What an action takes."""
SPELLED: Final = {"clearing.run": "clearing.order"}
"""Where a command of the machine's owner has the name: there it is done by who types it."""
HANDED_OUT: Final = "cards.xlsx"
KINDS: Final[Mapping[Any, str]] = {int: "1", bool: "true", dt.date: "2029-12-31"}
"""Of a kind, where its name has none."""
WITH: Final[Mapping[str, tuple[str, ...]]] = {
    "person.save": ("name", "role", "scope", "scope_key"),
    "person.grant": ("scope_key",),
    "issuer.save": (
        "name", "pan_prefix", "currency", "amount_minor_max", "balance_minor_max", "pin_tries_max",
    ),
    "merchant.save": ("name", "issuers"),
    "store.save": ("merchant", "name"),
    "terminal.save": ("store",),
    "vendor.save": ("issuer", "name", "contact"),
    "programme.revise": (
        "issuer", "name", "earn_points", "earn_per_minor", "redemption_points_min", "lot_life",
    ),
    "alliance.invite": ("merchant",),
    "earn_rule.save": ("times",),
    "product.revise": ("issuer", "code", "valid_days"),
    "rule.what_if": ("amount_minor",),
    "rule.save": ("issuer", "name", "says", "amount_minor"),
    "card_face.save": ("product", "name", "file"),
    "sheet.save": ("issuer", "name", "layout"),
    "card_batch.edit": ("name",),
    "card.activate_for": ("phone",),
    "card.rebind": ("phone",),
    "load.cash": ("card",),
    "load.online": ("card",),
    "gift.send": ("phone",),
    "gift.claim": ("gift",),
    "gift.withdraw": ("gift",),
    "shipment.import": ("first", "last"),
    "delivery.save": ("merchant",),
    "delivery.end": ("merchant",),
    "lottery.create": ("issuer",),
}  # fmt: skip
"""What an action is not done without, though none of it is needed in every case."""


def example_of(action: Action[Any]) -> str:
    """The command of an action, with all that it needs; secrets are asked for."""
    name = SPELLED.get(action.id, action.id)
    subject, verb = (part.replace("_", "-") for part in name.split("."))
    return shlex.join(["posswitch", subject, verb, *_words(action)])


SAID: Final = frozenset({How.NUMBER, How.MINE})
"""Filters that are named, and have no value beside them."""


def example_of_view(view: View) -> str:
    """The command of a view, by what it has to be asked for."""
    name = view.id.replace("_", "-")
    asked = [one for one in view.filters if one.name in view.needs and one.how not in SAID]
    typed = [f"--{one.name}" for one in view.filters if one.name in view.needs and not asked]
    value = VALUES.get(asked[0].name) or KINDS[asked[0].kind] if asked else ""
    named = [f"--{asked[0].name}", value] if asked else typed or ["--json"]
    return shlex.join(["posswitch", "show", name, *named])


def _words(action: Action[Any]) -> Iterator[str]:
    fields = msgspec.structs.fields(action.values)
    also = WITH.get(action.id, ())
    wanted = [one for one in fields if (one.required or one.name in also) and not is_secret(one)]
    alone = [one for one in stand_alone(fields) if one.name != action.takes]
    for one in alone:
        yield _value(one)
    for one in wanted:
        if one not in alone:
            yield f"--{one.name.replace('_', '-')}"
            yield FILES[action.id] if one.name == action.takes else _value(one)
    if action.hands_out and not action.may_print:
        yield from ("--to", HANDED_OUT)


def _value(field: msgspec.structs.FieldInfo) -> str:
    told = VALUES.get(field.name)
    if told is not None:
        return told
    (kind, *_) = kinds_of(field.type)
    inner = getattr(kind, "__args__", ()) if not choices_of(kind) else ()
    for one in (kind, *inner):
        if choices_of(one):
            return choices_of(one)[0]
    return KINDS[kind]
