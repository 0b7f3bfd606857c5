"""Named places where a test may end the process, to prove that nothing is lost there.

Nothing happens at them: no setting and no variable of the environment can arm one. A launcher that
lives with the tests (`tests/faulty.py`) puts something else in the place of `reach` before any
module of a program is imported. Points: `mid_batch`, `before_commit`, `after_commit_before_reply`,
`saf_written`.
"""


def reach(_name: str) -> None:
    """Say that this point is reached."""
