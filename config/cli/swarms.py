"""The options that every simulation of terminals has, whatever their channel."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.cli.complete import estates, terminal_ids
from config.cli.options import JsonOption

if TYPE_CHECKING:  # imported by the commands, so that --help stays fast
    from config.tasks.simulate import Target
    from simulators.swarm import SwarmSettings

Host = Annotated[str, typer.Option("--host", help="Where the switch listens.", metavar="HOST")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0: the channel's own.", metavar="PORT")]
Terminals = Annotated[int, typer.Option(min=1, help="How many trade.", metavar="N")]
Seconds = Annotated[float, typer.Option(min=0.1, help="How long to trade.", metavar="S")]
Seed = Annotated[int, typer.Option(help="The same seed asks the same trades.", metavar="N")]
Faults = Annotated[bool, typer.Option("--faults/--no-faults", help="Lose an answer now and then.")]
Rate = Annotated[
    float, typer.Option(min=0, help="Customers a second; 0: at each one's pace.", metavar="N")
]
Settle = Annotated[bool, typer.Option("--settle/--no-settle", help="Settle at the end.")]
Prompt = Annotated[bool, typer.Option("--prompt", help="One till to type at; help is its page.")]
TerminalOption = Annotated[
    str | None,
    typer.Option(
        "--terminal", help="Whose prompt it is.", metavar="ID", autocompletion=terminal_ids
    ),
]
Estate = Annotated[
    str,
    typer.Option(help="Whose terminals and cards: demo.", metavar="NAME", autocompletion=estates),
]
Record = Annotated[
    Path | None,
    typer.Option(help="Keep what terminals were told, for the audit.", metavar="FILE"),
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Swarm:
    """Who trades, where and for how long: each of these is an option."""

    address: Host = "127.0.0.1"
    port: Port = 0
    estate: Estate = "demo"
    terminals: Terminals = 40
    seconds: Seconds = 30
    rate: Rate = 0
    seed: Seed = 8583
    faults: Faults = True
    settle: Settle = False
    record: Record = None
    prompt: Prompt = False
    terminal: TerminalOption = None
    as_json: JsonOption = False

    def target(self, *, certificates: Path | None = None, caller_bytes: int = 0) -> "Target":
        """The switch that they call, and how."""
        from config.tasks.simulate import Target

        return Target(
            host=self.address,
            port=self.port,
            estate=self.estate,
            certificates=certificates,
            caller_bytes=caller_bytes,
            as_json=self.as_json,
        )

    def settings(self) -> "SwarmSettings":
        """How they trade."""
        from config.tasks.simulate import swarm_settings

        return swarm_settings(
            self.terminals,
            self.seconds,
            self.rate,
            self.seed,
            with_faults=self.faults,
            settles=self.settle,
        )


def for_swarms(*, terminals: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command every option of `Swarm`, which it takes as its first value.

    Of its channel so many terminals trade where nothing else is said.
    """

    def given(command: Callable[..., None]) -> Callable[..., None]:
        _swarm, *own = inspect.signature(command).parameters.values()
        shared = [
            each.replace(default=terminals) if each.name == "terminals" else each
            for each in inspect.signature(Swarm).parameters.values()
        ]

        @functools.wraps(command)
        def run(**told: Any) -> None:
            swarm = Swarm(**{each.name: told.pop(each.name) for each in shared})
            command(swarm, **told)

        options = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *shared)]
        run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in options}
        return run

    return given
