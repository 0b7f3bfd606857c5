"""The programs as processes: what they are started with, how they say ready, how they end.

A supervisor starts them as `python -P launch.py config.run.programs NAME DATA ORDERS` and writes
their settings to their standard input, where neither a process list nor a file shows them.
"""

import functools
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from config.errors import exit_status_of, explained, operator_errors, told
from config.isolation import module_command
from config.logging import configure_logging
from config.noise import Printed, noise_in_lines, uncaught
from config.places import Places, places_of
from config.run.children import READY
from config.run.house import tell_time_in
from config.run.memory import keep_to_ourselves
from config.run.orders import Orders
from config.run.tending import LOOK_SECONDS, Tended
from config.settings import Settings, siblings_of

TURN_SECONDS: Final = 0.001
"""How long a thread of the host may go on while another waits: trade waits for no clerk's page. As
the interpreter has it, 5 ms, tills waited four times as long beside pages as alone."""
SENTENCES_MAX: Final = 1_024
"""So many are kept in Chinese: to look for one that has none takes long."""
OnReady = Callable[[list[str]], None]
Body = Callable[[], Awaitable[None]]


def run_host(
    settings: Settings,
    places: Places,
    on_ready: OnReady,
    orders: Orders | None = None,
    *,
    database: Tended | None = None,
) -> None:
    """The accounting host, until a signal stops it; another makes it read the estate again.

    Its database must be up and migrated; one that is told is started again when it falls.
    """
    import trio

    from config.run.apart import NightsApart, prover_apart
    from config.run.asking import HOST, Names
    from config.run.control import Answers, Reread, control_socket, stand_by
    from config.run.database import dsn_if_told, dsn_of
    from config.run.delivering import keep_delivering
    from config.run.heads import keep_signing, open_key
    from config.run.hooking import keep_telling
    from config.run.host_naming import names_of_host
    from config.run.host_reloading import reload_host, waiting_for_restart
    from config.run.hsm import open_hsm
    from config.run.look import Look, look_at_host
    from config.run.reading import reading_apart
    from host.link.credentials import Credentials
    from host.metrics import count_fault
    from host.poster import Poster
    from host.program import Logins
    from host.program import run_host as run
    from host.steady import kept_going

    sys.setswitchinterval(TURN_SECONDS)
    level, zone = settings.log.level, settings.host.timezone
    tell_time_in(zone)
    dsn = dsn_of("host", settings.database, places.cluster)
    audit_dsn = dsn_if_told("audit", settings.database, places.cluster)
    night_dsn = dsn_if_told("night", settings.database, places.cluster)
    office_dsn = dsn_if_told("office", settings.database, places.cluster)
    apart = (
        nullcontext() if office_dsn is None else reading_apart(settings, places, dsn, office_dsn)
    )
    with control_socket(places, HOST) as control, apart as reads:
        logins = Logins(
            dsn,
            office_dsn,
            audit_dsn,
            None if audit_dsn is None else prover_apart(audit_dsn, places, level),
            reads,
            None if night_dsn is None else NightsApart(night_dsn, places, zone, level),
        )
        hsm, audit_key = open_hsm(settings.host.hsm, places, dsn), open_key(places)

        waiting = functools.partial(waiting_for_restart, settings, places, orders or Orders())

        async def beside(poster: Poster, credentials: Credentials | None) -> None:
            async def reload() -> Reread:
                return await reload_host(poster, credentials, waiting)

            async def look() -> Look:
                return await look_at_host(poster, settings.host)

            async def names(kind: str, beginning: str) -> Names:
                return await names_of_host(poster, logins, kind, beginning)

            answers = Answers(reload=reload, look=look, names=names)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(stand_by, control, answers)
                nursery.start_soon(keep_signing, dsn, places, audit_key)
                if night_dsn is not None:
                    deliver = functools.partial(keep_delivering, night_dsn, places, audit_key)
                    nursery.start_soon(kept_going, "deliveries", deliver, count_fault)
                if logins.office is not None:
                    tell = functools.partial(keep_telling, logins.office, hsm, settings.host)
                    nursery.start_soon(kept_going, "webhooks", tell, count_fault)
                if database is not None:
                    nursery.start_soon(_tend, database)

        _run_until_signal(
            lambda: run(
                settings.host,
                logins=logins,
                hsm=hsm,
                on_ready=on_ready,
                beside=beside,
            )
        )


def run_switch(
    settings: Settings, places: Places, on_ready: OnReady, orders: Orders | None = None
) -> None:
    """The switch, until a signal stops it; another makes it reload. It needs no database."""
    from config.run.control import control_socket
    from config.run.reloading import Reloader
    from switch.program import Switch
    from switch.program import run_switch as run

    tell_time_in(settings.host.timezone)
    orders, told = orders or Orders(), settings.switch
    siblings = siblings_of(Path(told.saf), orders.number, told.processes)
    reloader = Reloader(places, orders)
    with control_socket(places, orders.number) as control:

        async def stand_by(switch: Switch) -> None:
            await reloader.stand_by(switch, control)

        _run_until_signal(
            lambda: run(
                told,
                on_ready=on_ready,
                beside=stand_by,
                siblings=siblings,
                first_link_seconds_max=orders.first_link_seconds_max,
            )
        )


def run_web(
    settings: Settings, places: Places, on_ready: OnReady, orders: Orders | None = None
) -> None:
    """The web front, until a signal stops it; another makes it reload.

    It needs no database. Tills go before pages.
    """
    from config.language import chinese_of
    from config.run.asking import WEB
    from config.run.behind import NICE_PAGES, step_behind
    from config.run.control import control_socket
    from config.run.web_reloading import WebReloader
    from host.link.address import Address
    from host.link.credentials import Credentials
    from switch.web.program import WebFront
    from switch.web.program import run_web as run

    step_behind(NICE_PAGES)
    tell_time_in(settings.host.timezone)
    told = settings.switch
    address = Address.parse(told.link)
    credentials = Credentials(told.link_tls, calls=address.host) if told.link_tls else None
    reloader = WebReloader(places, orders or Orders())
    with control_socket(places, WEB) as control:

        async def stand_by(front: WebFront) -> None:
            await reloader.stand_by(front, control)

        _run_until_signal(
            lambda: run(
                settings.web,
                address,
                credentials,
                on_ready=on_ready,
                beside=stand_by,
                chinese=functools.lru_cache(SENTENCES_MAX)(chinese_of),
            )
        )


PROGRAMS: Final[dict[str, Callable[[Settings, Places, OnReady, Orders], None]]] = {
    "host": run_host,
    "switch": run_switch,
    "web": run_web,
}


def command(name: str, places: Places, orders: Orders | None = None) -> list[str]:
    """How a supervisor starts a program."""
    said = msgspec.json.encode(orders or Orders()).decode()
    return module_command("config.run.programs", name, places.data, said)


def say_ready(lines: list[str]) -> None:
    """Write the lines and `ready` to standard output; whatever is printed later is an error."""
    _settle_memory()
    sys.stdout.write("\n".join([*lines, READY]) + "\n")
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if isinstance(sys.stderr, Printed):
        sys.stdout = Printed("stdout", sys.stdout.fileno())


def _settle_memory() -> None:
    """What start-up has made lives as long as the process: nobody looks for what is free of it."""
    gc.collect()
    gc.freeze()


def main() -> int:
    """The entry of a supervised program. Gives its exit status."""
    keep_to_ourselves()
    name, data, said = sys.argv[1:]
    orders = msgspec.json.decode(said, type=Orders)
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=Settings)
    configure_logging(settings.log.level)
    sys.excepthook = uncaught
    try:
        PROGRAMS[name](settings, places_of(Path(data)), say_ready, orders)
    except operator_errors() as error:
        sys.stderr.write(f"posswitch {name}: {told(error)}\n")
        return exit_status_of(error)
    except OSError as error:
        sentence = explained(error)
        if sentence is None:
            raise
        sys.stderr.write(f"posswitch {name}: {told(sentence)}\n")
        return sentence.exit_status
    return 0


async def _tend(child: Tended) -> NoReturn:
    """Start it again whenever it has ended, for ever."""
    import trio

    while True:
        child.mend()
        await trio.sleep(LOOK_SECONDS)


def _run_until_signal(body: Body) -> None:
    """Run until the body returns, or cancel it at SIGTERM or SIGINT and let it put things away."""
    import trio

    async def until_signal() -> None:
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async with trio.open_nursery() as nursery:

                async def work() -> None:
                    await body()
                    nursery.cancel_scope.cancel()

                nursery.start_soon(work)
                async for _number in signals:
                    nursery.cancel_scope.cancel()

    try:
        with noise_in_lines():
            trio.run(until_signal)
    except BaseExceptionGroup as group:
        raise only_one_of(group) from None


def only_one_of(error: BaseException) -> BaseException:
    """An error out of the nurseries it was alone in; several stay together."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    sys.exit(main())
