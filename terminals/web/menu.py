"""AREAS: under which heading a page stands, by what it is about. MENUS: what a role has at hand.

A view or an action of no area stands under the last one, so a new row is found all the same; a test
names it until it has its place. What a menu names and the grant does not have is not in it.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from host.model.catalogue import ActionTold, Catalogue, ViewTold
from terminals.web import member
from terminals.web.member_parts import ROLE
from terminals.web.member_recharge import RECHARGE
from terminals.web.reader import Reader
from terminals.web.texts import said


class Area(NamedTuple):
    """One heading."""

    en: str
    zh: str
    views: frozenset[str]
    subjects: frozenset[str]
    """Of actions: what stands before the dot."""


def _of(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _in_order(words: str) -> tuple[str, ...]:
    return tuple(words.split())


AREAS: Final = (
    Area("To decide", "待办", _of("approvals jobs"), _of("approval job")),
    Area(
        "Partners", "合作方",
        _of("merchants merchant_profiles stores live_stores terminals issuers vendors alliances"
            " directory"),
        _of("merchant store terminal seat issuer vendor alliance"),
    ),
    Area(
        "Cards", "卡",
        _of("products card_faces card_face_pictures sheets card_batches batch_figures batch_parts"
            " batch_cards shipments allocations cards card_events activations usages transactions"
            " moves holds expiries loads cash_positions"),
        _of("product card_face sheet card_batch card shipment hold load cash breakage"
            " transaction"),
    ),
    Area(
        "Vouchers and gifts", "券与赠送",
        _of(
            "voucher_batches vouchers counter_work pickup_queue my_pickups paid_at_store gifts"
            " my_gifts wallet"
        ),
        _of("voucher_batch voucher pickup gift pay pay_pin"),
    ),
    Area(
        "Points and lotteries", "积分与抽奖",
        _of("programmes earn_rules points rates lotteries lottery_proof draws alliance_terms"
            " alliance_settlements"),
        _of("programme earn_rule points_price points lottery alliance_terms rate"),
    ),
    Area(
        "Enterprises", "企业",
        _of("enterprises departments staff staff_offers staff_issues staff_vouchers"
            " staff_report reminders outbox"),
        _of("enterprise department staff reminder"),
    ),
    Area(
        "Members", "会员",
        _of("members stat_members my_moves my_stores adverts my_profile port_payments mails"
            " my_mails"),
        _of("member payment port mail"),
    ),
    Area(
        "The night", "清算",
        _of("business_days clearing_steps positions settlements disputes exceptions clearing_files"
            " deliveries delivery_ways payouts recon_items recon_files fees stat_transactions"
            " terminal_batches reports reports_made reserves reserve_terms"
            " ad_slots ad_bookings"),
        _of("clearing settlement exception payout payout_account recon fee report delivery"
            " reserve ad_slot"),
    ),
    Area("Rules", "规则", _of("rules rule_packs"), _of("rule rule_pack")),
    Area(
        "The house", "管理",
        _of("people grants api_clients webhooks webhook_messages settings audit seals disclosures"
            " trace"),
        _of("person api_client webhook setting ledger value file members cards"),
    ),
    Area("Yourself", "本人", frozenset(), _of("password totp session")),
)  # fmt: skip
NOT_OFFERED: Final = _of("session.sign_out session.use_grant file.send")
"""Actions that stand elsewhere on a page."""

MENUS: Final[Mapping[str, Sequence[str]]] = {
    "platform": _in_order(
        "approvals usages card_batches voucher_batches merchants stores terminals members mails"
        " business_days recon_items payouts stat_transactions alliances issuers people audit"
        " settings"
    ),
    "issuer": _in_order(
        "approvals card_batches cards activations usages products rules card_faces sheets"
        " shipments disclosures expiries settlements lotteries stat_transactions mails people audit"
    ),
    "merchant": _in_order(
        "live_stores usages settlements payouts stores terminals terminal_batches members mails"
        " vouchers lotteries rules stat_transactions stat_members merchant_profiles people"
    ),
    "store": _in_order("usages terminal_batches stat_transactions vouchers people"),
    "enterprise": _in_order(
        "staff_report staff staff_issues departments approvals jobs enterprises people"
    ),
    "alliance": _in_order("directory rules alliance_terms alliance_settlements people"),
}
"""Views by the kind of place a grant is at, in the order they are wanted."""
COUNTERS: Final[Mapping[str, str]] = {
    "seat.open": "seat",
    "voucher.redeem": "clerk",
    "pickup.prepare": "pickups",
}
"""Pages of a counter, by the action that whoever has one may do; each is called as its address."""
EVERYTHING: Final = "everything"
"""The page that names all there is."""
LISTS_AT: Final[Mapping[str, str]] = {
    "approvals": "/approvals",
    "recon_items": "/exceptions",
    "live_stores": "/stores-today",
}
"""Where the whole of a view has a page of its own, in place of its list."""


class Entry(NamedTuple):
    """One line of a menu."""

    text: str
    link: str


def of_grant(reader: Reader) -> list[Entry]:
    """What who reads has at hand, beside the first page; nothing for who is not signed in."""
    if reader.catalogue is None:
        return []
    views = reader.views
    if reader.role == ROLE:
        screens = (
            RECHARGE, member.GIFTS, member.POINTS, member.LOTTERY, member.USAGES,
        )  # fmt: skip
        return [
            Entry(said(member.PAY_CODE, reader.language), "/me/code"),
            *(Entry(reader.named(one), one.path) for one in screens),
            Entry(said(EVERYTHING, reader.language), "/all"),
        ]
    counters = [name for action, name in COUNTERS.items() if action in reader.actions]
    at_counters = [Entry(said(name, reader.language), f"/{name}") for name in counters]
    wanted = MENUS.get(reader.catalogue.grant.scope, ())
    found = [
        Entry(reader.named(views[each]), LISTS_AT.get(each, f"/show/{each}"))
        for each in wanted
        if each in views
    ]
    return [*at_counters, *found, Entry(said(EVERYTHING, reader.language), "/all")]


Listed = tuple[Area, Sequence[ViewTold], Sequence[ActionTold]]


def area_of_view(view: str) -> Area:
    """Where it stands."""
    return next((one for one in AREAS if view in one.views), AREAS[-1])


def area_of_action(action: str) -> Area:
    """Where it stands."""
    subject = action.partition(".")[0]
    return next((one for one in AREAS if subject in one.subjects), AREAS[-1])


def listed(catalogue: Catalogue) -> list[Listed]:
    """Every area that has something for this grant."""
    found: list[Listed] = []
    for area in AREAS:
        views = [one for one in catalogue.views if area_of_view(one.id) is area]
        actions = [
            one
            for one in catalogue.actions
            if area_of_action(one.id) is area and one.id not in NOT_OFFERED
        ]
        if views or actions:
            found.append((area, views, actions))
    return found
