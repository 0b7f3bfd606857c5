"""What people do at pages: lists, forms, codes, second persons: S3-01, S4-19, S4-45."""

import csv
import io
import re

import pytest

from host.model.office import Done
from switch.web import exported
from tests.host.office.conftest import HOME, Bureau, Person
from tests.switch.web.conftest import Browser, Open

SESSION = "posswitch_session"


def test_a_list_is_a_link_is_filtered_and_goes_on_where_it_ended(
    front: Open, bureau: Bureau
) -> None:
    browser = _as(front, bureau.admin)
    bureau.sql(
        "INSERT INTO person (login, name, state, created_at)"
        " SELECT 'mass' || n, 'Mass ' || n, 'disabled', now() FROM generate_series(1, 120) AS n"
    )
    seen: list[str] = []
    path = "/show/people"
    while path:
        text = browser.get(path).text
        seen += re.findall(r'data-label="登录名">(?:<a[^>]*>)?([a-z0-9]+)', text)
        more = re.search(r'rel="next" href="([^"]+)"', text)
        path = more[1].replace("&amp;", "&") if more else ""
    [(people,)] = bureau.sql("SELECT count(*) FROM person")
    assert len(seen) == len(set(seen)) == people > 120
    text = browser.get("/show/people?name=Mass+7").text
    assert "Mass 7<" in text
    assert "Mass 8<" not in text
    assert 'value="Mass 7"' in text, "what it is filtered by stands in its form"


@pytest.mark.parametrize(
    ("role", "scope", "column"),
    [
        ("merchant_owner", "merchant", "merchant_id"),
        ("store_manager", "store", "id::text"),
        ("issuer_manager", "issuer", "institution_id"),
    ],
)
def test_a_home_is_titled_by_what_people_call_its_place(
    front: Open, bureau: Bureau, role: str, scope: str, column: str
) -> None:
    """S3-01: its number stands above it; of the platform it is the role."""
    key = HOME[scope]
    [(name,)] = bureau.sql(f"SELECT name FROM {scope} WHERE {column} = %s", key)
    text = _as(front, bureau.person(role, scope, key)).get("/").text
    assert re.findall(r"<h1>(.*?)</h1>", text) == [name]
    assert re.search(rf'<p class="above">[^<]+ {key}</p>', text)
    assert f"<title>{name} ·" in text
    assert re.search(rf"<summary>[^<]+ · {name}</summary>", text)
    text = _as(front, bureau.person("finance")).get("/").text
    assert re.findall(r"<h1>(.*?)</h1>", text) == ["清算财务 · 平台"]


def test_what_is_in_the_way_is_said_in_the_readers_language(front: Open, bureau: Bureau) -> None:
    browser = _as(front, bureau.person("finance"))
    page = browser.get("/show/business_days?date=yesterday")
    assert page.status_code == 422
    assert "E-FIELD" in page.text
    assert "营业日: 应为日期，如 2026-12-31" in page.text
    assert "请先填写其中一项" in browser.get("/show/usages").text
    browser.post("/language", {"language": "en", "back": "/"})
    assert "business date: it is a day, as 2026-12-31" in (
        browser.get("/show/business_days?date=yesterday").text
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("sort=name", "sort: there is no such filter"),
        ("merchant=1", "merchant: there is no such filter"),
        ("rows=5&name=Harbour", "rows: there is no such filter"),
        ("name=a&name=b", "name: it may be given once"),
    ],
)
def test_what_is_no_filter_of_a_list_is_told_and_no_list_is_shown_as_if_it_were(
    front: Open, bureau: Bureau, asked: str, said: str
) -> None:
    """Nor given away as a file: who asked would take it for what they asked for."""
    browser = _as(front, bureau.admin)
    browser.post("/language", {"language": "en", "back": "/"})
    for address in (f"/show/merchants?{asked}", f"/export/merchants?{asked}"):
        page = browser.get(address)
        assert page.status_code == 422, address
        assert said in page.text, page.text
        assert HOME["merchant"] not in page.text
    needed = browser.get("/show/usages?sort=name")
    assert (needed.status_code, "one of these" in needed.text) == (422, False)
    browser.post("/language", {"language": "zh", "back": "/"})
    assert re.search("没有这个筛选条件|只能给出一次", browser.get(f"/show/merchants?{asked}").text)
    assert browser.get("/show/merchants?name=&after=").status_code == 200


def test_a_card_is_found_by_its_number_which_stands_in_no_address_and_no_page(
    front: Open, bureau: Bureau
) -> None:
    browser = _as(front, bureau.person("service", "platform"))
    browser.get("/show/cards")
    number = "4888290000000000001"
    page = browser.post("/show/cards", {"number": number})
    assert page.status_code == 200
    assert page.request.url.query == b""
    assert number not in page.text


def test_what_a_form_says_wrongly_stands_beside_the_field_and_nothing_typed_is_lost(
    front: Open, bureau: Bureau
) -> None:
    browser = _as(front, bureau.admin)
    page = browser.fill("person.save", login="Ann!", name="Ann", role="finance", scope="platform")
    assert page.status_code == 422
    assert "登录名: 应为 2 到 32 位小写字母和数字" in page.text
    assert 'value="Ann!"' in page.text
    assert 'value="Ann"' in page.text
    wrong = page.text.split('class="field wrong"')[1].split("</div>")[0]
    assert 'name="login"' in wrong
    assert 'aria-invalid="true"' in wrong
    assert len(re.findall(r'<option value="platform" selected', page.text)) == 1


def test_a_form_that_is_sent_twice_is_done_once_and_told_the_same(
    front: Open, bureau: Bureau
) -> None:
    who = bureau.person("platform_ops")
    browser = _as(front, who)
    browser.get("/do/merchant.save")
    told = {
        "once_key": browser.once_key, "how": "do", "merchant_id": "777000000000001",
        "name": "Two Clicks", "trade": "food", "city": "Haikou", "issuers": "48882900",
    }  # fmt: skip
    token = browser.token
    pages = []
    for _ in range(2):
        answer = browser.client.post("/do/merchant.save", data={"form_token": token, **told})
        pages.append(re.sub(token, "", answer.text))
    assert pages[0] == pages[1]
    assert len(bureau.rows(bureau.admin, "audit", action="merchant.save")) == 1, pages[0]


def test_a_rehearsal_keeps_nothing_and_says_what_it_would_change(
    front: Open, bureau: Bureau
) -> None:
    browser = _as(front, bureau.admin)
    merchant = _merchant(bureau)
    browser.get("/do/merchant.suspend")
    told = {"once_key": browser.once_key, "how": "rehearse", "merchant_id": merchant,
            "is_suspended": "true", "note": "looked at"}  # fmt: skip
    page = browser.post("/do/merchant.suspend", told)
    assert page.status_code == 200, page.text
    assert "仅预演" in page.text
    assert bureau.sql("SELECT count(*) FROM merchant WHERE NOT is_active") == [(0,)]


def test_a_code_is_asked_for_in_words_and_the_form_is_done_with_it(
    front: Open, bureau: Bureau
) -> None:
    other = bureau.person("finance")
    browser = _as(front, bureau.admin)
    bureau.done(bureau.admin, "person.lock", login=other.login, note="left her desk")
    told = {"login": other.login, "note": "is back"}
    page = browser.fill("person.lock", **told)
    assert page.status_code == 422, page.text
    assert 'name="totp_code"' in page.text
    assert other.login in page.text.split('class="code"')[1].split("</div>")[0]
    again = {"once_key": browser.once_key, "how": "do", **told}
    wrong = browser.post("/do/person.lock", again | {"totp_code": "000000"})
    assert "E-WRONG-CODE" in wrong.text or "E-CODE" in wrong.text, wrong.text
    page = browser.fill("person.lock", **told)
    told |= {"once_key": browser.once_key, "how": "do", "totp_code": bureau.code(bureau.admin)}
    page = browser.post("/do/person.lock", told)
    assert page.status_code == 200, page.text
    assert bureau.rows(bureau.admin, "people", login=other.login)[0]["state"] == "active"


def test_what_waits_for_a_second_person_says_so_and_is_agreed_to_at_a_page(
    front: Open, bureau: Bureau
) -> None:
    maker, other = bureau.person("finance"), bureau.person("finance")
    browser, second = _as(front, maker), _as(front, other)
    page = browser.fill(
        "fee.save", payer="merchant", kinds="purchase", tiers="1 0.6% 0", since="2027-01-01",
        note="as agreed",
    )  # fmt: skip
    assert page.status_code in {200, 422}, page.text
    if "totp_code" in page.text:
        told = {"once_key": browser.once_key, "how": "do", "payer": "merchant",
                "kinds": "purchase", "tiers": "1 0.6% 0", "since": "2027-01-01",
                "note": "as agreed", "totp_code": bureau.code(maker)}  # fmt: skip
        page = browser.post("/do/fee.save", told)
    assert "已提交复核" in page.text, page.text
    assert re.search(r"<dd>20\d\d-\d\d-\d\d \d\d:\d\d:\d\d</dd>", page.text), page.text
    listed = second.get("/show/approvals?to_decide=true").text
    link = re.search(r'href="(/do/approval\.decide\?approval=\d+)&amp;back=', listed)
    assert link is not None, listed
    form = second.get(link[1])
    number = link[1].rpartition("=")[2]
    assert f'value="{number}"' in form.text
    told = {"once_key": second.once_key, "how": "do", "approval": number, "decision": "approve"}
    done = second.post("/do/approval.decide", told)
    if "totp_code" in done.text:
        told |= {"once_key": second.once_key, "totp_code": bureau.code(other)}
        done = second.post("/do/approval.decide", told)
    assert done.status_code == 200, done.text
    assert "<dd>fee.save" not in done.text, done.text
    assert len(bureau.rows(maker, "fees")) == 1


def test_what_was_done_goes_by_its_name_for_who_may_not_do_it(front: Open, bureau: Bureau) -> None:
    bureau.person("finance")  # somebody gave that grant
    auditor = bureau.person("auditor")
    told = {row["action"] for row in bureau.rows(auditor, "audit")}
    assert told
    text = _as(front, auditor).get("/show/audit").text
    assert [one for one in told if f">{one}<" in text] == []
    assert ">添加操作员<" in text or ">授权<" in text, sorted(told)


def test_money_is_typed_in_yuan_and_what_is_none_is_refused_as_it_was_typed(
    front: Open, bureau: Bureau
) -> None:
    browser = _as(front, bureau.admin)
    for typed, is_taken in (("1234.50", True), ("1,234.5", True), ("12.345", False), ("½", False)):
        page = browser.fill("issuer.save", institution_id="48882900", amount_minor_max=typed)
        is_field = 'aria-invalid="true"' in page.text and 'name="amount_minor_max"' in page.text
        assert is_field != is_taken, (typed, page.text)
        if not is_taken:
            assert f'value="{typed}"' in page.text
            assert "单笔上限: 应为以元计的金额, 如 1234.50" in page.text
    page = browser.fill("issuer.save", institution_id="48882900", amount_minor_max="99999999999")
    assert "应不大于 ¥9,999,999,999.99" in page.text


def test_a_file_that_is_refused_may_be_replaced_by_another(front: Open, bureau: Bureau) -> None:
    browser = _as(front, bureau.person("finance"))
    browser.get("/do/recon.import")
    told = {"form_token": browser.token, "once_key": browser.once_key, "how": "do"}
    page = browser.client.post(
        "/do/recon.import", data=told, files={"file": ("a.csv", b"no such columns")}
    )
    assert page.status_code == 422
    assert re.search(r'type="hidden" name="file" value="[0-9]+"', page.text), page.text
    assert re.search(r'<input [^>]*name="file" type="file"', page.text)


def test_what_somebody_typed_is_never_a_part_of_the_page(front: Open, bureau: Bureau) -> None:
    browser = _as(front, bureau.admin)
    evil = '"><script>alert(1)</script>'
    bureau.sql("UPDATE merchant SET name = %s WHERE id = 1", evil)
    for path in (
        "/show/merchants",
        f"/show/merchants?name={evil}",
        f"/do/merchant.save?merchant_id={evil}",
        f"/show/{evil}",
    ):
        page = browser.get(path)
        assert "<script>alert" not in page.text, path
    browser.get("/do/person.save")
    assert "<script>alert" not in browser.fill("person.save", login=evil, name=evil).text
    browser.get("/")
    assert "<script>alert" not in browser.post("/find", {"find": evil}).text


def test_one_box_finds_what_the_grant_reaches(front: Open, bureau: Bureau) -> None:
    browser = _as(front, bureau.admin)
    browser.get("/")
    merchant = _merchant(bureau)
    assert browser.post("/find", {"find": merchant}).headers["location"] == (
        f"/show/merchants?merchant_id={merchant}"
    )
    browser.get("/")
    assert browser.post("/find", {"find": "root"}).headers["location"] == "/show/people?login=root"
    clerk = _as(front, bureau.person("store_clerk", "store"))
    clerk.get("/")
    assert clerk.post("/find", {"find": "root"}).status_code == 404


def test_a_list_is_had_as_a_file_that_no_spreadsheet_runs(front: Open, bureau: Bureau) -> None:
    browser = _as(front, bureau.admin)
    bureau.sql("UPDATE merchant SET name = '=1+1' WHERE id = 1")
    answer = browser.get("/export/merchants")
    assert answer.headers["content-disposition"] == 'attachment; filename="merchants.csv"'
    lines = answer.text.lstrip("\ufeff").splitlines()
    assert len(lines) == 1 + bureau.sql("SELECT count(*) FROM merchant")[0][0]
    assert "'=1+1" in answer.text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1+1", "＝1+1", "\t1"])
def test_whatever_is_no_number_is_no_formula(text: str) -> None:
    """A text, a text among others, and what is told by names."""
    told = [text, [text, "b"], {"en": text, "zh": text}, -150_050]
    row = exported._row(["name", "goods", "meaning", "net_minor"], told, "en")
    assert row == [f"'{text}", f"'{text}, b", f"'{text}", "-1500.50"]


def test_amounts_of_a_list_are_numbers_in_its_file(front: Open, bureau: Bureau) -> None:
    """Summed up by a program for tables: no sign of a currency, no comma, and the unit in words."""
    browser = _as(front, bureau.admin)
    bureau.sql("UPDATE person_grant SET limit_minor = 123456789 WHERE id = 1")
    lines = list(csv.reader(io.StringIO(browser.get("/export/grants").text.lstrip("\ufeff"))))
    [column] = [at for at, head in enumerate(lines[0]) if head.endswith(" (CNY)")]
    assert [line[column] for line in lines[1:] if line[column]] == ["1234567.89"]
    assert "¥1,234,567.89" in browser.get("/show/grants").text


def test_another_grant_is_used_in_one_click_and_the_pages_are_its(
    front: Open, bureau: Bureau
) -> None:
    who = bureau.person("finance")
    told = {"login": who.login, "role": "risk", "scope": "platform"}
    given = bureau.do(bureau.admin, "person.grant", **told)
    if not isinstance(given, Done):
        given = bureau.do(bureau.admin, "person.grant", _code=bureau.code(bureau.admin), **told)
    assert isinstance(given, Done), given
    browser = _as(front, who)
    page = browser.get("/").text
    assert "/show/business_days" in page
    other = re.search(r'name="grant" value="(\d+)"', page)
    assert other is not None
    assert browser.post("/grant", {"grant": other[1]}).status_code == 303
    assert "风控" in browser.get("/").text.split("<main")[1]


def _merchant(bureau: Bureau) -> str:
    return str(bureau.sql("SELECT merchant_id FROM merchant ORDER BY id LIMIT 1")[0][0])


def _as(front: Open, who: Person) -> Browser:
    browser = front()
    browser.client.cookies.set(SESSION, who.session.reveal().decode())
    browser.get("/sign-in")  # which gives it a door
    return browser


def test_one_thing_has_a_page_with_what_may_be_done_and_what_was(
    front: Open, bureau: Bureau
) -> None:
    """S3-01, S4-19: facts, actions, what hangs on it, and its history; by one row of a table."""
    browser = _as(front, bureau.admin)
    browser.client.headers["accept-language"] = "en"
    merchant = _merchant(bureau)
    told = {"merchant_id": merchant, "is_suspended": "true", "note": "looked at its books"}
    assert browser.fill("merchant.suspend", **told).status_code == 200
    page = browser.get(f"/show/merchants?merchant_id={merchant}").text
    assert f"<h1>{merchant}</h1>" in page
    assert f"/show/terminals?merchant={merchant}" in page
    assert "/do/merchant.suspend?merchant_id=" in page
    assert "back=/show/merchants" in page
    history = page.split('id="history"')[1]
    assert "looked at its books" in history
    assert "root" in history
    clerk = _as(front, bureau.person("store_manager", "store"))
    assert 'id="history"' not in clerk.get(f"/show/merchants?merchant_id={merchant}").text
