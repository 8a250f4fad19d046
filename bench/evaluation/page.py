"""docs/quality.md out of the records of quality: `python -m bench.evaluation.page`. No figure is written there by hand."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.record import RECORDS

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"
_MEASURES = {"precision_at_25": "Precision@25", "ndcg_at_10": "nDCG@10", "ndcg_at_25": "nDCG@25"}
_INTRO = """# Quality of the ranking

<!-- Made by `python -m bench.evaluation.page` out of the records of quality in bench/records/; a test compares the two. -->

What `leads evaluate` measures, and how sure it is. Read it with these in mind (reasons: `docs/decisions/0045-the-honest-bench.md`):

- A hit is a company that buys within 90 days after the day of the ranking; the ranking sees nothing of that. Lists that are too short are
  not forgiven.
- Intervals are 95 % bootstrap intervals that draw whole products (4,000 draws): one product in seven languages is one observation.
- Gains are against `v1.1`, the requirements' numbers, prompt by prompt on the same draws; "better" is the share of draws in which the gain
  is positive (ties count half). Nothing is corrected for the number of rows: of twenty useless changes one reaches .95.
- Half of the products are held out by a digest of their names; they stand in the last column and are for the last look. Training
  products of the frozen world are never among them, as the default booster learned from their past.
- The language model's route is measured where it is asked: `bench/records/llm-quality.json`.
"""


def page(folder: Path = RECORDS) -> str:
    """The whole page, one chapter per record in order of their names."""
    lines = [_INTRO]
    for path in sorted(folder.glob("quality*.json")):
        found = json.loads(path.read_text("utf-8"))
        lines += _chapter(path, found)
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


def _chapter(path: Path, found: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {path.stem}"
    yield ""
    yield f"Measured {found['started_at'][:16].replace('T', ' ')} UTC at commit `{found['git_sha'][:10]}`; `bench/records/{path.name}`."
    yield ""
    if "real" in found:
        yield from _real(found)
    else:
        yield from _purchases(path, found)


def _purchases(path: Path, found: Mapping[str, Any]) -> Iterator[str]:
    sizes = found["halves"]
    told = "; ".join(
        f"{half} half: {size['prompts']} prompts of {size['products']} products"
        + (f", {size['learned']} of them the booster's own" if size["learned"] else "")
        for half, size in sizes.items() if size["prompts"]
    )  # fmt: skip
    world = f", world `{found['world_sha256'][:12]}`" if found["world_sha256"] else ""
    yield f"Truth: {found['truth']}{world}. Booster `{found['booster']}`. {told[:1].upper()}{told[1:]}."
    yield ""
    if (path.parent / "plots" / f"{path.stem}.png").exists():
        yield f"![{path.stem}](../bench/records/plots/{path.stem}.png)"
        yield ""
    yield from _variants(found)
    yield from _stages(found)
    yield from _ladder(found)
    yield from _rates("By route (leads of `default`)", "route", found["routes"])
    yield from _rates("By what is known of a lead (leads of `default`)", "lead has", found["traits"])
    yield from _slices(found)
    yield from _languages(found)
    yield from _calibration(found)


def _variants(found: Mapping[str, Any]) -> Iterator[str]:
    yield "### Rankings"
    yield ""
    head = ["ranking", "kind", "what", "Precision@25", "better", "nDCG@10", "better", "nDCG@25", "better"]
    yield from _head([*head, "held out: Precision@25 / nDCG@10 / nDCG@25"])
    for name, row in found["variants"].items():
        cells = [name, row["kind"], row["what"]]
        for measure in _MEASURES:
            cells += [_interval(row["tuning"][measure]), _better(row["tuning"], measure)]
        final = row.get("final")
        last = (
            " / ".join(f"{_interval(final[each])} {_better(final, each)}".strip() for each in _MEASURES)
            if final
            else "not looked at"
        )
        yield _line([*cells, last])
    yield ""
    useless = [
        name for name, row in found["variants"].items()
        if row["kind"] in ("configuration", "fusion") and f"{'ndcg_at_25'}_gain" in row["tuning"]
        and all(row["tuning"][f"{each}_gain"]["better"] < 0.9 for each in _MEASURES)
    ]  # fmt: skip
    yield f"On the tuning half no measure is better with a probability of .9 for: {', '.join(useless) or 'none'}."
    yield ""


def _stages(found: Mapping[str, Any]) -> Iterator[str]:
    yield "### Buyers that each stage keeps"
    yield ""
    yield from _head(
        ["half", "buyers", "admitted strictly", "admitted", "in the pool", "companies admitted, mean"]
    )
    for half, row in found["reach"].items():
        kept = [_interval(row[each]) for each in ("strict", "admitted", "pool")]
        yield _line([half, f"{row['buyers_mean']:.1f}", *kept, f"{row['candidates_mean']:,.0f}"])
    yield ""


def _ladder(found: Mapping[str, Any]) -> Iterator[str]:
    if not found["ladder"]:
        return
    yield "### Who buys, by the step that would admit them"
    yield ""
    yield "Evidence is any snippet that names the product. Purchases outside a prompt's filters are no part of a synthetic world's truth."
    yield ""
    yield from _head(["admitted by", "companies per prompt", "bought", "held out: companies, bought"])
    for name, halves in found["ladder"].items():
        cells = [_rung(halves[half]) if half in halves else ("", "") for half in ("tuning", "final")]
        yield _line([name, *cells[0], ", ".join(each for each in cells[1] if each)])
    yield ""


def _rung(told: Mapping[str, Any]) -> tuple[str, str]:
    bought = told["bought"]
    return (
        f"{told['companies_mean']:,.1f}",
        f"{bought['mean']:.4f} ({bought['low']:.4f} to {bought['high']:.4f})",
    )


def _rates(title: str, what: str, rows: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield from _head([what, "share of leads", "bought", "held out: share, bought"])
    for name, halves in rows.items():
        cells = [_rate(halves[half]) if half in halves else ("", "") for half in ("tuning", "final")]
        yield _line([name, *cells[0], ", ".join(each for each in cells[1] if each)])
    yield ""


def _rate(told: Mapping[str, Any]) -> tuple[str, str]:
    return f"{told['share']:.3f}", _interval(told["bought"]) if told["bought"] else "-"


def _slices(found: Mapping[str, Any]) -> Iterator[str]:
    names = list(next(iter(next(iter(found["slices"].values())).values()), {})) if found["slices"] else []
    if not names:
        return
    yield "### By kind of prompt"
    yield ""
    yield from _head(
        ["prompts", *(f"{name}: Precision@25" for name in names), f"held out: {' / '.join(names)}"]
    )
    for trait, halves in found["slices"].items():
        tuning = halves.get("tuning", {})
        cells = [_interval(tuning[name]["precision_at_25"]) if name in tuning else "-" for name in names]
        final = halves.get("final", {})
        last = (
            " / ".join(_interval(final[name]["precision_at_25"]) for name in names)
            if final
            else "fewer than 3 products"
        )
        yield _line([trait, *cells, last])
    yield ""


def _languages(found: Mapping[str, Any]) -> Iterator[str]:
    if not found["languages"]:
        return
    yield "### Against the same request in English (`default`)"
    yield ""
    yield from _head(["language", "gain of Precision@25", "leads in common", "held out: gain, in common"])
    for language, halves in found["languages"].items():
        cells = [
            [_interval(halves[half]["precision_at_25_gain"]), _interval(halves[half]["overlap"])]
            if half in halves
            else ["", ""]
            for half in ("tuning", "final")
        ]
        yield _line([language, *cells[0], ", ".join(each for each in cells[1] if each)])
    yield ""


def _calibration(found: Mapping[str, Any]) -> Iterator[str]:
    yield "### Calibration"
    yield ""
    yield "What a lead of `default` states, and what share bought, in eight bins of equally many leads."
    yield ""
    yield from _head(["quantity", "half", "calibration error", "Brier score", "stated -> bought"])
    for quantity, halves in found["calibration"].items():
        for half, told in halves.items():
            curve = ", ".join(f"{each['predicted']:.2f} -> {each['mean']:.2f}" for each in told["bins"])
            yield _line([quantity, half, _interval(told["error"]), f"{told['brier']:.3f}", curve])
    yield ""


def _real(found: Mapping[str, Any]) -> Iterator[str]:
    if found["absent"]:
        yield f"Absent when this was measured: {', '.join(found['absent'])}."
        yield ""
    for name, told in found["real"].items():
        yield f"### {name}"
        yield ""
        notes = [f"{key}: {value}" for key, value in told.items() if not isinstance(value, Mapping)]
        yield "; ".join(notes) + "."
        yield ""
        if "tuning" in told:
            yield from _table(told)
            continue
        for outcome, halves in told.items():
            if isinstance(halves, Mapping):
                sizes = ", ".join(
                    f"{half} half {each['positive']} of {each['candidates']}" for half, each in halves.items()
                )
                yield f"**{outcome}**: {sizes}"
                yield ""
                yield from _table({half: each["rankings"] for half, each in halves.items()})


def _table(halves: Mapping[str, Any]) -> Iterator[str]:
    """Rankings by measure, the held-out half last."""
    tuning, final = halves["tuning"], halves.get("final")
    measures = [each for each in next(iter(tuning.values())) if not each.endswith("_gain")]
    columns = [part for each in measures for part in (each, "better")]
    yield from _head(["ranking", *columns, f"held out: {' / '.join(measures)}"])
    for name, row in tuning.items():
        cells = [part for each in measures for part in (_interval(row[each]), _better(row, each))]
        told = final[name] if final else None
        last = (
            [f"{_interval(told[each])} {_better(told, each)}".strip() for each in measures]
            if told
            else ["not looked at"]
        )
        yield _line([name, *cells, " / ".join(last)])
    yield ""


def _better(row: Mapping[str, Any], measure: str) -> str:
    gain = row.get(f"{measure}_gain")
    return f"{gain['mean']:+.3f}, p {gain['better']:.2f}" if gain else ""


def _interval(found: Mapping[str, float]) -> str:
    return f"{found['mean']:.3f} ({found['low']:.3f} to {found['high']:.3f})"


def _head(cells: list[str]) -> Iterator[str]:
    yield _line(cells)
    yield "|" + "---|" * len(cells)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
