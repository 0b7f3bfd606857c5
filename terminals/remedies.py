"""What to do after an answer: at the terminal, and in the house. Nothing here decides anything."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from host.model.responses import Reason


class Remedy(NamedTuple):
    """Who stands at the terminal does the first, an operator of the house the second."""

    terminal: str
    house: str


REMEDIES: Final[Mapping[Reason, Remedy]] = {
    Reason.APPROVED: Remedy("hand over the goods and the slip", "nothing"),
    Reason.PARTLY_APPROVED: Remedy(
        "F4 of the answer is paid; ask for the rest by another card or in cash, or void it",
        "nothing: the terminal said that it takes a part (F60.6)",
    ),
    Reason.POSTING_PENDING: Remedy(
        "the cash is taken: give the slip, do not hand the cash back",
        "posswitch terminal exceptions: load another card of the holder, or have the cash returned",
    ),
    Reason.INVALID_MERCHANT: Remedy(
        "compare the merchant number (F42) on the terminal with its contract",
        "posswitch terminal show TID says whose terminal it is",
    ),
    Reason.IN_PROGRESS: Remedy(
        "wait, and send the same message again: it gets the answer of the first",
        "nothing; often seen: the terminal repeats faster than its time-out",
    ),
    Reason.INVALID_TRANSACTION: Remedy(
        "nothing to repeat: this terminal asks what there is not",
        "docs/dialects.md lists what may be asked in its dialect; compare F3, F25 and F60",
    ),
    Reason.INVALID_AMOUNT: Remedy(
        "key the amount again", "docs/rules.md says what an amount of this kind may be"
    ),
    Reason.CARD_NOT_FOUND: Remedy(
        "read or key the card again; if it stays so, it is no card of this house",
        "check that the card was made, and that the terminal reads the whole number",
    ),
    Reason.ISSUER_UNKNOWN: Remedy(
        "this card is not taken here", "an issuer's prefix, or a range of [[issuers]], is missing"
    ),
    Reason.CARD_NOT_ACTIVE: Remedy(
        "have the card activated first", "sell or activate the card; its batch may be closed"
    ),
    Reason.ORIGINAL_VOIDED: Remedy(
        "nothing: it was undone already", "posswitch terminal show TID shows the batch it was in"
    ),
    Reason.OUTSIDE_WINDOW: Remedy(
        "it is too old to be undone at a terminal",
        "where it is owed, refund it in the office; docs/rules.md has the days",
    ),
    Reason.ORIGINAL_NOT_FOUND: Remedy(
        "compare RRN, date and trace with the slip of the original",
        "it may be of another terminal, settled, or never have come here",
    ),
    Reason.FORMAT_ERROR: Remedy(
        "nothing to repeat: its message is written wrongly",
        "posswitch describe MESSAGE names the field; the log line has it as why",
    ),
    Reason.FUNCTION_NOT_SUPPORTED: Remedy(
        "this is not offered here", "docs/dialects.md lists what is known and not offered"
    ),
    Reason.CARD_LOST: Remedy("keep the card and call the issuer", "the card's holder reported it"),
    Reason.CARD_STOLEN: Remedy(
        "keep the card and call the issuer", "the card's holder reported it"
    ),
    Reason.INSUFFICIENT_FUNDS: Remedy(
        "ask for another card or a smaller amount; a balance inquiry shows what is left",
        "nothing; of a reversal: what was given has been spent, see posswitch terminal exceptions",
    ),
    Reason.EXPIRED: Remedy("ask for another card", "replace the card, or extend its date"),
    Reason.WRONG_PIN: Remedy(
        "the holder enters the PIN again; after too many it is 75",
        "if it happens to every card of a terminal, its PIN key is wrong: have it sign on",
    ),
    Reason.NOT_PERMITTED_TO_CARD: Remedy(
        "this card may not do this", "its product says what it may do; docs/rules.md"
    ),
    Reason.NOT_PERMITTED_TO_TERMINAL: Remedy(
        "this terminal may not do this",
        "its MAC may be too weak for where it calls from: ecb_networks or TLS of the channel",
    ),
    Reason.AMOUNT_LIMIT: Remedy(
        "a smaller amount", "the limit is the card's, its product's or a rule's"
    ),
    Reason.FREQUENCY_LIMIT: Remedy(
        "ask for another card, or wait: a limit of how often is used up; in a lottery no waiting "
        "helps",
        "a rule of the house or a lottery's cap counts it, and lets no more pass",
    ),
    Reason.CARD_FROZEN: Remedy("ask for another card", "somebody froze it: see its history"),
    Reason.MEMBER_FROZEN: Remedy(
        "ask for another card", "the member it is bound to is frozen, or leaves: see their history"
    ),
    Reason.GIFT_GONE: Remedy(
        "no terminal asks for it", "the gift was claimed or has come back: see when, and by whom"
    ),
    Reason.GIFT_STOPPED: Remedy(
        "no terminal asks for it",
        "the card it left could not be spent from: it waits, and comes back in its time",
    ),
    Reason.GIFT_NOT_AGAIN: Remedy(
        "no terminal asks for it", "what is on the card came as a gift: its product says how often"
    ),
    Reason.ORIGINAL_MISMATCH: Remedy(
        "compare amount and card with the slip of the original", "nothing was posted"
    ),
    Reason.PIN_TRIES_EXCEEDED: Remedy(
        "ask for another card; this one's PIN is locked", "unlock it once its holder is proved"
    ),
    Reason.BATCH_MISMATCH: Remedy(
        "settle, then sign on: the terminal is told its batch number",
        "posswitch terminal show TID shows the batch here",
    ),
    Reason.CUT_OFF_IN_PROGRESS: Remedy(
        "send it again in a moment", "posswitch clearing run is at work; it takes an instant"
    ),
    Reason.HOST_UNREACHABLE: Remedy(
        "send it again in a minute: nothing was posted",
        "posswitch doctor; posswitch top shows the link and its windows",
    ),
    Reason.DUPLICATE: Remedy(
        "use the next trace number: this one of this batch was used for something else, or what "
        "it asked for is reversed, or is being reversed. Where the header asks for a sign-on (3), "
        "sign on and go on in the batch that is told; a terminal that lost its counter settles, "
        "and its traces begin anew in the next batch",
        "posswitch terminal show TID: its batch, and when it was last seen. A terminal that lost "
        "its counter, two with one id, one batch begun twice, or a reversal that was here before "
        "its original; nothing is posted by what is answered 94",
    ),
    Reason.MALFUNCTION: Remedy(
        "send it again later; a reversal goes on by itself",
        "posswitch doctor; read the host's log of that minute (a full disk is told so)",
    ),
    Reason.NOT_POSTABLE: Remedy(
        "nothing to repeat",
        "a named constraint refused it: the host's log; posswitch terminal exceptions",
    ),
    Reason.INVALID_TERMINAL: Remedy(
        "compare the terminal number (F41) with its contract",
        "it is not in the estate, out of use, or of another family than this channel's dialect",
    ),
    Reason.PIN_FORMAT: Remedy(
        "sign on, then try again",
        "the PIN block does not open: another PIN key, or F53 names another format",
    ),
    Reason.MAC_WRONG: Remedy(
        "sign on, then try again",
        "if it comes back: another master key in the terminal; compare posswitch keys list TID",
    ),
    Reason.KEYS_MISSING: Remedy(
        "sign on, then try again",
        "no working keys, or locked after wrong MACs, or its certificate names other terminals",
    ),
    Reason.TIMED_OUT: Remedy(
        "the sale did not happen: ask for the card again",
        "the issuer did not answer in time and its reversal is on its way; posswitch top",
    ),
    Reason.ROUTE_UNKNOWN: Remedy(
        "this card is not taken here", "no range of [[issuers]] has it, or its line is down"
    ),
    Reason.ATTESTATION_REFUSED: Remedy(
        "start the app anew; update it", "the log line says which rule the attestation breaks"
    ),
    Reason.KSN_REFUSED: Remedy(
        "start the app or PIN pad anew: it sent an old or foreign key serial number",
        "two devices with one key, or an initial key that is not theirs: posswitch keys list TID",
    ),
    Reason.CARD_BATCH_NOT_OPENED: Remedy(
        "this card may not be used yet", "another person than its maker opens its card batch"
    ),
    Reason.CARD_BATCH_SUSPENDED: Remedy(
        "ask for another card", "its card batch was suspended: see the batch's history"
    ),
    Reason.CARD_VOIDED_SPEND: Remedy("ask for another card", "the card or its batch was voided"),
    Reason.CARD_VOIDED_BIND: Remedy(
        "this card cannot be bound any more", "the card or its batch was voided"
    ),
    Reason.CARD_VOIDED_SELL: Remedy(
        "sell another card, and put this one aside", "the card or its batch was voided"
    ),
    Reason.CARD_VOIDED_LOAD: Remedy(
        "this card takes no money any more", "the card or its batch was voided"
    ),
    Reason.CARD_NOT_SOLD: Remedy("sell the card first", "a virtual card is bound once it is sold"),
    Reason.CARD_ALREADY_SOLD: Remedy("sell another card", "it was sold before: see its history"),
    Reason.CARD_REPLACED: Remedy(
        "ask for the card that took its place", "its value is on another card: see its history"
    ),
    Reason.CARD_ALREADY_BOUND: Remedy(
        "ask for another card", "it is another member's: rebind it, with a second person"
    ),
    Reason.LOTTERY_NOT_OPEN: Remedy(
        "tell the customer: it has not begun, is over, or is called otherwise",
        "the host's log says where its odds or its seed are not what was frozen",
    ),
    Reason.PHONE_NOT_LOADED: Remedy(
        "give the cash back, or load a card: check the number, or try a smaller amount",
        "no member has it, or none of the member's cards takes such a load; five are 65",
    ),
    Reason.PAY_CODE_UNKNOWN: Remedy(
        "have the member show another code: this is none of ours, or was shown before another",
        "a code is dead once its member is shown another; five wrong ones are 65",
    ),
    Reason.PAY_CODE_USED: Remedy(
        "have the member show another code: this one has paid already",
        "posswitch rules explain says what was declined; the first payment has an RRN of its own",
    ),
    Reason.PAY_CODE_LATE: Remedy(
        "have the member show another code: each is good for a minute",
        "the host's clock decides, not the terminal's",
    ),
    Reason.CARD_NOT_YET_VALID: Remedy(
        "it may be used from its first day on", "its product or batch says from which day"
    ),
    Reason.VOUCHER_UNKNOWN: Remedy(
        "scan the code again, or type it from the paper: it is no voucher",
        "no code of ours, or a part that is still being made; five in a quarter of an hour are 65",
    ),
    Reason.VOUCHER_NOT_OPENED: Remedy(
        "this voucher may not be used yet", "another person than its maker opens its batch"
    ),
    Reason.VOUCHER_SUSPENDED: Remedy(
        "take another voucher, or money", "its batch was suspended: see the batch's history"
    ),
    Reason.VOUCHER_NOT_THIS_STORE: Remedy(
        "it is taken in other stores: the paper says in which",
        "its batch names merchants or stores, and this is none of them",
    ),
    Reason.VOUCHER_NOT_THESE_GOODS: Remedy(
        "name the article that it is for", "its product names articles, and the till another"
    ),
    Reason.VOUCHER_NOT_PERMITTED: Remedy(
        "it is not taken here", "by its product's regions, or whose vouchers this merchant takes"
    ),
    Reason.VOUCHER_NOT_THIS_HOLDER: Remedy(
        "its holder may not use it",
        "an enterprise gave it to staff of a department that may have no goods, or no services: "
        "who keeps its staff sets that",
    ),
    Reason.VOUCHER_ALREADY_SOLD: Remedy("sell another voucher", "it was sold before"),
    Reason.VOUCHER_HELD: Remedy(
        "end the order or the gift first that holds it", "an order or a gift holds it"
    ),
    Reason.VOUCHER_USED: Remedy(
        "do not hand anything out: it was used before",
        "see the voucher: when it was used, and where",
    ),
    Reason.VOUCHER_VOIDED_SPEND: Remedy(
        "do not hand anything out", "the voucher or its batch was voided"
    ),
    Reason.VOUCHER_VOIDED_BIND: Remedy(
        "it cannot be claimed any more", "the voucher or its batch was voided"
    ),
    Reason.VOUCHER_VOIDED_SELL: Remedy(
        "sell another voucher, and put this one aside", "the voucher or its batch was voided"
    ),
    Reason.VOUCHER_VOIDED_LOAD: Remedy(
        "it loads no card any more", "the voucher or its batch was voided"
    ),
    Reason.CODE_TRIES_EXCEEDED: Remedy(
        "wait a quarter of an hour: too many codes were wrong",
        "whoever stands at this terminal may be guessing: look who does",
    ),
    Reason.VALUE_HELD: Remedy(
        "the card has it, and a part is kept for somebody: ask for less, or for another card",
        "posswitch card show CARD says how much is held; a hold ends by itself",
    ),
    Reason.HOLD_COMPLETED: Remedy(
        "nothing to repeat: this pre-authorisation was completed before",
        "what was sold twice is a purchase of its own; posswitch trace RRN has the first",
    ),
}
"""Every reason has a row."""
OTHERS: Final = Remedy(
    "as the issuer's card says; ask for another card", "it is the issuer's word: ask the issuer"
)
"""After a code that this house only hands on."""
