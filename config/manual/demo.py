"""Tables of `docs/demo.md`: what the demo estate has."""

from collections.abc import Iterator
from typing import Final

from config.manual.page import Blocks, table
from host.estate.demo import (
    CITY,
    EXTERNAL,
    EXTERNAL_TERMINALS,
    FIRST_TERMINAL,
    GATEWAY_TERMINALS,
    ISSUERS,
    MERCHANTS,
    ODD_CARDS,
    PEAR,
    PHONES,
    PROGRAMMES,
    TILLS,
    UNPACKED_TERMINAL,
    card_pan,
    demo_estate,
)
from host.estate.plan import TerminalPlan
from host.hsm.keys import check_value
from host.model.secrets import Secret
from host.model.voucher_codes import grouped

_TERMINALS: Final = {
    FIRST_TERMINAL.terminal_id: "POS; the terminal of the worked messages",
    "80010002": "POS, as those up to 80010039",
    UNPACKED_TERMINAL: "POS with its master key only: signs on first",
    GATEWAY_TERMINALS[0]: f"POS behind a gateway, as those up to {GATEWAY_TERMINALS[-1]}",
    TILLS[0]: f"till of a merchant system, as those up to {TILLS[-1]}",
    TILLS[1]: "another, in another shop",
    PHONES[0]: f"application on a phone, as those up to {PHONES[-1]}",
    EXTERNAL_TERMINALS[0]: f"POS with Lake Bank's cards, as those up to {EXTERNAL_TERMINALS[-1]}",
}
_NUMBERS: Final = (1, 2, 5, 700)
_VOUCHERS_SHOWN: Final = 3


def _terminals() -> Iterator[tuple[str, ...]]:
    estate = demo_estate()
    plans = {plan.terminal_id: plan for plan in estate.terminals}
    for name, words in _TERMINALS.items():
        plan = plans[name]
        merchant = estate.merchant_of(plan).merchant_id
        yield name, words, merchant, plan.epoch, f"`{plan.mac_algorithm.value}`"


def _keys() -> Iterator[tuple[str, ...]]:
    plans = {plan.terminal_id: plan for plan in demo_estate().terminals}
    for name in _TERMINALS:
        yield from _keys_of(plans[name])


def _keys_of(plan: TerminalPlan) -> Iterator[tuple[str, ...]]:
    if plan.device is not None:
        told = f"initial key {plan.device.key_id}"
        yield plan.terminal_id, told, f"`{_hex(plan.device.initial_key)}`", ""
        return
    keys = [("TMK", plan.tmk)]
    if plan.working is not None:
        keys += [("PIK", plan.working.pik), ("MAK", plan.working.mak)]
    for name, key in keys:
        yield plan.terminal_id, name, f"`{_hex(key)}`", check_value(key)


def _cards() -> Iterator[tuple[str, ...]]:
    cards = {card.pan.reveal(): card for card in demo_estate().cards}
    for issuer, number in [*((CITY, one) for one in _NUMBERS), (PEAR, 1), (PEAR, 300)]:
        card = cards[card_pan(issuer, number).reveal()]
        told = f"{card.balance_minor / 100:,.2f}"
        yield card.pan.reveal(), issuer.name, card.expiry, told, str(card.points)
    yield card_pan(EXTERNAL, 1).reveal(), EXTERNAL.name, "3012", "at the issuer", ""


def _odd_cards() -> Iterator[tuple[str, ...]]:
    for number, odd in ODD_CARDS.items():
        yield card_pan(CITY, number).reveal(), odd.why, odd.f39


def _merchants() -> Iterator[tuple[str, ...]]:
    names = {issuer.id: issuer.name for issuer in ISSUERS}
    for merchant in MERCHANTS:
        taken = ", ".join(names[number] for number in merchant.issuer_ids)
        yield merchant.merchant_id, merchant.name, taken


def _programmes() -> Iterator[tuple[str, ...]]:
    for row in PROGRAMMES:
        if row.earn_points:
            earn = f"{row.earn_points} for each {row.earn_per_minor / 100:.2f} paid"
            debt = "yes" if row.debt_is_allowed else "no"
            least = str(row.redemption_points_min)
            yield row.code, row.name, earn, least, str(row.lot_months), debt


def _hex(key: Secret) -> str:
    """The demo's keys are public."""
    return key.reveal().hex().upper()


def _vouchers() -> Iterator[tuple[str, ...]]:
    estate = demo_estate()
    for voucher in estate.vouchers[:_VOUCHERS_SHOWN]:
        code = grouped(voucher.code.reveal())
        yield str(voucher.id), f"`{code}`", f"{voucher.face_minor / 100:,.2f}"


def _pieces() -> Iterator[tuple[str, ...]]:
    estate = demo_estate()
    stores = {store.id: store.name for store in estate.stores}
    for batch in estate.batches:
        if any(voucher.pieces for voucher in batch.vouchers):
            use = batch.use
            where = (*use.regions, *(stores[one] for one in use.stores))
            yield (
                str(batch.vouchers[0].id),
                f"`{batch.code}`",
                batch.name,
                f"{use.buys} + {use.entries}" if use.buys else str(use.entries),
                ", ".join(use.goods),
                "; ".join(where),
            )


def _lotteries() -> Iterator[tuple[str, ...]]:
    for lottery in demo_estate().lotteries:
        content = lottery.content
        days = f"{content.opens_on} to {content.closes_on}"
        first = content.prizes[0]
        yield content.code, days, str(content.cost_points), f"{first.amount} {first.kind.value}"


BLOCKS: Final[Blocks] = {
    "demo.terminals": lambda: table(
        ("terminal (F41)", "what it is", "merchant (F42)", "batch", "`mac_algorithm`"), _terminals()
    ),
    "demo.keys": lambda: table(("terminal", "key", "clear", "check value"), _keys()),
    "demo.cards": lambda: table(("card", "issuer", "expiry", "balance CNY", "points"), _cards()),
    "demo.odd_cards": lambda: table(("card", "what is wrong", "F39 of a purchase"), _odd_cards()),
    "demo.merchants": lambda: table(("merchant (F42)", "name", "takes cards of"), _merchants()),
    "demo.programmes": lambda: table(
        ("code", "points", "earned", "least redeemed", "months they live", "may be owed"),
        _programmes(),
    ),
    "demo.vouchers": lambda: table(("voucher", "code", "worth CNY"), _vouchers()),
    "demo.pieces": lambda: table(
        ("the first", "batch", "what they are", "pieces", "articles", "where"), _pieces()
    ),
    "demo.lotteries": lambda: table(
        ("code", "days", "a draw costs points", "everybody wins"), _lotteries()
    ),
}
