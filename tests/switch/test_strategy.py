"""Waits nest, and what a terminal is told in doubt is a row for every kind."""

import pytest

from host.model.requests import KINDS, Kind
from switch.channels import ChannelSettings
from switch.issuer_settings import IssuerSettings
from switch.settings import SwitchSettings
from switch.strategy import SILENT, STRATEGIES, DeadlineError, Ending, check_deadlines
from tests.terminals.frames import SAID_BY_NO_TERMINAL

ISSUER = IssuerSettings(
    name="far",
    issuer_id="48882955",
    prefixes=("62",),
    addresses=("127.0.0.1:9000",),
    seconds_max=20.0,
)


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_every_kind_has_its_ending(strategy: str):
    assert set(STRATEGIES[strategy]) == set(Kind)


def test_silence_is_silence_for_everything():
    assert set(SILENT.values()) == {Ending.SILENT}


def test_nothing_that_moves_value_is_told_before_somebody_undoes_or_confirms_it():
    endings = STRATEGIES["timeout_98"].items()
    told = {
        kind
        for kind, ending in endings
        if ending is Ending.TOLD and kind not in SAID_BY_NO_TERMINAL
    }
    assert {kind for kind in told if KINDS[kind].moves_value} == {Kind.CASH_LOAD}
    for kind, ending in STRATEGIES["timeout_98"].items():
        assert (ending is Ending.TOLD_WHEN_UNDONE) == KINDS[kind].undone_by_switch


def test_waits_that_nest_are_taken():
    check_deadlines(5.0, SwitchSettings(issuers=(ISSUER,)))


@pytest.mark.parametrize(
    ("host_seconds", "settings", "names"),
    [
        (
            30.0,
            SwitchSettings(),
            ("host.statement_seconds_max (30)", "switch.host_seconds_max (30)"),
        ),
        (
            5.0,
            SwitchSettings(host_seconds_max=56.0),
            ("switch.host_seconds_max (56)", "channels.pos.terminal_seconds (60)"),
        ),
        (
            5.0,
            SwitchSettings(
                host_seconds_max=10.0,
                channels=(ChannelSettings(name="quick", terminal_seconds=20.0),),
                issuers=(ISSUER,),
            ),
            ("issuers.far.seconds_max (20)", "channels.quick.terminal_seconds (20)"),
        ),
    ],
)
def test_waits_that_do_not_nest_are_refused_by_name(
    host_seconds: float, settings: SwitchSettings, names: tuple[str, str]
):
    with pytest.raises(DeadlineError) as refused:
        check_deadlines(host_seconds, settings)
    for name in names:
        assert name in str(refused.value)
