"""The words by which log and metrics say why no answer left, or a connection was let go.

`posswitch explain` says what they mean. Nothing here decides anything.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Why(NamedTuple):
    """One such word: what it means, and what to do."""

    meaning: str
    next: str


SILENCES: Final[Mapping[str, Why]] = {
    "unreadable": Why(
        "a message, or what only the host may end, could not be read: any answer would lie",
        "posswitch describe MESSAGE; a case stands where the terminal's keys had proved it",
    ),
    "no answer in time": Why(
        "who was asked did not answer within host_seconds_max or the issuer's patience",
        "nothing is lost: it is reversed by both ends; posswitch top shows the latency",
    ),
    "link lost": Why(
        "the link broke with the request under way: it may have been posted",
        "nothing is lost: the terminal and the switch reverse it; posswitch doctor",
    ),
    "being undone": Why(
        "the host approved a repeat of what the switch is about to reverse: told, it would be taken"
        " back",
        "nothing is lost: the terminal repeats it once more and is told 94, or reverses it",
    ),
    "reversal not stored": Why(
        "98 is told only once our own reversal is on disk, and it was not in time",
        "posswitch doctor: the disk of the store-and-forward file is slow or full",
    ),
    "unspeakable": Why(
        "the host's answer does not fit the terminal's dialect",
        "the terminal undoes it; the log line before has the reason: report it",
    ),
    "under way already": Why(
        "the same message is being answered: it gets that answer",
        "nothing; the terminal repeats faster than its time-out",
    ),
    "the host has not decided": Why(
        "a reversal, refund or confirmation that the host could not take yet; any answer would "
        "end the terminal's retries",
        "nothing is lost: the terminal asks again, the switch keeps the reversal",
    ),
    "not proved": Why(
        "a reversal, refund or confirmation under a wrong MAC: any answer would end the honest "
        "terminal's own",
        "if it is an honest terminal, have it sign on; else somebody guesses",
    ),
    "terminal locked": Why(
        "too many wrong MACs in a row from this address: its keys are believed no longer there",
        "have the terminal sign on, or wait mac_lock_seconds",
    ),
    "unproved too often": Why(
        "settlements or uploads without a code come too often for this terminal and address",
        "nothing, where it is a flood; else give the terminal keys and a MAC",
    ),
    "failed": Why(
        "a fault of ours met this message alone", "read the exception in the log before this line"
    ),
}
"""`why` of `message not answered`, and of `…_silent_total`."""
REFUSALS: Final[Mapping[str, Why]] = {
    "network not allowed": Why(
        "the address is in none of the channel's networks", "name its network, posswitch reload"
    ),
    "too many connections": Why(
        "the channel has connections_max already", "raise it, or find who keeps them open"
    ),
    "too many connections of one address": Why(
        "one address has its share of the channel already",
        "raise per_source_max where many terminals stand behind one address",
    ),
    "no file left for it": Why(
        "the process may open no more files, and the house keeps its own",
        "raise ulimit -Hn (LimitNOFILE), and start the switch again",
    ),
    "TLS": Why(
        "the TLS handshake failed: no certificate, an unknown authority, past its date, revoked",
        "the log line says which; posswitch doctor shows our own certificates",
    ),
}
"""`why` of `connection refused`, and of `…_connections_refused_total`."""
CLOSURES: Final[Mapping[str, Why]] = {
    "closed by peer": Why("the other side hung up: as it should", "nothing"),
    "closed by peer inside a frame": Why(
        "the other side hung up before its message was whole", "its line is bad, or it crashed"
    ),
    "idle": Why("nothing was heard for idle_seconds_max", "nothing; the terminal calls again"),
    "frame not finished in time": Why(
        "the rest of a message did not come within frame_seconds_max",
        "a slow or broken line, a wrong length_codec, or somebody who holds connections",
    ),
    "bad frame": Why(
        "the length before a message makes no sense: the stream is out of step",
        "compare the channel's length_codec with what the terminal sends",
    ),
    "answers are not read": Why(
        "the other side does not take what it is sent", "it hangs, or its line is cut"
    ),
    "read failed": Why("the kernel lost the connection", "its line was cut"),
    "write failed": Why("the kernel lost the connection", "its line was cut"),
    "TLS refused": Why("the TLS handshake failed", "see the line before it"),
    "channel drained": Why("posswitch reload took this channel away", "nothing"),
    "network no longer allowed": Why(
        "posswitch reload took its network from the channel", "nothing, if that was meant"
    ),
    "switch stops": Why("the switch was told to end", "nothing"),
}
"""`why` of `connection closed`, and of `…_connections_closed_total`."""
HANDSHAKES: Final[Mapping[str, Why]] = {
    "no client certificate": Why(
        "the caller showed no certificate, and this channel wants one",
        "give it one of the authority in client_ca; a scanner has none, and that is right",
    ),
    "not TLS": Why(
        "the caller speaks in the clear at a port of TLS",
        "switch TLS on at the caller, or it calls the wrong port; a scanner may be let go",
    ),
    "TLS version too old": Why("the caller knows no TLS that is taken here", "update the caller"),
    "no common cipher": Why("caller and channel know no cipher both", "update the caller"),
    "our certificate was refused": Why(
        "the caller does not believe our certificate",
        "posswitch doctor shows its date; the caller has to know our authority",
    ),
    "we showed no certificate": Why(
        "the other end wants a certificate of ours", "name one: link_tls, or tls of the issuer"
    ),
    "no revocation list of its authority": Why(
        "revoked has no list of the authority that signed the caller's certificate",
        "add that authority's list to the file, and posswitch reload",
    ),
    "certificate not valid yet": Why(
        "the caller's certificate begins later", "compare the clocks: posswitch doctor"
    ),
    "certificate expired": Why("the caller's certificate is past its date", "renew it there"),
    "revocation list not valid yet": Why(
        "the revocation list begins later", "compare the clocks: posswitch doctor"
    ),
    "revocation list out of date": Why(
        "the revocation list is past its date: everybody is refused on this channel",
        "fetch the authority's new list to its place, and posswitch reload",
    ),
    "certificate of an unknown authority": Why(
        "the caller's certificate is of nobody who is believed here",
        "compare client_ca of the channel; on the link: posswitch link trust NAME PIN",
    ),
    "certificate revoked": Why(
        "the caller's certificate is on the revocation list",
        "nothing, if that was meant; else a new certificate for it",
    ),
    "certificate for another purpose": Why(
        "the caller's certificate is not one of a client", "have it issued for client use"
    ),
    "certificate of another name": Why(
        "the other end's certificate is another's", "compare the address that is called with it"
    ),
    "certificate not valid": Why("the caller's certificate does not pass", "see the log line"),
    "handshake failed": Why("TLS failed for no reason of its own", "see the log line"),
}
"""Of `TLS refused`, and behind `TLS:` in `…_connections_refused_total`."""
SENTENCES: Final[Mapping[str, Why]] = {
    "the attestation": Why(
        "what a phone's service says of it proves nothing: the sentence says which rule it breaks",
        "start the app anew, update it, compare the clocks; docs/softpos.md has the rules",
    ),
}
"""Sentences by how they begin: `why` of a message that was refused with 63."""
WHYS: Final[Mapping[str, Why]] = {**SILENCES, **REFUSALS, **CLOSURES, **HANDSHAKES, **SENTENCES}
