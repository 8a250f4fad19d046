"""The breaker against a naive one that keeps every call and counts anew each time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.llm import BreakerConfig
from deployments.llm.breaker import Breaker
from deployments.llm.window import RollingWindow
from ranking.errors import Unavailable

CONFIG = BreakerConfig(error_rate=0.2, window_s=6.0, least_calls=5, open_s=4.0, probes=2)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "good", "bad", "bad", "given_up", "wait"]), st.integers(0, 9)
    ),
    max_size=80,
)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class NaiveWindow:
    """Keeps the time of every call; one counts as long as its sixtieth of the window is among the last sixty."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self.width_s, self.clock, self.calls = seconds / 60, clock, []

    def add(self, *, failed: bool) -> None:
        self.calls.append((int(self.clock() / self.width_s), failed))

    def counts(self) -> tuple[int, int]:
        now = int(self.clock() / self.width_s)
        live = [failed for at, failed in self.calls if at > now - 60]
        return len(live), sum(live)


class NaiveBreaker:
    """The rules of the breaker written as plainly as can be."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.state, self.opened_s, self.era = clock, "closed", 0.0, 0
        self.calls, self.probes, self.good_probes = NaiveWindow(CONFIG.window_s, clock), 0, 0

    def enter(self, state: str) -> None:
        self.state, self.opened_s, self.era = state, self.clock(), self.era + 1
        self.calls, self.probes, self.good_probes = NaiveWindow(CONFIG.window_s, self.clock), 0, 0

    def look(self) -> str:
        if self.state == "open" and self.clock() >= self.opened_s + CONFIG.open_s:
            self.enter("half-open")
        return self.state

    def ask(self) -> int | None:
        if self.look() == "open" or (
            self.state == "half-open" and self.probes + self.good_probes >= CONFIG.probes
        ):
            return None
        self.probes += self.state == "half-open"
        return self.era

    def settle(self, era: int, failed: bool | None) -> None:
        if era != self.era:
            return
        if self.state == "half-open":
            self.probes -= 1
            if failed:
                self.enter("open")
            elif failed is False:
                self.good_probes += 1
                if self.good_probes == CONFIG.probes:
                    self.enter("closed")
        elif failed is not None:
            self.calls.add(failed=failed)
            calls, failures = self.calls.counts()
            if calls >= 5 and failures >= calls / 5:
                self.enter("open")


@given(STEPS)
def test_it_does_what_the_naive_breaker_does(steps):
    clock = Clock()
    changes: list[tuple[str, str]] = []
    breaker, naive = (
        Breaker("llm", CONFIG, clock, lambda old, new: changes.append((old, new))),
        NaiveBreaker(clock),
    )
    pending = []
    for action, number in steps:
        if action == "wait":
            clock.now_s += 0.37 * number
        elif action == "ask":
            expected = naive.ask()
            if expected is None:
                with pytest.raises(Unavailable, match=r"breaker_(half_)?open"):
                    breaker.permit()
            else:
                pending.append((breaker.permit(), expected))
        elif pending:
            permit, era = pending.pop(number % len(pending))
            failed = {"good": False, "bad": True, "given_up": None}[action]
            permit.settle(failed=failed)
            permit.settle(failed=True)  # a permit counts once
            naive.settle(era, failed)
        assert breaker.state == naive.look()
    assert [new for _, new in changes] == [old for old, _ in changes[1:]] + (
        [breaker.state] if changes else []
    )
    assert breaker.epoch == len(changes)


@given(st.lists(st.tuples(st.floats(0.0, 3.0), st.booleans()), max_size=60))
def test_the_window_counts_what_a_list_of_all_calls_counts(calls):
    clock = Clock()
    window, naive = RollingWindow(6.0, clock), NaiveWindow(6.0, clock)
    for pause_s, failed in calls:
        clock.now_s += pause_s
        window.add(failed=failed)
        naive.add(failed=failed)
        assert window.counts() == naive.counts()
    clock.now_s += 6.2
    assert window.counts() == (0, 0)


@given(st.lists(st.booleans(), max_size=100))
def test_below_the_volume_it_never_opens(outcomes):
    breaker = Breaker("llm", BreakerConfig(least_calls=101, window_s=60.0), Clock(), lambda *_: None)
    for failed in outcomes:
        breaker.permit().settle(failed=failed)
    assert breaker.state == "closed"
