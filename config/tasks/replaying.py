"""`posswitch replay`: a recording said to another build, and what it answers otherwise."""

import dataclasses
from pathlib import Path
from typing import Final

from config.as_json import print_json
from config.errors import FOUND_WRONG, SettingsError
from config.run.estates import estate_named
from config.screen import screen
from config.tasks.failed import failed_json, failed_lines, failed_status
from config.tasks.loops import run_loop
from config.tasks.reach import reach
from config.tasks.simulate import Target, trace_of_now
from simulators.channels import CHANNELS
from simulators.recording import Recording, RecordingError, read_recording
from simulators.replay import Outcome, Place, replay

CHANNEL: Final = "pos"
SPOKEN_AS: Final = {"ascii87-hex": "pos", "ascii87-bin": "pos"}
"""By dialect, whose row of the simulators' channels it is, where that is another's."""


def replay_file(target: Target, file: Path, speed: float, channel: str | None = None) -> int:
    """Replay one channel of a recording, or all, and report.

    Gives the exit status: 1 where an answer differs.

    Raises:
        SettingsError: the file is no recording, the estate too small for it, or a port not clear.
        SurroundingsError: nobody listens there.
    """
    recording, estate = _of_channel(_recording(file), channel), estate_named(target.estate)
    ports = _ports(target, recording)
    for dialect, port in ports.items():
        row = SPOKEN_AS.get(dialect, dialect)
        run_loop(reach, row, dataclasses.replace(target, port=port).place(row))
    where = target.place(CHANNEL)
    place = Place(
        host=where.host,
        port=where.port,
        ports=ports,
        answer_seconds_max=where.answer_seconds_max,
        last_trace=trace_of_now(),
    )
    try:
        outcome = run_loop(replay, recording, estate, place, speed)
    except RecordingError as error:
        raise _refused(file, str(error)) from None
    if target.as_json:
        print_json(_as_json(recording, outcome))
    else:
        _tell(recording, outcome)
    return failed_status(outcome.failures) or (FOUND_WRONG if outcome.differing else 0)


def _of_channel(recording: Recording, channel: str | None) -> Recording:
    if channel is None:
        return recording
    if channel not in recording.head.channels:
        raise SettingsError(
            f"the recording has no channel {channel}, only {', '.join(recording.head.channels)}. "
            "Next: name one of them, or leave --channel away",
            "E-RECORDING",
        )
    lines = tuple(line for line in recording.lines if line.channel == channel)
    return Recording(recording.head, lines)


def _ports(target: Target, recording: Recording) -> dict[str, int]:
    """By dialect. Each channel's is its kind's, unless one is named for one channel."""
    spoken = dict.fromkeys(line.dialect for line in recording.lines)
    ports = {each: target.port or CHANNELS[SPOKEN_AS.get(each, each)].port for each in spoken}
    if len(set(ports.values())) < len(ports):
        channels = dict.fromkeys(f"{line.channel} ({line.dialect})" for line in recording.lines)
        raise SettingsError(
            f"the channels {', '.join(channels)} cannot all be at one port. "
            "Next: replay them one by one, with --channel NAME --port PORT",
            "E-RECORDING",
        )
    return ports


def _recording(file: Path) -> Recording:
    try:
        return read_recording(file)
    except OSError as error:
        raise _refused(file, error.strerror or str(error)) from None
    except RecordingError as error:
        raise _refused(file, str(error)) from None


def _refused(file: Path, why: str) -> SettingsError:
    return SettingsError(
        f"{file} cannot be replayed: {why}. Next: make one with posswitch record FILE",
        "E-RECORDING",
    )


def _as_json(recording: Recording, outcome: Outcome) -> dict[str, object]:
    return {
        "recorded": len(recording.lines),
        "build": recording.head.build,
        "channels_not_recorded": recording.head.left_out,
        "played": outcome.played,
        "compared": outcome.compared,
        "differing": outcome.differing,
        "differences": [
            {"kind": kind, "field": field, "was": was, "now": now, "count": count}
            for (kind, field, was, now), count in outcome.counts.most_common()
        ],
        "examples": outcome.examples,
        "left_out": [
            {"kind": kind, "why": why, "count": count}
            for (kind, why), count in outcome.left_out.most_common()
        ],
        "failed": failed_json(outcome.failures),
    }


def _tell(recording: Recording, outcome: Outcome) -> None:
    console = screen()
    console.print(
        f"{len(recording.lines):,} messages recorded, {outcome.played:,} replayed, "
        f"{outcome.compared:,} answers compared: {outcome.differing:,} differ",
        markup=False,
    )
    for (kind, field, was, now), count in outcome.counts.most_common():
        console.print(f"  {count:,} x {kind}, {_field(field)}: {was} -> {now}", markup=False)
    for one in outcome.examples:
        console.print(
            f"at {one.at:.3f} s, terminal {one.terminal} (played by {one.played_by}), trace "
            f"{one.trace or 'none'}, card {one.card or 'none'}: {one.kind}, {_field(one.field)} "
            f"was {one.was}, is {one.now}",
            markup=False,
        )
    for (kind, why), count in outcome.left_out.most_common():
        console.print(f"not replayed: {count:,} x {kind}: {why}", markup=False)
    if outcome.left_out and outcome.differing:
        console.print("some differences may come of what was not replayed", markup=False)
    for name in recording.head.left_out:
        why = recording.head.why_left_out.get(name, "its build did not record it")
        console.print(f"not recorded, and so not replayed: {name}: {why}", markup=False)
    for failed in failed_lines(outcome.failures):
        console.print(failed, markup=False)


def _field(name: str) -> str:
    return f"F{name}" if name.isdecimal() else name
