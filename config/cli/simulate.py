"""`posswitch simulate …`: terminals of every channel, an issuer, and scenarios."""

import dataclasses
import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from config.cli.complete import scenarios
from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.cli.swarms import Estate, Host, Port, Seed, Swarm, for_swarms
from config.homes import DATA

if TYPE_CHECKING:  # imported by the commands, so that --help stays fast
    from config.tasks.simulate import Target
    from simulators.channels import Opens

LOGGED: Final = "warning"
"""What a simulation fails at by itself is told in its summary; the log has the traceback."""

app = typer.Typer(
    no_args_is_help=True,
    help="Terminals for a switch that is running: tills to type at, swarms, scenarios.",
    epilog=epilog("posswitch simulate pos --terminals 40 --seconds 30"),
)

Part = Annotated[float, typer.Option(min=0, max=1, help="Part of the messages.", metavar="0-1")]
CallerBytes = Annotated[
    int, typer.Option(min=0, max=256, help="Length of the caller's number.", metavar="N")
]
Certificates = Annotated[
    Path | None, typer.Option(help="Of phones, made by --make; none: no TLS.", metavar="DIR")
]


class Form(enum.StrEnum):
    """How a merchant's till spells its payload."""

    JSON = "json"
    FIXED = "fixed"
    ISO = "iso"


@app.command()
@for_swarms(terminals=40)
def pos(
    swarm: Swarm,
    components: Annotated[
        Path | None,
        typer.Option(
            help="Be a terminal of --data: where its key's components are.", metavar="DIR"
        ),
    ] = None,
    data: DataOption = DATA,
    settings: SettingsOption = None,
) -> None:
    """POS terminals that trade for a while, or with --prompt a till to type at.

    With --components it is a terminal of your own house, with the key that it got there.

    Exit status 1: an answer nobody expected.

    Example: posswitch simulate pos --terminals 10 --seconds 20 --settle
    """
    if components is not None:
        _be_own_till(swarm, components, data, settings)
    _simulate(swarm, swarm.target(), "pos")


@app.command()
@for_swarms(terminals=20)
def nac(
    swarm: Swarm,
    listen: Annotated[
        bool, typer.Option("--listen/--no-listen", help="Be called by the switch at --port.")
    ] = False,
    caller_bytes: CallerBytes = 0,
    keep_alive: Annotated[
        float, typer.Option(min=0, help="Seconds between signs of life.", metavar="S")
    ] = 10,
    latency: Annotated[
        float, typer.Option(min=0, help="Longest delay each way.", metavar="S")
    ] = 0.3,
) -> None:
    """A dial-up gateway: many terminals on one connection, or with --prompt one to type at.

    Exit status 1: an answer nobody expected.

    Example: posswitch simulate nac --terminals 20 --latency 0.5
    """
    from simulators.channels import gateway
    from simulators.nac import NacSettings

    lines = NacSettings(
        listens=listen,
        preamble_bytes=caller_bytes,
        keep_alive_seconds=keep_alive,
        latency_seconds=(latency / 10, latency),
        seed=swarm.seed,
    )
    target = swarm.target(caller_bytes=caller_bytes)
    _simulate(swarm, target, "nac-called" if listen else "nac", gateway(lines))


@app.command()
@for_swarms(terminals=2)
def mis(
    swarm: Swarm, form: Annotated[Form, typer.Option(help="How they spell.")] = Form.JSON
) -> None:
    """Tills of merchants' own systems that trade, or with --prompt one to type at.

    Exit status 1: an answer nobody expected.

    Example: posswitch simulate mis --form fixed --port 8588 --prompt
    """
    _simulate(swarm, swarm.target(), f"mis-{form.value}")


@app.command()
@for_swarms(terminals=6)
def softpos(
    swarm: Swarm,
    certificates: Certificates = None,
    make: Annotated[
        bool, typer.Option("--make", help="Make the certificates and the attestation key only.")
    ] = False,
) -> None:
    """Payment applications on phones that trade, or with --prompt one to type at.

    Exit status 1: an answer nobody expected.

    Example: posswitch simulate softpos --certificates phones --make
    """
    from config.tasks.simulate import make_phone_files

    if make:
        raise typer.Exit(make_phone_files(certificates))
    _simulate(swarm, swarm.target(certificates=certificates), "softpos")


@app.command()
def issuer(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where it listens; 0: any.", metavar="PORT")
    ] = 8590,
    slow: Part = 0,
    slow_seconds: Annotated[float, typer.Option(min=0, help="How slow.", metavar="S")] = 3,
    silent: Part = 0,
    wrong: Part = 0,
    seed: Seed = 8583,
) -> None:
    """An external issuer's host, as bad as you like, until Ctrl-C.

    Some amounts make it so on purpose: posswitch simulate amounts.

    Example: posswitch simulate issuer --silent 0.1
    """
    from config.logging import configure_logging
    from config.tasks.simulate import simulate_issuer
    from simulators.issuer import IssuerSettings

    configure_logging(LOGGED)
    settings = IssuerSettings(
        port=port, slow=slow, slow_seconds=slow_seconds, silent=silent, wrong=wrong, seed=seed
    )
    raise typer.Exit(simulate_issuer(settings))


@app.command()
def scenario(  # noqa: PLR0913, PLR0917 - a command line has an option for each thing
    files: Annotated[
        list[Path],
        typer.Argument(help="Of simulators/scenarios, or your own.", autocompletion=scenarios),
    ],
    address: Host = "127.0.0.1",
    port: Port = 0,
    estate: Estate = "demo",
    certificates: Certificates = None,
    caller_bytes: CallerBytes = 0,
    junit: Annotated[
        Path | None, typer.Option(help="Write a JUnit report there, too.", metavar="FILE")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option("--html", help="And a page for people, one file.", metavar="FILE"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Whose channels are called, and whose ledger has the legs and balances.",
            metavar="DIR",
            readable=False,
        ),
    ] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stories of one till, step by step, for an estate nobody has traded on.

    Legs and balances are looked at in the ledger of --data; without it the answers alone are. Where
    its channels listen is known of it, too, and people act at its office.

    Exit status 1: one did not end as it is written.

    Example: posswitch simulate scenario simulators/scenarios/pos_day.toml
    """
    from config.logging import configure_logging
    from config.tasks.behind import opened_behind
    from config.tasks.doors import doors_of
    from config.tasks.simulate import Reports, Target, simulate_scenarios

    target = Target(
        host=address,
        port=port,
        estate=estate,
        certificates=certificates,
        caller_bytes=caller_bytes,
        as_json=as_json,
        door_of=doors_of(data, settings) if data is not None else None,
    )
    configure_logging(LOGGED)
    with opened_behind(data, settings) as behind:
        status = simulate_scenarios(target, files, reports=Reports(junit, page), behind=behind)
    raise typer.Exit(status)


@app.command()
def amounts(as_json: JsonOption = False) -> None:
    """What to type at a till for each decline: magic cards, and magic amounts.

    Example: posswitch simulate amounts
    """
    from config.as_json import print_json
    from config.language import Language, speech
    from simulators.till.magic import magic_rows, magic_text
    from simulators.till.words import tongue

    if as_json:
        print_json(magic_rows())
    else:
        tongue.speak(speech.said, is_chinese=speech.language is Language.CHINESE)
        typer.echo(magic_text())


def _be_own_till(swarm: Swarm, components: Path, data: Path, settings: Path | None) -> NoReturn:
    """A till to type at that holds the key of a terminal of this house."""
    from config.errors import SettingsError
    from config.logging import configure_logging
    from config.tasks.doors import doors_of
    from config.tasks.own_till import own_estate
    from config.tasks.simulate import simulate_prompt

    configure_logging(LOGGED)
    if not swarm.prompt or swarm.terminal is None:
        raise SettingsError(
            "components are of one terminal's key. Next: --prompt --terminal ID", "E-SIMULATOR"
        )
    estate = own_estate(data, settings, swarm.terminal, components)
    target = dataclasses.replace(swarm.target(), door_of=doors_of(data, settings))
    status = simulate_prompt(target, "pos", swarm.terminal, record=swarm.record, estate=estate)
    raise typer.Exit(status)


def _simulate(
    swarm: Swarm, target: "Target", channel: str, opens: "Opens | None" = None
) -> NoReturn:
    """One till to type at, or a swarm; ends with the exit status."""
    from config.errors import SettingsError
    from config.logging import configure_logging
    from config.tasks.simulate import simulate_channel, simulate_prompt

    configure_logging(LOGGED)
    record = swarm.record
    if swarm.prompt and target.as_json:
        raise SettingsError("a till speaks to people. Next: --prompt without --json", "E-SIMULATOR")
    if swarm.prompt:
        status = simulate_prompt(target, channel, swarm.terminal, opens=opens, record=record)
    elif swarm.terminal:
        raise SettingsError("--terminal says whose prompt it is. Next: add --prompt", "E-SIMULATOR")
    else:
        settings = swarm.settings()
        status = simulate_channel(target, channel, settings=settings, opens=opens, record=record)
    raise typer.Exit(status)
