"""What the host counts is there when it is first counted, or from the first look of who watches."""

import json
import subprocess
import sys

from host.model.requests import Kind
from host.model.responses import Reason

PROGRAM = """
import json
from prometheus_client import REGISTRY
from host.metrics import REQUESTS, bind_all_requests
from host.model.requests import Kind
from host.model.responses import Reason

def seen():
    [family] = [one for one in REGISTRY.collect() if one.name == "posswitch_host_requests"]
    return [
        [*one.labels.values(), one.value] for one in family.samples if one.name.endswith("_total")
    ]

told = [seen()]
REQUESTS[Kind.PURCHASE, Reason.APPROVED].inc()
told.append(seen())
bind_all_requests()
told.append(seen())
print(json.dumps(told))
"""


def test_a_request_is_bound_when_it_is_counted_and_each_where_a_page_is_read() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=60
    )
    before, after, bound = json.loads(done.stdout)
    assert before == []
    assert after == [[Kind.PURCHASE.value, Reason.APPROVED.value, 1.0]]
    assert {(kind, reason): value for kind, reason, value in bound} == {
        (kind.value, reason.value): float((kind, reason) == (Kind.PURCHASE, Reason.APPROVED))
        for kind in Kind
        for reason in Reason
    }
