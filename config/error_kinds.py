"""Every kind of error that a person reads, by the code printed with it: `posswitch explain E-…`.

A code stays what it is: scripts and notes of operators name it. The sentence printed beside it says
what happened here; the row says what that means in general and what to do.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorKind:
    """One row: what is the matter, why it stops us, what to do next."""

    code: str
    what: str
    why: str
    next: str


ERROR_KINDS: Final[tuple[ErrorKind, ...]] = (
    ErrorKind(
        code="E-COMMAND-LINE",
        what="the command line makes no sense: a command, an option or a value that there is not",
        why="nothing is guessed where money may move, so nothing was begun",
        next="posswitch COMMAND --help shows what it takes, with an example",
    ),
    ErrorKind(
        code="E-SETTINGS",
        what="a setting is unknown, of another type, or out of its bounds",
        why="a setting that is not understood could leave a limit or a check away without notice",
        next="mend the key that is named; docs/settings.md has every key and its bounds",
    ),
    ErrorKind(
        code="E-SETTINGS-FILE",
        what="the settings file is not there, cannot be read, or is not TOML",
        why="without it programs would run with settings other than yours",
        next="check --settings and the line that is named; without --settings it is posswitch.toml "
        "in the data directory",
    ),
    ErrorKind(
        code="E-SETTINGS-VARIABLE",
        what="a setting is read from the environment, or has to be told, and is not there",
        why="connection strings and PINs stand in variables so that no file or process list "
        "shows them",
        next="export the variable that is named for this command as for the service",
    ),
    ErrorKind(
        code="E-DATA-OWNER",
        what="the data directory, or what is above it, belongs to another user or is closed to you",
        why="it holds keys: only its owner may look into it, and files of a second owner would "
        "stop the first",
        next="run it as the owner (sudo -u OWNER posswitch …), or name another directory with "
        "--data",
    ),
    ErrorKind(
        code="E-DATA-PLACE",
        what="the data directory cannot be there, or is not there",
        why="everything that lasts is kept in it",
        next="name another with --data, or make it; posswitch up makes a new one by itself",
    ),
    ErrorKind(
        code="E-DATA-IN-USE",
        what="another posswitch runs on this data directory",
        why="two of them would write the same files and serve the same terminals twice",
        next="posswitch doctor says what runs; stop that, or choose another --data",
    ),
    ErrorKind(
        code="E-FILE",
        what="a file or directory cannot be used",
        why="the operating system refuses it; the sentence says which and how",
        next="look at it with ls -ld, and at the rights of every directory above it",
    ),
    ErrorKind(
        code="E-DISK-FULL",
        what="there is no room left on a file system, or in your share of it",
        why="what cannot be written is not approved; sales are answered 96 until there is room",
        next="df -h; make room, and run it again: what stopped goes on by itself",
    ),
    ErrorKind(
        code="E-FILES-MAX",
        what="this process may not have enough files open",
        why="each terminal's connection is one, and the house needs its own beside them",
        next="raise the hard limit: ulimit -Hn, or LimitNOFILE of the service",
    ),
    ErrorKind(
        code="E-NOTHING-RUNS",
        what="no host and no switch runs on this data directory",
        why="the command asks running programs over their sockets in its run directory",
        next="posswitch up, or name the directory of the one that runs with --data",
    ),
    ErrorKind(
        code="E-NO-ANSWER",
        what="a program runs and did not answer, or was not ready, in time",
        why="its event loop stands, it is of another release, or the machine is overloaded",
        next="read its log; curl its /healthz; start it again where it stands",
    ),
    ErrorKind(
        code="E-CHILD-DIED",
        what="a program that posswitch started ended by itself",
        why="its last words stand in the sentence, with the code of its own error",
        next="explain that code; the whole story is in its log",
    ),
    ErrorKind(
        code="E-PORT",
        what="a port or an address cannot be listened on",
        why="another program has it, it is none of this machine's, or it is below 1024 and this "
        "user may not take it",
        next="what the sentence says; posswitch doctor looks at every port of the settings",
    ),
    ErrorKind(
        code="E-DATABASE-NONE",
        what="there is no database in the data directory",
        why="the command looks at a database, and makes none",
        next="posswitch up makes it; else name the right directory with --data",
    ),
    ErrorKind(
        code="E-DATABASE-AWAY",
        what="PostgreSQL could not be reached, refused the login, or cut the connection",
        why="it is not running, the connection string is another server's, or it is failing over",
        next="posswitch doctor; read the server's log; check [database]. What is in doubt is "
        "undone or found again by itself",
    ),
    ErrorKind(
        code="E-DATABASE-UNSAFE",
        what="the database may lose what it has confirmed, or is a standby or of another schema",
        why="an approval that is told must not be lost: every reason is listed with its cure",
        next="type what stands behind each reason, and start again",
    ),
    ErrorKind(
        code="E-DATABASE-SERVER",
        what="the embedded PostgreSQL cannot be made or started",
        why="its last words stand in the sentence",
        next="read log/postgres.log of the data directory; posswitch doctor",
    ),
    ErrorKind(
        code="E-DATABASE-SCHEMA",
        what="the schema of the database is no beginning of ours, or may not be changed",
        why="a program on another's schema could misread money",
        next="run the posswitch that made it, or a newer one; posswitch db migrate as its owner",
    ),
    ErrorKind(
        code="E-ESTATE",
        what="the database has no estate, or another one, or there is none of that name",
        why="merchants, terminals and cards are its rows: without them there is nobody to serve",
        next="posswitch up --estate demo on an empty database; else another --data",
    ),
    ErrorKind(
        code="E-SHARD-TAKEN",
        what="another host writes the ledger already",
        why="two writers of a shard would not see each other's postings",
        next="stop the other host first; it may run on another machine",
    ),
    ErrorKind(
        code="E-KEYS-LMK",
        what="the local master key (LMK) is missing, unreadable or another one",
        why="every stored key and card number is sealed under it; a new one would open none",
        next="put secrets/lmk back from your copy; never make a new one over sealed data",
    ),
    ErrorKind(
        code="E-KEYS-SEALED",
        what="a stored key or card number does not open",
        why="it was altered, or sealed under another LMK or for another use",
        next="posswitch keys list names each with its cure; posswitch audit says who else changed "
        "what",
    ),
    ErrorKind(
        code="E-KEYS-DEVICE",
        what="the PKCS#11 device that holds the LMK cannot be used",
        why="its library, token, PIN or key is not as [host.hsm] says",
        next="check [host.hsm] and the device with its maker's tool; docs/keys.md",
    ),
    ErrorKind(
        code="E-KEYS-PIN",
        what="the PKCS#11 device does not take the PIN of [host.hsm]",
        why="after a few wrong ones a token locks itself, so nothing tries it again by itself",
        next="mend the variable that host.hsm.pin names, or have a locked token set anew, and "
        "start the host",
    ),
    ErrorKind(
        code="E-KEYS-CEREMONY",
        what="a key was not entered, made, exported or rotated",
        why="a component, a check value or a person is not as dual control wants it; nothing was "
        "stored unless the sentence says so",
        next="do what the sentence says; posswitch keys list shows where it stands",
    ),
    ErrorKind(
        code="E-KEYS-PERSON",
        what="it cannot be said which person you are",
        why="each component of a key is another person's, and so is each word about an edit of the "
        "estate, by the login that the kernel keeps",
        next="log in by your own name and use sudo; in a container run it as your own user",
    ),
    ErrorKind(
        code="E-AUDIT-KEY",
        what="the key that signs the audit's heads is missing or cannot be used",
        why="a new one could not vouch for what the old one has signed",
        next="put secrets/audit-key back from your copy",
    ),
    ErrorKind(
        code="E-DELIVERY-KEY",
        what="the key that parties' servers know us by cannot be used",
        why="a server lets in who has the key it was given, and nobody else",
        next="put secrets/delivery-key back from your copy, or give each party a new one",
    ),
    ErrorKind(
        code="E-LOTTERY-UNKNOWN",
        what="there is no such lottery, or nothing of it is frozen",
        why="only what is frozen is committed to, and can be held against anything",
        next="posswitch show lotteries",
    ),
    ErrorKind(
        code="E-LOTTERY-FILE",
        what="a file is no export of a lottery",
        why="it is another file, a part of one, or was changed so that it cannot be read",
        next="take it anew where it was drawn: posswitch lottery export CODE --out FILE",
    ),
    ErrorKind(
        code="E-LOTTERY-SECRET",
        what="the draws of a lottery cannot be verified yet",
        why="its seed is told once it is closed: who knew it before could steer what is drawn",
        next="wait for its last day, and export it again; keep this file to hold against that",
    ),
    ErrorKind(
        code="E-AUDIT-ACCEPT",
        what="an edit that was made by hand cannot be taken over",
        why="only the estate is taken over, and that a key was another until it was given anew, by "
        "two people, one of whom says why; what follows from trade or the night never is",
        next="posswitch audit changes shows what was edited, and what may be done about it",
    ),
    ErrorKind(
        code="E-LINK-ADDRESS",
        what="the link between switch and host cannot be listened at or found",
        why="its place is in use, is no socket of ours, or is not written as unix:PATH or "
        "tls:HOST:PORT",
        next="stop the other host, or change link; docs/channels.md",
    ),
    ErrorKind(
        code="E-LINK-CERTIFICATE",
        what="a certificate, key or pin of the tls: link cannot be used",
        why="both ends prove who they are: what cannot be read or is past its date proves nothing",
        next="posswitch link certificate NAME here; posswitch link trust NAME PIN there",
    ),
    ErrorKind(
        code="E-CASE",
        what="the case cannot be resolved",
        why="there is none of that number, it was resolved before, or nobody says how",
        next="posswitch terminal exceptions --all",
    ),
    ErrorKind(
        code="E-TERMINAL-UNKNOWN",
        what="no terminal has this id",
        why="an id has eight characters, and letters count as they are written",
        next="posswitch keys list lists those with keys; shell completion offers them",
    ),
    ErrorKind(
        code="E-TRANSACTION-UNKNOWN",
        what="no transaction is known by this RRN, or by this trace number of this terminal",
        why="what got no answer is in no ledger, and external issuers give references of their own",
        next="posswitch trace STAN@TERMINAL, as the slip has both; what never came is in no log",
    ),
    ErrorKind(
        code="E-OFFICE-BEGUN",
        what="the office has its first administrator already, who makes all others",
        why="init is for a database with nobody in it: who owns the machine is no way round people",
        next="posswitch sign-in; an administrator makes others by posswitch person save",
    ),
    ErrorKind(
        code="E-CARD-UNKNOWN",
        what="no card is meant by this number, these last digits or this id, or more than one is",
        why="only the hash of a number is kept, so it is found whole or not at all",
        next="posswitch card show - asks for the whole number; last4@ISSUER lists those it may be",
    ),
    ErrorKind(
        code="E-CHANNEL-DIALECT",
        what="a channel names a dialect that there is not, or its options do not fit",
        why="its messages could not be read",
        next="docs/channels.md has the dialects and what each takes",
    ),
    ErrorKind(
        code="E-CHANNEL-TLS",
        what="a certificate, key, authority or revocation list of a channel cannot be used",
        why="the channel would be open, or closed to everybody",
        next="name a PEM file of each kind under tls of the channel; posswitch doctor shows "
        "their dates",
    ),
    ErrorKind(
        code="E-CHANNELS",
        what="channels cannot be put to work as the settings say; nothing has changed",
        why="a port is taken, two rows stand in each other's way, or a file is unusable",
        next="mend the row that is named, and posswitch reload once more",
    ),
    ErrorKind(
        code="E-SWITCH-SAF",
        what="the store-and-forward file of a switch cannot be used",
        why="reversals that the switch owes are in it: without it money could stay taken",
        next="make it readable and writable for the switch; never delete it while it owes "
        "something",
    ),
    ErrorKind(
        code="E-KEYS-SEAT",
        what="a key of a seat in a browser cannot be used",
        why="the front trades in a terminal's place by it, and by no other",
        next="bring back the directory of seats from its backup, or make the seat again: "
        "posswitch keys seat TID --replace",
    ),
    ErrorKind(
        code="E-SWITCH-ROUTES",
        what="the routes file of a switch, or its log, cannot be used",
        why="it knows what went to external issuers and is not decided yet",
        next="make it writable, or put back what the sentence says",
    ),
    ErrorKind(
        code="E-SWITCH-ATTESTATIONS",
        what="the file of used attestations cannot be used",
        why="without it an attestation of a phone could be used twice",
        next="make it writable; a broken one may be deleted: older attestations are then refused",
    ),
    ErrorKind(
        code="E-NIGHT",
        what="clearing cannot go on",
        why="something does not agree, or a step of before is not as it was left; what was "
        "finished stays finished",
        next="do what the sentence says; the same command goes on from there",
    ),
    ErrorKind(
        code="E-NIGHT-RUNS",
        what="somebody else runs the night",
        why="two would wait for each other, step by step, and neither could say what it did",
        next="wait for its end; who was killed holds it no longer",
    ),
    ErrorKind(
        code="E-NIGHT-DATE",
        what="that is no date, or one that has not come yet",
        why="a day that is closed early cannot be opened again",
        next="write it as 2026-12-31; --dry-run shows what would be done, --ahead closes it all "
        "the same",
    ),
    ErrorKind(
        code="E-RECORD",
        what="the file is no record of a simulator",
        why="the audit compares what clients were told with the ledger, claim by claim",
        next="posswitch simulate pos --record FILE writes one",
    ),
    ErrorKind(
        code="E-MESSAGE",
        what="what was given is no message that can be read or compared",
        why="no dialect, dump format or capture fits it",
        next="posswitch describe --help says what is read; give the bytes in hexadecimal",
    ),
    ErrorKind(
        code="E-CODE-UNKNOWN",
        what="nobody gives such a code",
        why="it is no response code, no reason, no word of the logs and no error code",
        next="posswitch explain all",
    ),
    ErrorKind(
        code="E-SIMULATOR",
        what="the simulator cannot do that",
        why="the terminal is of another channel, the scenario is none, or a file is missing",
        next="posswitch simulate COMMAND --help; simulators/scenarios has examples",
    ),
    ErrorKind(
        code="E-RECORDING",
        what="that cannot be recorded, or replayed",
        why="the file is no recording, its cards outnumber the estate's, or no channel is kept",
        next="posswitch record --help; posswitch replay --help",
    ),
    ErrorKind(
        code="E-SURROUNDINGS",
        what="something that posswitch stands on is missing or in use",
        why="the sentence says what: a directory, a port, the database, another program",
        next="do what the sentence says; posswitch doctor looks at everything",
    ),
    ErrorKind(
        code="E-BUG",
        what="a fault of posswitch's own, with a traceback",
        why="nobody at the keyboard did anything wrong; no values stand in the traceback",
        next="posswitch audit says whether the ledger is whole; send the traceback and "
        "posswitch --version",
    ),
)
"""`docs/errors.md` is written from these rows."""

KINDS_BY_CODE: Final = {kind.code: kind for kind in ERROR_KINDS}
