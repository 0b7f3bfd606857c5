"""Whatever one of many does, the others go on: every child of a nursery in a simulation is guarded.

A child is guarded where `Failures.alone` or `Failures.kept` runs it, or where it is a method of
whose body that is all. `MAY_END_ALL` has the others, each with its reason.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("simulators", "docs/examples", "config/tasks", "config/bench")
STARTS = frozenset({"start_soon", "start", "serve_listeners", "serve_tcp", "serve_ssl_over_tcp"})
NURSERIES = frozenset({"nursery", "side", "main", "late", "self.late", "host.late", "trio"})
GUARDS = frozenset({"alone", "kept"})
STOPPED = "it ends the rest on purpose, for whoever stops it"
MEASURED = "a figure in which one failed is no figure: the bench fails, and says so"
COMPARED = (
    "a recording with a hole, or a part of it played, compares nothing: it ends, with its error"
)
MAY_END_ALL = {
    ("config/tasks/recording.py", "_write"): COMPARED,
    ("config/tasks/recording.py", "_stop_in_time"): STOPPED,
    ("simulators/nac.py", "self._live"): "whoever starts it is told where it cannot listen",
    ("config/tasks/watching.py", "self._hear_whether_anybody_answers"): "nobody answers any",
    ("config/tasks/watching.py", "self._heed_interrupts"): STOPPED,
    ("config/tasks/demo.py", "_watch"): "host or switch has ended, and nothing can go on",
    ("config/tasks/demo.py", "_stop_at_signal"): STOPPED,
    ("config/tasks/demo.py", "self._night"): "it keeps its error until the day is over",
    ("simulators/browsers.py", "self._work"): MEASURED,
    ("simulators/browsers.py", "line.hear"): MEASURED,
    ("config/bench/gate.py", "trade.take_gifts if is_gift else trade.sell"): MEASURED,
    ("config/bench/nac.py", "self._later"): MEASURED,
    ("config/bench/nac.py", "serve"): MEASURED,
    ("config/bench/nac.py", "one_slow"): MEASURED,
    ("config/bench/nac.py", "trade"): MEASURED,
    ("config/bench/channels.py", "_say_yes"): MEASURED,
    ("config/bench/channels.py", "self._talk"): MEASURED,
    ("config/bench/channels.py", "_approve_all"): MEASURED,
    ("config/bench/slow.py", "senders.run"): "each of its senders is guarded by itself",
}


def children() -> Iterator[tuple[str, str]]:
    """Where each child is begun that nothing guards, and what it is."""
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            for child in unguarded(ast.parse(file.read_text("utf-8"))):
                yield str(file.relative_to(ROOT)), child


def unguarded(tree: ast.Module) -> Iterator[str]:
    guards = GUARDS | {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef) and is_guard(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and is_start(node):
            child = node.args[0]
            if last_name(child) not in guards:
                yield ast.unparse(child)


def is_start(call: ast.Call) -> bool:
    """Whether it begins a child: of a nursery, or one for each connection."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in STARTS or not call.args:
        return False
    return func.attr != "start" or ast.unparse(func.value) in NURSERIES


def is_guard(function: ast.AsyncFunctionDef) -> bool:
    """Whether all that it does is to guard another."""
    match [each for each in function.body if not is_docstring(each)]:
        case [ast.Expr(value=ast.Await(value=ast.Call(func=func)))]:
            return last_name(func) in GUARDS
    return False


def is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def last_name(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def test_no_child_of_a_simulations_nursery_ends_the_others() -> None:
    found = set(children())
    assert found - MAY_END_ALL.keys() == set(), "guard it: Failures.alone, or Failures.kept"
    assert MAY_END_ALL.keys() - found == set(), "a reason for what is no more"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nursery.start_soon(self._one, 1)", ["self._one"]),
        ("side.start_soon(run)", ["run"]),
        ("await nursery.start(self._live)", ["self._live"]),
        ("await trio.serve_listeners(self._serve, [listener])", ["self._serve"]),
        ("nursery.start_soon(trio.serve_listeners, serve, [l])", ["trio.serve_listeners"]),
        ("nursery.start_soon(failures.alone, 'one', '', self._one)", []),
        ("nursery.start_soon(self.failures.kept, 'one', '', self._one)", []),
        ("nursery.start_soon(one)\n async def one():\n  await f.alone('one', '', other)", []),
        ("nursery.start_soon(one)\n async def one():\n  await f.alone('a', '', b)\n  c()", ["one"]),
    ],
)
def test_a_child_without_a_guard_is_found(text: str, found: list[str]) -> None:
    assert list(unguarded(ast.parse(f"async def all():\n {text}"))) == found
