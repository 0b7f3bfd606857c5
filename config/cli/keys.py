"""`posswitch keys`: keys as people handle them. None is ever shown whole."""

from pathlib import Path
from typing import Annotated

import typer

from config.cli.complete import terminal_ids
from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.homes import DATA
from config.language import tell

app = typer.Typer(
    no_args_is_help=True,
    help="Keys: entered, listed, exported, rotated.",
    epilog=epilog("posswitch keys list 80010001"),
)

TerminalArgument = Annotated[
    str, typer.Argument(metavar="TID", help="The terminal.", autocompletion=terminal_ids)
]
CountOption = Annotated[
    int, typer.Option("--of", min=2, max=3, help="In how many components the key comes.")
]


@app.command()
def generate(
    terminal_id: TerminalArgument,
    count: CountOption = 2,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Write each component to a file here.", metavar="DIR"),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Even if the terminal has a master key.")
    ] = False,
    data: DataOption = DATA,
    settings: SettingsOption = None,
) -> None:
    """Make a terminal's master key (TMK). Its components are shown one custodian at a time."""
    from config.tasks.keys import generate as make
    from config.tasks.keys import opened_keys

    with opened_keys(data, settings) as keys:
        check_value = make(keys, terminal_id, count, to=to, replace=replace)
    tell(f"{terminal_id}: master key {check_value} stored")


@app.command("import")
def import_(  # noqa: PLR0913, PLR0917 - a command line has an option for each thing
    owner: Annotated[
        str,
        typer.Argument(
            metavar="TID|NAME",
            help="The terminal, the transport key, or the zone.",
            autocompletion=terminal_ids,
        ),
    ],
    component: Annotated[
        int, typer.Option(min=1, max=3, help="Which component you hold.", metavar="N")
    ] = 1,
    count: CountOption = 2,
    check_value: Annotated[
        str | None, typer.Option("--check-value", help="Of the whole key, with the last one.")
    ] = None,
    transport: Annotated[
        bool, typer.Option("--transport", help="It is a transport key (AES).")
    ] = False,
    zone: Annotated[
        bool, typer.Option("--zone", help="It is the PIN key of an issuer's zone (TDES).")
    ] = False,
    key_id: Annotated[
        str | None,
        typer.Option(
            "--key-id", help="It is a device's initial DUKPT key with this id.", metavar="HEX"
        ),
    ] = None,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Forget the components entered so far.")
    ] = False,
    data: DataOption = DATA,
    settings: SettingsOption = None,
) -> None:
    """Enter your component of a key. Each component is another person's, by login name.

    The component and its check value are asked for, and not shown.
    """
    from config.tasks.keys import forget_entry, import_component, opened_keys, target_of

    target = target_of(owner, is_transport=transport, is_zone=zone, key_id=key_id)
    with opened_keys(data, settings) as keys:
        if give_up:
            tell(forget_entry(keys, target))
        else:
            tell(import_component(keys, target, component, count, check_value))


@app.command()
def export(
    terminal_id: TerminalArgument,
    transport: Annotated[
        str,
        typer.Option("--to-tr31", help="The transport key it leaves under.", metavar="NAME"),
    ],
    initial: Annotated[
        bool, typer.Option("--initial", help="The initial DUKPT key, not the master key.")
    ] = False,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a terminal's key as a TR-31 (ANSI X9.143) key block under a transport key."""
    from config.as_json import print_json
    from config.tasks.keys import opened_keys
    from host.keys import export_key

    with opened_keys(data, settings) as keys:
        purpose = "ik" if initial else "tmk"
        block = export_key(keys.connection, keys.hsm, purpose, terminal_id, transport)
    if as_json:
        told = {"terminal_id": terminal_id, "purpose": purpose}
        print_json({**told, "under": transport, "key_block": block})
    else:
        typer.echo(block)


@app.command()
def seat(
    terminal_id: TerminalArgument,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Where its front keeps keys.", metavar="DIR"),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Even if the terminal has a master key.")
    ] = False,
    data: DataOption = DATA,
    settings: SettingsOption = None,
) -> None:
    """Make a terminal a seat: a new master key for the web front, which trades in its place.

    The front of this data directory has it at once; give another machine's front the directory.
    """
    from config.tasks.seat_keys import make_seat

    path, check_value = make_seat(data, settings, terminal_id, to, replace=replace)
    tell(f"{terminal_id}: master key {check_value} stored, and for its seat in {path}")
    tell("a running host takes it with posswitch reload")


@app.command()
def rotate(
    terminal_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TID]...", help="Which terminals.", autocompletion=terminal_ids),
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have terminals fetch new working keys: their next answers ask them to sign on."""
    from config.as_json import print_json
    from config.errors import SettingsError
    from config.tasks.keys import opened_keys
    from config.tasks.operators import operator_name
    from host.clock import utc_now
    from host.keys import rotate as ask

    if bool(terminal_ids) == everyone:
        raise SettingsError("whose keys? Next: name terminals, or say --all", "E-COMMAND-LINE")
    named = None if everyone else terminal_ids
    with opened_keys(data, settings) as keys:
        count = ask(keys.connection, named, by=operator_name(), now=utc_now())
    if as_json:
        print_json({"asked_to_sign_on": count})
        return
    tell(f"{count} terminals are asked to sign on with their next answers")


@app.command("into-device")
def into_device(
    from_file: Annotated[
        bool, typer.Option("--from-file", help="The LMK that is in use, not a new one.")
    ] = False,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep the LMK in the PKCS#11 device that host.hsm names, and never show it again."""
    from config.as_json import print_json
    from config.run.hsm import put_lmk_in_device
    from config.tasks.keys import opened_owner

    with opened_owner(data, settings) as (told, places, dsn):
        check_value = put_lmk_in_device(told.host.hsm, places, dsn, from_file=from_file)
    if as_json:
        print_json({"lmk": check_value, "device": told.host.hsm.device})
        return
    tell(f"LMK {check_value} is in the device {told.host.hsm.device}")
    if from_file:
        tell(f"keep {places.lmk} in a safe and not on this machine")


@app.command("list")
def list_(
    terminal_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[TID]", help="One terminal's, or all.", autocompletion=terminal_ids
        ),
    ] = None,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every key by its check value, usage and generation; never a key."""
    from config.tasks.keys import opened_keys, print_keys

    with opened_keys(data, settings) as keys:
        print_keys(keys, terminal_id, as_json=as_json)
