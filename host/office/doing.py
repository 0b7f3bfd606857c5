"""The one runner of actions, from who somebody is to the line of history, in one transaction.

Who are you, may you here, are the values good, does it need another person or a code, do it, write
history; and once for one form. What is refused is undone and has its line of history all the same;
what a refusal has to keep, such as a wrong code that was counted, is kept with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
import structlog
from psycopg import errors

from host.model.money import HOUSE_CURRENCY, Money
from host.model.office import Do, Done, Outcome, Waiting
from host.model.word import Word
from host.office.action import Acting, Action, Result, Second, Step, reached
from host.office.allowed import may_do
from host.office.bearers import who_asks
from host.office.constraints import refusal_of_check
from host.office.fields import Values
from host.office.naming import in_names
from host.office.office import Office
from host.office.payout_refusals import PAID_ALREADY
from host.office.people import NOBODY, Who
from host.office.places import PLATFORM, Place, both, reaches
from host.office.recon_refusals import ONE_OF_DATE, SENT_BEFORE
from host.office.records import (
    ASKED,
    DONE,
    FORM_CHARACTERS_MAX,
    Line,
    frozen,
    remember,
    told_before,
    wait_for_approval,
    write_line,
)
from host.office.refusals import (
    CHANGED,
    ENROL,
    FIELD,
    ID,
    LOGIN,
    NOT_FOUND,
    NOT_OPENED_HERE,
    NOT_YOUR_ROLE,
    ONCE,
    OUT_OF_RANGE,
    PREFIX,
    SAME_PERSON,
    TOO_LARGE,
    Refusal,
    RefusalKind,
    told_of,
)
from host.office.rehearsing import as_rehearsed
from host.office.roles import AP, ROLES
from host.office.step_up import check_code, what_is_done
from host.office.stock_refusals import refusal_of
from host.office.subjects import SUBJECTS, THE_PLATFORM, Found, Ref, changed, find
from host.office.valued import values_of
from host.stock.refusals import StockRefusal
from host.store.connecting import Connection
from host.store.estate_versions import note_estate_change
from host.store.office_settings import value_of

REFUSED_BY: Final[Mapping[str, tuple[RefusalKind, str]]] = {
    "person_login": (LOGIN, "login"),
    "issuer_institution_id_key": (ID, "institution_id"),
    "issuer_pan_prefix_key": (PREFIX, "pan_prefix"),
    "merchant_merchant_id_key": (ID, "merchant_id"),
    "terminal_pkey": (ID, "terminal_id"),
    "vendor_named": (ID, "name"),
    "card_face_named": (ID, "name"),
    "sheet_named": (ID, "name"),
    "programme_pkey": (ID, "programme"),
    "alliance_coded": (ID, "alliance"),
    "alliance_once": (ID, "alliance"),
    "alliance_member_once": (ID, "since"),
    "enterprise_coded": (ID, "enterprise"),
    "employee_phone": (ID, "phone"),
    "lottery_code": (ID, "lottery"),
    "payout_file_numbered": (PAID_ALREADY, "date"),
    "payout_once": (PAID_ALREADY, "date"),
    "payout_statement_once": (PAID_ALREADY, "settlements"),
    "payout_held_once": (PAID_ALREADY, "settlements"),
    "payout_again_once": (PAID_ALREADY, "settlements"),
    "reserve_terms_once": (ID, "since"),
    "ad_slot_coded": (ID, "slot"),
    "report_schedule_once": (ID, "report"),
    "recon_file_once": (SENT_BEFORE, "file"),
    "recon_file_of_date": (ONE_OF_DATE, "date"),
}
"""Constraints of the database that have the last word where two people make the same thing at
once: what is told, and of which field."""
UNTOLD: Final = "…"
"""What stands for a value that whoever decides an approval has not typed."""


_LOG = structlog.get_logger(__name__)


class _Rehearsed(Exception):  # noqa: N818 - it carries an outcome out of what is undone
    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def run_action(office: Office, connection: Connection, asked: Do) -> Outcome:
    """Do it, or say why not. `connection` has no transaction open.

    Raises:
        psycopg.Error: it is not known to be kept; the same form asks again.
    """
    action = office.actions.get(asked.action)
    if action is not None and action.whole is not None:
        return action.whole(office, connection, asked)
    line = Line(at=office.clock(), action=asked.action, source=asked.source)
    with connection.transaction():
        try:
            with connection.transaction():
                return _run(office, connection, asked, line)
        except _Rehearsed as rehearsed:
            return rehearsed.outcome
        except Refusal as refusal:
            found = refusal
        except (errors.IntegrityError, errors.DataError) as error:
            found = _refusal_of(error, asked)
        if line.who is not NOBODY and not asked.is_dry_run:
            line.before = line.after = None
            write_line(connection, line, found.code)
        return told_of(found)


def perform(action: Action[Any], acting: Acting, values: Values, line: Line) -> Done:
    """Do it, write its line; nothing is asked any more.

    Raises:
        Refusal: its function says no.
    """
    line.approval = acting.approval
    is_looked_at = acting.asked is not None and acting.asked.is_dry_run
    foretold = foretold_of(action, acting, values) if is_looked_at else {}
    result = _do(action, acting, values)
    kind = "person" if action.is_entry else line.about.kind
    ref = line.about if result.key is None else Ref(kind, result.key)
    after = find(acting.connection, ref)
    line.of(after)
    before, now = changed(acting.about, after)
    line.before = in_names(acting.connection, before)
    line.after = in_names(acting.connection, now) | dict(result.beside)
    write_line(acting.connection, line, DONE)
    while acting.moved:
        note_estate_change(acting.connection, *acting.moved.pop())
    shown_once = {} if is_looked_at else result.shown_once
    told = {**foretold, **result.told}
    done = _done(replace(result, told=told, shown_once=shown_once), line, after)
    made = ref.kind if acting.about is None and after is not None else ""
    return as_rehearsed(done, values, made=made) if is_looked_at else done


def foretold_of(action: Action[Any], acting: Acting, values: Values) -> dict[str, Any]:
    """What it will do, as things are now."""
    return dict(action.foretold(acting, values)) if action.foretold is not None else {}


def _run(office: Office, connection: Connection, asked: Do, line: Line) -> Outcome:
    action = office.actions.get(asked.action)
    if action is None:
        raise Refusal(NOT_FOUND, what="action")
    if not action.is_entry:
        line.who = who_asks(office, connection, asked, line.at)
    digest = what_is_done(office.hsm, asked, "")
    before = told_before(connection, line.who, _form(asked))
    if before is not None:
        if before[0] != digest:
            raise Refusal(ONCE)
        return before[1]
    _refuse_role(action, line.who)
    _refuse_where_it_is_off(connection, action)
    values = values_of(action, asked.values.reveal())
    line.note = getattr(values, "note", None) or ""
    try:
        outcome = _attempt(office, connection, (action, values), asked, line)
    except Refusal as refusal:
        if not refusal.is_kept:
            raise
        write_line(connection, line, refusal.code)
        return told_of(refusal)
    if asked.is_dry_run:
        raise _Rehearsed(outcome)
    remember(connection, line, _form(asked), digest, outcome)
    return outcome


def _attempt(
    office: Office,
    connection: Connection,
    what: tuple[Action[Any], Values],
    asked: Do,
    line: Line,
) -> Done | Waiting:
    action, values = what
    about, within = _subject(connection, action, values, line)
    if asked.seen and about is not None and about.version != asked.seen:
        raise Refusal(CHANGED, now=in_names(connection, about.content))
    acting = Acting(
        connection=connection,
        hsm=office.hsm,
        now=line.at,
        who=line.who,
        about=about,
        within=within,
        actions=office.actions,
        views=office.views,
        asked=asked,
        tries=office.tries,
        sms=office.sms,
    )
    values = action.settled(acting, values)
    if action.second is Second.ITSELF:
        _refuse_maker(acting)
    if action.step is Step.OWN and not asked.is_dry_run and action.step_when(acting, values):
        words = action.said(acting, values) if action.said else _words(line, values)
        check_code(action, acting, asked, words)
        return _with_code_used(acting, lambda: _go_on(action, acting, values, line))
    return _go_on(action, acting, values, line)


def _words(line: Line, values: Values) -> Word:
    """What a code is for: the subject as people name it; to a member, how much."""
    if not line.who.is_member:
        return Word(line.about.key, line.about.key)
    amount = getattr(values, "amount_minor", None)
    text = f"{Money(amount, HOUSE_CURRENCY)}" if isinstance(amount, int) else ""
    return Word(text, text)


def _with_code_used(acting: Acting, do: Callable[[], Done | Waiting]) -> Done | Waiting:
    """Whatever it comes to, the code was given for this, and is good for nothing else.

    Raises:
        Refusal: why not; kept.
    """
    try:
        with acting.connection.transaction():
            try:
                return do()
            except Refusal as refusal:
                if not refusal.is_kept:
                    raise
                found = refusal
    except Refusal as refusal:
        found = refusal
    except (errors.IntegrityError, errors.DataError) as error:
        found = _refusal_of(error, acting.asked)
    found.is_kept = True
    raise found


def _go_on(action: Action[Any], acting: Acting, values: Values, line: Line) -> Done | Waiting:
    """Nothing is in its way but another person, or itself."""
    assert acting.asked is not None, "it came from somebody"
    connection, is_dry_run = acting.connection, acting.asked.is_dry_run
    if needs_second(action, acting, values) and not is_dry_run:
        _rehearse(action, acting, values)
        waiting = wait_for_approval(
            acting, line, frozen(values), foretold_of(action, acting, values)
        )
        write_line(connection, line, ASKED)
        return waiting
    return perform(action, acting, values, line)


def needs_second(action: Action[Any], acting: Acting, values: Values) -> bool:
    """Whether another person has to agree."""
    match action.second:
        case Second.ALWAYS:
            return True
        case Second.WHEN:
            return action.second_when(acting, values)
        case Second.ABOVE_LIMIT:
            limit = acting.grant.limit_minor
            return limit is None or action.amount(values) > limit
        case Second.NO | Second.ITSELF:
            return False


def _subject(
    connection: Connection, action: Action[Any], values: Values, line: Line
) -> tuple[Found | None, Found | None]:
    """What it is about, and where that is made if it is not there."""
    if action.is_entry:
        return None, None
    who, grant = line.who, line.who.grant
    assert grant is not None, "who is signed in has a grant"
    own = "api_client" if grant.role == AP else "person"
    ref = action.about(values) if action.about else Ref(own, who.login)
    line.about = ref
    found = find(connection, ref)
    if found is not None and (
        action.about is None or reaches(grant.scope, grant.place, found.place)
    ):
        line.of(found)
        return found, None
    whose = grant.scope.value
    if _lacks(action.about, values, whose) or (
        not ref.key and _lacks(action.within, values, whose)
    ):
        raise Refusal(FIELD, field=whose, problem="it has to be given")
    if ref == THE_PLATFORM:  # that there is one is no secret, and nobody has named it
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[grant.role])
    if action.within is None or (SUBJECTS[ref.kind].is_numbered and ref.key):
        raise Refusal(NOT_FOUND, what=ref.kind)
    place = action.within(values)
    if place == THE_PLATFORM and not reaches(grant.scope, grant.place, PLATFORM):
        raise Refusal(NOT_FOUND, what=ref.kind)  # it would be made there, and is not theirs
    within = reached(connection, grant, place)
    if found is not None:  # told alike wherever it is, unless it is to be made where one may
        raise Refusal(action.taken, what=ref.kind, key=ref.key)
    line.place = both(within.place, _place_of_other(connection, action, values))
    return None, within


def _lacks(of: Callable[[Any], Ref] | None, values: Values, whose: str) -> bool:
    """Whether it is of the platform for want of a name: it would be theirs who ask by that."""
    if of is None or getattr(values, whose, "") is not None:
        return False
    named = msgspec.structs.replace(values, **{whose: ""})
    return of(values) == THE_PLATFORM and of(named) != THE_PLATFORM


def _place_of_other(connection: Connection, action: Action[Any], values: Values) -> Place:
    """Whose a new subject is beside who makes it.

    Raises:
        Refusal: there is nobody of that name.
    """
    if action.with_whom is None:
        return PLATFORM
    ref = action.with_whom(values)
    found = find(connection, ref)
    if found is None:
        raise Refusal(NOT_FOUND, what=ref.kind)
    return found.place


def _refuse_where_it_is_off(connection: Connection, action: Action[Any]) -> None:
    setting = action.only_where
    if setting is not None and not value_of(connection, setting):
        raise Refusal(NOT_OPENED_HERE, setting=setting.name)


def _refuse_role(action: Action[Any], who: Who) -> None:
    if action.is_entry:
        return
    if not who.has_totp and not action.may_enrol:
        raise Refusal(ENROL)
    assert who.grant is not None, "who is signed in has a grant"
    if not may_do(action, who.grant):
        row = ROLES.get(who.grant.role)
        raise Refusal(NOT_YOUR_ROLE, role=row or who.grant.role)


def _refuse_maker(acting: Acting) -> None:
    maker = acting.about.created_by if acting.about else None
    if maker is not None and maker == acting.who.person:
        raise Refusal(SAME_PERSON, did="made")


def _do(action: Action[Any], acting: Acting, values: Values) -> Result:
    try:
        return action.do(acting, values)
    except StockRefusal as refusal:
        raise refusal_of(refusal) from None


def _rehearse(action: Action[Any], acting: Acting, values: Values) -> None:
    """What could not be done is not put before another person.

    Raises:
        Refusal: it cannot be done.
    """
    with acting.connection.transaction(force_rollback=True):
        _do(action, replace(acting, moved=[]), values)


def _form(asked: Do) -> str:
    """Its key; of a rehearsal there is none."""
    if len(asked.once_key) > FORM_CHARACTERS_MAX:
        raise Refusal(TOO_LARGE, bytes_max=FORM_CHARACTERS_MAX)
    return "" if asked.is_dry_run else asked.once_key


def _done(result: Result, line: Line, after: Found | None) -> Done:
    return Done(
        subject=line.about.key,
        version=after.version if after else "",
        before=line.before or {},
        after=line.after or {},
        told=dict(result.told),
        shown_once=dict(result.shown_once),
    )


def _refusal_of(error: errors.IntegrityError | errors.DataError, asked: Do | None) -> Refusal:
    """What two people at once have run into, or what no column can hold.

    Raises:
        psycopg.errors.IntegrityError: it is none of REFUSED_BY: a fault of ours.
    """
    if isinstance(error, errors.DataError):
        _LOG.warning("values fit no column", why=type(error).__name__)
        return Refusal(FIELD, field="values", problem=OUT_OF_RANGE)
    typed = msgspec.json.decode(asked.values.reveal()) if asked is not None else {}
    if isinstance(error, errors.CheckViolation):
        refusal = refusal_of_check(error, typed)
        if refusal is not None:
            return refusal
    row = REFUSED_BY.get(error.diag.constraint_name or "")
    if row is None:
        raise error
    kind, field = row
    told = typed.get(field, UNTOLD)
    return Refusal(kind, field=field, what=field, key=str(told), other="")
