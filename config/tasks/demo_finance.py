"""What people of finance do about the demo's night: they reconcile it, release it, and report."""

from clearing.run import Summary
from config.run.database import dsn_of
from config.run.staff import DemoStaff
from config.run.supervisor import Running
from config.tasks.demo_night import explain_cases, explained, release_night, settled_points
from config.tasks.demo_recon import leave_difference, reconcile_night, report_day
from config.tasks.night import opened_night
from host.office.roles import FN
from host.store.connecting import LONG, connect


def look_through(staff: DemoStaff, running: Running, summary: Summary) -> list[str]:
    """All of it, in lines that a newcomer understands.

    Raises:
        SurroundingsError: the host does not come to the merchant's list.
    """
    settings, places = running.settings, running.places
    audit = dsn_of("audit", settings.database, places.cluster)
    with connect(audit, LONG, autocommit=True) as connection:
        settled = settled_points(connection, summary.business_date)
        reconciled = reconcile_night(staff, connection, summary)
    login = staff.person(FN).login
    with opened_night(settings, places) as connection:
        cases = explain_cases(connection, login)
    released = release_night(staff, summary)
    report = report_day(staff, summary, places.data)
    leave_difference(staff, summary)
    return [
        *settled,
        *(reconciled.told() if reconciled is not None else ()),
        *explained(cases, login),
        released.told(),
        f"the day at a glance, for a browser: {report}",
    ]
