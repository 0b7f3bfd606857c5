"""The machine: whose the data directory is, its secrets, the disks, the limits of a process."""

import os
import resource
import stat
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from config.doctor.findings import Finding, House, doubt, good, unseen, wrong
from config.run.asking import HOST
from host.hsm.vault import LMK_VARIABLE

ROOM_BYTES_MIN: Final = 64 * 2**20
"""With less nothing goes on for long."""
ROOM_BYTES_LOW: Final = 2**30
ROOM_PART_LOW: Final = 0.05
SYNC_SECONDS_SLOW: Final = 0.05
"""A commit waits for one at least."""
SYNCS: Final = 5
SYNC_BYTES: Final = 4096
NO_SALES: Final = "sales are answered 96 once nothing can be written"
FLEETING: Final = frozenset({"tmpfs", "ramfs"})
"""File systems in memory."""
HOUSE_FILES: Final = 64
"""What a switch has open beside its callers, roughly."""
OTHERS_MAY: Final = stat.S_IRWXG | stat.S_IRWXO


def look_at_directory(house: House) -> Iterator[Finding]:
    """The data directory is yours."""
    if not house.exists:
        yield good(f"{house.places.data} is not made yet; posswitch up makes it")
        return
    mode = stat.S_IMODE(house.places.data.stat().st_mode)
    yield good(f"{house.places.data} is yours, mode {mode:04o}")


def look_at_secrets(house: House) -> Iterator[Finding]:
    """Keys and passwords are read by nobody else, and none is missing."""
    secrets, lmk = house.places.secrets, house.places.lmk
    if not secrets.exists():
        yield unseen("there are none yet")
        return
    open_ones = [path for path in secrets.iterdir() if path.stat().st_mode & OTHERS_MAY]
    for path in open_ones:
        yield wrong(f"{path} may be read by others", f"chmod 600 {path}")
    if house.places.audit_public_key.exists() and not house.places.audit_key.exists():
        yield wrong(
            f"{house.places.audit_key}, which signs the audit's heads, is missing",
            "put it back from your copy",
        )
    in_device = house.settings is not None and house.settings.host.hsm.module is not None
    if not (lmk.exists() or in_device or LMK_VARIABLE in os.environ):
        yield wrong(
            f"{lmk} is missing: without it no stored key or card number can be read",
            f"put it back from your copy, or set {LMK_VARIABLE}",
        )
    elif not open_ones:
        where = "in the device" if in_device else "there"
        yield good(f"the LMK is {where}, and nobody else may read what is secret")


def look_at_disks(house: House) -> Iterator[Finding]:
    """There is room, and what is written stays."""
    places = house.places
    seen: set[int] = set()
    of_the_database = _nearest(places.cluster.home).stat().st_dev
    for place, lost in (
        (places.data, "reversals that the switch owes, and signed heads, find no place"),
        (places.cluster.home, NO_SALES),
        (places.log, "lines of the logs are lost"),
        (places.files, "no date is finished without its files"),
    ):
        there = _nearest(place)
        device = there.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield _room(there, NO_SALES if device == of_the_database else lost)
            if (kind := _kind_of(there)) in FLEETING:
                yield doubt(
                    f"{there} is {kind}: what is in it is gone with the machine",
                    "name a directory on a disk with --data, before anything of worth is in it",
                )
    yield _sync(_nearest(places.data))


def look_at_limits(house: House) -> Iterator[Finding]:
    """A process may have as many files open as there may be callers."""
    if house.settings is None:
        yield unseen("without settings nobody knows how many callers there may be")
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    switches = [look for look in house.looks if look.number > HOST]
    told = {s.value for look in switches for s in look.samples if s.name == "process_max_fds"}
    limit = int(min(told)) if told else hard
    whose = "the running switch" if told else "a process of yours"
    callers = sum(
        row.connections_max for row in house.settings.switch.channels if row.connect_to is None
    )
    found = f"{whose} may have {limit:,} files open; the channels allow {callers:,} callers"
    if limit >= callers + HOUSE_FILES:
        yield good(found)
    else:
        yield doubt(
            f"{found}: those beyond are let go at once",
            "raise ulimit -Hn (LimitNOFILE of the service), or lower connections_max",
        )


def _nearest(place: Path) -> Path:
    """The place, or what is there of it."""
    return next(each for each in (place, *place.parents) if each.exists())


def _room(place: Path, lost: str) -> Finding:
    told = os.statvfs(place)
    free, size = told.f_bavail * told.f_frsize, told.f_blocks * told.f_frsize
    unit, name = (1e9, "GB") if size >= 1e9 else (1e6, "MB")
    found = f"{place}: {free / unit:,.1f} of {size / unit:,.1f} {name} free"
    cure = f"make room: du -xsh {place}/*; old logs and copies first"
    if free < ROOM_BYTES_MIN or (told.f_files and not told.f_favail):
        return wrong(f"{found}: {lost}", cure)
    if free < ROOM_BYTES_LOW or free < ROOM_PART_LOW * size:
        return doubt(found, cure)
    return good(found)


def _sync(place: Path) -> Finding:
    """How long a small write takes until it is on the disk; the median of a few."""
    seconds = []
    try:
        with tempfile.TemporaryFile(dir=place, prefix=".posswitch-doctor-") as file:
            for _ in range(SYNCS):
                file.write(os.urandom(SYNC_BYTES))
                file.flush()
                began = time.perf_counter()
                os.fdatasync(file.fileno())
                seconds.append(time.perf_counter() - began)
    except OSError as error:
        return wrong(
            f"nothing can be written in {place}: {error.strerror}",
            "mount it for writing, make room, or run this as its owner",
        )
    took = statistics.median(seconds)
    found = f"{place}: a write is on the disk in {1000 * took:.1f} ms"
    if took > SYNC_SECONDS_SLOW:
        cure = "a disk of its own for the database, or a controller that keeps what it has"
        return doubt(f"{found}, and every approval waits for one", cure)
    return good(found)


def _kind_of(place: Path) -> str:
    """The kind of file system, by the longest mount point above a place."""
    best, kind = "", ""
    target = str(place.resolve())
    for line in Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines():
        _, point, name, *_ = line.split(" ")
        at_or_below = target == point or target.startswith(point.rstrip("/") + "/")
        if at_or_below and len(point) >= len(best):
            best, kind = point, name
    return kind
