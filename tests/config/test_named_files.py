"""Every file that a person may name, where a device, a pipe or an endless file is in its place."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.errors import OperatorError
from config.places import places_of
from config.run.heads import open_key, read_heads, read_public_keys
from config.settings import load_settings
from config.tasks.link import make_certificate, trust
from host.hsm.vault import LmkError, load_lmk
from host.link.credentials import Credentials, CredentialsError
from host.link.settings import LinkTlsSettings
from simulators.certificates import make_certificates
from simulators.record import read_record
from simulators.scenario import read_scenario
from switch.channels import ChannelSettings, TlsSettings
from switch.wire.tls import TlsFileError, tls_of
from terminals.attestation import AttestationKeyError, load_attestation_keys
from terminals.records import LayoutError, layout_named
from tests.commands import run_command

ANY = (OperatorError, OSError, LmkError, CredentialsError, TlsFileError, ValueError)
PIN = "MCowBQYDK2VwAyEAc//MQi973+WP1ihzRKGrmGt9mQk7kLe9k47PAh3mR2g="


def endless(tmp_path: Path) -> dict[str, Path]:
    """What may stand in a file's place."""
    pipe, long = tmp_path / "pipe", tmp_path / "long"
    os.mkfifo(pipe)
    with long.open("wb") as file:
        file.truncate(8 * 1024**4)  # of holes: nothing could read it whole
    return {"a device": Path("/dev/zero"), "a pipe": pipe, "too long": long}


@pytest.fixture(params=["a device", "a pipe", "too long"])
def wrong(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return endless(tmp_path)[request.param]


@pytest.fixture
def good(tmp_path: Path) -> SimpleNamespace:
    """Files that are as they should be."""
    make_certificates(tmp_path / "phones")
    places = places_of(tmp_path / "data")
    made = make_certificate(places, "host", days=10, is_p256=False)
    names = {file.name: str(file) for file in (tmp_path / "phones").iterdir()}
    return SimpleNamespace(places=places, link=made, phones=names)


def tls_with(good: SimpleNamespace, **wrong: str) -> None:
    phones = good.phones
    told = {
        "certificate": phones["switch.crt"],
        "key": phones["switch.key"],
        "client_ca": phones["authority.pem"],
        "revoked": None,
    }
    tls_of(ChannelSettings(name="soft", tls=TlsSettings(**(told | wrong))))


def link_with(good: SimpleNamespace, **wrong: str) -> None:
    told = {
        "certificate": str(good.link.certificate),
        "key": str(good.link.key),
        "pins": str(good.places.secrets / "link-pins"),
    }
    Credentials(LinkTlsSettings(**(told | wrong)))


def put(wrong: Path, place: Path) -> None:
    """Let what is wrong stand where a data directory has a file of its own."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(wrong)


def with_own(place: str, read: Callable[[SimpleNamespace], object]) -> Callable[..., object]:
    def reads(good: SimpleNamespace, wrong: Path) -> object:
        put(wrong, getattr(good.places, place) if "/" not in place else good.places.data / place)
        return read(good)

    return reads


READERS: dict[str, Callable[[SimpleNamespace, Path], object]] = {
    "settings": lambda _, file: load_settings(file),
    "record": lambda _, file: read_record(file),
    "scenario": lambda _, file: read_scenario(file),
    "layout": lambda _, file: layout_named(str(file)),
    "attestation key": lambda _, file: load_attestation_keys({"k": str(file)}),
    "channel's certificate": lambda good, file: tls_with(good, certificate=str(file)),
    "channel's key": lambda good, file: tls_with(good, key=str(file)),
    "channel's authority": lambda good, file: tls_with(good, client_ca=str(file)),
    "revocation list": lambda good, file: tls_with(good, revoked=str(file)),
    "link's certificate": lambda good, file: link_with(good, certificate=str(file)),
    "link's key": lambda good, file: link_with(good, key=str(file)),
    "link's pins": lambda good, file: link_with(good, pins=str(file)),
    "LMK": with_own("lmk", lambda good: load_lmk(good.places.lmk, {})),
    "audit key": with_own("audit_key", lambda good: open_key(good.places)),
    "public key": with_own("audit_public_key", lambda good: read_public_keys(good.places)),
    "heads": with_own("heads", lambda good: list(read_heads(good.places.heads))),
    "pins": with_own("secrets/link-pins", lambda good: trust(good.places, "b", PIN)),
    "key": with_own(
        "secrets/link-host.key",
        lambda good: make_certificate(good.places, "host", days=1, is_p256=False),
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_no_file_is_read_without_end_or_waited_for(
    name: str, good: SimpleNamespace, wrong: Path
) -> None:
    with pytest.raises((*ANY, AttestationKeyError, LayoutError)):
        READERS[name](good, wrong)


def test_what_is_as_it_should_be_is_read(good: SimpleNamespace) -> None:
    """So that what the test before refuses is refused for what is wrong in it."""
    tls_with(good)
    link_with(good)


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["audit", "--settings", "WRONG"], 3, "E-FILE"),
        (["up", "--settings", "WRONG"], 3, "E-FILE"),
        (["audit", "--record", "WRONG"], 3, ""),
        (["simulate", "scenario", "WRONG"], 2, ""),
        (["describe", "WRONG"], 2, "E-MESSAGE"),
        (["describe", "0200", "--diff", "WRONG"], 2, "E-MESSAGE"),
    ],
)
def test_a_command_says_so(
    words: list[str], status: int, code: str, wrong: Path, tmp_path: Path
) -> None:
    (tmp_path / "data" / "secrets").mkdir(parents=True)
    data = ["--data", str(tmp_path / "data")] if words[0] in {"audit", "up"} else []
    done = run_command(*(word.replace("WRONG", str(wrong)) for word in words), *data)
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith(f"posswitch: error {code or 'E-'}")
    assert str(wrong) in done.stderr
    assert "Next: " in done.stderr


def test_more_than_can_be_a_message_is_not_read_from_a_pipe() -> None:
    with Path("/dev/zero").open("rb") as zeros:
        done = run_command("describe", "-", given=zeros.read(64 * 1024 * 1024 + 1))
    assert done.returncode == 2
    assert "stdin is longer than 67,108,864 bytes. Next: cut it" in done.stderr
