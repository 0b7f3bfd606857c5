"""Actions about terminals."""

from typing import Final, Literal

from host.model.terminal import MacAlgorithm
from host.office.accounts import SQL
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import (
    Note,
    Number,
    TerminalId,
    Text,
    Values,
)
from host.office.places import Scope
from host.office.refusals import (
    BATCH,
    FIELD,
    ID,
    NO_MASTER_KEY,
    Refusal,
)
from host.office.roles import MO, PA, PO, RK
from host.office.rows.estate import refuse_same, told_of_values
from host.office.subjects import Ref
from host.store.estate_versions import Followed
from host.store.keys import ask_rotation

FIRST_EPOCH: Final = "000001"


class TerminalSave(Values, frozen=True, kw_only=True):
    """A new terminal needs a store; of one that is there what it is and how it seals stay."""

    terminal_id: TerminalId
    store: Number | None = None
    family: Literal["pos", "mis", "softpos"] = "pos"
    mac_algorithm: MacAlgorithm = MacAlgorithm.X9_19
    serial: Text | None = None
    settles_points: bool | None = None


class TerminalDisable(Values, frozen=True, kw_only=True):
    """Not heard any more, or heard again."""

    terminal_id: TerminalId
    is_disabled: bool = True
    with_open_batch: bool = False
    """Whether a batch that it has not settled may stay open."""
    note: Note


class TerminalRotate(Values, frozen=True, kw_only=True):
    """It is asked to sign on for new working keys."""

    terminal_id: TerminalId


def _save_terminal(acting: Acting, values: TerminalSave) -> Result:
    if acting.about is None:
        return _add_terminal(acting, values)
    content = acting.about.content
    store = content["store_id"] if values.store is None else values.store
    if store != content["store_id"]:
        there = acting.find("store", store).place.merchant_id
        if there != acting.about.place.merchant_id:
            raise Refusal(FIELD, field="store", problem="it is another merchant's")
    settles = values.settles_points
    told = {
        "terminal_id": values.terminal_id,
        "store": store,
        "settles_points": content["settles_points"] if settles is None else settles,
    }
    acting.connection.execute(SQL["edit_terminal"], told)
    acting.move(Followed.TERMINAL, values.terminal_id)
    return OK


def _add_terminal(acting: Acting, values: TerminalSave) -> Result:
    assert acting.within is not None, "a new terminal stands in a store"
    told = {
        **told_of_values(values),
        "store": acting.within.id,
        "epoch": FIRST_EPOCH,
        "settles_points": values.settles_points is not False,
    }
    acting.connection.execute(SQL["add_terminal"], told)
    acting.move(Followed.TERMINAL, values.terminal_id)
    return Result(key=values.terminal_id)


def _disable_terminal(acting: Acting, values: TerminalDisable) -> Result:
    content = acting.subject.content
    refuse_same(acting.subject, is_active=not values.is_disabled)
    told = {"terminal_id": values.terminal_id, "family": content["family"]}
    row = acting.connection.execute(SQL["open_batches"], told).fetchone()
    if values.is_disabled and not values.with_open_batch and row is not None and row[0]:
        raise Refusal(BATCH, field="with_open_batch", terminal=values.terminal_id)
    told["is_active"] = not values.is_disabled
    acting.connection.execute(SQL["set_terminal"], told)
    acting.move(Followed.TERMINAL, values.terminal_id)
    return OK


def _rotate_terminal(acting: Acting, values: TerminalRotate) -> Result:
    asked = ask_rotation(acting.connection, [values.terminal_id], acting.who.login, acting.now)
    if not asked:
        raise Refusal(NO_MASTER_KEY, field="terminal_id", terminal=values.terminal_id)
    return OK


TERMINAL_SAVE: Final = Action(
    id="terminal.save",
    en="Register or edit a terminal",
    zh="终端",
    values=TerminalSave,
    roles=frozenset({PA, PO, MO}),
    do=_save_terminal,
    about=lambda values: Ref("terminal", values.terminal_id),
    within=lambda values: Ref("store", str(values.store or "")),
    taken=ID,
    second=Second.WHEN,
    second_when=lambda acting, _values: acting.grant.scope is not Scope.PLATFORM,
    approvers=frozenset({PA, PO}),
)
TERMINAL_DISABLE: Final = Action(
    id="terminal.disable",
    en="Disable or enable a terminal",
    zh="停用/启用终端",
    values=TerminalDisable,
    roles=frozenset({PA, PO, RK, MO}),
    do=_disable_terminal,
    about=lambda values: Ref("terminal", values.terminal_id),
)
TERMINAL_ROTATE: Final = Action(
    id="terminal.rotate",
    en="Replace a terminal's working keys",
    zh="更换工作密钥",
    values=TerminalRotate,
    roles=frozenset({PA, PO}),
    do=_rotate_terminal,
    about=lambda values: Ref("terminal", values.terminal_id),
    step=Step.OWN,
)
