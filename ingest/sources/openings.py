"""Which jobs a listing offers, or why it offers none (F-6: "0 open positions" and vendor talk are no postings).

A job counts when a role stands where offers put it: in the title; in the "Company | Role | Place" line of a forum post;
in a short line of a list; or behind words that look for somebody. Roles are the taxonomy's; what only describes a
company, asks for work or says that the offer is over names a reason instead.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Literal

from ingest.importers.canonical import Canonicaliser
from ingest.sources.addresses import links_in, without_links
from ingest.sources.listings import Listing
from ingest.sources.mentions import spoken_name
from ranking.cues import Cue, CueSet
from ranking.selling import not_a_posting
from ranking.text import Token, company_name_key, tokens_with_spans, words

Refusal = Literal["closed", "nothing open", "seeks work", "advertises", "names no job"]

_CUES = Path(__file__).with_name("posting_cues.toml")
_READ_CHARACTERS = 6_000
_HEAD_LINES = 3
_TITLE_WORDS = 12
_VAGUE_WORDS = 9
_SOUGHT_WORDS = 14
_MOST_TITLES = 12
_CLOSED_LINE = re.compile(
    r"\W*(?:(?:edit|update)\b[^a-z]*)?(?:closed|filled|expired|\[?flagged|dead)\b\s*(?:[\])!.:–—-]|$)",
    re.IGNORECASE,
)
_BAR = re.compile(r"\s*[|｜]\s*")
_BULLET = re.compile(r"\s*(?:[-–—*•●·▪◦‣→>+]+|\(?\d{1,2}[.)/x]|\[[^\]]{1,30}\])\s*")
_TITLE_END = re.compile(r"\s[-–—]\s|[:;(\[→|,]|\s/\s|\.(?:\s|$)")
_STOP = re.compile(r"[\n|()\[]|[.!?;:](?=\s|$)")
_RELATIVE = re.compile(
    r"\s(?:who|to|that|with|and help|for our|in our|at our|die|der|mit|qui|pour|que|con|para|com|met)\s"
)
_CLAUSE_END = re.compile(r",\s|\s[-–—]\s")
_AND = re.compile(r"\s(?:and|or|und|oder|et|ou|y|o|e|en|of|&)\s")
_CLAUSES = 3
_FIELDS_END = re.compile(r"[.!?;:\n(]")
_PREPOSITION = re.compile(
    r"\s(?:of|in|for|at|to|with|on|from|who|across|im|für|bei|mit|de|du|des|en|chez|pour|para|na|no|da|do|di|per|presso|voor|bij|van|met)\s"
    r"|[,(]|\s[-–—]\s",
    re.IGNORECASE,
)
# How words for people end in the seven languages; what precedes must be a role of the taxonomy all the same.
_AGENT = re.compile(
    r"(?:er|or|ist|ian|ant|yst|ect|tech|ive|eur|euse|teur|trice|ien|ienne|iste|ore|iere|ista|ero|era|eiro|eira|ora|ente"
    r"|in|aar|kundige|ico|ica|ado|ada)(?:e?s|en|innen|i|:in|\*in|/in)?\W*(?:\([^)]*\)|#?\d+|[IVX]+)?\W*$",
    re.IGNORECASE,
)
# Romance languages put the person first: "développeur full stack", "sviluppatore software".
_LEADING_AGENT = re.compile(
    r"\w+(?:eur|euse|trice|tore|ore|iere|ista|iste|ero|era|eiro|eira|ienne|dor|dora)\b", re.IGNORECASE
)
_INITIALS = re.compile(r"\b[A-Z]{2,4}s?$")
_PLACES = re.compile(
    r"\b(?:roles?|positions?|teams?|talent|folks|professionals|interns?|stellen|postes|puestos|vagas|posizioni|functies)$",
    re.IGNORECASE,
)
_MONEY = re.compile(r"\(?[$€£₹]\s?\d[^|)]*\)?|\(?\d[\d,.]*\s?[kK]\b[^|)]*\)?")
_DASH = re.compile(r"\s+[-–—]{1,2}\s+")
_AT_COMPANY = re.compile(r"\s(?:at|@|wanted)(?:\s|$)", re.IGNORECASE)
_LABEL = re.compile(
    r"^\s*(?:job\s?title|title|role|position|hiring|now hiring|poste|stelle|puesto|vaga|cargo|posizione|functie)\s*[:：]\s*",
    re.IGNORECASE,
)
_HEADS = re.compile(r"(?:head|chief|vp|director|lead)\b", re.IGNORECASE)
_SPEAKS = re.compile(
    r"(?:i['’]?m|i am|we|our|chat|email|apply|ask|meet|about|why|contact|help|hi)\b", re.IGNORECASE
)
_SPELLED = re.compile(r"[^\W\d_]+")
# Before "looking for" or "seeking" these make it what a company's customers do.
_AUDIENCE = frozenset(
    (
        "who",
        "that",
        "those",
        "people",
        "companies",
        "users",
        "managers",
        "customers",
        "businesses",
        "job",
        "anyone",
        "they",
    )
)
_FINITE = re.compile(r"\b(?:is|are|was|has|helps?|their|we|us)\b", re.IGNORECASE)
_LINE_STARTS = ("", "\n", "|", ":")
_TITLE_OPENERS = frozenset(("senior", "junior", "staff", "founding", "lead", "full"))
_ARTICLES = re.compile(
    r"^(?:(?:hiring|as|an?|our|the|my|your|another|several|multiple|some|more|many|first|number|ein|eine|einen|une?|des|uno?|una|um|uma"
    r"|een|talented|experienced|exceptional|great|strong|additional|of|for|to)\s+|#?\d+\s*x?\s+)+",
    re.IGNORECASE,
)
_LOWER_WORDS = frozenset((
    "of", "and", "for", "the", "in", "to", "a", "an", "de", "des", "du", "la", "le", "et", "und", "für", "y", "e",
    "di", "da", "per", "en", "van", "voor", "m", "w", "d", "h", "f",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opening:
    """What is open: titles as written, in order, 1 to 12 of them."""

    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cues:
    seeking_work: CueSet
    closed: CueSet
    seeks: CueSet
    fields: CueSet
    no_job: CueSet
    terms: CueSet


@lru_cache(maxsize=1)
def cue_sets() -> dict[str, CueSet]:
    """The pattern sets of `posting_cues.toml` by name, all languages of one together."""
    with _CUES.open("rb") as file:
        sections = tomllib.load(file)
    classes = sections.pop("classes")
    return {
        name: CueSet((pattern for patterns in section.values() for pattern in patterns), classes)
        for name, section in sections.items()
    }


@lru_cache(maxsize=1)
def _cues() -> _Cues:
    sets = cue_sets()
    return _Cues(*(sets[name] for name in ("seeking_work", "closed", "seeks", "fields", "no_job", "terms")))


def read_openings(listing: Listing, canonical: Canonicaliser) -> Opening | Refusal:
    """The jobs a listing offers, else why it is no posting."""
    if not listing.is_open:
        return "closed"
    if listing.title is not None:
        return _titled(listing.title, listing.body, canonical)
    text = listing.body[:_READ_CHARACTERS]
    lines = text.split("\n")
    if reason := _withdrawn(lines, canonical):
        return reason
    own = company_name_key(spoken_name(listing))
    titles = _distinct(
        title
        for title in _offered(lines, canonical)
        if company_name_key(title) != own or _is_plain_title(title, canonical)
    )
    if titles:
        return Opening(titles)
    tokens = words(text)
    if _cues().seeks.any(tokens):
        return "nothing open" if not_a_posting(tokens, "web_page") else "names no job"
    return "advertises" if not_a_posting(tokens, "job_posting") else "names no job"


def _titled(title: str, body: str, canonical: Canonicaliser) -> Opening | Refusal:
    if reason := _withdrawn([title, *body[:_READ_CHARACTERS].split("\n")], canonical):
        return reason
    if _cues().no_job.any(words(title)):
        return "names no job"
    known = _is_job(title, canonical) or _AGENT.search(_TITLE_END.split(title, maxsplit=1)[0].strip())
    return Opening((title,)) if known else "names no job"


def _withdrawn(lines: list[str], canonical: Canonicaliser) -> Refusal | None:
    """Why the whole text is no offer, from its first lines and its last."""
    head, tail = lines[:_HEAD_LINES], lines[-1:]
    if any(_CLOSED_LINE.match(line) for line in head):
        return "closed"
    told = [words(line) for line in (*head, *tail)]
    if any(_cues().closed.any(line) for line in told):
        return "closed"
    seeking = [list(_cues().seeking_work.find(line)) for line in told[:_HEAD_LINES]]
    if not any(seeking) or _seeks_beside(told[0], seeking[0]):
        return None
    # Below a header that offers a job the form of job seekers ("Willing to relocate: no") says what is wanted.
    header = None if seeking[0] else _header(lines, canonical)
    return None if header is not None and _parts(header[1], canonical) else "seeks work"


def _seeks_beside(line: list[str], seeking: list[Cue]) -> bool:
    """Whether a line looks for somebody in other words than those that look for work ("cherche un emploi")."""
    return any(
        all(cue.end <= other.start or other.end <= cue.start for other in seeking)
        for cue in _cues().seeks.find(line)
    )


def _offered(lines: list[str], canonical: Canonicaliser) -> list[str]:
    """Titles in the order of trust: a header's and a list's, then whom sentences look for, then mere fields."""
    header, text = _header(lines, canonical), "\n".join(lines)
    parts = _parts(header[1], canonical) if header is not None else []
    rest = lines if header is None else [*lines[: header[0]], *lines[header[0] + 1 :]]
    listed = _listed(rest, canonical, unmarked=header is not None or _terms_at_top(lines))
    told = header is not None or _cues().seeks.any(words(text)) or _terms_at_top(lines)
    named = [part for part in parts if _names_people(part, canonical)]
    named += [title for title, linked in listed if told or (linked and len(listed) > 1)]
    if named or not told:
        return named
    vague = [part for part in parts if len(words(part)) <= _VAGUE_WORDS and not _SPEAKS.match(part)]
    sought = [*_sought(text, canonical), *_fields(text, canonical)][:_MOST_TITLES]
    return sought or (vague if _terms_at_top(lines) else [])


def _terms_at_top(lines: list[str]) -> bool:
    return any(_cues().terms.any(words(line)) for line in lines[:_HEAD_LINES])


def _header(lines: list[str], canonical: Canonicaliser) -> tuple[int, list[str]] | None:
    """Which of the first lines is a forum's "Company | Role | Place | Full-time", and its parts; None when none is."""
    for place, line in enumerate(lines[:_HEAD_LINES]):
        barred = _BAR.split(line)
        if len(barred) >= 3:
            return place, barred
        if len(barred) == 2 and (
            _cues().terms.any(words(line)) or _names_people(_page_title(barred), canonical)
        ):
            return place, barred
        dashed = _DASH.split(line)
        if len(dashed) >= 3 and place == 0 and _cues().terms.any(words(line)):
            return place, dashed
    return None


def _page_title(parts: list[str]) -> str:
    """The title of a page that calls itself "Title at Company | Site"."""
    return _tidy(_AT_COMPANY.split(parts[0], maxsplit=1)[0])


def _parts(header: list[str], canonical: Canonicaliser) -> list[str]:
    """The parts of a header that name a role, a field or a rank; the first, as a rule the company, only when no other does."""
    parts = (_tidy(_ARTICLES.sub("", _tidy(_MONEY.sub(" ", part)))) for part in header[1:])
    found = [part for part in parts if len(words(part)) <= 2 * _TITLE_WORDS and _is_job(part, canonical)]
    if not any(_names_people(part, canonical) for part in found):
        first = _page_title(header)
        found += [first] if _is_plain_title(first, canonical) else []
    return found


def _listed(lines: Iterable[str], canonical: Canonicaliser, *, unmarked: bool) -> list[tuple[str, bool]]:
    """Titles that are lines of their own, short and written as titles are, each with whether an address follows.

    A line without list mark and address counts if `unmarked`: elsewhere it may be a tagline ("The AI Recruiter").
    """
    found: list[tuple[str, bool]] = []
    for line in lines:
        marked = _BULLET.match(line)
        is_marked = marked is not None and marked.end() > 0
        rest = _LABEL.sub("", line[marked.end() :] if marked is not None and is_marked else line)
        linked = bool(links_in(rest))
        title = _tidy(_ARTICLES.sub("", _TITLE_END.split(without_links(rest), maxsplit=1)[0]))
        alone = is_marked or linked or (unmarked and len(words(title)) > 1)
        if (
            alone
            and not (_SPEAKS.match(title) or _FINITE.search(title))
            and len(words(title)) <= _TITLE_WORDS
            and _written_as_title(title)
            and _names_people(title, canonical)
        ):
            found.append((title, linked))
    return found


def _sought(text: str, canonical: Canonicaliser) -> Iterator[str]:
    """Whom a sentence looks for: the words behind "we are hiring a ..." up to the end of the clause."""
    tokens = tokens_with_spans(text)
    folded = [token.text for token in tokens]
    for cue in _cues().seeks.find(folded):
        if not _spoken_by_employer(text, tokens, cue):
            continue
        # A cue may cover the first word of the title ("looking for a senior ..."): it is read again.
        opener = folded[cue.end - 1] in _TITLE_OPENERS
        start = tokens[cue.end - 1].start if opener else tokens[cue.end - 1].end
        stop = tokens[min(cue.end + _SOUGHT_WORDS, len(tokens)) - 1].end
        yield from islice(_people(text[start:stop].lstrip(" :*"), canonical), 1)


def _spoken_by_employer(text: str, tokens: list[Token], cue: Cue) -> bool:
    """Whether the words look for staff: not "the next generation of hiring", nor "for those who are looking for ..."."""
    before = tokens[cue.start - 1].text if cue.start else ""
    if tokens[cue.start].text == "hiring":
        return text[: tokens[cue.start].start].rstrip(" -*>→•")[-1:] in _LINE_STARTS or before == "actively"
    return before not in _AUDIENCE


def _people(phrase: str, canonical: Canonicaliser) -> Iterator[str]:
    """Who is named at the beginning of a phrase, behind two clauses at most ("a U.S.-based, fully remote engineer")."""
    sentence = _RELATIVE.split(_STOP.split(phrase, maxsplit=1)[0], maxsplit=1)[0]
    row = _tidy(_ARTICLES.sub("", sentence))
    if "," in row and len(words(row)) <= _TITLE_WORDS and _AGENT.search(row) and canonical.role_codes(row):
        yield row  # "ML, design and product engineers"
    for clause in _CLAUSE_END.split(sentence)[:_CLAUSES]:
        for part in (clause, _AND.split(clause, maxsplit=1)[0]):
            title = _tidy(_ARTICLES.sub("", part))
            if _names_people(title, canonical) and not _FINITE.search(title):
                short = len(words(title)) <= _TITLE_WORDS // 2
                yield title if short else _tidy(_PREPOSITION.split(title, maxsplit=1)[0])


def _fields(text: str, canonical: Canonicaliser) -> Iterator[str]:
    """A row of fields in which several are hired, as one title: "Multiple roles across IT, sales and design"."""
    tokens = tokens_with_spans(text)
    for cue in _cues().fields.find([token.text for token in tokens]):
        title = _tidy(_FIELDS_END.split(text[tokens[cue.start].start :], maxsplit=1)[0])
        if len(words(title)) <= 3 * _TITLE_WORDS and canonical.role_codes(title):
            yield title


def _is_job(title: str, canonical: Canonicaliser) -> bool:
    """Whether a title names a job: a role, or a rank beside another word, and no event or open-ended invitation."""
    tokens = words(title)
    if not tokens or _cues().no_job.any(tokens):
        return False
    seniority = canonical.seniority_code(title) if len(tokens) <= _TITLE_WORDS else None
    return (
        seniority == "training"
        or (seniority is not None and len(tokens) > 1)
        or bool(canonical.role_codes(title))
    )


def _names_people(title: str, canonical: Canonicaliser) -> bool:
    """Whether a title names who does the job ("Data Engineers", "Head of Growth"), not a field ("communications")."""
    head = _PREPOSITION.split(title, maxsplit=1)[0]
    if not words(head) or not _is_job(title, canonical):
        return False
    if _AGENT.search(head) or _LEADING_AGENT.match(head) or _INITIALS.search(head) or _PLACES.search(head):
        return bool(canonical.role_codes(head)) or canonical.seniority_code(head) is not None
    return canonical.seniority_code(head) is not None and len(words(title)) <= _TITLE_WORDS // 2


def _is_plain_title(part: str, canonical: Canonicaliser) -> bool:
    """Whether a part can be no company's name: "Support Engineer", "Head of Growth", but not "Coder" or "Bild AI"."""
    told = len(words(part)) > 1 and _AGENT.search(_PREPOSITION.split(part, maxsplit=1)[0])
    return bool(told or _HEADS.match(part)) and _names_people(part, canonical)


def _written_as_title(title: str) -> bool:
    """Whether most words begin with a capital, as in "Head of Growth", and not as in a sentence."""
    spelled = [word for word in _SPELLED.findall(title) if word.lower() not in _LOWER_WORDS]
    capital = sum(word[0].isupper() for word in spelled)
    return bool(spelled) and spelled[0][0].isupper() and 2 * capital > len(spelled)


def _tidy(part: str) -> str:
    """The part without addresses, stray marks and unmatched brackets."""
    plain = " ".join(without_links(part).split()).strip(" -–—*•:,;.[]/|#>")
    for opened, closed in ("()", "[]"):
        if plain.count(opened) > plain.count(closed):
            plain = plain[: plain.rindex(opened)].rstrip(" -–—*•:,;.")
        elif plain.count(opened) < plain.count(closed):
            plain = plain.replace(closed, "")
    return plain


def _distinct(titles: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for title in titles:
        key = " ".join(words(title))
        if not any(key in known for known in kept):
            kept[key] = title
        if len(kept) == _MOST_TITLES:
            break
    return tuple(kept.values())
