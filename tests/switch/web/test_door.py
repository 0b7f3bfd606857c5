"""Coming in by a browser, and what keeps others out: S4-17, OWASP's basics at the door."""

from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from host.model.secrets import Secret
from tests.host.office.conftest import HOME, Bureau, code_at
from tests.switch.web.conftest import Browser, Open, served

SESSION, DOOR = "posswitch_session", "posswitch_door"


def test_who_signs_in_sees_what_there_is_and_is_out_after_signing_out(
    front: Open, bureau: Bureau
) -> None:
    browser = front()
    assert browser.get("/").headers["location"] == "/sign-in"
    assert browser.sign_in(bureau.admin).status_code == 303
    token = browser.client.cookies[SESSION]
    page = browser.get("/all")
    assert page.status_code == 200
    assert "/show/people" in page.text
    assert "/do/person.save" in page.text
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert SESSION not in browser.client.cookies
    other = front()
    other.client.cookies.set(SESSION, token)
    location = other.get("/show/people").headers["location"]
    assert location.startswith("/sign-in"), "it ended at the host, too"


def test_who_opens_a_link_of_a_colleague_is_there_after_signing_in(
    front: Open, bureau: Bureau
) -> None:
    browser, admin = front(), bureau.admin
    link = "/show/people?state=active"
    door = browser.get(link).headers["location"]
    assert door == "/sign-in?back=%2Fshow%2Fpeople%3Fstate%3Dactive"
    page = browser.get(door).text
    assert f'name="back" value="{link}"' in page
    told = {"login": admin.login, "password": "no", "back": link}
    assert f'name="back" value="{link}"' in browser.post("/sign-in", told).text
    told |= {"password": admin.password, "code": bureau.code(admin)}
    assert browser.post("/sign-in", told).headers["location"] == link
    elsewhere = front()
    assert 'value="//evil' not in elsewhere.get("/sign-in?back=//evil.example").text


def test_who_was_signed_out_over_a_form_is_told_that_it_was_not_done_and_led_back_to_it(
    front: Open, bureau: Bureau
) -> None:
    """S3-01: it ended at the host meanwhile, as it does after half an hour."""
    browser, admin = front(), bureau.admin
    browser.sign_in(admin)
    browser.get("/do/merchant.suspend")
    bureau.sql("UPDATE session SET ended_at = now()")
    sent = {"how": "do", "merchant_id": HOME["merchant"], "is_suspended": "true", "note": "odd"}
    door = browser.post("/do/merchant.suspend", sent).headers["location"]
    page = browser.get(door).text
    assert "刚才提交的内容未办理" in page
    assert 'name="back" value="/do/merchant.suspend"' in page
    assert bureau.sql(
        "SELECT is_active FROM merchant WHERE merchant_id = %s", HOME["merchant"]
    ) == [(True,)]
    assert "刚才提交的内容未办理" not in browser.get("/sign-in").text
    assert "刚才提交的内容未办理" in browser.get("/me/sign-in?not_done=1").text


def test_cookies_are_for_no_script_and_no_other_site_and_are_new_after_sign_in(
    front: Open, bureau: Bureau
) -> None:
    browser = front()
    before = browser.get("/sign-in")
    door = browser.client.cookies[DOOR]
    came = browser.sign_in(bureau.admin)
    for answer in (before, came):
        for cookie in answer.headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie
            assert "SameSite=strict" in cookie
    assert browser.client.cookies[DOOR] != door, "what was planted before is worth nothing"


def test_a_session_that_was_planted_is_not_the_one_signed_in_with(
    front: Open, bureau: Bureau
) -> None:
    browser = front()
    browser.client.headers["cookie"] = f"{SESSION}=planted; {DOOR}=planted"
    browser.get("/sign-in")
    told = {"login": "root", "password": bureau.admin.password, "code": bureau.code(bureau.admin)}
    answer = browser.post("/sign-in", told)
    given = "".join(answer.headers.get_list("set-cookie"))
    assert SESSION in given
    assert DOOR in given
    assert "planted" not in given


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}],
    ids=str,
)
def test_a_form_of_another_site_is_not_taken(
    front: Open, bureau: Bureau, headers: dict[str, str]
) -> None:
    browser = _in(front, bureau)
    browser.get("/do/merchant.suspend")
    merchant = bureau.sql("SELECT merchant_id FROM merchant ORDER BY id LIMIT 1")[0][0]
    told = {"merchant_id": merchant, "is_suspended": "true", "note": "by another site"}
    assert browser.post("/do/merchant.suspend", told, headers=headers).status_code == 403
    assert bureau.sql("SELECT count(*) FROM merchant WHERE NOT is_active") == [(0,)]


def test_a_form_without_its_token_or_with_anothers_is_not_taken(
    front: Open, bureau: Bureau
) -> None:
    browser, other = _in(front, bureau), front()
    other.get("/sign-in")
    for token in ("", "0" * 64, other.token, "ü"):
        told = {"form_token": token, "how": "do", "once_key": "a" * 32}
        assert browser.client.post("/do/password.change", data=told).status_code == 403
    assert browser.client.post("/sign-out").status_code == 403


def test_many_wrong_passwords_of_one_login_are_told_to_wait(front: Open, bureau: Bureau) -> None:
    browser = front()
    told = {"login": "root", "password": "no"}
    statuses = []
    for _ in range(12):
        browser.get("/sign-in")
        statuses.append(browser.post("/sign-in", told).status_code)
    assert statuses[0] == 422
    assert statuses[-1] == 429
    assert bureau.refused(None, "session.sign_in", login="root", password=bureau.admin.password)


def test_a_wrong_password_is_told_alike_whoever_it_is_of(front: Open) -> None:
    browser = front()
    pages = []
    for login in ("root", "nobody"):
        browser.get("/sign-in")
        page = browser.post("/sign-in", {"login": login, "password": "no"}).text
        pages.append(page.replace(browser.token, ""))
    assert pages[0] == pages[1]
    assert "E-SIGN-IN" in pages[0]


def test_every_answer_has_its_headers_and_is_kept_nowhere(front: Open, bureau: Bureau) -> None:
    browser = _in(front, bureau)
    for path in ("/", "/sign-in", "/nothing", "/show/people", "/v1/show/people", "/do/person.save"):
        headers = browser.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store", path
        assert "hypercorn" not in str(headers).lower()
    assert "max-age" in browser.get("/static/style.css").headers["cache-control"]


def test_no_page_has_a_script_or_a_style_within_it_nor_one_of_another_house(
    front: Open, bureau: Bureau
) -> None:
    browser = _in(front, bureau)
    for path in ("/", "/show/people", "/do/person.save"):
        text = browser.get(path).text
        assert '<script src="/static/' in text
        assert text.count("<script") == 1
        assert "style=" not in text
        assert "http://" not in text.replace("http://www.w3.org", "")
        assert "https://" not in text


def test_only_a_name_of_ours_is_answered(front: Open) -> None:
    answer = front().get("/sign-in", headers={"host": "evil.example"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=y"]
)
def test_no_address_of_another_house_is_gone_on_to(front: Open, back: str) -> None:
    browser = front()
    browser.get("/sign-in")
    answer = browser.post("/language", {"language": "en", "back": back})
    assert answer.headers["location"] == "/"
    assert "x" not in browser.client.cookies


def test_the_language_is_chosen_and_kept_and_first_is_the_browsers(front: Open) -> None:
    browser = front()
    assert 'lang="en"' in browser.get("/sign-in", headers={"accept-language": "en-GB"}).text
    assert 'lang="zh-CN"' in browser.get("/sign-in").text
    browser.post("/language", {"language": "en", "back": "/sign-in"})
    assert "Sign in" in browser.get("/sign-in").text


@pytest.mark.parametrize(
    "path",
    ["/static/../pages.py", "/static/%2e%2e/pages.py", "/static/..%2fpages.py", "/static/%00",
     "/show/..%2f..%2fetc"],
)  # fmt: skip
def test_no_file_but_those_of_pages_is_served(front: Open, path: str) -> None:
    answer = front().get(path)
    assert answer.status_code in {303, 400, 404}
    assert "import" not in answer.text


def test_what_is_too_large_is_refused_before_it_is_read(front: Open, bureau: Bureau) -> None:
    browser = _in(front, bureau)
    browser.get("/do/file.send")
    answer = browser.client.post("/do/file.send", content=b"x" * (5 * 1024 * 1024))
    assert answer.status_code == 413
    assert "</html>" in answer.text
    answer = browser.client.post("/v1/do/file.send", content=b"x" * (5 * 1024 * 1024))
    assert (answer.status_code, answer.json()["code"]) == (413, "E-TOO-LARGE")
    answer = browser.client.get("/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "E-NOT-FOUND")

    def endless() -> object:
        for _ in range(90):
            yield b"y" * 65_536

    headers = {"content-type": "application/x-www-form-urlencoded"}
    try:
        answer = browser.client.post("/do/file.send", content=endless(), headers=headers)  # type: ignore[arg-type]
    except httpx.TransportError:
        return  # cut off while it sent: no more was read
    assert answer.status_code == 413


def test_who_is_invited_chooses_a_password_and_turns_on_codes_by_pages_alone(
    front: Open, bureau: Bureau
) -> None:
    """S4-17: the whole way in, without a command line."""
    told = bureau.do(
        bureau.admin, "person.save", login="ann", name="Ann", role="finance", scope="platform"
    )
    if not hasattr(told, "shown_once"):
        told = bureau.do(
            bureau.admin, "person.save", _code=bureau.code(bureau.admin), login="ann", name="Ann",
            role="finance", scope="platform",
        )  # fmt: skip
    browser = front()
    browser.get("/invitation")
    new = "a long road home 7"
    answer = browser.post("/invitation", {"token": told.shown_once["invitation"], "new": new})
    assert answer.status_code == 303
    browser.get("/sign-in?accepted")
    browser.post("/sign-in", {"login": "ann", "password": new, "code": ""})
    assert "/do/totp.enrol" in browser.get("/").text
    page = browser.fill("totp.enrol").text
    assert "<svg" in page, "it is scanned"
    assert "<h1>启用动态口令</h1>" in page, "nothing is on yet, so nothing is called done"
    assert "输入它显示的第一个口令" in page
    seed = page.split("<code>")[1].split("</code>")[0]
    answer = browser.fill("totp.enrol", code=code_at(seed, bureau.now))
    assert answer.status_code == 200, answer.text
    assert "/show/business_days" in browser.get("/all").text


def test_a_session_that_has_ended_leads_to_the_door(front: Open, bureau: Bureau) -> None:
    browser = _in(front, bureau)
    bureau.later(hours=13)  # every session is over by then
    assert browser.get("/show/people").headers["location"].startswith("/sign-in?back=")


def _in(front: Open, bureau: Bureau) -> Browser:
    browser = front()
    assert browser.sign_in(bureau.admin).status_code == 303
    assert Secret(browser.client.cookies[SESSION].encode())
    return browser


def test_a_fault_of_ours_is_told_as_such_and_why_is_in_the_log(
    front: Open, bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = front()
    browser.sign_in(bureau.admin)

    def broken(*_words: object, **_more: object) -> str:
        raise KeyError("nothing of that name")

    monkeypatch.setattr("terminals.web.pages.listed", broken)
    with capture_logs() as lines:
        page = browser.get("/show/people", headers={"Accept-Language": "en"})
    assert page.status_code == 500
    assert "This is a fault of posswitch" in page.text
    assert "nothing of that name" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert [one["event"] for one in lines if one["log_level"] == "error"] == ["a page failed"]
    assert not [one for one in lines if "/show/people" in str(one.get("event"))]
    monkeypatch.undo()
    assert browser.get("/show/people").status_code == 200


def test_a_front_that_is_stopped_tells_of_no_fault(bureau: Bureau, tmp_path: Path) -> None:
    with capture_logs() as lines, served(bureau, tmp_path) as address:
        assert httpx.get(f"{address}/sign-in").status_code == 200
    assert [one for one in lines if one["log_level"] == "error"] == []


def test_a_grant_that_is_none_of_theirs_signs_nobody_out_and_says_which_are(
    front: Open, bureau: Bureau
) -> None:
    """S1-09: it ended while its button stood there."""
    browser = front()
    browser.sign_in(bureau.admin)
    browser.get("/all")
    answer = browser.post("/grant", {"grant": "999"})
    assert answer.status_code == 422
    assert "不是您的授权，您的授权为 1 platform_admin@platform" in answer.text
    assert browser.get("/show/people").status_code == 200
