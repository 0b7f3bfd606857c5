"""When files of TLS end is told before they do, in the log and as a metric."""

import datetime as dt
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from switch.channels import TlsSettings
from switch.wire.dated import Ends, dated_files
from tests.switch.certificates import DAY, Authority

NAME = "posswitch_test_tls_good_until_seconds"
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def tls(tmp_path: Path) -> TlsSettings:
    """Good for 90 days; its authority and the list of it for one."""
    authority = Authority(tmp_path)
    certificate, key = authority.issue("switch", valid_for=90 * DAY)
    key.chmod(0o600)
    revoked = authority.revoke(authority.issue("lost")[0], valid_for=10 * DAY)
    return TlsSettings(
        certificate=str(certificate),
        key=str(key),
        client_ca=str(authority.file),
        revoked=str(revoked),
    )


def told_at(after: dt.timedelta, tls: TlsSettings) -> list[tuple[str, str]]:
    """What is said of each file so long after now, and how loudly."""
    with capture_logs() as lines:
        Ends(CollectorRegistry(), NAME, lambda: NOW + after).use([("shops", tls)])
    assert {line["channel"] for line in lines} <= {"shops"}
    return [
        (line["log_level"], line["event"].partition(":")[0].partition(".")[0]) for line in lines
    ]


ENDS, ENDED = "ends soon", "has ended"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (-3 * DAY, [("error", "a certificate of TLS is not good yet"),
                    ("error", "a authority of TLS is not good yet"),
                    ("error", "a revocation list of TLS is not good yet")]),
        (0 * DAY, [("warning", f"a authority of TLS {ENDS}")]),
        (9 * DAY, [("error", f"a authority of TLS {ENDED}"),
                   ("warning", f"a revocation list of TLS {ENDS}")]),
        (61 * DAY, [("warning", f"a certificate of TLS {ENDS}"),
                    ("error", f"a authority of TLS {ENDED}"),
                    ("error", f"a revocation list of TLS {ENDED}")]),
        (91 * DAY, [("error", f"a certificate of TLS {ENDED}"),
                    ("error", f"a authority of TLS {ENDED}"),
                    ("error", f"a revocation list of TLS {ENDED}")]),
    ],
)  # fmt: skip
def test_a_file_is_spoken_of_before_it_ends_and_loudly_when_it_has(
    tls: TlsSettings, after: dt.timedelta, said: list[tuple[str, str]]
) -> None:
    assert told_at(after, tls) == [(how, what.replace("a authority", "an authority"))
                                   for how, what in said]  # fmt: skip


def test_what_says_it_says_what_to_do_next(tls: TlsSettings) -> None:
    with capture_logs() as lines:
        Ends(CollectorRegistry(), NAME, lambda: NOW + 61 * DAY).use([("shops", tls)])
    assert all("Next: " in line["event"] and "posswitch reload" in line["event"] for line in lines)
    assert [line["file"] for line in lines] == [tls.certificate, tls.client_ca, tls.revoked]
    assert lines[0]["days"] == 29


def test_until_when_each_is_good_is_a_metric_that_a_reload_renews(
    tls: TlsSettings, tmp_path: Path
) -> None:
    registry = CollectorRegistry()
    ends = Ends(registry, NAME)

    def until(channel: str, file: str) -> float | None:
        return registry.get_sample_value(NAME, {"channel": channel, "file": file})

    ends.use([("shops", tls), ("plain", None)])
    for each in dated_files(tls):
        assert until("shops", each.what) == each.until.timestamp()
    assert until("plain", "certificate") is None
    before = until("shops", "certificate")
    other = Authority(tmp_path, "other").issue("switch", valid_for=200 * DAY)[0]
    other.rename(tls.certificate)
    ends.use([("shops", tls)])
    assert before is not None
    assert (until("shops", "certificate") or 0) > before
    ends.use([])
    assert until("shops", "certificate") is None


def test_a_key_that_others_may_read_is_told(tls: TlsSettings) -> None:
    Path(tls.key).chmod(0o640)
    with capture_logs() as lines:
        Ends(CollectorRegistry(), NAME).use([("shops", tls)])
    [line] = [each for each in lines if each.get("file") == tls.key]
    assert "chmod 600" in line["event"]


def test_a_file_that_is_not_there_is_told_by_who_loads_it(tls: TlsSettings) -> None:
    Path(tls.certificate).unlink()
    assert [each.what for each in dated_files(tls)] == ["authority", "revocation list"]
