"""S4-05: a browser's certificate: asked for of everybody, or of a role that needs it."""

import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from host.model.office import Done
from host.model.secrets import Secret
from switch.channels import TlsSettings
from switch.web.program import WebFront
from switch.web_settings import WebSettings
from switch.wire.tls import TlsFileError
from tests.host.office.conftest import Bureau, Person
from tests.switch.certificates import Authority
from tests.switch.web.conftest import served

EXPIRED = dt.timedelta(days=-1)
ROLES = ("merchant_operator",)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def settings(authority: Authority, **how: Any) -> WebSettings:
    certificate, key = authority.issue("localhost")
    told = {"client_ca": str(authority.file)} | {
        name: how.pop(name) for name in ("require_client", "revoked") if name in how
    }
    tls = TlsSettings(certificate=str(certificate), key=str(key), **told)
    return WebSettings(port=0, tls=tls, **how)


def browser(
    address: str, authority: Authority, shown: tuple[Path, Path] | None = None, **how: Any
) -> httpx.Client:
    context = ssl.create_default_context(cafile=str(authority.file))
    if shown:
        context.load_cert_chain(*shown)
    return httpx.Client(base_url=address.replace("127.0.0.1", "localhost"), verify=context, **how)


def is_refused(client: httpx.Client) -> bool:
    """Whether TLS breaks it off: of a certificate that is missing or no good."""
    try:
        client.get("/sign-in")
    except (httpx.TransportError, ssl.SSLError):
        return True
    return False


@pytest.fixture(scope="module")
def mutual(
    shared_bureau: Bureau, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A front that everybody shows a certificate to, with one that was revoked."""
    revoked = authority.revoke(authority.issue("lost")[0])
    told = settings(authority, require_client=True, revoked=str(revoked))
    with served(shared_bureau, tmp_path_factory.mktemp("mutual"), told) as address:
        yield address


def test_where_everybody_shows_one_only_a_good_one_gets_in(
    mutual: str, authority: Authority, tmp_path: Path
) -> None:
    """S4-05: none, one of another authority, an old and a revoked one are refused."""
    other = Authority(tmp_path, "other")
    lost = authority.file.parent / "lost.crt", authority.file.parent / "lost.key"
    with browser(mutual, authority, authority.issue("counter-1")) as client:
        assert client.get("/sign-in").status_code == 200
    bad: dict[str, tuple[Path, Path] | None] = {
        "none": None,
        "of somebody else's authority": other.issue("counter-1"),
        "old": authority.issue("old", valid_for=EXPIRED),
        "revoked": lost,
    }
    for which, shown in bad.items():
        with browser(mutual, authority, shown) as client:
            assert is_refused(client), which


def test_why_a_certificate_was_no_good_is_in_the_log(mutual: str, authority: Authority) -> None:
    old = authority.issue("old", valid_for=EXPIRED)
    with capture_logs() as lines, browser(mutual, authority, old) as client:
        assert is_refused(client)
    why = [one["why"] for one in lines if one["event"] == "a browser was refused by TLS"]
    assert why == ["certificate expired (certificate has expired)"]


def test_what_is_shown_and_believed_is_renewed_without_a_restart(
    shared_bureau: Bureau, authority: Authority, tmp_path: Path
) -> None:
    """Who is connected stays so; who comes from now on is shown the new one."""
    counter, lost = authority.issue("counter-3"), authority.issue("lost-3")
    told = settings(authority, require_client=True, revoked=str(authority.revoke()))
    fronts: list[WebFront] = []
    with (
        served(shared_bureau, tmp_path, told, fronts) as address,
        browser(address, authority, counter) as standing,
    ):
        assert standing.get("/sign-in").status_code == 200
        with browser(address, authority, lost) as client:
            assert client.get("/sign-in").status_code == 200
        before = _shown(address)
        renewed = settings(authority, require_client=True, revoked=str(authority.revoke(lost[0])))
        assert fronts[0].reload(renewed) == []
        assert standing.get("/sign-in").status_code == 200
        after = _shown(address)
        assert after == Path(renewed.tls.certificate).read_text() != before
        with browser(address, authority, counter) as client:
            assert client.get("/sign-in").status_code == 200
        with browser(address, authority, lost) as client:
            assert is_refused(client)
        _, other = authority.issue("other-3")
        mixed = msgspec.structs.replace(renewed.tls, key=str(other))  # type: ignore[type-var]
        with pytest.raises(TlsFileError, match="the key is another certificate's"):
            fronts[0].reload(msgspec.structs.replace(renewed, tls=mixed))
        assert _shown(address) == after


def _shown(address: str) -> str:
    """The certificate that a new connection is shown."""
    place = address.removeprefix("https://")
    host, _, port = place.rpartition(":")
    return ssl.get_server_certificate((host, int(port)))


@pytest.fixture(scope="module")
def by_role(
    shared_bureau: Bureau, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A front at which a merchant's operators show a certificate, and nobody else needs one."""
    told = settings(authority, certificate_roles=ROLES)
    with served(shared_bureau, tmp_path_factory.mktemp("by-role"), told) as address:
        yield address


@pytest.fixture(scope="module")
def operator(shared_bureau: Bureau) -> Person:
    return shared_bureau.person("merchant_operator")


@pytest.fixture(scope="module")
def owner(shared_bureau: Bureau) -> Person:
    return shared_bureau.person("merchant_owner")


def cookies(who: Person) -> dict[str, str]:
    return {"__Host-posswitch_session": who.session.reveal().decode()}


def bearer(session: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {session.reveal().decode()}"}


def test_a_role_that_needs_one_is_told_what_is_missing_and_how_it_is_installed(
    by_role: str, authority: Authority, operator: Person, owner: Person
) -> None:
    """S4-05: on every page, for that role alone."""
    with browser(by_role, authority, cookies=cookies(operator)) as client:
        for path in ("/", "/seat", "/show/stores", "/do/transaction.void", "/live/x", "/find"):
            page = client.get(path, headers={"Accept-Language": "en"})
            assert page.status_code == 403, path
            assert "has shown none" in page.text
            assert ".p12" in page.text
        assert client.get("/", headers={"Accept-Language": "zh"}).text.count("证书") > 3
        assert client.get("/sign-in").status_code == 200
    with browser(by_role, authority, cookies=cookies(owner)) as client:
        assert client.get("/show/stores").status_code == 200


def test_with_a_certificate_the_same_role_works(
    by_role: str, authority: Authority, operator: Person
) -> None:
    shown = authority.issue("counter-2")
    with browser(by_role, authority, shown, cookies=cookies(operator)) as client:
        assert client.get("/").status_code == 200
        assert client.get("/seat").status_code == 200
    with browser(by_role, authority, authority.issue("old-2", valid_for=EXPIRED)) as client:
        assert is_refused(client), "a bad one is worse than none"


def test_the_api_asks_for_one_too(by_role: str, authority: Authority, operator: Person) -> None:
    with browser(by_role, authority, headers=bearer(operator.session)) as client:
        told = client.get("/v1/show/stores")
        assert (told.status_code, told.json()["code"]) == (403, "E-CERTIFICATE")
        acted = client.post("/v1/do/session.sign_out", json={})
        assert acted.status_code == 403
    shown = authority.issue("program")
    with browser(by_role, authority, shown, headers=bearer(operator.session)) as client:
        assert client.get("/v1/show/stores").status_code == 200


def test_who_goes_over_to_such_a_role_is_asked_at_once(
    by_role: str, authority: Authority, shared_bureau: Bureau
) -> None:
    """What the front has kept of the grant before is of no use."""
    who = shared_bureau.person("merchant_owner")
    values = {"login": who.login, "role": ROLES[0], "scope": "merchant"}
    merchant = shared_bureau.sql(
        "SELECT m.merchant_id FROM person_grant AS g JOIN merchant AS m ON g.merchant_id = m.id"
        " JOIN person AS p ON g.person_id = p.id WHERE p.login = %s", who.login,
    )[0][0]  # fmt: skip
    told = shared_bureau.with_code(
        shared_bureau.admin, "person.grant", **values, scope_key=merchant
    )
    assert isinstance(told, Done), told
    grant = shared_bureau.sql("SELECT max(id) FROM person_grant")[0][0]
    with browser(by_role, authority, headers=bearer(who.session)) as client:
        assert client.get("/v1/show/stores").status_code == 200
        used = client.post("/v1/do/session.use_grant", json={"values": {"grant": grant}})
        assert used.status_code == 200, used.text
        assert client.get("/v1/show/stores").status_code == 403


def test_settings_that_could_not_be_kept_are_refused(authority: Authority) -> None:
    with pytest.raises(ValueError, match=r"no role 'operator'.*merchant_operator"):
        settings(authority, certificate_roles=("operator",))
    with pytest.raises(ValueError, match=r"nobody could show one.*client_ca"):
        WebSettings(certificate_roles=ROLES)
