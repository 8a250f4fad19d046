"""The account of admission adds up whatever happens, and nobody waits for ever."""

from hypothesis import given
from hypothesis import strategies as st

from deployments.admission import Admission, AdmissionLimits, Ticket
from ranking.errors import Overloaded

LIMITS = AdmissionLimits(most=12, least_width=3, first_rate=30.0)
ARRIVAL = st.tuples(st.just("come"), st.floats(-0.1, 30.0), st.integers(1, 25))
LEAVING = st.tuples(
    st.just("leave"), st.integers(0, 11), st.sampled_from(["answered", "timed_out", "failed"])
)
STEPS = st.lists(st.tuples(st.floats(0.0, 0.5), st.one_of(ARRIVAL, LEAVING)), max_size=80)


def refusal(account: Admission, now_s: float, ends_s: float, weight: int) -> Overloaded | None:
    try:
        account.check(now_s, ends_s, weight)
    except Overloaded as err:
        return err
    return None


class Story:
    """An account and what a caller knows of it."""

    def __init__(self) -> None:
        self.account = Admission(LIMITS)
        self.live: list[Ticket] = []
        self.now_s = 0.0

    def come(self, patience_s: float, weight: int) -> None:
        ends_s = self.now_s + patience_s
        refused = refusal(self.account, self.now_s, ends_s, weight)
        if refused is None:
            self.live.append(self.account.enter(self.now_s, ends_s, weight))
        else:
            assert self.live
            assert refused.retry_after_s >= 0.0

    def leave(self, which: int, ending: str) -> None:
        if self.live:
            self.account.leave(self.live.pop(which % len(self.live)), self.now_s, ending)
            self.call()

    def call(self) -> None:
        called = self.account.turns(self.now_s)
        assert all(ticket.state in ("running", "gone") for ticket in called)
        self.live = [ticket for ticket in self.live if ticket.state != "gone"]

    def check(self) -> None:
        states = [ticket.state for ticket in self.live]
        assert self.account.running == states.count("running")
        assert self.account.waiting == states.count("waiting")
        assert len(states) <= LIMITS.most
        assert "running" in states or not states
        assert self.account.rate >= 1.0


@given(STEPS)
def test_the_account_adds_up_and_empties(steps: list[tuple[float, tuple]]) -> None:
    story = Story()
    for passed_s, (step, *arguments) in steps:
        story.now_s += passed_s
        getattr(story, step)(*arguments)
        story.check()
    while story.live:
        running = next(ticket for ticket in story.live if ticket.state == "running")
        story.leave(story.live.index(running), "answered")
        story.check()
    assert (story.account.running, story.account.waiting) == (0, 0)


@given(st.lists(st.integers(1, 25), min_size=2, max_size=12))
def test_those_of_like_patience_start_in_the_order_they_came(weights: list[int]) -> None:
    story = Story()
    for weight in weights:
        story.live.append(story.account.enter(0.0, 20.0, weight))
    waiting = [ticket for ticket in story.live if ticket.state == "waiting"]
    started: list[Ticket] = []
    while any(ticket.state == "running" for ticket in story.live):
        running = next(ticket for ticket in story.live if ticket.state == "running")
        story.live.remove(running)
        story.account.leave(running, 0.01)
        started += story.account.turns(0.01)
    assert started == waiting
