"""A link out of a text is a page with one thing to press, and the code behind it."""

import pytest

from host.stock.qr import handed_out_link
from tests.host.office.conftest import Bureau
from tests.host.office.test_staff_issues import Works
from tests.switch.web.conftest import Open


def test_one_press_shows_the_code_and_what_only_looks_learns_nothing(
    front: Open, bureau: Bureau, capfd: pytest.CaptureFixture[str]
) -> None:
    """S2-18: without signing in, and without a script; no log has the link."""
    works = Works(bureau)
    works.issue(departments=["Sales"])
    [(issue,)] = bureau.sql("SELECT DISTINCT issue_id FROM staff_voucher")
    link = handed_out_link(bureau.hsm, issue, 1)
    browser = front()
    page = browser.get(f"/voucher/{link}")
    assert page.status_code == 200
    assert "Dragon boat" not in page.text
    assert '<svg class="qr"' not in page.text
    assert page.headers["cache-control"] == "no-store"
    shown = browser.post(f"/voucher/{link}", {})
    assert shown.status_code == 200
    assert "Dragon boat" in shown.text
    assert '<svg class="qr"' in shown.text
    wrong = browser.post(f"/voucher/{link[:-3]}AAA", {})
    assert "E-VOUCHER-LINK" in wrong.text
    assert '<svg class="qr"' not in wrong.text
    told = capfd.readouterr()
    assert link not in told.out + told.err
