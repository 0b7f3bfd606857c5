"""Exception cases: what a program must not mend by itself, each of a named kind.

Wherever terminal and host disagree, nothing is posted to make them agree: the posting stands or
does not, the terminal gets the answer that ends its trouble, and a person finds a case with what
is known of it and what to do next. `CASES` is the list; `posswitch terminal exceptions` shows it.
"""

import enum
from typing import Final

import msgspec


@enum.unique
class CaseKind(enum.StrEnum):
    """What happened. `CASES` says what it means and what to do."""

    APPROVED_AT_TERMINAL = "approved_at_terminal"
    UNKNOWN_STAN = "unknown_stan"
    MISSING_AT_TERMINAL = "missing_at_terminal"
    AMOUNT_DIFFERS = "amount_differs"
    CARD_DIFFERS = "card_differs"
    KIND_DIFFERS = "kind_differs"
    RECORD_TWICE = "record_twice"
    TOTALS_DIFFER = "totals_differ"
    TOTALS_UNEXPLAINED = "totals_unexplained"
    UPLOAD_INCOMPLETE = "upload_incomplete"
    UPLOAD_UNASKED = "upload_unasked"
    UPLOAD_AFTER_CLOSE = "upload_after_close"
    SETTLED_AGAIN = "settled_again"
    SETTLED_AFTER_DAY = "settled_after_day"
    VOIDED_AT_OFFICE = "voided_at_office"
    REVERSAL_DURING_UPLOAD = "reversal_during_upload"
    REVERSAL_OF_SETTLED = "reversal_of_settled"
    REVERSAL_TOO_OLD = "reversal_too_old"
    REVERSAL_DIFFERS = "reversal_differs"
    REVERSAL_NOT_WHOLE = "reversal_not_whole"
    REVERSAL_OF_SPENT = "reversal_of_spent"
    REVERSAL_REFUSED = "reversal_refused"
    REFUND_REFUSED = "refund_refused"
    ADVICE_OF_SETTLED = "advice_of_settled"
    AFTER_UNPROVED_SETTLEMENT = "after_unproved_settlement"
    MORE_DIFFERENCES = "more_differences"
    CASH_WITHOUT_LOAD = "cash_without_load"
    CONFIRMATION_REFUSED = "confirmation_refused"
    COMPLETION_REFUSED = "completion_refused"
    ADVICE_AFTER_SETTLEMENT = "advice_after_settlement"
    CLONED_TERMINAL = "cloned_terminal"
    SAF_GAVE_UP = "saf_gave_up"
    UNREADABLE = "unreadable"


class CaseRow(msgspec.Struct, frozen=True):
    """One kind for people: what it means, and what to do."""

    meaning: str
    advice: str
    is_notice: bool = False
    """Nothing is wrong with anybody's money; somebody should know of it."""


CASES: Final[dict[CaseKind, CaseRow]] = {
    CaseKind.APPROVED_AT_TERMINAL: CaseRow(
        "the terminal has it as approved; here it was declined or reversed",
        "ask the merchant for the slip; nothing was posted, so the merchant is not paid for it",
    ),
    CaseKind.UNKNOWN_STAN: CaseRow(
        "the terminal has it as approved; it never came here",
        "ask the merchant for the slip and who approved it; a chargeback may follow",
    ),
    CaseKind.MISSING_AT_TERMINAL: CaseRow(
        "approved and posted here; the terminal does not have it",
        "its answer was lost and no reversal came: if the goods were not handed over, refund it",
    ),
    CaseKind.AMOUNT_DIFFERS: CaseRow(
        "the terminal has another amount than was posted here",
        "the posting stands; compare the slip, then refund or ask the merchant",
    ),
    CaseKind.CARD_DIFFERS: CaseRow(
        "the terminal has another card than was posted here",
        "the posting stands; compare the slip, suspect a batch of another terminal",
    ),
    CaseKind.KIND_DIFFERS: CaseRow(
        "the terminal has another kind of transaction than was posted here",
        "the posting stands; compare the slip",
    ),
    CaseKind.RECORD_TWICE: CaseRow(
        "one trace was uploaded twice and not the same",
        "the first record was compared; suspect the terminal's store or a second terminal",
    ),
    CaseKind.TOTALS_DIFFER: CaseRow(
        "settlement totals differ and the upload has not ended yet",
        "have the terminal upload its batch; this closes by itself when that is compared",
    ),
    CaseKind.TOTALS_UNEXPLAINED: CaseRow(
        "the terminal's totals are not the sum of its own records",
        "the terminal counts wrongly: compare its settlement slip, report the model",
    ),
    CaseKind.UPLOAD_INCOMPLETE: CaseRow(
        "other than the number of records the terminal says it sent came",
        "what came was compared; records it lost stand in other cases of this batch",
    ),
    CaseKind.UPLOAD_UNASKED: CaseRow(
        "a batch was uploaded that was never settled with totals",
        "its 0500 was lost or garbled; the records were compared, nothing else is needed",
        is_notice=True,
    ),
    CaseKind.UPLOAD_AFTER_CLOSE: CaseRow(
        "records were uploaded to a batch that is closed",
        "they were refused; suspect a second terminal with this id",
    ),
    CaseKind.SETTLED_AGAIN: CaseRow(
        "a settled batch was settled again with other totals",
        "suspect a second terminal with this id, or a terminal that went back in its store",
    ),
    CaseKind.SETTLED_AFTER_DAY: CaseRow(
        "settled after the business day it belongs to was closed",
        "it counts into its own day; what has to be mended is posted today",
        is_notice=True,
    ),
    CaseKind.VOIDED_AT_OFFICE: CaseRow(
        "the merchant's people voided it at the office, and the terminal has no record of that",
        "the books are right and the totals differ by it: nothing else is needed",
        is_notice=True,
    ),
    CaseKind.REVERSAL_DURING_UPLOAD: CaseRow(
        "a reversal came between the settlement and the end of the upload",
        "it was done; the totals that were answered had the sale, the books have not",
        is_notice=True,
    ),
    CaseKind.REVERSAL_OF_SETTLED: CaseRow(
        "a reversal came for a transaction of a settled batch",
        "it was refused with 25; if the sale did not happen, refund it",
    ),
    CaseKind.REVERSAL_TOO_OLD: CaseRow(
        "a reversal came for a transaction older than reversals are taken for",
        "it was refused with 25; if the sale did not happen, refund it",
    ),
    CaseKind.REVERSAL_DIFFERS: CaseRow(
        "a reversal named a transaction but another amount, kind or card",
        "it was refused with 25 and the original stands; compare the slip",
    ),
    CaseKind.REVERSAL_NOT_WHOLE: CaseRow(
        "a sale was reversed, and points that it gave were spent already",
        "the merchant owes the programme these points: recover them from the card holder, or ask "
        "the merchant why the sale was reversed",
    ),
    CaseKind.REVERSAL_OF_SPENT: CaseRow(
        "a reversal came for a load, a void or an earning, and the card has spent what it gave",
        "it was refused with 51 and the original stands, so its merchant stays liable; ask the "
        "merchant whether cash was handed back",
    ),
    CaseKind.REVERSAL_REFUSED: CaseRow(
        "a reversal came for what messages do not take back: a sale that was refunded in part, a "
        "refund, or a load whose confirmation was answered",
        "it was refused and the books stand; ask the merchant what was handed over, and refund or "
        "load the amount if the terminal is right",
    ),
    CaseKind.REFUND_REFUSED: CaseRow(
        "a refund was asked for a sale that stands, and the card has spent the points that it gave",
        "it was refused with 51, so who paid has neither goods nor money: have the points made "
        "good and the refund repeated, or have the merchant pay it in cash",
    ),
    CaseKind.ADVICE_OF_SETTLED: CaseRow(
        "a confirmation came for a load that never came, of a settled batch",
        "it was refused with 77; if the cash was taken in, load the card again",
    ),
    CaseKind.AFTER_UNPROVED_SETTLEMENT: CaseRow(
        "a reversal or confirmation came for a batch that somebody without its keys had settled",
        "it was decided as in an open batch, and the settled totals stand as they were told: "
        "compare the slips of the batch, and find who settles in this terminal's name",
    ),
    CaseKind.MORE_DIFFERENCES: CaseRow(
        "an upload differs in more places than are listed one by one",
        "the rest is counted here, by its times: ask the merchant for the batch on paper, suspect "
        "a second terminal, or somebody who uploads in its name",
    ),
    CaseKind.CASH_WITHOUT_LOAD: CaseRow(
        "a confirmation came for a load that never came, and its card may not be loaded",
        "A6 was answered and the merchant owes the cash, which stands in the issuer's suspense "
        "account: load another card of its holder, or have the merchant hand the cash back",
    ),
    CaseKind.CONFIRMATION_REFUSED: CaseRow(
        "a confirmation was declined: its load never came and could not be posted, was declined "
        "or reversed before, or was another one",
        "nothing was posted for it, and who has the cash is liable for it: ask the merchant "
        "whether it was handed back, and load the card again if it was not",
    ),
    CaseKind.COMPLETION_REFUSED: CaseRow(
        "a completion was advised and declined: its pre-authorisation was not found, had ended or "
        "was less, or the card could not pay the rest",
        "nothing was posted and the merchant is not paid for it: compare the slips, and have the "
        "holder pay, or post it by hand if the merchant is right",
    ),
    CaseKind.ADVICE_AFTER_SETTLEMENT: CaseRow(
        "an external issuer's approval reached the host after the batch was settled",
        "it was posted and the merchant is paid; a case of that batch may be explained by it",
        is_notice=True,
    ),
    CaseKind.CLONED_TERMINAL: CaseRow(
        "messages of an old batch come between those of the current one",
        "two terminals have this id: find both, take one out of use",
    ),
    CaseKind.SAF_GAVE_UP: CaseRow(
        "the switch stopped trying to deliver a stored message",
        "see what it was about; undo by hand what it was to undo",
    ),
    CaseKind.UNREADABLE: CaseRow(
        "a reversal, refund or confirmation under the terminal's own keys could not be read",
        "it got no answer and nothing was done; do by the slip what it asked, report the model",
    ),
}
"""Every kind has a row."""
NOTICES: Final = [kind.value for kind, row in CASES.items() if row.is_notice]
"""Cases that are nobody's money."""


class NewCase(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A case as it is found. `stan` is empty where a whole batch or terminal is meant."""

    kind: CaseKind
    terminal_id: str
    epoch: str
    stan: str = ""
    detail: str = ""
    """For people; never a card number."""
    amount_minor: int = 0
    """What is at stake, never negative."""
    unit: str = ""
    times: int = 1
    """How often it was found."""
