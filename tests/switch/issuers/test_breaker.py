"""When an issuer is left in peace, and when it is tried again."""

from switch.issuers.breaker import Breaker, BreakerState


def opened(at: float = 100.0) -> Breaker:
    breaker = Breaker(3, 10.0)
    for _ in range(3):
        assert breaker.passes(at)
        breaker.failed(at)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row():
    breaker = Breaker(3, 10.0)
    for is_failure in (True, True, False, True, True):
        assert breaker.passes(0.0)
        if is_failure:
            breaker.failed(0.0)
        else:
            breaker.succeeded()
    assert breaker.state is BreakerState.CLOSED
    breaker.failed(0.0)
    assert breaker.state is BreakerState.OPEN  # type: ignore[comparison-overlap]
    assert not breaker.passes(9.9)


def test_after_the_pause_one_message_tries_it():
    breaker = opened()
    assert breaker.would_pass(110.0)
    assert breaker.passes(110.0)
    assert breaker.state is BreakerState.TRYING
    assert not breaker.passes(110.0), "one only"


def test_its_answer_closes_it():
    breaker = opened()
    breaker.passes(110.0)
    breaker.succeeded()
    assert [breaker.passes(110.0) for _ in range(2)] == [True, True]
    breaker.failed(110.0)
    assert breaker.passes(110.0), "the count starts again"


def test_its_time_out_opens_it_for_another_while():
    breaker = opened()
    breaker.passes(110.0)
    breaker.failed(125.0)
    assert not breaker.passes(134.9)
    assert breaker.passes(135.0)


def test_a_lost_line_is_no_time_out_but_ends_a_try():
    breaker = Breaker(1, 10.0)
    breaker.lost(0.0)
    assert breaker.state is BreakerState.CLOSED
    breaker = opened()
    breaker.passes(110.0)
    breaker.lost(111.0)
    assert breaker.state is BreakerState.OPEN
