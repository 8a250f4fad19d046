"""What the stand-in makes of a prompt: the product, the companies with their texts, and what stands outside the tags.

It reads what was written, as a model would, and knows nothing of how prompts are made beyond what they say of themselves.
"""

import re
from dataclasses import dataclass, field

_CODE = re.compile(r"^Code of the tags: (\S+)$", re.MULTILINE)
_COMPANY = re.compile(r"^Company (\S+)$")
_LABELLED = re.compile(r"^([A-Z][A-Za-z' ]*(?: \([^)]*\))?): (.*)$")


@dataclass
class SeenCompany:
    """One company as the prompt shows it; `outside` is what stands in its block beyond the tags."""

    identity: str
    facts: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


@dataclass
class SeenPrompt:
    """A whole prompt."""

    product: str = ""
    companies: list[SeenCompany] = field(default_factory=list)


def read_prompt(user: str) -> SeenPrompt:
    """The prompt's parts; lines that fit nowhere belong to the company before them."""
    code = _CODE.search(user)
    fence = code.group(1) if code else ""
    seen = SeenPrompt()
    for line in user.splitlines():
        company = _COMPANY.match(line)
        if company:
            seen.companies.append(SeenCompany(company.group(1)))
            continue
        labelled = _LABELLED.match(line)
        label, rest = labelled.groups() if labelled else ("", line)
        inside, outside = _split(rest, fence)
        if label == "Product":
            seen.product = inside
        elif seen.companies:
            _note(seen.companies[-1], label, inside, outside)
    return seen


def _note(company: SeenCompany, label: str, inside: str, outside: str) -> None:
    if label.startswith("Text"):
        company.texts.append(inside)
    elif inside:
        company.facts[label] = inside
    if outside:
        company.outside.append(outside)


def _split(line: str, fence: str) -> tuple[str, str]:
    """What stands between the first pair of tags, and the rest of the line."""
    opening, closing = f"<{fence}>", f"</{fence}>"
    start = line.find(opening)
    end = line.find(closing, start)
    if not fence or start < 0 or end < 0:
        return "", line.strip()
    return line[start + len(opening) : end], (line[:start] + line[end + len(closing) :]).strip()
