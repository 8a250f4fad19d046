"""Who is let in: goodput and latency under every load, in simulated time, and the account's rules one by one."""

import math
from collections import Counter

import pytest

from deployments.admission import Admission, AdmissionLimits, Ticket
from ranking.errors import Overloaded
from tests.fixtures.simulated_service import Seen, SimulatedService

LIMITS = AdmissionLimits(most=100, least_width=4, residence_s=0.1, spare=0.0, first_rate=40.0)
"""Four at a time, forty a second, until something else is observed."""


def quantile_ms(seen: list[Seen], share: float, outcome: str = "ok") -> float:
    latencies = sorted(each.latency_s for each in seen if each.outcome == outcome)
    return 1000.0 * latencies[int(share * (len(latencies) - 1))]


def per_second(seen: list[Seen], seconds: float) -> float:
    """Goodput, in ordinary queries."""
    return sum(each.weight for each in seen if each.outcome == "ok") / seconds


@pytest.mark.parametrize("capacity", [60.0, 250.0, 1000.0])
@pytest.mark.parametrize("load", [1.2, 1.5, 3.0, 5.0])
def test_beyond_capacity_goodput_stays_and_answers_are_in_time(capacity: float, load: float) -> None:
    service = SimulatedService(lambda _: capacity, refusal_s=0.075 / capacity)
    service.offer(load * capacity, 0.0, 8.0)
    seen = service.run().between(2.0, 8.0)
    left_for_answers = 1.0 - 0.075 * load  # of the loop, which also refuses
    assert per_second(seen, 6.0) > 0.9 * left_for_answers * min(1.0, load) * capacity
    assert quantile_ms(seen, 0.95) < 400.0 if load < 5.0 else 450.0
    assert quantile_ms(seen, 0.99) < 550.0


def test_at_three_times_the_capacity_goodput_is_at_least_seven_tenths_of_its_maximum() -> None:
    goodput = {}
    for load in (0.8, 1.0, 1.2, 3.0):
        service = SimulatedService(lambda _: 250.0)
        service.offer(load * 250.0, 0.0, 8.0)
        goodput[load] = per_second(service.run().between(2.0, 8.0), 6.0)
    assert goodput[3.0] > 0.7 * max(goodput.values())


@pytest.mark.parametrize("load", [0.1, 0.5, 0.8])
def test_below_capacity_nobody_is_refused(load: float) -> None:
    service = SimulatedService(lambda _: 250.0)
    service.offer(load * 250.0, 0.0, 8.0)
    assert {each.outcome for each in service.run().seen} == {"ok"}


def test_most_who_are_let_in_are_answered() -> None:
    """Work on what comes too late is wasted; it is rare once the rate is known."""
    service = SimulatedService(lambda _: 250.0)
    service.offer(750.0, 0.0, 8.0)
    outcomes = Counter(each.outcome for each in service.run().between(1.0, 8.0))
    assert outcomes["late"] + outcomes["line"] < 0.005 * outcomes["ok"]


def test_unsteady_capacity_wastes_little_work() -> None:
    """Three tenths of each second at half the speed: what is predicted must leave time to spare."""
    service = SimulatedService(lambda now_s: 250.0 * (0.6 if now_s % 1.0 < 0.3 else 1.17))
    service.offer(750.0, 0.0, 8.0)
    seen = service.run().between(1.0, 8.0)
    outcomes = Counter(each.outcome for each in seen)
    assert outcomes["late"] + outcomes["line"] < 0.02 * outcomes["ok"]
    assert quantile_ms(seen, 0.95) < 400.0


def test_a_change_of_capacity_is_learnt_within_two_seconds() -> None:
    service = SimulatedService(lambda now_s: 250.0 if now_s < 5.0 else 100.0 if now_s < 10.0 else 300.0)
    service.offer(400.0, 0.0, 15.0)
    service.run()
    assert per_second(service.between(7.0, 10.0), 3.0) > 0.85 * 100.0
    assert per_second(service.between(12.0, 15.0), 3.0) > 0.85 * 300.0
    assert quantile_ms(service.between(7.0, 10.0), 0.95) < 450.0


def test_after_an_overload_everybody_is_answered_again_within_a_second() -> None:
    service = SimulatedService(lambda _: 250.0)
    service.offer(1250.0, 0.0, 5.0)
    service.offer(150.0, 5.0, 10.0)
    assert {each.outcome for each in service.run().between(6.0, 10.0)} == {"ok"}
    assert quantile_ms(service.between(6.0, 10.0), 0.95) < 150.0


@pytest.mark.parametrize("before_s", [0.0, 8.0])
def test_a_burst_of_a_thousand_with_time_to_spare_is_answered(before_s: float) -> None:
    """At 250 a second it takes four of the five seconds; with history the rate is remembered, without it is believed."""
    service = SimulatedService(lambda _: 250.0)
    if before_s:
        service.offer(400.0, 0.0, before_s - 3.0)
    for number in range(1000):
        service.arrive(before_s + number * 0.0003, 5.0)
    burst = [each for each in service.run().seen if each.patience_s == 5.0]
    assert Counter(each.outcome for each in burst)["ok"] >= 950
    assert max(each.latency_s for each in burst) < 5.0


def test_a_burst_of_a_thousand_in_a_hurry_leaves_nothing_behind() -> None:
    service = SimulatedService(lambda _: 250.0)
    for number in range(1000):
        service.arrive(number * 0.0003)
    outcomes = Counter(each.outcome for each in service.run().seen)
    assert sum(outcomes.values()) == 1000
    assert outcomes["ok"] > 60  # a capacity of 250 makes 88 answers in 350 ms
    assert service.now_s < 2.0
    assert (service.admission.waiting, service.admission.running) == (0, 0)


def test_the_patient_and_the_hurried_share_what_there_is() -> None:
    service = SimulatedService(lambda _: 250.0)
    service.offer(750.0, 0.0, 20.0, lambda rng: (0.35 if rng.random() < 0.5 else 5.0, 1))
    seen = service.run().between(8.0, 20.0)
    hurried = per_second([each for each in seen if each.patience_s < 1.0], 12.0)
    patient = per_second([each for each in seen if each.patience_s > 1.0], 12.0)
    assert hurried == pytest.approx(patient, rel=0.25)
    assert hurried + patient > 0.75 * 250.0
    assert quantile_ms([each for each in seen if each.patience_s < 1.0], 0.95) < 400.0


def test_expensive_queries_cost_their_weight_and_not_the_others_time() -> None:
    service = SimulatedService(lambda _: 250.0)
    service.offer(400.0, 0.0, 12.0, lambda rng: (2.0, 20) if rng.random() < 0.03 else (0.35, 1))
    seen = service.run().between(3.0, 12.0)
    ordinary = [each for each in seen if each.weight == 1]
    assert quantile_ms(ordinary, 0.95) < 400.0
    assert per_second(ordinary, 9.0) > 0.4 * 250.0
    assert per_second(seen, 9.0) > 0.85 * 250.0


def entered(account: Admission, now_s: float, patience_s: float, weight: int = 1) -> Ticket:
    account.check(now_s, now_s + patience_s, weight)
    return account.enter(now_s, now_s + patience_s, weight)


def test_an_idle_service_refuses_nobody() -> None:
    account = Admission(LIMITS)
    assert entered(account, 0.0, 0.001).state == "running"
    assert entered(Admission(LIMITS), 0.0, -1.0, weight=1000).state == "running"


def test_four_may_run_and_the_fifth_waits_its_turn() -> None:
    account = Admission(LIMITS)
    tickets = [entered(account, 0.0, 1.0) for _ in range(5)]
    assert [ticket.state for ticket in tickets] == ["running"] * 4 + ["waiting"]
    assert account.turns(0.01) == []
    account.leave(tickets[1], 0.05)
    assert account.turns(0.05) == [tickets[4]]
    assert (account.running, account.waiting) == (4, 0)


def test_who_would_be_late_is_told_by_how_much() -> None:
    """Four in work and nine in line at 40 a second: the next is done after 14 / 40 = 0.35 s."""
    account = Admission(LIMITS)
    for _ in range(13):
        entered(account, 0.0, 0.5)
    entered(account, 0.0, 0.36)
    with pytest.raises(Overloaded) as refused:
        account.check(0.0, 0.3)
    assert refused.value.stage == "deadline"
    assert refused.value.retry_after_s == pytest.approx(15 / 40 - 0.3)


def test_beyond_the_hard_limit_nobody_is_taken_whatever_the_deadline() -> None:
    account = Admission(AdmissionLimits(most=3))
    for _ in range(3):
        entered(account, 0.0, 30.0)
    with pytest.raises(Overloaded) as refused:
        account.check(0.0, math.inf)
    assert refused.value.stage == "queue"


def test_whose_turn_comes_too_late_is_called_to_be_refused() -> None:
    account = Admission(LIMITS)
    running = [entered(account, 0.0, 5.0) for _ in range(4)]
    waiting = entered(account, 0.0, 0.2)
    account.leave(running[0], 0.19)
    assert account.turns(0.19) == [waiting]
    assert waiting.state == "gone"
    assert account.waiting == 0


def test_who_leaves_the_line_is_skipped() -> None:
    account = Admission(LIMITS)
    running = [entered(account, 0.0, 5.0) for _ in range(4)]
    first, second = entered(account, 0.0, 5.0), entered(account, 0.0, 5.0)
    account.leave(first, 0.05, "failed")
    account.leave(running[0], 0.06)
    assert account.turns(0.06) == [second]


def test_lines_take_turns() -> None:
    account = Admission(LIMITS)
    running = [entered(account, 0.0, 20.0) for _ in range(4)]
    patient = [entered(account, 0.0, 20.0) for _ in range(3)]
    hurried = [entered(account, 0.0, 0.5) for _ in range(2)]
    called = []
    for ticket in running:
        account.leave(ticket, 0.01)
        called += account.turns(0.01)
    assert set(called[:2]) == {patient[0], hurried[0]}
    assert set(called[2:4]) == {patient[1], hurried[1]}


def test_the_rate_is_what_leaves_at_full_load() -> None:
    account = Admission(LIMITS)
    now_s, running = 0.0, [entered(account, 0.0, 60.0) for _ in range(80)]
    for _ in range(200):  # one every 10 ms: a hundred a second
        now_s += 0.01
        account.leave(next(ticket for ticket in running if ticket.state == "running"), now_s)
        account.turns(now_s)
        running.append(entered(account, now_s, 60.0))
    assert account.rate == pytest.approx(100.0, rel=0.1)
    assert account.width == pytest.approx(10.0, rel=0.1)


def test_idle_time_says_nothing_of_the_rate() -> None:
    account = Admission(LIMITS)
    for second in range(50):
        account.leave(entered(account, float(second), 1.0), second + 0.05)
    assert account.rate == LIMITS.first_rate


@pytest.mark.parametrize(
    ("ending", "patience_s", "counts"),
    [("answered", 1.0, True), ("timed_out", 1.0, False), ("failed", 1.0, False), ("timed_out", 0.05, True)],
)
def test_only_answers_count_as_work_done(ending: str, patience_s: float, counts: bool) -> None:
    """A query that allowed 50 ms could not have been answered at full load anyway: it says nothing of the service.

    Of four that end at one moment three count: the last leaves a service that is half empty.
    """
    account = Admission(LIMITS)
    tickets = [entered(account, 0.0, patience_s) for _ in range(4)]
    for ticket in tickets:
        account.leave(ticket, 0.1, ending)
    done = LIMITS.first_rate * 0.2 * math.exp(-0.1 / 0.6) + (3.0 if counts else 0.0)
    assert account.rate == pytest.approx(done / (0.2 * math.exp(-0.1 / 0.6) + 0.1))
