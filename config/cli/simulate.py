"""`posswitch simulate …`: terminals of every channel, an issuer, and scenarios."""

from pathlib import Path
from typing import Annotated

import typer

from config.cli.complete import estates, scenarios, terminal_ids
from config.cli.options import JsonOption, SettingsOption, epilog

app = typer.Typer(
    no_args_is_help=True,
    help="Terminals for a switch that is running.",
    epilog=epilog("posswitch simulate pos --terminals 40 --seconds 30"),
)

Host = Annotated[str, typer.Option("--host", help="Where the switch listens.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0: the channel's own.")]
Terminals = Annotated[int, typer.Option(min=1, help="How many trade.")]
Seconds = Annotated[float, typer.Option(min=0.1, help="How long to trade.")]
Seed = Annotated[int, typer.Option(help="The same seed asks the same trades, without --rate.")]
Faults = Annotated[bool, typer.Option(help="Lose an answer now and then.")]
Rate = Annotated[
    float, typer.Option(min=0, help="Customers a second, whoever is free; 0: at each one's pace.")
]
Settle = Annotated[bool, typer.Option(help="Settle at the end.")]
Prompt = Annotated[bool, typer.Option("--prompt", help="One till, a line a step.")]
TerminalOption = Annotated[
    str | None, typer.Option("--terminal", help="Whose prompt.", autocompletion=terminal_ids)
]
Part = Annotated[float, typer.Option(min=0, max=1, help="Part of the messages, 0 to 1.")]
Estate = Annotated[
    str, typer.Option(help="Whose terminals and cards: demo.", autocompletion=estates)
]
CallerBytes = Annotated[int, typer.Option(min=0, help="Length of the caller's number.")]


@app.command()
def pos(  # noqa: PLR0913, PLR0917 - a command line has an option for each thing
    address: Host = "127.0.0.1",
    port: Port = 0,
    estate: Estate = "demo",
    terminals: Terminals = 40,
    seconds: Seconds = 30,
    rate: Rate = 0,
    seed: Seed = 8583,
    faults: Faults = True,
    settle: Settle = False,
    record: Annotated[
        Path | None, typer.Option(help="Keep what terminals were told, for the audit.")
    ] = None,
    prompt: Prompt = False,
    terminal: TerminalOption = None,
    as_json: JsonOption = False,
) -> None:
    """POS terminals that trade for a while. Exit status 1: an answer nobody expected."""
    from config.tasks.simulate import Target, simulate_channel, simulate_prompt, swarm_settings

    target = Target(host=address, port=port, estate=estate, as_json=as_json)
    if prompt:
        raise typer.Exit(simulate_prompt(target, "pos", terminal))
    settings = swarm_settings(terminals, seconds, rate, seed, with_faults=faults, settles=settle)
    raise typer.Exit(simulate_channel(target, "pos", settings=settings, record=record))


@app.command()
def nac(  # noqa: PLR0913, PLR0917 - a command line has an option for each thing
    address: Host = "127.0.0.1",
    port: Port = 0,
    listen: Annotated[bool, typer.Option(help="Be called by the switch at --port.")] = False,
    caller_bytes: CallerBytes = 0,
    keep_alive: Annotated[float, typer.Option(min=0, help="Seconds between signs of life.")] = 10,
    latency: Annotated[float, typer.Option(min=0, help="Longest delay each way.")] = 0.3,
    terminals: Terminals = 20,
    seconds: Seconds = 30,
    rate: Rate = 0,
    seed: Seed = 8583,
    faults: Faults = True,
    settle: Settle = False,
    prompt: Prompt = False,
    terminal: TerminalOption = None,
    as_json: JsonOption = False,
) -> None:
    """A dial-up gateway: many terminals on one connection."""
    from config.tasks.simulate import Target, simulate_channel, simulate_prompt, swarm_settings
    from simulators.channels import gateway
    from simulators.nac import NacSettings

    target = Target(host=address, port=port, caller_bytes=caller_bytes, as_json=as_json)
    channel = "nac-called" if listen else "nac"
    if prompt:
        raise typer.Exit(simulate_prompt(target, channel, terminal))
    settings = swarm_settings(terminals, seconds, rate, seed, with_faults=faults, settles=settle)
    lines = NacSettings(
        listens=listen,
        preamble_bytes=caller_bytes,
        keep_alive_seconds=keep_alive,
        latency_seconds=(latency / 10, latency),
        seed=seed,
    )
    opens = gateway(lines)
    raise typer.Exit(simulate_channel(target, channel, settings=settings, opens=opens))


@app.command()
def mis(  # noqa: PLR0913, PLR0917 - a command line has an option for each thing
    form: Annotated[str, typer.Option(help="Payload: json, fixed or iso.")] = "json",
    address: Host = "127.0.0.1",
    port: Port = 0,
    terminals: Terminals = 2,
    seconds: Seconds = 30,
    rate: Rate = 0,
    seed: Seed = 8583,
    faults: Faults = True,
    settle: Settle = False,
    prompt: Prompt = False,
    terminal: TerminalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tills of merchants' own systems."""
    from config.tasks.simulate import Target, simulate_channel, simulate_prompt, swarm_settings

    if form not in {"json", "fixed", "iso"}:
        raise typer.BadParameter("a payload form is json, fixed or iso")
    target, channel = Target(host=address, port=port, as_json=as_json), f"mis-{form}"
    if prompt:
        raise typer.Exit(simulate_prompt(target, channel, terminal))
    settings = swarm_settings(terminals, seconds, rate, seed, with_faults=faults, settles=settle)
    raise typer.Exit(simulate_channel(target, channel, settings=settings))


@app.command()
def softpos(  # noqa: PLR0913, PLR0917 - a command line has an option for each thing
    certificates: Annotated[
        Path | None,
        typer.Option(help="A directory made by --make; none: no TLS.", metavar="DIR"),
    ] = None,
    make: Annotated[
        bool, typer.Option("--make", help="Make the certificates and the attestation key only.")
    ] = False,
    address: Host = "127.0.0.1",
    port: Port = 0,
    terminals: Terminals = 6,
    seconds: Seconds = 30,
    rate: Rate = 0,
    seed: Seed = 8583,
    faults: Faults = True,
    settle: Settle = False,
    prompt: Prompt = False,
    terminal: TerminalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Payment applications on phones."""
    from config.tasks.simulate import (
        Target,
        make_phone_files,
        simulate_channel,
        simulate_prompt,
        swarm_settings,
    )

    if make:
        raise typer.Exit(make_phone_files(certificates))
    target = Target(host=address, port=port, certificates=certificates, as_json=as_json)
    if prompt:
        raise typer.Exit(simulate_prompt(target, "softpos", terminal))
    settings = swarm_settings(terminals, seconds, rate, seed, with_faults=faults, settles=settle)
    raise typer.Exit(simulate_channel(target, "softpos", settings=settings))


@app.command()
def issuer(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any.")] = 8590,
    slow: Part = 0,
    slow_seconds: Annotated[float, typer.Option(min=0, help="How slow.")] = 3,
    silent: Part = 0,
    wrong: Part = 0,
    seed: Seed = 8583,
) -> None:
    """An external issuer's host, as bad as you like, until Ctrl-C."""
    from config.tasks.simulate import simulate_issuer
    from simulators.issuer import IssuerSettings

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
    certificates: Annotated[
        Path | None, typer.Option(help="Of phones: a directory made by softpos --make.")
    ] = None,
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
            "--data", help="Whose ledger has the legs and balances.", metavar="DIR", readable=False
        ),
    ] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stories of one till, step by step. Exit status 1: one did not end as it is written.

    Legs and balances are looked at in the ledger of --data; without it the answers alone are.
    """
    from config.tasks.ledger import opened_ledger
    from config.tasks.simulate import Reports, Target, simulate_scenarios

    target = Target(
        host=address,
        port=port,
        estate=estate,
        certificates=certificates,
        caller_bytes=caller_bytes,
        as_json=as_json,
    )
    with opened_ledger(data, settings) as ledger:
        status = simulate_scenarios(target, files, reports=Reports(junit, page), ledger=ledger)
    raise typer.Exit(status)
