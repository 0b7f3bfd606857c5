"""`posswitch web` alone: asked, reloaded and measured like the other programs. It has no host."""

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from config.places import Places, places_of
from config.run.look import looks
from tests.commands import run_command
from tests.ports import free_port

SECONDS_MAX = 60.0


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = places_of(tmp_path / "data")
    made.make()
    return made


class Web:
    """One that runs, with its metrics page."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.port, self.page = free_port(), free_port()
        self.tell("")
        command = [sys.executable, "-m", "config", "web", "--data", str(places.data)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.lines = []
        for line in self.process.stdout:
            if line == "ready\n":
                return
            self.lines.append(line)
        raise AssertionError("it ended")

    def tell(self, more: str) -> None:
        rows = f"[web]\nport = {self.port}\nmetrics_port = {self.page}\n{more}"
        self.places.settings.write_text(rows)

    def counted(self, what: str) -> str:
        """What it counts, once it has counted this: an answer is there before it is counted."""
        until = time.monotonic() + SECONDS_MAX
        while True:
            told = self.get(self.page, "/metrics")[1]
            if f"posswitch_web_requests_total{{{what}}} 1.0" in told:
                return told
            assert time.monotonic() < until, told
            time.sleep(0.1)

    def get(self, port: int, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}{path}", timeout=SECONDS_MAX
            ) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def web(places: Places) -> Iterator[Web]:
    made = Web(places)
    yield made
    made.process.kill()
    made.process.communicate()


def test_a_front_is_measured_and_takes_other_limits_while_it_runs(web: Web) -> None:
    assert web.lines == [f"web on http://127.0.0.1:{web.port}/\n"]
    assert web.get(web.port, "/sign-in")[0] == 200
    assert web.get(web.port, "/made/up/by/a/stranger")[0] == 404
    told = web.counted('place="other",status="404"')
    assert 'posswitch_web_requests_total{place="sign-in",status="200"} 1.0' in told
    assert "posswitch_web_link_up 0.0" in told
    assert web.get(web.page, "/healthz")[0] == 200
    assert web.get(web.page, "/readyz") == (503, "not ready: the host can be asked\n")

    [look] = looks(web.places)
    assert look.metrics == ("127.0.0.1", web.page)
    web.tell("sign_ins_a_minute = 2\nnames = ['till.example']\n")
    reloaded = run_command("reload", "--data", web.places.data)
    assert reloaded.returncode == 0, reloaded.stderr
    assert "web: its limits and certificates are those of the settings" in reloaded.stdout
    assert "waiting for a restart: web.names" in reloaded.stdout
    web.tell("sign_ins_a_minute = 0\n")
    refused = run_command("reload", "--data", web.places.data)
    assert refused.returncode != 0
    assert re.search(r"the web front changed nothing: .*sign_ins_a_minute", refused.stderr)
