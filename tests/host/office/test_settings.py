"""Settings of the office: set by two, within bounds, and in force at once."""

import datetime as dt

from host.estate.demo import demo_estate
from host.model.office import Done, Refused, Waiting
from host.store.office_settings import OFFICE_SETTINGS
from tests.host.office.conftest import HOME, Bureau


def set_by_two(bureau: Bureau, setting: str, figure: int) -> None:
    second = bureau.person("platform_admin")
    asked = {"setting": setting, "figure": figure, "note": "as the board wants"}
    told = bureau.with_code(second, "setting.set", **asked)
    assert isinstance(told, Waiting), told
    done = bureau.with_code(
        bureau.admin, "approval.decide", approval=told.approval, decision="approve"
    )
    assert isinstance(done, Done), done


def test_every_setting_is_shown_as_it_is_until_somebody_sets_it(bureau: Bureau) -> None:
    rows = {row["meaning"]: row for row in bureau.rows(bureau.admin, "settings")}
    assert rows.keys() == OFFICE_SETTINGS.keys()
    for name, row in OFFICE_SETTINGS.items():
        assert rows[name]["setting"] == name.replace("_", "-")
        if (name, rows[name]["figure"]) in demo_estate().settings:
            assert rows[name]["set_by"] == "demo"
            continue
        assert rows[name]["figure"] == row.normal
        assert rows[name]["since"] is rows[name]["set_by"] is None
        assert row.smallest <= row.normal <= row.largest


def test_what_was_set_by_two_is_in_force_with_the_next_request(bureau: Bureau) -> None:
    set_by_two(bureau, "approval-hours", 1)
    [row] = bureau.rows(bureau.admin, "settings", setting="approval-hours")
    assert row["figure"] == 1
    assert row["set_by"].startswith("p")
    told = bureau.with_code(
        bureau.admin, "merchant.close", merchant_id=HOME["merchant"], note="moved away"
    )
    assert isinstance(told, Waiting)
    until = dt.datetime.fromisoformat(told.until)
    assert until - bureau.now == dt.timedelta(hours=1)


def test_a_figure_beyond_its_bounds_is_refused_before_anybody_agrees(bureau: Bureau) -> None:
    told = bureau.with_code(
        bureau.admin, "setting.set", setting="approval-hours", figure=0, note="none at all"
    )
    assert isinstance(told, Refused)
    assert (told.code, told.field) == ("E-RANGE", "figure")
    assert bureau.refused(
        bureau.admin, "setting.set", setting="no-such", figure=1, note="none at all"
    ) == "E-NOT-FOUND"  # fmt: skip


def test_the_limit_of_a_card_that_is_nobodys_is_a_setting(bureau: Bureau) -> None:
    """In fen; what it does to who binds one is in test_holding."""
    set_by_two(bureau, "anonymous-minor-max", 50_000)
    [row] = bureau.rows(bureau.admin, "settings", setting="anonymous-minor-max")
    assert row["figure"] == 50_000
