"""The dashboard and the alert rules ask only for what switch and host export."""

import json
import re
from pathlib import Path

import prometheus_client
import pytest
import yaml

import host.metrics
from host.link.address import Address
from host.model.requests import Kind
from host.model.responses import Reason
from switch.issuer_settings import IssuerSettings
from switch.program import Switch
from switch.settings import SwitchSettings
from switch.web.desk import Desk
from switch.web.program import WebFront
from switch.web_settings import WebSettings

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD = json.loads((DOCS / "grafana.json").read_text("utf-8"))
ALERTS = yaml.safe_load((DOCS / "alerts.yml").read_text("utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = sorted(
    {target["expr"] for panel in PANELS for target in panel["targets"]}
    | {rule["expr"] for rule in RULES}
)
NAME = re.compile(r"\b(posswitch_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\b(?:by|without) \(([^)]*)\)")
FROM_PROMETHEUS = {"le", "instance", "job"}


def exported_by(registry: prometheus_client.CollectorRegistry) -> dict[str, set[str]]:
    """Sample names as Prometheus has them, with their labels."""
    names: dict[str, set[str]] = {}
    for name, collector in registry._names_to_collectors.items():
        if name.startswith("posswitch_"):
            described = [collector] if hasattr(collector, "_labelnames") else collector.describe()  # type: ignore[attr-defined]
            names[name] = {label for one in described for label in one._labelnames}
    return names


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    place = tmp_path_factory.mktemp("switch")
    settings = SwitchSettings(
        issuers=(
            IssuerSettings(
                name="far",
                issuer_id="48882977",
                prefixes=("9977",),
                addresses=("127.0.0.1:9",),
            ),
        ),
        link=f"unix:{place / 'link'}",
        saf=str(place / "saf.db"),
        routes=str(place / "routes.db"),
    )
    switch = Switch(settings)
    try:
        names = exported_by(switch.metrics.registry) | exported_by(prometheus_client.REGISTRY)
        switch.metrics.answered("pos", Kind.PURCHASE, Reason.APPROVED).inc()
        switch.metrics.seconds("pos", Kind.PURCHASE).observe(0.01)
        page = prometheus_client.generate_latest(switch.metrics.registry).decode()
        assert "posswitch_switch_reversals_oldest_seconds 0.0" in page
        assert 'posswitch_switch_host_seconds_bucket{channel="pos",kind="purchase",le=' in page
    finally:
        switch.close()
    assert host.metrics.WAITING is not None, "imported, so that its names are exported"
    front = WebFront(WebSettings(), Desk(Address.parse(f"unix:{place / 'link'}")))
    of_pages = exported_by(front.metrics.registry)
    return names | {name: labels for name, labels in of_pages.items() if "_tls_" in name}


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_asks_for_exported_names_and_labels(
    exported: dict[str, set[str]], query: str
) -> None:
    found = NAME.findall(query)
    assert found
    labels: set[str] = set()
    for name, selectors in found:
        assert name in exported, f"nobody exports {name}"
        asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selectors))
        assert asked <= exported[name], f"{name} has no label {asked - exported[name]}"
        labels |= exported[name]
    for group in GROUPED.findall(query):
        asked = {each.strip() for each in group.split(",")}
        assert asked <= labels | FROM_PROMETHEUS, f"nothing is labelled {asked - labels}"
    for opening, closing in ("()", "[]", "{}"):
        assert query.count(opening) == query.count(closing)


def test_counters_are_asked_for_their_rate_and_nothing_else() -> None:
    for query in QUERIES:
        for name, _ in NAME.findall(query):
            is_rate = re.search(rf"(?:rate|increase)\({name}\b", query) is not None
            assert is_rate == name.endswith(("_total", "_bucket")), query


def test_every_metric_of_ours_is_on_the_dashboard(exported: dict[str, set[str]]) -> None:
    shown = {name for query in QUERIES for name, _ in NAME.findall(query)}
    parts = ("_created", "_sum", "_count")
    for name in exported:
        if name.endswith(parts):
            continue
        is_shown = {name, f"{name}_total", f"{name}_bucket"} & shown
        assert is_shown, f"{name} is on no panel"


def test_every_alert_says_what_and_what_next() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "warn", "ticket"}
        assert rule["annotations"]["summary"].endswith((".", "}."))
        assert rule["annotations"]["next"]
        for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"])):
            assert re.search(rf"by \([^)]*\b{label}\b", rule["expr"])


def test_every_panel_has_its_own_place_and_number() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for place in (panel["gridPos"],)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
