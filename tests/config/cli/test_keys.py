"""`posswitch keys` as operators use it: two people, one key, and nothing of it on a screen."""

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psec
import pytest

from config.errors import SurroundingsError
from config.places import places_of
from config.run.database import dsn_of, opened_database
from config.run.estates import estate_named, loader
from config.settings import DatabaseSettings
from config.tasks.operators import operator_name, person_name
from host.hsm.components import split
from host.hsm.keys import aes_cmac_check_value, check_value
from host.model.secrets import Secret
from tests.commands import run_command
from tests.disks import fill, small_disk

TID = "80010040"
ALICE, BOB = 60_001, 60_002
"""Two users, whom no machine needs to have: the kernel knows them by their numbers."""
TMK = Secret.from_hex("40A1B3C2D5E5F70719293B4A5D6D7F8F")
TRANSPORT = Secret(bytes(range(32)))


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data directory with the demo estate, its database up."""
    home = Path(tempfile.mkdtemp(prefix="posswitch-keys-"))
    home.chmod(0o711)  # the server's user passes through, when we are root
    places = places_of(home)
    settings = DatabaseSettings()
    try:
        with opened_database(settings, places, say=lambda _text: None):
            owner = dsn_of("owner", settings, places.cluster)
            loader(estate_named("demo"), "Asia/Shanghai")(owner, places)
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def keys(
    data: Path, *words: str, typed: tuple[str, ...] = (), by: int = ALICE
) -> subprocess.CompletedProcess[str]:
    """The command as that person runs it, who types these lines."""
    environ = {name: value for name, value in os.environ.items() if name != "POSSWITCH_LMK"}
    lines = "".join(f"{line}\n" for line in typed)
    told = {**environ, "SUDO_USER": "mallory"}
    return run_command("keys", *words, "--data", data, given=lines.encode(), environ=told, login=by)


def typed(part: Secret, check: str) -> tuple[str, str]:
    return part.reveal().hex().upper(), check


def listed(data: Path, *words: str) -> dict[str, list[dict[str, object]]]:
    done = keys(data, "list", *words, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, list[dict[str, object]]] = json.loads(done.stdout)
    return found


def _may_log_in() -> bool:
    """Whether a process may say to the kernel who logged in; for good where it is said."""
    code = f"open('/proc/self/loginuid', 'w').write('{ALICE}')"
    return not subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False
    ).returncode


pytestmark = pytest.mark.skipif(
    not _may_log_in(), reason="the kernel keeps this session's login, which a test cannot change"
)


def test_two_people_enter_a_master_key(data: Path) -> None:
    first, second = split(TMK, 2)
    done = keys(data, "import", TID, "--component", "1", typed=typed(first, check_value(first)))
    assert (done.returncode, done.stdout) == (
        0,
        f"tmk/{TID}: entered; component 2 is still to come\n",
    )
    same = keys(
        data, "import", TID, "--component", "2", "--check-value", "67BF1C06",
        typed=typed(second, check_value(second)),
    )  # fmt: skip
    assert same.returncode == 3
    assert "another person enters this one" in same.stderr
    done = keys(
        data, "import", TID, "--component", "2",
        typed=(*typed(second, check_value(second)), "67BF1C06"), by=BOB,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"tmk/{TID}: key 67BF1C06 stored\n")
    [stored] = [one for one in listed(data, TID)["keys"] if one["purpose"] == "tmk"]
    assert (stored["check_value"], stored["entered_by"]) == ("67BF1C06", f"uid {ALICE}, uid {BOB}")


def test_a_master_key_leaves_as_a_key_block(data: Path) -> None:
    for number, (part, by) in enumerate(zip(split(TRANSPORT, 2), (ALICE, BOB), strict=True), 1):
        done = keys(
            data, "import", "vendor", "--transport", "--component", str(number),
            "--check-value", aes_cmac_check_value(TRANSPORT),
            typed=typed(part, aes_cmac_check_value(part)), by=by,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    done = keys(data, "export", "80010001", "--to-tr31", "vendor")
    assert done.returncode == 0, done.stderr
    header, key = psec.tr31.unwrap(TRANSPORT.reveal(), done.stdout.strip())
    assert (Secret(key), header.key_usage) == (TMK, "K0")


def test_a_generated_key_goes_to_one_file_a_custodian(data: Path, tmp_path: Path) -> None:
    done = keys(data, "generate", "80010039", "--of", "3", "--to", str(tmp_path), "--replace")
    assert done.returncode == 0, done.stderr
    files = sorted(tmp_path.iterdir())
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
    parts = [bytes.fromhex(file.read_text().splitlines()[1]) for file in files]
    whole = Secret(bytes(a ^ b ^ c for a, b, c in zip(*parts, strict=True)))
    told = re.findall(r"master key ([0-9A-F]{8}) stored", done.stdout)
    assert told == [check_value(whole)]
    assert all(part.hex() not in done.stdout.lower() for part in parts)
    again = keys(data, "generate", "80010039", "--to", str(tmp_path), "--replace")
    assert again.returncode == 3
    assert "cannot be written" in again.stderr
    assert _master_of(data, "80010039") == told, "whose components nobody has"


def _master_of(data: Path, terminal_id: str) -> list[object]:
    return [
        one["check_value"] for one in listed(data, terminal_id)["keys"] if one["purpose"] == "tmk"
    ]


def test_a_disk_that_takes_no_components_leaves_a_terminal_its_key(
    data: Path, tmp_path: Path
) -> None:
    before = _master_of(data, "80010036")
    with small_disk(tmp_path / "papers", mebibytes=1) as place:
        fill(place / "ballast", leave_bytes=4096)  # room for one of them
        done = keys(data, "generate", "80010036", "--to", str(place), "--replace")
        assert (done.returncode, "No key was made" in done.stderr) == (3, True), done.stderr
        assert [each.name for each in place.iterdir()] == ["ballast"]
        seat = keys(data, "seat", "80010036", "--to", str(place / "ballast"), "--replace")
        assert (seat.returncode, "cannot be made" in seat.stderr) == (3, True), seat.stderr
        seats = place / "seats"
        (place / "ballast").unlink()
        assert keys(data, "seat", "80010036", "--to", str(seats), "--replace").returncode == 0
        told = _master_of(data, "80010036")
        assert told != before
        block = (seats / "80010036.tr31").read_bytes()
        fill(place / "ballast")
        again = keys(data, "seat", "80010036", "--to", str(seats), "--replace")
        assert (again.returncode, "Nothing was made" in again.stderr) == (3, True), again.stderr
        assert (_master_of(data, "80010036"), (seats / "80010036.tr31").read_bytes()) == (
            told,
            block,
        )


def test_a_component_that_waits_is_told_of_whose_key_it_is(data: Path) -> None:
    part = split(TMK, 2)[0]
    assert (
        keys(data, "import", "far", "--zone", typed=typed(part, check_value(part))).returncode == 0
    )
    told = keys(data, "list", "far").stdout
    assert "zpk/far: component 1 of 2" in told
    assert "zpk/far" not in keys(data, "list", "80010001").stdout
    twice = keys(data, "import", "far", "--zone", typed=typed(part, check_value(part)), by=BOB)
    assert "posswitch keys import far --zone --give-up" in twice.stderr
    assert keys(data, "import", "far", "--zone", "--give-up").returncode == 0


@pytest.mark.parametrize("name", ["", " far", "密钥", "a\nb", "x" * 65])
@pytest.mark.parametrize("option", ["--zone", "--transport"])
def test_a_name_that_no_key_block_can_say_is_a_sentence(data: Path, name: str, option: str) -> None:
    part = split(TMK, 2)[0]
    done = keys(data, "import", name, option, typed=typed(part, check_value(part)))
    assert (done.returncode, "is no name for a key" in done.stderr) == (3, True), done.stderr
    assert listed(data)["components"] == []


def test_an_end_of_what_is_typed_is_no_wrong_check_value(data: Path) -> None:
    done = keys(data, "import", "80010036", typed=(TMK.reveal().hex(),))
    assert "nothing was entered. Next:" in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["generate", TID], 2, "components are shown at a terminal"),
        (["generate", "80010001", "--to", "."], 3, "has a master key"),
        (["generate", TID, "--to", "no/where"], 2, "is no directory"),
        (["import", TID, "--transport", "--key-id", "12"], 2, "one of these: --transport"),
        (["import", TID, "--transport", "--zone"], 2, "Next: leave the others out"),
        (["export", "80010001", "--to-tr31", "nobody"], 3, "no transport key 'nobody'. Next:"),
        (["rotate"], 2, "whose keys? Next:"),
        (["rotate", "80010001", "--all"], 2, "whose keys? Next:"),
        (["rotate", "12345678"], 3, "no terminal '12345678'"),
    ],
)
def test_a_mistake_is_a_sentence_and_an_exit_status(
    data: Path, words: list[str], status: int, message: str
) -> None:
    done = keys(data, *words)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False)
    assert message in done.stderr


@pytest.mark.parametrize("line", ["not hexadecimal", "ABC", "40A1B3C2D5E5F707"])
def test_what_is_no_component_is_refused_without_showing_it(data: Path, line: str) -> None:
    done = keys(data, "import", "80010038", typed=(line, "00000000"))
    assert done.returncode == 3
    assert line not in done.stderr + done.stdout
    assert listed(data)["components"] == []


def test_an_entry_is_given_up(data: Path) -> None:
    part = split(TMK, 2)[0]
    keys(data, "import", "80010037", typed=typed(part, check_value(part)))
    assert len(listed(data)["components"]) == 1
    done = keys(data, "import", "80010037", "--give-up")
    assert done.stdout == "tmk/80010037: 1 components forgotten\n"
    assert listed(data)["components"] == []


def test_rotation_is_asked_for_and_listed(data: Path) -> None:
    done = keys(data, "rotate", "80010002", "80010003")
    assert done.stdout == "2 terminals are asked to sign on with their next answers\n"
    assert listed(data)["asked_to_sign_on"] == ["80010002", "80010003"]  # type: ignore[comparison-overlap]
    assert "80010002: asked to sign on\n" in keys(data, "list", "80010002").stdout


def test_a_list_shows_check_values_and_never_a_key(data: Path) -> None:
    plan = estate_named("demo").terminals[0]
    assert plan.working is not None
    for done in (keys(data, "list"), keys(data, "list", "--json")):
        assert done.returncode == 0, done.stderr
        assert "A5906092" in done.stdout
        for key in (plan.tmk, plan.working.pik, plan.working.mak):
            assert key.reveal().hex().upper() not in done.stdout.upper()


def test_a_list_of_who_has_no_key_is_a_sentence(data: Path) -> None:
    done = keys(data, "list", "zzz")
    assert done.returncode != 0
    assert "no key of 'zzz' is stored" in done.stderr
    assert "Next: posswitch keys list" in done.stderr


def test_the_operator_is_whom_the_kernel_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SUDO_USER", "SUDO_UID", "LOGNAME", "USER"):
        monkeypatch.setenv(name, "mallory")
    login = tmp_path / "loginuid"
    login.write_text("0")
    assert operator_name(login) == person_name(login, uid=0) == "root"
    login.write_text("4294967295")
    assert operator_name(login) == pwd.getpwuid(os.getuid()).pw_name
    assert operator_name(tmp_path / "none") == operator_name(login)
    login.write_text("4000123")
    assert operator_name(login) == person_name(login) == "uid 4000123"


def test_root_whom_no_login_stands_behind_is_nobody_where_a_person_is_wanted(
    tmp_path: Path,
) -> None:
    """Whoever may become root would be a second person to themselves."""
    with pytest.raises(SurroundingsError, match=r"which person you are.* Next: log in by your own"):
        person_name(tmp_path / "none", uid=0)
    assert person_name(tmp_path / "none", uid=4000123)


SOFTHSM = next(
    (
        path
        for path in (
            Path("/usr/lib/softhsm/libsofthsm2.so"),
            Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
        )
        if path.exists()
    ),
    None,
)


@pytest.mark.skipif(
    SOFTHSM is None or shutil.which("softhsm2-util") is None,
    reason="SoftHSM2 is not installed (Debian: apt-get install softhsm2)",
)
def test_the_lmk_moves_into_a_device_and_everything_still_opens(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    monkeypatch.setenv("POSSWITCH_HSM_PIN", "4321")
    init = ["softhsm2-util", "--init-token", "--free", "--label", "posswitch"]
    subprocess.run([*init, "--so-pin", "1234", "--pin", "4321"], check=True, capture_output=True)
    told = tmp_path / "device.toml"
    told.write_text(f'[host.hsm]\nmodule = "{SOFTHSM}"\n')
    before = listed(data)
    monkeypatch.setenv("POSSWITCH_HSM_PIN", "0000")
    wrong = keys(data, "list", "--settings", str(told))
    assert (wrong.returncode, "E-KEYS-PIN: the token" in wrong.stderr) == (2, True)
    monkeypatch.setenv("POSSWITCH_HSM_PIN", "4321")
    assert "no device is set" in keys(data, "into-device").stderr
    missing = keys(data, "list", "--settings", str(told))
    assert (missing.returncode, "0 AES keys" in missing.stderr) == (3, True)
    fresh = keys(data, "into-device", "--settings", str(told))
    assert (fresh.returncode, "--from-file" in fresh.stderr) == (3, True)
    done = keys(data, "into-device", "--from-file", "--settings", str(told))
    assert done.stdout.startswith(f"LMK {before['lmk']} is in the device posswitch\n")
    assert listed(data, "--settings", str(told)) == before
    lmk, aside = places_of(data).lmk, tmp_path / "lmk"
    lmk.rename(aside)
    try:
        part = split(TMK, 2)[0]
        done = keys(
            data, "import", "80010036", "--settings", str(told),
            typed=typed(part, check_value(part)),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        again = keys(data, "into-device", "--from-file", "--settings", str(told))
        assert again.returncode == 3
    finally:
        aside.rename(lmk)
    assert len(listed(data)["components"]) == 1
    assert keys(data, "import", "80010036", "--give-up").returncode == 0
