"""A house of its own to watch, and how fast this one is: demo, bench."""

from pathlib import Path
from typing import Annotated

import typer

from config.cli.complete import benches
from config.cli.telling import remark
from config.errors import (
    FOUND_WRONG,
    INTERRUPTED,
)
from config.homes import BENCH, DEMO

app = typer.Typer()


@app.command()
def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help=f"An unused directory; a new one in {DEMO}.",
            metavar="DIR",
            readable=False,
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long the shops are open.")] = 40,
    terminals: Annotated[int, typer.Option(min=1, max=40, help="How many trade.")] = 40,
    seed: Annotated[int, typer.Option(help="Of the trades and of what goes wrong.")] = 8583,
) -> None:
    """Watch a business day: terminals trade, the night clears, the audit compares."""
    from config.logging import configure_logging
    from config.run.supervisor import interrupted_by_signals
    from config.settings import Settings
    from config.tasks.demo import DemoSettings, fresh_places, run_demo

    configure_logging(Settings().log.level)
    told = DemoSettings(seconds=seconds, terminals=terminals, seed=seed)
    try:
        with interrupted_by_signals():
            status = run_demo(Settings(), fresh_places(data), told, say=remark)
    except KeyboardInterrupt:
        remark("stopped before the end of the day")
        raise typer.Exit(INTERRUPTED) from None
    if status:
        raise typer.Exit(status)


@app.command()
def bench(
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="ledger, mix, nac, processes, slow, history, desk, cards, gate, web or night; "
            "again for more.",
            metavar="NAME",
            autocompletion=benches,
        ),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Everything is measured so often.")
    ] = None,
    messages: Annotated[int | None, typer.Option(min=100, help="Of each load of a round.")] = None,
    report: Annotated[
        Path,
        typer.Option(help="Where the figures go; it is said.", show_default=False, metavar="FILE"),
    ] = BENCH / "bench.json",
) -> None:
    """Measure rates, latencies, CPU and memory. Exit status 1: a figure is not met."""
    from config.bench.rows import Extent, run_benches
    from config.logging import configure_logging
    from config.run.supervisor import interrupted_by_signals

    configure_logging("warning")
    try:
        with interrupted_by_signals():
            missed = run_benches(only or [], Extent(rounds, messages), report, say=remark)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    if missed:
        remark(f"not met: {', '.join(missed)}")
        raise typer.Exit(FOUND_WRONG)
