"""Which lane a request takes: by card and kind, or after its original."""

import pytest

from host.model.requests import ExchangeKey, Family, Kind, Original, Request
from host.model.secrets import Pan
from switch.issuer_settings import IssuerSettings
from switch.lane import Lane
from switch.memory.route_words import HOST
from switch.routing import Router

KEY = ExchangeKey("pos", "80010001", "000012", "000001", Family.FINANCIAL)


class Nobody:
    def ask(self, _request, _waiter):
        return None

    def forget(self, _ticket):
        return


class Memory:
    """Routes by key text."""

    def __init__(self) -> None:
        self.routes: dict[str, str] = {}
        self.tombstones: list[str] = []

    def route_of(self, key_text):
        return self.routes.get(key_text)

    def undo(self, key_text, route):
        assert route == HOST
        self.tombstones.append(key_text)


def issuer(name: str, *prefixes: str, **changes) -> IssuerSettings:
    return IssuerSettings(
        name=name,
        issuer_id="48882955",
        prefixes=prefixes,
        addresses=("127.0.0.1:9000",),
        **changes,
    )


def lane(name: str) -> Lane:
    return Lane(name, Nobody(), 10.0)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def router(memory: Memory) -> Router:
    rows = [
        (issuer("wide", "62"), lane("wide")),
        (issuer("narrow", "6258", kinds=(Kind.PURCHASE,)), lane("narrow")),
    ]
    return Router(lane(HOST), rows, memory)  # type: ignore[arg-type]


def first(pan: str | None, kind: Kind = Kind.PURCHASE) -> Request:
    return Request(kind=kind, key=KEY, merchant_id="m", pan=Pan(pan) if pan else None)


def about(kind: Kind, pan: str | None = None) -> Request:
    original = Original(key=KEY)
    card = Pan(pan) if pan else None
    return Request(kind=kind, key=KEY, merchant_id="m", pan=card, original=original)


@pytest.mark.parametrize(
    ("pan", "kind", "name"),
    [
        ("6212345678901234", Kind.PURCHASE, "wide"),
        ("6258345678901234", Kind.PURCHASE, "narrow"),
        ("6258345678901234", Kind.BALANCE_INQUIRY, HOST),
        ("6212345678901234", Kind.BALANCE_INQUIRY, "wide"),
        ("6212345678901234", Kind.POINTS_REDEMPTION, HOST),
        ("9988000000000015", Kind.PURCHASE, HOST),
        (None, Kind.SIGN_ON, HOST),
    ],
)
def test_a_first_message_goes_by_the_longest_prefix_that_takes_its_kind(
    router: Router, pan: str | None, kind: Kind, name: str
):
    assert router.lane_of(first(pan, kind)).name == name


@pytest.mark.parametrize("kind", [Kind.REVERSAL, Kind.VOID])
def test_what_is_about_another_message_goes_where_that_went(
    router: Router, memory: Memory, kind: Kind
):
    memory.routes[KEY.text] = "narrow"
    assert router.lane_of(about(kind)).name == "narrow"
    assert router.lane_of(about(kind, "6212345678901234")).name == "narrow"
    assert memory.tombstones == []


def test_what_nobody_remembers_is_our_own_hosts_and_a_reversal_leaves_a_tombstone(
    router: Router, memory: Memory
):
    assert router.lane_of(about(Kind.VOID, "6212345678901234")).name == HOST
    assert memory.tombstones == []
    assert router.lane_of(about(Kind.REVERSAL)).name == HOST
    assert memory.tombstones == [KEY.text]


def test_an_issuer_that_is_gone_from_the_settings_takes_nothing(router: Router, memory: Memory):
    memory.routes[KEY.text] = "closed bank"
    gone = router.lane_of(about(Kind.REVERSAL))
    assert not gone.is_ours
    assert gone.destination.ask(about(Kind.REVERSAL), None) is None  # type: ignore[arg-type]


def test_without_issuers_everything_is_our_own_hosts():
    alone = Router(lane(HOST))
    assert alone.lane_of(about(Kind.REVERSAL)).name == HOST
    assert alone.lane_of(first("6212345678901234")).name == HOST
