"""An answer as tables for a terminal: what was understood, the leads with their evidence, and how the answer came about."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

Json = Mapping[str, Any]
_BAR_WIDTH = 20
_PLAIN_WIDTH = 140


def wide_console() -> Console:
    """The terminal, or 140 columns where the output goes to a file or a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=_PLAIN_WIDTH)


def show_answer(console: Console, prompt: str, answer: Json, *, explain: bool) -> None:
    """Print one answer of `POST /query`."""
    console.print(Panel(Text(prompt, style="bold"), title="prompt", title_align="left"))
    console.print(parsed_table(answer["parsed"]))
    console.print(leads_table(answer["leads"], explain=explain))
    console.print(account_table(answer["metadata"]))


def parsed_table(parsed: Json) -> Table:
    """What the parser understood, and the words that made it so."""
    table = Table(
        title="understood", title_justify="left", title_style="bold cyan", show_header=True, expand=False
    )
    table.add_column("field")
    table.add_column("value")
    table.add_column("because of", style="dim")
    words: dict[str, list[str]] = {}
    for span in parsed["spans"]:
        words.setdefault(span["field"], []).append(f"“{span['text']}”")
    for field, value in _filled(parsed):
        table.add_row(field, escape(value), escape(", ".join(dict.fromkeys(words.get(field, [])))))
    table.add_row("language, confidence", f"{parsed['language']}, {parsed['confidence']:.2f}", "")
    return table


def leads_table(leads: Iterable[Json], *, explain: bool) -> Table:
    """The ranked leads, each with its best evidence and where its points come from."""
    table = Table(title="leads", title_justify="left", title_style="bold cyan", show_lines=True)
    table.add_column("#", justify="right")
    table.add_column("company", ratio=3, overflow="fold")
    table.add_column("contact", ratio=2, overflow="fold")
    table.add_column("score = fit + intent", ratio=2)
    table.add_column("evidence", ratio=7, overflow="fold")
    for lead in leads:
        table.add_row(
            str(lead["rank"]), _company(lead), _contact(lead), _points(lead, explain=explain), _evidence(lead)
        )
    return table


def account_table(metadata: Json) -> Table:
    """How many were admitted by which step, who scored them, what was skipped, what it took and cost."""
    table = Table(title="how", title_justify="left", title_style="bold cyan", show_header=False)
    table.add_column(style="dim")
    table.add_column()
    relaxation = " → ".join(f"{each['step']} +{each['added']}" for each in metadata["relaxation"])
    table.add_row("admitted", f"{metadata['available']:,} companies: {relaxation or 'none'}")
    routes = ", ".join(f"{count} {name}" for name, count in metadata["routes"].items() if count)
    table.add_row("scored", f"pool of {metadata['pool']}: {routes or 'nobody'}")
    skipped = ", ".join(f"{each['stage']} ({each['reason']})" for each in metadata["degradations"])
    table.add_row("skipped", skipped or "nothing")
    if metadata["shortfall"]:
        table.add_row("shortfall", escape(metadata["shortfall"]["reason"]))
    if metadata["unresolved_exemplars"]:
        table.add_row("unknown exemplars", escape(", ".join(metadata["unresolved_exemplars"])))
    times = "  ".join(f"{stage} {spent:.1f}" for stage, spent in metadata["timings_ms"].items())
    table.add_row("milliseconds", times)
    cost = metadata["cost"]
    table.add_row("cost", f"${cost['total_usd']:.4f}, ${cost['per_lead_usd']:.4f} per lead")
    versions = "  ".join(f"{name} {value}" for name, value in metadata["versions"].items())
    table.add_row("versions", Text(versions, style="dim"))
    return table


def receipt_table(leads: Iterable[Json], metadata: Json) -> Table:
    """What the language model was asked for one query, what that has cost, and whom it judged."""
    cost, routes = metadata["cost"], metadata["routes"]
    table = Table(title="receipt", title_justify="left", title_style="bold cyan", show_header=False)
    table.add_column(style="dim")
    table.add_column()
    table.add_row(
        "asked", f"{cost['llm_ratio'] * metadata['pool']:.0f} companies of a pool of {metadata['pool']}"
    )
    tokens = f"{cost['tokens_in']:,} tokens in, {cost['tokens_out']:,} out"
    table.add_row("calls", f"{cost['llm_calls']}: {tokens}")
    table.add_row("cost", f"${cost['total_usd']:.6f}, ${cost['per_lead_usd']:.6f} per lead")
    if cost["pending_usd"]:
        table.add_row("on its way", f"at most ${cost['pending_usd']:.6f}, booked when it is here")
    judged = [
        f"{lead['company_name']} ({lead['intent_score']:.0f})"
        for lead in leads
        if lead["intent_source"] == "llm"
    ]
    table.add_row("judged", f"{routes.get('llm', 0)} of the pool, {len(judged)} of the leads")
    if judged:
        table.add_row("", escape(", ".join(judged)))
    return table


def _filled(parsed: Json) -> Iterable[tuple[str, str]]:
    for group in ("product", "include", "exclude"):
        for name, value in parsed[group].items():
            if value:
                yield f"{group}.{name}", _readable(value)
    if parsed["exemplars"]:
        yield "exemplars", _readable(parsed["exemplars"])
    if parsed["limit"]:
        yield "limit", str(parsed["limit"])


def _readable(value: Any) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(_range(each) if isinstance(each, Mapping) else str(each) for each in value)


def _range(bounds: Json) -> str:
    low, high = bounds["minimum"], bounds["maximum"]
    return f"{low or 0:,}+" if high is None else f"{low or 0:,}-{high:,}"


def _company(lead: Json) -> Text:
    place = ", ".join(part for part in (lead["city"], lead["country"]) if part)
    people = f"{lead['employee_count']:,} people" if lead["employee_count"] is not None else "size unknown"
    text = Text(lead["company_name"], style="bold")
    text.append(
        f"\n{lead['industry'] or 'industry unknown'} · {people} · {place or 'place unknown'}",
        style="not bold dim",
    )
    if lead["step"] != "strict":
        text.append(f"\n{lead['step']}", style="not bold yellow")
    return text


def _contact(lead: Json) -> Text:
    contact = lead["contact"]
    text = Text("\n".join(part for part in (contact["name"], contact["title"], contact["email"]) if part))
    if contact["note"]:
        text.append(f"\n{contact['note']}", style="yellow")
    return text


def _points(lead: Json, *, explain: bool) -> RenderableType:
    filled = round(_BAR_WIDTH * lead["score"])
    text = Text(f"{lead['score']:.3f} ", style="bold")
    text.append("█" * filled, style="green")
    text.append("·" * (_BAR_WIDTH - filled), style="dim")
    text.append(
        f"\nfit {lead['fit_score']:.2f}  intent {lead['intent_score']:.0f} ({lead['intent_source']})",
        style="not bold dim",
    )
    if not explain:
        return text
    grid = Table.grid(padding=(0, 1))
    for part in lead["waterfall"]:
        grid.add_row(
            Text(part["part"], style="dim"),
            f"{part['value']:.2f} × {part['weight']:.2f}",
            f"{part['points']:+.3f}",
        )
    return Group(text, grid)


def _evidence(lead: Json) -> Text:
    text = Text()
    for signal in lead["signals"]:
        points = f"{signal['points']:+.3f}" if signal["points"] is not None else "      "
        text.append(f"{signal['observed_at'] or 'undated':10} {points} ", style="cyan")
        shown = Text(" ".join(signal["text"].split()))
        shown.highlight_words(signal["matched_terms"], style="bold magenta")
        text.append_text(shown)
        text.append("\n")
    if not lead["signals"]:
        text.append("no dated evidence on record", style="dim")
    text.rstrip()
    return text
