"""`posswitch replay`: a recording said to another build, and what it answers otherwise."""

from pathlib import Path
from typing import Final

from config.as_json import print_json
from config.errors import FOUND_WRONG, SettingsError
from config.run.estates import estate_named
from config.screen import screen
from config.tasks.loops import run_loop
from config.tasks.reach import reach
from config.tasks.simulate import Target, trace_of_now
from simulators.recording import Recording, RecordingError, read_recording
from simulators.replay import Outcome, Place, replay

CHANNEL: Final = "pos"


def replay_file(target: Target, file: Path, speed: float) -> int:
    """Replay and report. Gives the exit status: 1 where an answer differs.

    Raises:
        SettingsError: the file is no recording, or the estate too small for it.
        SurroundingsError: nobody listens there.
    """
    recording, estate = _recording(file), estate_named(target.estate)
    where = target.place(CHANNEL)
    run_loop(reach, CHANNEL, where)
    place = Place(
        host=where.host,
        port=where.port,
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
    return FOUND_WRONG if outcome.differing else 0


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
    if recording.head.left_out:
        left = ", ".join(recording.head.left_out)
        console.print(f"not recorded, and so not replayed: channels {left}", markup=False)


def _field(name: str) -> str:
    return f"F{name}" if name.isdecimal() else name
