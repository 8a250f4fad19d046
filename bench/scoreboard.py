"""The table at the top of docs/benchmarks.md: each scenario, ours, the peers, the ratio, and whether what must hold did."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bench.scenario import ELSEWHERE, NAMES

NOT_MEASURED = "not measured"
_HEAD = ("scenario", "ours", "peers", "ours over theirs", "what must hold", "held")
Record = Mapping[str, Any]


def table(records: Mapping[str, Record]) -> Iterator[str]:
    """Lines of the table; a scenario without a record is said to be not measured."""
    yield f"| {' | '.join(_HEAD)} |"
    yield "|" + "---|" * len(_HEAD)
    for name in (*NAMES, *ELSEWHERE):
        found = records.get(name)
        cells = _row(found) if found is not None else (NOT_MEASURED, "", "", "", NOT_MEASURED)
        yield f"| {' | '.join((f'[{name}](#{name})' if found else name, *cells))} |"


def headline(record: Record) -> str:
    """The figures that answer the scenario's question."""
    for key, told in _HEADLINES:
        if key in record:
            return told(record)
    return _latency(record)


def held(record: Record) -> str:
    """Whether all that must hold did; a shortened or doubtful run says so."""
    checks = [check for check in record.get("checks", ()) if not check.get("is_goal")]
    if not checks:
        return "nothing asked"
    missed = [check["what"] for check in checks if not check["held"]]
    said = f"missed: {'; '.join(missed)}" if missed else "held"
    marks = [mark for mark, key in (("shortened", "shortened"), ("doubtful", "doubts")) if record.get(key)]
    return f"{said} ({', '.join(marks)})" if marks else said


def _row(record: Record) -> tuple[str, str, str, str, str]:
    limits = [
        f"{'goal: ' if check.get('is_goal') else ''}{check['what']}: {check['limit']:g}"
        for check in record.get("checks", ())
    ]
    return headline(record), _peers(record), _ratios(record), "; ".join(limits), held(record)


def _peers(record: Record) -> str:
    """Highest rates of the peers of the same run."""
    rates = record.get("highest_held_qps", {}) if record.get("ratios") else {}
    told = {
        name: each["mean"] for name, each in rates.items() if isinstance(each, Mapping) and name != "ours"
    }
    return ", ".join(f"{name} {rate:g}/s" for name, rate in told.items())


def _ratios(record: Record) -> str:
    told = []
    for name, ratio in record.get("ratios", {}).items():
        peer = name.rpartition("/")[2]
        if ratio is None:
            told.append(f"{peer} {NOT_MEASURED}")
        elif isinstance(ratio, Mapping):
            bound = "at least " if ratio.get("at_least") else ""
            told.append(f"{peer} {bound}{ratio['value']:g} ({ratio['low']:g} to {ratio['high']:g})")
        else:
            told.append(f"{peer} {ratio:g}")
    return ", ".join(told)


def _latency(record: Record) -> str:
    latency = record.get("latency_ms")
    if not latency:
        return "no answer in time" if record.get("offered") and not record.get("completed") else "see below"
    rate = record.get("load", {}).get("offered_qps")
    at = f" at {rate:g}/s" if isinstance(rate, int | float) else ""
    cpu = record.get("cpu_ms_per_query", {}).get("total")
    spent = f", {cpu:g} ms of CPU per query" if cpu is not None else ""
    return f"P50 {latency['p50']:.0f}, P95 {latency['p95']:.0f}, P99 {latency['p99']:.0f} ms{at}{spent}"


def _burst(record: Record) -> str:
    by_deadline: dict[int, list[int]] = {}
    for step in record["steps"]:
        by_deadline.setdefault(step["deadline_ms"], []).append(step["completed"])
    told = [f"{min(each):,} answered at {deadline_ms} ms" for deadline_ms, each in by_deadline.items()]
    memory = record["ingress_rss_mib"]
    return f"{', '.join(told)}; ingress {memory['before']:.0f} to {memory['after_each_round'][-1]:.0f} MiB"


def _cold(record: Record) -> str:
    return f"first answer after {record['first_answer_s']:g} s; first {record['offered']}: {_latency(record)}"


def _highest(record: Record) -> str:
    rates = record["highest_held_qps"]
    if "ours" in rates:
        return f"{rates['ours']['mean']:g}/s"
    told = [f"{rate:g}/s with {name.replace('_', ' ')}" for name, rate in rates.items()]
    cpu = record["cpu_ms_per_query"]["total"]
    return f"{', '.join(told)}; {cpu:g} ms of CPU per query there"


def _overload(record: Record) -> str:
    goodput = [f"{step['goodput_qps']:g}/s at {step['factor']:g}x" for step in record["steps"]]
    took = record["recovery_s"]
    recovered = f"recovered after {took} s" if took is not None else "did not recover"
    return f"capacity {record['capacity_qps']:g}/s; timely answers {', '.join(goodput)}; {recovered}"


def _faulty(record: Record) -> str:
    p95, times = record["p95_ms"], record["breaker"]
    told = ", ".join(f"{name} {ms:.0f}" for name, ms in p95.items())
    opened, closed = _seconds(times["opened_after_s"]), _seconds(times["closed_again_after_s"])
    return f"P95 ms {told}; breaker open after {opened}, closed again after {closed}"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:g} s"


def _offline(record: Record) -> str:
    rates, memory = record["prompts_per_s"], max(record["peak_pss_mib"].values())
    even = record["even_at_prompts"]
    sooner = "never sooner done than the API" if even is None else f"sooner done from {even:,} prompts on"
    return (
        f"{rates['batch']:g} prompts/s, {rates['batch after its start']:g} once started ({record['start_s']:g} s), "
        f"{rates['http']:g} over HTTP; {sooner}; {memory / 1024.0:.2f} GiB"
    )


def _passes(record: Record) -> str:
    told = [
        f"pass {name} ${each['per_lead_usd']['mean']:.5f} a lead, LLM ratio {each['llm_ratio']:.3f}"
        for name, each in record["passes"].items()
    ]
    return "; ".join(told)


_HEADLINES: tuple[tuple[str, Callable[[Record], str]], ...] = (
    ("capacity_qps", _overload),
    ("highest_held_qps", _highest),
    ("first_answer_s", _cold),
    ("ingress_rss_mib", _burst),
    ("p95_ratio", _faulty),
    ("passes", _passes),
    ("prompts_per_s", _offline),
)
