"""However `posswitch up` ends, nothing that it started lives on."""

from pathlib import Path

from tests.whole.house import Up, descendants_of, runs, wait_until


def test_killing_up_outright_leaves_no_child(tmp_path: Path) -> None:
    with Up(tmp_path / "data") as up:
        everyone = descendants_of(up.process.pid)
        assert len(everyone) > len(("postgres", "host", "switch"))  # backends too
        up.process.kill()
        up.process.wait()
        wait_until(
            lambda: not any(map(runs, everyone)),
            lambda: f"still there: {[*filter(runs, everyone)]}",
        )
