"""Settings of the office: what each is, since when and by whom; set by two."""

import datetime as dt
from typing import Annotated, Final

from msgspec import Meta

from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import Name, Note, Values
from host.office.places import Scope
from host.office.refusals import RANGE, Refusal
from host.office.roles import AU, PA
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.store.office_settings import OFFICE_SETTINGS, SQL

Figure = Annotated[int, Meta(ge=0)]


class SettingSet(Values, frozen=True, kw_only=True):
    """What it is from now on, within its bounds."""

    setting: Name
    figure: Figure
    note: Note


def _set(acting: Acting, values: SettingSet) -> Result:
    row = OFFICE_SETTINGS[str(acting.subject.id)]
    if not row.smallest <= values.figure <= row.largest:
        raise Refusal(RANGE, field="figure", smallest=row.smallest, largest=row.largest)
    told = {"name": row.name, "value": values.figure, "now": acting.now, "by": acting.who.login}
    acting.connection.execute(SQL["set_office_setting"], told)
    return OK


SET: Final = Action(
    id="setting.set",
    en="Set a setting of the office",
    zh="修改参数",
    values=SettingSet,
    roles=frozenset({PA}),
    do=_set,
    about=lambda values: Ref("setting", values.setting.replace("-", "_")),
    second=Second.ALWAYS,
    step=Step.OWN,
)
SETTINGS: Final = View(
    id="settings",
    en="Settings of the office",
    zh="参数",
    roles=frozenset({PA, AU}),
    scopes=frozenset({Scope.PLATFORM}),
    columns=(
        Column(name="setting"),
        Column(name="meaning"),
        Column(name="figure", kind=int),
        Column(name="since", kind=dt.datetime),
        Column(name="set_by"),
    ),
    order=("setting",),
    filters=(Filter(name="setting", column="setting"),),
    actions=("setting.set",),
    exports="C",
)
