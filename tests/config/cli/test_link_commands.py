"""`posswitch link`: a key and certificate for an end of the link, and whom it knows."""

import datetime as dt
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from config.errors import SettingsError
from config.places import places_of
from config.settings import load_settings, resolved
from host.clock import utc_now
from host.link.certificates import pins_in
from host.link.credentials import Credentials
from host.link.settings import LinkTlsSettings
from tests.commands import run_command
from tests.host.link.ends import End


def link(data: Path, *words: str):
    return run_command("link", *words, "--data", str(data))


def test_a_certificate_is_made_its_key_is_ours_alone_and_the_pin_is_told(tmp_path):
    done = link(tmp_path, "certificate", "switch-1")
    key, certificate = (tmp_path / "secrets" / f"link-switch-1.{end}" for end in ("key", "crt"))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert 'certificate = "secrets/link-switch-1.crt", key = "secrets/link-switch-1.key"' in (
        done.stdout
    )
    [pin] = [row.split()[-1] for row in done.stdout.splitlines() if "link trust switch-1" in row]
    made = x509.load_pem_x509_certificate(certificate.read_bytes())
    [known] = pins_in(f"switch-1 {pin}")
    assert known.spki in made.public_bytes(Encoding.DER)
    assert key.read_text().splitlines()[1] not in done.stdout + done.stderr


def test_a_certificate_that_is_renewed_keeps_its_pin(tmp_path):
    before = link(tmp_path, "certificate", "host", "--days", "10").stdout.splitlines()
    first = (tmp_path / "secrets" / "link-host.crt").read_bytes()
    after = link(tmp_path, "certificate", "host").stdout.splitlines()
    second = x509.load_pem_x509_certificate((tmp_path / "secrets" / "link-host.crt").read_bytes())
    assert before[1:] == after[1:]
    assert "renewed, same pin" in after[0]
    assert x509.load_pem_x509_certificate(first) != second
    assert second.not_valid_after_utc > utc_now() + dt.timedelta(days=800)


def test_p256_where_ed25519_may_not_be_used(tmp_path):
    assert link(tmp_path, "certificate", "host", "--p256").returncode == 0
    settings = LinkTlsSettings(
        certificate=str(tmp_path / "secrets/link-host.crt"),
        key=str(tmp_path / "secrets/link-host.key"),
        pins=str(tmp_path / "secrets/link-pins"),
    )
    Credentials(settings)


def test_pins_are_added_once_and_read_back(tmp_path):
    (tmp_path / "secrets").mkdir(mode=0o700)
    ends = [End(tmp_path, name) for name in ("a", "b")]
    for end in (*ends, ends[0]):
        done = link(tmp_path, "trust", end.name, end.pin)
        assert done.returncode == 0, done.stderr
        assert "posswitch reload" in done.stdout
    file = tmp_path / "secrets" / "link-pins"
    assert [(pin.name, pin.spki) for pin in pins_in(file.read_text())] == [
        (end.name, end.spki) for end in ends
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("certificate", "../x"), "is no name for an end of the link"),
        (("certificate", ""), "is no name for an end of the link"),
        (("trust", "a b", "MCow"), "is no name"),
        (("trust", "a", "MCow"), "no Ed25519 or P-256 public key"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(tmp_path, words, says):
    (tmp_path / "secrets").mkdir(mode=0o700)
    done = link(tmp_path, *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Next:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_file_that_holds_none_is_left_alone(tmp_path):
    (tmp_path / "secrets").mkdir(mode=0o700)
    file = tmp_path / "secrets" / "link-host.key"
    file.write_text("precious")
    done = link(tmp_path, "certificate", "host")
    assert done.returncode == 3
    assert "holds no key" in done.stderr
    assert file.read_text() == "precious"


@pytest.mark.parametrize("table", ["switch", "host"])
def test_a_tls_link_without_a_certificate_is_refused_in_the_settings(tmp_path, table):
    file = tmp_path / "posswitch.toml"
    file.write_text(f'[{table}]\nlink = "tls:10.0.0.1:7000"\n')
    with pytest.raises(SettingsError, match=f"{table}.link_tls: missing.*link certificate NAME"):
        load_settings(file)


def test_the_files_of_the_link_are_in_the_data_directory(tmp_path):
    file = tmp_path / "posswitch.toml"
    file.write_text(
        '[host]\nlink_also = ["tls:0.0.0.0:7000", "unix:more.sock"]\n'
        'link_tls = { certificate = "a.crt", key = "/b.key" }\n'
    )
    places = places_of(tmp_path)
    told = resolved(load_settings(file), places).host
    assert told.link_also == ("tls:0.0.0.0:7000", f"unix:{places.run}/more.sock")
    assert told.link_tls == LinkTlsSettings(
        certificate=f"{tmp_path}/a.crt", key="/b.key", pins=f"{tmp_path}/secrets/link-pins"
    )


@pytest.mark.parametrize("program", ["switch", "host"])
def test_a_link_in_clear_text_is_refused_with_what_to_write(tmp_path, program):
    (tmp_path / "posswitch.toml").write_text(f'[{program}]\nlink = "tcp:10.0.0.1:7000"\n')
    done = run_command(program, "--data", str(tmp_path))
    assert done.returncode == 2
    assert "Next: write tls:HOST:PORT" in done.stderr
