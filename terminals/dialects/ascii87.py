"""ISO 8583:1987 in characters, for terminals that speak as POS terminals do otherwise.

Transactions are the POS tables', word for word: processing code, condition code, F60 and F61 mean
the same. What the standard has of its own is understood beside them: F70 names a network
management message (which then may have no F60), F90 names the original of a reversal, F7 comes
back as it came, and where there is a second bitmap the code stands in F128 instead of F64. A
second bitmap may be empty. There is no TPDU; a header of fixed size, where there is one, comes
back as it came. Track 2 has `=` or `D` for its separator.
"""

from typing import Final

from host.model.requests import KINDS, Family, Kind
from terminals.answers import AnswerRow, plans_of
from terminals.codec import Codec
from terminals.dialects import pos
from terminals.dialects.ascii87_fields import BINARY, HEXADECIMAL
from terminals.isodialect import IsoDialect
from terminals.profiles import UNIONPAY, Profile
from terminals.spelling import Spelling, table_of

INSTITUTION: Final = "ascii87"

MANAGEMENT: Final = (
    *pos.MANAGEMENT,
    Spelling(
        mti="0800",
        type_code="00",
        function="002",
        means=Kind.SIGN_OFF,
        title="签退",
        english="sign-off",
    ),
    Spelling(
        mti="0800",
        type_code="00",
        function="301",
        means=Kind.ECHO,
        title="回响测试",
        english="echo",
    ),
)
"""The standard asks everything of the network by 0800."""
SPELLINGS: Final = (*pos.TRADES, *pos.REVERSALS, *MANAGEMENT, *pos.UPLOADS)
_TABLE: Final = table_of(SPELLINGS)

_ALWAYS: Final = (7,)
_BY_FAMILY: Final[dict[Family, tuple[int, ...]]] = {
    Family.MANAGEMENT: (70,),
    Family.REVERSAL: (90,),
}
"""What the standard adds to an answer, where the request had it."""


def _with_more(row: AnswerRow, numbers: tuple[int, ...]) -> AnswerRow:
    return AnswerRow(
        tuple(sorted({*row.approved, *numbers})), tuple(sorted({*row.declined, *numbers}))
    )


ANSWERS: Final[dict[Kind, AnswerRow]] = {
    kind: _with_more(row, (*_ALWAYS, *_BY_FAMILY.get(KINDS[kind].family, ())))
    for kind, row in pos.ANSWERS.items()
}


def ascii87_dialect(codec: Codec, profile: Profile, header_bytes: int) -> IsoDialect:
    """The dialect in one of its two ways of writing bytes."""
    refusals = {
        name: pos.refusal_plans(name, _with_more(row, (*_ALWAYS, 70, 90)), profile)
        for name, row in pos.REFUSALS.items()
    }
    return IsoDialect(
        institution=INSTITUTION,
        codec=codec,
        spellings=_TABLE,
        answers={kind: plans_of(row, profile, kind=kind) for kind, row in ANSWERS.items()},
        refusals=refusals,
        sealed_classes=pos.SEALED_CLASSES,
        tpdu_bytes=0,
        header_bytes=header_bytes,
        header_says_what_next=False,
    )


ASCII87_BINARY: Final = ascii87_dialect(BINARY, UNIONPAY, 0)
ASCII87_HEXADECIMAL: Final = ascii87_dialect(HEXADECIMAL, UNIONPAY, 0)
