"""Rows of `[[channels]]`: what their kind says, and what they refuse."""

import pytest

from switch.channels import CHANNEL_KINDS, ChannelSettings, TlsSettings, address_of
from switch.settings import SwitchSettings
from terminals.dialects import dialect_named

MUTUAL = TlsSettings(certificate="c", key="k", client_ca="a", require_client=True)


def test_a_channel_without_a_word_is_a_pos_channel():
    row = ChannelSettings()
    assert (row.kind, row.dialect, row.port, row.length, row.strategy) == (
        "pos",
        "pos",
        8583,
        "be2",
        "silent",
    )


@pytest.mark.parametrize("kind", CHANNEL_KINDS)
def test_what_a_channel_leaves_unsaid_its_kind_says(kind):
    row, told = ChannelSettings(kind=kind), CHANNEL_KINDS[kind]
    assert (row.dialect, row.port, row.length) == (told.dialect, told.port, told.length_codec)
    assert ChannelSettings(kind=kind, port=0, length_codec="be2-inclusive").port == 0


@pytest.mark.parametrize("kind", CHANNEL_KINDS)
def test_the_dialect_of_every_kind_exists(kind):
    assert dialect_named(CHANNEL_KINDS[kind].dialect) is not None


def test_the_ports_of_the_kinds_differ():
    assert len({row.port for row in CHANNEL_KINDS.values()}) == len(CHANNEL_KINDS)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"networks": ("10.0.0.1/8",)}, "networks: 10.0.0.1/8 has host bits set. Next: "),
        ({"networks": ("shop",)}, "networks: 'shop' does not appear to be"),
        ({"connect_to": "gateway"}, "connect_to: 'gateway' is no address. Next: write HOST:PORT"),
        ({"connect_to": "gateway:0"}, "connect_to: 'gateway:0' is no address"),
        ({"kind": "softpos", "host": "0.0.0.0"}, "tls: a softpos channel beyond this machine"),
        ({"frame_bytes_max": 20}, "frame_bytes_max: frames are 21 to 20 bytes"),
        ({"length_codec": "ascii4", "frame_bytes_max": 10_000}, "ascii4 tells at most 9999"),
        ({"frame_bytes_max": 0xFFFF, "preamble_bytes": 9}, "be2 tells at most 65526"),
    ],
)
def test_a_row_that_cannot_work_is_refused_by_its_key(values, why):
    with pytest.raises(ValueError, match="Next: ") as refusal:
        ChannelSettings(**values)
    assert why in str(refusal.value)


def test_client_certificates_need_an_authority():
    with pytest.raises(ValueError, match=r"client_ca: missing.*Next: "):
        TlsSettings(certificate="c", key="k", require_client=True)


def test_softpos_listens_beyond_this_machine_by_mutual_tls():
    assert ChannelSettings(kind="softpos", host="0.0.0.0", tls=MUTUAL).tls is MUTUAL
    assert ChannelSettings(kind="softpos", host="::1").tls is None


def test_channels_do_not_share_a_name_or_a_port():
    with pytest.raises(ValueError, match="two are named pos"):
        SwitchSettings(channels=(ChannelSettings(), ChannelSettings(port=1)))
    with pytest.raises(ValueError, match=r"a and b both listen on 127\.0\.0\.1:9000"):
        SwitchSettings(
            channels=(ChannelSettings(name="a", port=9000), ChannelSettings(name="b", port=9000))
        )
    free = tuple(ChannelSettings(name=name, port=0) for name in "ab")
    assert SwitchSettings(channels=free).channels == free


@pytest.mark.parametrize(
    ("text", "address"),
    [("gateway:7000", ("gateway", 7000)), ("[2001:db8::1]:7000", ("2001:db8::1", 7000))],
)
def test_an_address_is_a_host_and_a_port(text, address):
    assert address_of(text) == address
