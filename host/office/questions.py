"""What is asked of the database for a view: scope, filters, keyset and limit around its statement.

It is composed of the view's own names, and of nothing that somebody typed. Under a grant that sees
its own rows alone these lead to what is read: no listing walks past rows of others, and of what is
named by another's number nothing is read.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import msgspec
from psycopg import sql

from host.model.numbers import DAY_ZERO, NUMBERS_PER_DAY
from host.model.office import COUNTED_MAX, ROWS_MAX, Show
from host.model.secrets import Secret
from host.office.fields import is_in_calendar, problem_of, with_zone
from host.office.people import Who
from host.office.places import SCOPE_COLUMNS, VIEW_COLUMNS, Scope
from host.office.refusals import FIELD, OUT_OF_RANGE, Refusal
from host.office.view import Column, Filter, How, Own, View
from host.store.queries import load_queries

SQL: Final = {
    **load_queries("host.office", "views.sql"),
    **load_queries("host.office", "member_views.sql"),
    **load_queries("host.office", "night_views.sql"),
    **load_queries("host.office", "report_views.sql"),
    **load_queries("host.office", "client_views.sql"),
    **load_queries("host.office", "enterprise_views.sql"),
    **load_queries("host.office", "reserve_views.sql"),
    **load_queries("host.office", "advert_views.sql"),
    **load_queries("host.office", "sheet_views.sql"),
    **load_queries("host.office", "face_views.sql"),
    **load_queries("host.office", "profile_views.sql"),
    **load_queries("host.office", "statistics.sql"),
    **load_queries("host.office", "terminal_batches.sql"),
    **load_queries("host.office", "counter_views.sql"),
}
CARDS_WALKED_MAX: Final = 100
"""The trails of so many cards are put together into one list."""

_PARTS: Final = (
    "SELECT f.id FROM card_batch AS g INNER JOIN card_batch_part AS f ON g.id = f.batch_id"
    " WHERE g.code = {}"
)
_LED_BY: Final[Mapping[How, LiteralString]] = {
    How.CARD_OF_BATCH: "{0} >= f.id::bigint << 32 AND {0} < (f.id::bigint + 1) << 32",
    How.OF_BATCH: "{0} = f.id",
}
"""What is found part by part of a card batch, a page of each: so an index leads along each."""
_PAID_BY: Final = (
    "array(WITH RECURSIVE paid AS (SELECT f.payout_id FROM ("
    "SELECT g.business_date, g.place, g.payout_id FROM payout_statement AS g"
    " UNION ALL SELECT g.business_date, g.place, g.payout_id FROM payout_held AS g) AS f"
    " WHERE f.business_date = to_date(split_part({1}, '-', 1), 'YYYYMMDD')"
    " AND f.place = split_part({1}, '-', 2)::integer"
    " UNION SELECT f.payout_id FROM paid AS g INNER JOIN payout_again AS f"
    " ON g.payout_id = f.returned_id) SELECT f.payout_id FROM paid AS f)"
)
"""What a statement was paid by: itself, what was held out of it, and again what came back."""
_ON_DAY: Final = (
    "array(SELECT f.booking_id FROM ad_day AS f LEFT JOIN ad_end AS g"
    " ON f.booking_id = g.booking_id"
    " WHERE f.day = {1} AND (g.ended_on IS NULL OR f.day < g.ended_on))"
)
"""Bookings that have a place on a day, one of each place."""
_CARD_OF: Final = "{} = any(array(SELECT f.id FROM card AS f WHERE f.member_id = {}))"
_OPERATORS: Final[Mapping[How, LiteralString]] = {
    How.IS: "{} = {}",
    How.FROM: "{} >= {}",
    How.BEFORE: "{} < {}",
    How.BEGINS: '{0} COLLATE "C" >= {1} AND {0} COLLATE "C" < {1} || chr(1114111)',
    How.OF_ROLE: "{} IN (SELECT f.person_id FROM person_grant AS f WHERE f.role = {}"
    " AND f.ended_at IS NULL AND (f.until_at IS NULL OR f.until_at > %(now)s))",
    How.MINE: "{} = {}",
    How.NUMBER: "{} = {}",
    How.PHONE: "{} = {}",
    How.CARD_OF_MEMBER: _CARD_OF,
    How.CARD_OF_PHONE: _CARD_OF,
    How.OF_DAY: "{0} >= {1}::bigint AND {0} < {1}::bigint + 1000000000",
    How.NOTHING: "{} IS NULL",
    How.STATEMENT: "v.business_date = to_date(split_part({1}, '-', 1), 'YYYYMMDD')"
    " AND {0} = split_part({1}, '-', 2)::integer",
    How.PAYS: f"{{0}} = any({_PAID_BY})",
    How.OF_SLOT: "{0} = (SELECT f.id FROM ad_slot AS f WHERE f.code = {1})",
    How.ADVERTISED: f"{{0}} = any({_ON_DAY})",
    How.TO_DECIDE: "v.state = 'asked' AND v.asker <> %(me)s AND {} = any({})",
}
_OWN_OPERATORS: Final[Mapping[How, LiteralString]] = {
    How.OF_ROLE: "EXISTS (SELECT FROM person_grant AS f WHERE f.person_id = {} AND f.role = {}"
    " AND f.ended_at IS NULL AND (f.until_at IS NULL OR f.until_at > %(now)s) OFFSET 0)",
    How.PAYS: f"{_PAID_BY} @> array[{{0}}]",
    How.OF_SLOT: "array(SELECT f.id FROM ad_slot AS f WHERE f.code = {1}) @> array[{0}]",
    How.ADVERTISED: f"{_ON_DAY} @> array[{{0}}]",
}
"""Where one sees one's own alone: people, payouts and bookings are one's own, each looked at, not
all who have a role, are named by a number or have a day."""
_OF_MEMBERS: Final = (
    "{column} = any(array(SELECT f.{member} FROM alliance_member AS f WHERE f.alliance_id = {scope}"
    " AND daterange(f.member_from, f.member_until, '[]') @> coalesce((SELECT g.business_date FROM"
    " business_day AS g WHERE g.state = 'open'), %(today)s)))"
)
"""Of who is in an alliance on the open business date."""
_ANY: Final = [sql.SQL("true").format()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A statement and what is put into it."""

    statement: sql.Composed
    values: dict[str, Any]


def page_question(view: View, who: Who, asked: Show, values: Mapping[str, Any]) -> Question:
    """The rows of one page and one more, in the view's order, each followed by its place in it.

    Raises:
        Refusal: a filter is none of the view's, or its value of another kind.
    """
    _refuse_unknown(view, asked.filters)
    needs = view.needs_of(who.grant.scope) if who.grant is not None else view.needs
    if needs and not needs & asked.filters.keys():
        first, *others = sorted(needs)
        problem = f"{', '.join([first, *others])}: one of these has to be given"
        raise Refusal(FIELD, field=first, problem=problem if others else "it has to be given")
    conditions, told = _conditions(view, who, asked.filters)
    order = _order(view, who, asked.filters)
    is_walked = view.walk is not None
    after, place = _after(view, order, [] if is_walked else asked.after)
    names = [] if is_walked else [one.name for one in columns_for(view, who)]
    where = sql.SQL(") AS v WHERE {}").format(sql.SQL(" AND ").join([*conditions, *after] or _ANY))
    rows, parts = sql.SQL("(") + _source(view, who) + where, _parts(view, who, asked.filters)
    end = _end(view, order)
    if parts is not None:
        inner = sql.SQL("SELECT {} FROM ").format(_columns(list(dict.fromkeys([*names, *order]))))
        rows = parts + sql.SQL(" CROSS JOIN LATERAL (") + inner + rows + end + sql.SQL(") AS v")
    statement = sql.SQL("SELECT {} FROM ").format(_columns([*names, *order])) + rows + end
    limit = {"limit": (CARDS_WALKED_MAX if is_walked else rows_of(asked)) + 1}
    return Question(statement=statement, values={**values, **told, **place, **limit})


def rows_of(asked: Show) -> int:
    """How many rows a page has."""
    return max(1, min(asked.rows_max, ROWS_MAX))


def count_question(view: View, who: Who, asked: Show, values: Mapping[str, Any]) -> Question:
    """How many rows there are, up to COUNTED_MAX and one more."""
    conditions, told = _conditions(view, who, asked.filters)
    where = sql.SQL(") AS v WHERE {}").format(sql.SQL(" AND ").join(conditions or _ANY))
    rows, parts = sql.SQL("(") + _source(view, who) + where, _parts(view, who, asked.filters)
    if parts is not None:
        rows = parts + sql.SQL(" CROSS JOIN LATERAL (SELECT FROM ") + rows + sql.SQL(") AS v")
    statement = (
        sql.SQL("SELECT count(*) FROM (SELECT FROM ") + rows + sql.SQL(" LIMIT %(limit)s) AS c")
    )
    return Question(statement=statement, values={**values, **told, "limit": COUNTED_MAX + 1})


def _end(view: View, order: tuple[str, ...]) -> sql.Composed:
    direction = sql.SQL(" DESC") if view.is_newest_first else sql.SQL("")
    places = sql.SQL(", ").join(sql.Identifier("v", one) + direction for one in order)
    return sql.SQL(" ORDER BY {} LIMIT %(limit)s").format(places)


def _parts(view: View, who: Who, filters: Mapping[str, Secret]) -> sql.Composed | None:
    """The parts of the card batch that leads to what was asked; None: none does."""
    asked = {one.how: one for one in view.filters if one.name in filters}
    batch = next((row for how, row in asked.items() if how in _LED_BY), None)
    if batch is None:
        return None
    parts = sql.SQL("(") + sql.SQL(_PARTS).format(_placeholder(batch))
    if How.PART in asked:
        parts += sql.SQL(" AND f.number = {}").format(_placeholder(asked[How.PART]))
    if who.grant is not None and who.grant.scope is not Scope.PLATFORM:
        parts += sql.SQL(" AND g.issuer_id = %(scope)s")
    return parts + sql.SQL(") AS f")


def _source(view: View, who: Who) -> sql.Composable:
    """The view's statement; where few rows are one's own, those of it, found before all else."""
    statement = sql.SQL(SQL[view.id])
    if who.grant is None or who.grant.scope not in view.few:
        return statement
    [own], _ = _scope(view, who)
    fence = sql.SQL(") AS v WHERE {} OFFSET 0").format(own)
    return sql.SQL("SELECT v.* FROM (") + statement + fence


def _refuse_unknown(view: View, filters: Mapping[str, Secret]) -> None:
    known = {one.name for one in view.filters}
    for name in filters:
        if name not in known:
            raise Refusal(FIELD, field=name, problem="there is no such filter")


def _conditions(
    view: View, who: Who, filters: Mapping[str, Secret]
) -> tuple[list[sql.Composed], dict[str, Any]]:
    """Scope first; then what was asked for."""
    grant = who.grant
    is_cut = grant is None or grant.scope not in view.cut_by_rows
    led = next((one.among for one in view.filters if one.among and one.name in filters), None)
    conditions, told = _scope(view, who, is_led=led is not None) if is_cut else ([], {})
    own = _own(view, who)
    among = led or (own.among if own is not None else None)
    if among is not None:
        conditions.append(sql.SQL(among).format())
    _refuse_unknown(view, filters)
    known = {one.name: one for one in view.filters}
    for name, value in filters.items():
        row = known[name]
        if row.beside and row.beside not in filters:
            raise Refusal(FIELD, field=name, problem=f"{row.beside} has to be given with it")
        found = value_of(row, value)
        if row.how is How.WALKED:
            continue
        told[f"filter_{name}"] = _first_of(found) if row.how is How.OF_DAY else found
        if row.how is How.PART:
            continue
        condition = _operator(row.how, is_own="scope" in told)
        conditions.append(condition.format(sql.Identifier("v", row.column), _placeholder(row)))
    return conditions, told


def _first_of(day: dt.date) -> int:
    """The first number of a business date; those of before the first one are below all."""
    return (day - DAY_ZERO).days * NUMBERS_PER_DAY


def _operator(how: How, *, is_own: bool) -> sql.SQL:
    told = _OWN_OPERATORS.get(how) if is_own else None
    return sql.SQL(told or _LED_BY.get(how) or _OPERATORS[how])


def _scope(
    view: View, who: Who, *, is_led: bool = False
) -> tuple[list[sql.Composed], dict[str, Any]]:
    """Whose rows are seen; where a filter leads to them, by a condition that leads no index."""
    grant = who.grant
    assert grant is not None, "who looks has a grant"
    if grant.scope is Scope.PLATFORM or grant.scope in view.open_to:
        return [], {}
    own = {"scope": getattr(grant.place, SCOPE_COLUMNS[grant.scope])}
    if grant.scope is Scope.ALLIANCE and view.members is not None:
        return [_of_members(view.members)], own
    column = sql.Identifier("v", VIEW_COLUMNS[grant.scope])
    held = sql.SQL("{} IS NOT DISTINCT FROM {}" if is_led else "{} = {}")
    return [held.format(column, sql.Placeholder("scope"))], own


def _of_members(members: Scope) -> sql.Composed:
    return sql.SQL(_OF_MEMBERS).format(
        column=sql.Identifier("v", VIEW_COLUMNS[members]),
        member=sql.Identifier(SCOPE_COLUMNS[members]),
        scope=sql.Placeholder("scope"),
    )


def _placeholder(row: Filter) -> sql.Placeholder:
    match row.how:
        case How.MINE:
            return sql.Placeholder("me")
        case How.TO_DECIDE:
            return sql.Placeholder("mine")
        case _:
            return sql.Placeholder(f"filter_{row.name}")


def _own(view: View, who: Who) -> Own | None:
    return view.own.get(who.grant.scope) if who.grant is not None else None


def _order(view: View, who: Who, filters: Mapping[str, Secret]) -> tuple[str, ...]:
    """That of the first filter that has one, else of one's own rows, else the view's."""
    asked = next((one.order for one in view.filters if one.name in filters and one.order), None)
    own = _own(view, who)
    return asked or (own.order if own is not None else view.order)


def _after(
    view: View, order: tuple[str, ...], after: list[str]
) -> tuple[list[sql.Composed], dict[str, Any]]:
    if not after:
        return [], {}
    if len(after) != len(order):
        raise Refusal(FIELD, field="after", problem="it is the end of another view's page")
    names = [f"after_{place}" for place in range(len(after))]
    condition = sql.SQL("({}) {} ({})").format(
        _columns(order),
        sql.SQL("<" if view.is_newest_first else ">"),
        sql.SQL(", ").join(map(sql.Placeholder, names)),
    )
    kinds = {one.name: one.kind for one in view.columns}
    told: dict[str, Any] = {}
    for name, column, text in zip(names, order, after, strict=True):
        try:
            told[name] = msgspec.convert(text, kinds.get(column, int), strict=False)
        except msgspec.ValidationError as error:
            raise Refusal(FIELD, field="after", problem=problem_of(str(error))) from None
    return [condition], told


def _columns(names: list[str] | tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier("v", name) for name in names)


def columns_for(view: View, who: Who) -> tuple[Column, ...]:
    """The columns that a grant may see."""
    grant = who.grant
    assert grant is not None, "who looks has a grant"
    return tuple(
        one
        for one in view.columns
        if grant.scope not in one.hidden_from and (not one.right or one.right in grant.rights)
    )


def text_of(row: Filter, value: Secret) -> str:
    """A filter's value.

    Raises:
        Refusal: it is no text.
    """
    try:
        return value.reveal().decode()
    except UnicodeDecodeError:
        raise Refusal(FIELD, field=row.name, problem=OUT_OF_RANGE) from None


def value_of(row: Filter, value: Secret) -> Any:
    """The same, of the filter's kind.

    Raises:
        Refusal: it is of another, or none of the words that it may be.
    """
    text = text_of(row, value)
    if row.choices and text not in row.choices:
        problem = f"it is one of {', '.join(row.choices)}"
        raise Refusal(FIELD, field=row.name, problem=problem)
    try:
        value = msgspec.convert(text, row.kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refusal(FIELD, field=row.name, problem=problem_of(str(error))) from None
    if not is_in_calendar(value):
        raise Refusal(FIELD, field=row.name, problem=OUT_OF_RANGE)
    return with_zone(value)
