"""Whoever runs houses and shops finds and keeps them at pages."""

from tests.host.office.conftest import Bureau
from tests.switch.web.conftest import Browser, Open

CLERKS_NAME = "Quay two"


def rows(browser: Browser, path: str) -> list[list[str]]:
    """What a list shows, as the same list hands it out."""
    text = browser.client.get(path.replace("/show/", "/export/")).text.lstrip("\ufeff")
    return [line.split(",") for line in text.splitlines()[1:] if line]


def test_the_platform_finds_merchants_by_several_things_at_once(
    shared_front: Open, shared_bureau: Bureau
) -> None:
    """S4-48: name, city, trade and state, each beside the others; the address is a link."""
    for number, (name, city, trade) in enumerate(
        [("Harbour Tea", "Ningbo", "5499"), ("Harbour Inn", "Ningbo", "7011"),
         ("Harbour Bar", "Xiamen", "5813"), ("Old Inn", "Ningbo", "7011")]
    ):  # fmt: skip
        told = {"merchant_id": f"88829005500000{number}", "name": name}
        saved = shared_bureau.do(
            shared_bureau.admin, "merchant.save", **told, city=city, trade=trade
        )
        if getattr(saved, "code", "") == "E-STEP-UP":
            shared_bureau.do(
                shared_bureau.admin, "merchant.save", _code=shared_bureau.code(shared_bureau.admin),
                **told, city=city, trade=trade,
            )  # fmt: skip
    browser = shared_front()
    browser.sign_in(shared_bureau.admin)

    def found(query: str) -> set[str]:
        page = browser.get(f"/show/merchants?{query}")
        assert page.status_code == 200
        named = {"Harbour Tea", "Harbour Inn", "Harbour Bar", "Old Inn"}
        seen = {name for name in named if name in page.text}
        told = "\n".join(",".join(row) for row in rows(browser, f"/show/merchants?{query}"))
        assert {name for name in named if name in told} == seen
        return seen

    assert found("name=Harbour") == {"Harbour Tea", "Harbour Inn", "Harbour Bar"}
    assert found("name=Harbour&city=Ningbo") == {"Harbour Tea", "Harbour Inn"}
    assert found("name=Harbour&city=Ningbo&trade=7011") == {"Harbour Inn"}
    assert found("city=Ningbo&trade=7011&is_active=false") == set()


def test_a_merchant_keeps_all_of_its_stores_and_sees_no_others(
    shared_front: Open, shared_bureau: Bureau
) -> None:
    """S3-25: lists them, adds one, renames it; what is another's is not there."""
    owner = shared_bureau.person("merchant_owner")
    browser = shared_front()
    browser.sign_in(owner)
    before = rows(browser, "/show/stores")
    [(number, merchant)] = shared_bureau.sql(
        "SELECT m.id, m.merchant_id FROM person_grant AS g"
        " JOIN merchant AS m ON g.merchant_id = m.id"
        " JOIN person AS p ON g.person_id = p.id WHERE p.login = %s", owner.login,
    )  # fmt: skip
    own = shared_bureau.sql("SELECT count(*) FROM store WHERE merchant_id = %s", number)[0][0]
    assert len(before) == own
    added = browser.fill("store.save", merchant=merchant, name="Quay one")
    assert added.status_code == 200, added.text
    [(store,)] = shared_bureau.sql("SELECT id FROM store WHERE name = 'Quay one'")
    browser.fill("store.save", store=str(store), name=CLERKS_NAME)
    assert CLERKS_NAME in browser.get(f"/show/stores?id={store}").text
    assert len(rows(browser, "/show/stores")) == own + 1
    [(other,)] = shared_bureau.sql("SELECT id FROM store WHERE merchant_id <> %s LIMIT 1", number)
    refused = browser.fill("store.save", store=str(other), name="Mine")
    assert "E-NOT-FOUND" in refused.text
