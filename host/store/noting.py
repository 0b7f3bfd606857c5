"""The note that a statement makes of what it writes, generated from the table of what decides.

A statement that writes rows of a chained table (`host.store.deciding`) says so in a line

    -- notes: terminal
    UPDATE terminal AS t SET serial = %s WHERE t.terminal_id = %s;

and writes the one table it names, as `t`. What is sent is that statement within one that notes the
digest of each row, as it was and as it is, in `change`, and of the estate what it says: the row and
its note are one statement, so there is never the one without the other. Its row count is that of
the rows; what it returns by a `RETURNING` of its own, of columns of `t`, it still returns.

Where a statement puts in many rows that say the same but for what each has of its own (`apart`, and
what nobody is shown), `-- notes: card together` notes all of them in one change: the key and the
digest of each, and once what they say alike. It returns one row, how many went in.

Where a statement gives a row another key, `-- notes: card rekeyed` notes two things: that none has
the key before any more, and what is there under the new one.

That a row before is not what the note before left is an edit by hand, and shows for good.
"""

import re
from typing import Final, LiteralString

from host.store.deciding import TABLES, Chained
from host.store.rights_reader import UNSEEN

_NOTES: Final = re.compile(r"^-- notes: (\w+)( together| rekeyed)?\n", re.MULTILINE)
_WRITES: Final = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM) (\w+) AS t\b")
_RETURNING: Final = "\nRETURNING"
_MEETS: Final = "DO UPDATE"
"""In an INSERT that may find the row there."""


class NoteError(Exception):
    """A statement does not write the table that it says it notes."""


def noted(statement: LiteralString) -> LiteralString:
    """The statement with its note, where it says that it makes one; else as it is.

    Raises:
        NoteError: it writes another table than it notes, or one that is not chained.
    """
    found = _NOTES.search(statement)
    if found is None:
        return statement
    why, write = statement[: found.start()], statement[found.end() :]
    verb, written = _written(write)
    if written != found[1] or written not in TABLES:
        msg = f"it notes {found[1]} and writes {written}: each must be the one, chained, table"
        raise NoteError(msg)
    if found[2] == " together":
        return why + _with_note_of_many(write, verb, TABLES[written])
    if found[2]:
        return why + _with_notes_of_both(write, verb, TABLES[written])
    return why + _with_note(write, verb, TABLES[written])


def content_of(table: Chained) -> LiteralString:
    """What a row `t` says, as it is kept with its note: without what nobody is shown."""
    if not table.is_edited:
        return "null::jsonb"
    return f"row_content(t, '{{{','.join(unseen_of(table))}}}')"


def unseen_of(table: Chained) -> list[str]:
    """Its columns that nobody is shown."""
    return sorted(UNSEEN.get(table.name, ()))


def _written(write: LiteralString) -> tuple[str, str]:
    found = _WRITES.search(write)
    return (found[1], found[2]) if found else ("", "no table as t")


def _with_note(write: LiteralString, verb: str, table: Chained) -> LiteralString:
    body, _, returned = write.partition(_RETURNING)
    returned = returned.strip()
    said = {"key": table.key, **_said(verb, table, may_meet=_MEETS in body)}
    noting = ", ".join(f"{value} AS {name}" for name, value in said.items())
    if returned:
        noting = f"{returned}, {noting}"
    changed = f"WITH changed AS (\n{body}\nRETURNING {noting}\n)"
    kept = ", ".join(f"c.{name}" for name in said)
    note = (
        f"INSERT INTO change (relation, {', '.join(said)})\n"
        f"SELECT '{table.name}', {kept} FROM changed AS c"
    )
    if not returned:
        return f"{changed}\n{note}"
    names = returned.replace("t.", "c.")
    return f"{changed},\n\nnoted AS (\n{note}\n)\n\nSELECT {names} FROM changed AS c"


def _with_note_of_many(write: LiteralString, verb: str, table: Chained) -> LiteralString:
    if verb != "INSERT INTO" or _MEETS in write or _RETURNING in write:
        msg = "only rows that a statement puts in, and returns nothing of, are noted together"
        raise NoteError(msg)
    said = {"keys": "array_agg(c.key)", "digests": "row_digests(array_agg(c.t))"}
    if table.is_edited:
        unkept = ",".join(sorted({*unseen_of(table), *table.apart}))
        said["content"] = f"row_content((array_agg(c.t))[1], '{{{unkept}}}')"
    return (
        f"WITH changed AS (\n{write}\nRETURNING {table.key} AS key, t\n),\n\nnoted AS (\n"
        f"INSERT INTO change (relation, key, {', '.join(said)})\n"
        f"SELECT '{table.name}', '', {', '.join(said.values())} FROM changed AS c\n"
        "HAVING count(*) > 0\n)\n\nSELECT count(*) FROM changed AS c"
    )


def _with_notes_of_both(write: LiteralString, verb: str, table: Chained) -> LiteralString:
    if verb != "UPDATE" or _RETURNING in write:
        msg = "only a row that a statement changes, and returns nothing of, has another key"
        raise NoteError(msg)
    said = {"key": table.key, **_said("INSERT INTO", table, may_meet=False)}
    gone = {"key_before": table.key.replace("t.", "old."), "before": "row_digest(old)"}
    returned = ", ".join(f"{value} AS {name}" for name, value in {**said, **gone}.items())
    names, kept = ", ".join(said), ", ".join(f"c.{name}" for name in said)
    return (
        f"WITH changed AS (\n{write}\nRETURNING {returned}\n),\n\ngone AS (\n"
        f"INSERT INTO change (relation, key, before)\n"
        f"SELECT '{table.name}', c.key_before, c.before FROM changed AS c\n)\n\n"
        f"INSERT INTO change (relation, {names})\nSELECT '{table.name}', {kept} FROM changed AS c"
    )


def _said(verb: str, table: Chained, *, may_meet: bool) -> dict[LiteralString, LiteralString]:
    """What is noted of a row: no digest before where none was there, none after where none is."""
    said: dict[LiteralString, LiteralString] = {}
    if verb != "INSERT INTO" or may_meet:
        said["before"] = "row_digest(old)"
    if verb != "DELETE FROM":
        said["digest"] = "row_digest(t)"
        if table.is_edited:
            said["content"] = content_of(table)
    return said
