"""What `posswitch bench` prints: the figures that are asked about, with what each means."""

from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table


class Figure(NamedTuple):
    """A key of the report, how to show it, what it is."""

    key: str
    form: str
    meaning: str


FIGURES: Final = (
    Figure("pgbench_tps", "{:,.0f}/s", "pgbench TPC-B-like, prepared, 32 clients, scale 20"),
    Figure("host_tps", "{:,.0f}/s", "host alone, over its link, durable"),
    Figure("host_ratio", "{:.2f} x", "the same, to pgbench in its round"),
    Figure("e2e_tps", "{:,.0f}/s", "terminal to terminal: MAC both ways, PIN, durable"),
    Figure("e2e_ratio", "{:.2f} x", "the same, to pgbench in its round"),
    Figure("switch_tps", "{:,.0f}/s", "switch alone, a host that only says yes"),
    Figure("switch_cpu_us", "{:.0f} us", "CPU of the switch a purchase, end to end"),
    Figure("host_cpu_us", "{:.0f} us", "CPU of the host a purchase, end to end"),
    Figure("postgres_cpu_us", "{:.0f} us", "CPU of PostgreSQL a purchase, end to end"),
    Figure("host_alone_cpu_us", "{:.0f} us", "CPU of the host a purchase, alone"),
    Figure("switch_alone_cpu_us", "{:.0f} us", "CPU of the switch a purchase, alone"),
)
LATENCIES: Final = (
    Figure("quiet", "at 100 a second", ""),
    Figure("e2e", "end to end, full load", ""),
    Figure("host", "host alone, full load", ""),
    Figure("switch", "switch alone, full load", ""),
)


def print_report(document: dict[str, Any]) -> None:
    """Print the medians, the latencies and the batch sizes."""
    console = Console()
    figures = Table("figure", "median", "what", title="figures")
    for key, form, meaning in FIGURES:
        if key in document:
            figures.add_row(key, form.format(document[key]), meaning)
    latencies = Table("latency, ms", "p50", "p95", "p99")
    for key, form, _ in LATENCIES:
        row = [f"{document[f'{key}_{part}_ms']:.1f}" for part in ("p50", "p95", "p99")]
        latencies.add_row(form, *row)
    batches = Table("requests a transaction", "transactions")
    for limit, count in document["batch_items"].items():
        if count:
            batches.add_row(limit, f"{count:,}")
    for table in (figures, latencies, batches):
        console.print(table)
