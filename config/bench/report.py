"""What `posswitch bench` prints: the figures that are asked about, with what each means."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from config.screen import Column, Sheet, number, prose, screen

PARTS: Final = ("p50", "p95", "p99")


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
    Figure("singles_tps", "{:,.0f}/s", "the same, 16 connections, one message of each at a time"),
    Figure("switch_cpu_us", "{:.0f} us", "CPU of the switch a purchase, end to end"),
    Figure("host_cpu_us", "{:.0f} us", "CPU of the host a purchase, end to end"),
    Figure("postgres_cpu_us", "{:.0f} us", "CPU of PostgreSQL a purchase, end to end"),
    Figure("host_alone_cpu_us", "{:.0f} us", "CPU of the host a purchase, alone"),
    Figure("switch_alone_cpu_us", "{:.0f} us", "CPU of the switch a purchase, alone"),
    Figure("singles_cpu_us", "{:.0f} us", "CPU of the switch a purchase, one of a connection"),
)
LATENCIES: Final = (
    Figure("quiet", "at 100 a second", ""),
    Figure("e2e", "end to end, full load", ""),
    Figure("host", "host alone, full load", ""),
    Figure("switch", "switch alone, full load", ""),
    Figure("singles", "switch alone, one of a connection", ""),
)


MIX_FIGURES: Final = (
    Figure("pgbench_tps", "{:,.0f}/s", "pgbench TPC-B-like, prepared, 32 clients, scale 20"),
    Figure("spread_tps", "{:,.0f}/s", "every kind, host alone, at many merchants"),
    Figure("spread_ratio", "{:.2f} x", "the same, to pgbench in its round"),
    Figure("one_tps", "{:,.0f}/s", "at one merchant, who takes everything"),
    Figure("one_ratio", "{:.2f} x", "of both, in the same round: to be at least 0.8"),
    Figure("spread_host_cpu_us", "{:.0f} us", "CPU of the host a message, at many"),
    Figure("spread_postgres_cpu_us", "{:.0f} us", "CPU of PostgreSQL a message, at many"),
    Figure("one_host_cpu_us", "{:.0f} us", "CPU of the host a message, at one"),
    Figure("one_postgres_cpu_us", "{:.0f} us", "CPU of PostgreSQL a message, at one"),
    Figure("spread_p99_ms", "{:.1f} ms", "p99 at full load, at many"),
    Figure("one_p99_ms", "{:.1f} ms", "p99 at full load, at one"),
)
NAC_FIGURES: Final = (
    Figure("messages", "{:,}", "of 499 terminals on one connection, both turns"),
    Figure("unstalled_p50_ms", "{:.1f} ms", "p50, no answer held up"),
    Figure("unstalled_p99_ms", "{:.1f} ms", "p99, no answer held up"),
    Figure("stalled_p50_ms", "{:.1f} ms", "p50, beside one answer held up"),
    Figure("stalled_p99_ms", "{:.1f} ms", "p99, beside one answer held up"),
    Figure("ratio", "{:.2f} x", "the p99 of both: to be below 2"),
    Figure("the_one_waited_ms", "{:,.0f} ms", "the one whose answer was held up"),
)
PROCESSES_FIGURES: Final = (
    Figure("rate_1", "{:,.0f}/s", "one switch process, a host that only says yes"),
    Figure("rate_2", "{:,.0f}/s", "two on the same port"),
    Figure("rate_ratio", "{:.2f} x", "of the same round; above 1.6 where processors are free"),
    Figure("idle_part_1", "{:.0%}", "of all processors' time nobody used, one process"),
    Figure("idle_part_2", "{:.0%}", "the same, two processes"),
    Figure("cpu_us_1", "{:.0f} us", "CPU a message, one process"),
    Figure("cpu_us_2", "{:.0f} us", "CPU a message, two processes together"),
    Figure("per_cpu_second_1", "{:,.0f}", "messages a CPU second, one process"),
    Figure("per_cpu_second_2", "{:,.0f}", "messages a CPU second, two processes together"),
    Figure("per_cpu_second_ratio", "{:.2f} x", "of both: what a second costs the first"),
    Figure("busiest_part_2", "{:.0%}", "of that CPU the busier of the two had: 50 % is fair"),
)
SLOW_FIGURES: Final = (
    Figure("connections", "{:,}", "beside the honest, in each turn"),
    Figure("alone_p99_ms", "{:.1f} ms", "p99 of honest terminals by themselves"),
    Figure("slow_p99_ms", "{:.1f} ms", "beside senders of a byte now and then"),
    Figure("p99_ratio", "{:.2f} x", "of both: to be no more than 2"),
    Figure("slow_cut_off", "{:,.0f}", "times a slow one was closed by its deadline, a turn"),
    Figure("slow_over_mib", "{:.0f} MiB", "memory for the slow: to be no more than 200"),
    Figure("idle_1000_p99_ms", "{:.1f} ms", "p99 beside 1,000 idle connections"),
    Figure("idle_2000_p99_ms", "{:.1f} ms", "beside 2,000"),
    Figure("idle_1000_over_mib", "{:.0f} MiB", "memory for 1,000 idle connections"),
    Figure("idle_2000_over_mib", "{:.0f} MiB", "for 2,000"),
    Figure("idle_2000_held_mib", "{:.0f} MiB", "all the switch held then: to be below 100"),
)
HISTORY_FIGURES: Final = (
    Figure("seals", "{:,}", "behind the ends of the chains"),
    Figure("exchanges", "{:,}", "that were answered"),
    Figure("fill_seconds", "{:,.0f} s", "to put them there"),
    Figure("ready_seconds_before", "{:.2f} s", "from the host's start to ready, before that"),
    Figure("ready_seconds", "{:.2f} s", "and after: no slower; below 3 on a quiet machine"),
)


DESK_FIGURES: Final = (
    Figure("sign_ons_rate", "{:,.0f}/s", "sign-ons, all asked for at once: to be at least 500"),
    Figure("sign_ons_p99_ms", "{:,.0f} ms", "p99 of them, the last in the line"),
    Figure("alone_rate", "{:,.0f}/s", "purchases, nobody signing on"),
    Figure("beside_rate", "{:,.0f}/s", "purchases beside the sign-ons, all approved"),
    Figure("beside_ratio", "{:.2f} x", "of both, in the same round"),
    Figure("alone_p99_ms", "{:.1f} ms", "p99 of purchases, nobody signing on"),
    Figure("beside_p99_ms", "{:.1f} ms", "p99 of purchases beside the sign-ons"),
)


WEB_FIGURES: Final = (
    Figure("pages_p50_ms", "{:.1f} ms", "p50 of pages at a steady rate beside trade"),
    Figure("pages_p95_ms", "{:.1f} ms", "p95 of them: to be no more than 100"),
    Figure("slowest_list_p95_ms", "{:.1f} ms", "p95 of the slowest page of all"),
    Figure("alone_p99_ms", "{:.1f} ms", "p99 of tills at a steady rate, nobody at a page"),
    Figure("beside_p99_ms", "{:.1f} ms", "p99 of tills beside the pages"),
    Figure("p99_ratio", "{:.2f} x", "of both, in the same round: to be no more than 1.2"),
    Figure("front_mib", "{:.1f} MiB", "what the front holds, nobody listening"),
    Figure("listeners_mib", "{:.1f} MiB", "more, with all who listen: to be no more than 100"),
)


GATE_FIGURES: Final = (
    Figure("first_refusal_ms", "{:,.1f} ms", "from the action's answer to the first refusal"),
    Figure("from_asking_ms", "{:,.1f} ms", "from asking for it, its own work with it"),
    Figure("late_approved", "{:,.0f}", "messages sent after the answer and approved: to be 0"),
    Figure("trade_rate", "{:,.0f}/s", "messages meanwhile, from these tills"),
)
CARDS_FIGURES: Final = (
    Figure("cards_rate", "{:,.0f}/s", "cards made: 20,000 on a quiet machine of two processors"),
    Figure("bare_rate", "{:,.0f}/s", "the same rows by COPY into a table of no key and no index"),
    Figure("bare_ratio", "{:.3f} x", "of both, in the same round"),
    Figure("own_cpu_us", "{:.1f} us", "CPU of who draws, hashes and seals, a card"),
    Figure("postgres_cpu_us", "{:.1f} us", "CPU of PostgreSQL a card: either to be below 50"),
)
NIGHT_FIGURES: Final = (
    Figure("transactions", "{:,}", "of the day, each posted by the host"),
    Figure("parties", "{:,}", "merchants and issuers, a file each"),
    Figure("bare_aggregate_seconds", "{:.2f} s", "to sum the same entries by account, no more"),
    Figure("ledger_seconds", "{:.2f} s", "every step but the files"),
    Figure("ledger_ratio", "{:.2f} x", "of both: to be no more than 2"),
    Figure("bare_copy_seconds", "{:.2f} s", "to copy the files' rows out of a bare table"),
    Figure("files_seconds", "{:.2f} s", "to write the files"),
    Figure("files_ratio", "{:.2f} x", "of both: to be no more than 2"),
    Figure("night_seconds_a_million", "{:.2f} s", "the whole night: to be no more than 10"),
    Figure("night_cpu_seconds_a_million", "{:.2f} s", "CPU of the night and of its backend"),
    Figure("audit_seconds_a_million", "{:.2f} s", "the audit: to be no more than 15"),
    Figure("audit_cpu_seconds_a_million", "{:.2f} s", "CPU of it and of its two backends"),
    Figure("python_mib", "{:,} MiB", "the most that the night's process held"),
    Figure("alone_p99_ms", "{:.1f} ms", "p99 of tills at a steady rate, before a second night"),
    Figure("beside_p99_ms", "{:.1f} ms", "while it ran"),
    Figure("beside_p99_ratio", "{:.2f} x", "of both: to be no more than 1.5"),
)


def print_figures(document: dict[str, Any], rows: Sequence[Figure]) -> None:
    """Print the figures that are there, with what each means."""
    told = ((key, form.format(document[key]), what) for key, form, what in rows if key in document)
    screen().print(Sheet((Column("figure"), number("median"), prose("what")), told))


def print_ledger(document: dict[str, Any]) -> None:
    """Print the medians, the latencies and the batch sizes."""
    print_figures(document, FIGURES)
    latencies = (
        (form, *(f"{document[f'{key}_{part}_ms']:.1f}" for part in PARTS))
        for key, form, _ in LATENCIES
    )
    sizes = document["batch_items"].items()
    batches = ((limit, f"{count:,}") for limit, count in sizes if count)
    console = screen()
    console.print(Sheet((Column("latency, ms"), *map(number, PARTS)), latencies))
    console.print(Sheet((Column("requests a transaction"), number("transactions")), batches))
