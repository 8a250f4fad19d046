"""Which words are the title of a job, and how titles are written."""

import re

from ingest.importers.canonical import Canonicaliser
from ingest.sources.addresses import without_links
from ingest.sources.posting_cues import posting_cues
from ranking.text import words

TITLE_WORDS = 12
TITLE_END = re.compile(r"\s[-–—]\s|[:;(\[→|,]|\s/\s|\.(?:\s|$)")
ARTICLES = re.compile(
    r"^(?:(?:hiring|as|an?|our|the|my|your|another|several|multiple|some|more|many|first|number|ein|eine|einen|une?|des|uno?|una|um|uma"
    r"|een|talented|experienced|exceptional|great|strong|additional|of|for|to)\s+|#?\d+\s*x?\s+)+",
    re.IGNORECASE,
)
FINITE = re.compile(r"\b(?:is|are|was|has|helps?|their|we|us)\b", re.IGNORECASE)
PREPOSITION = re.compile(
    r"\s(?:of|in|for|at|to|with|on|from|who|across|im|für|bei|mit|de|du|des|en|chez|pour|para|na|no|da|do|di|per|presso|voor|bij|van|met)\s"
    r"|[,(]|\s[-–—]\s",
    re.IGNORECASE,
)
# How words for people end in the seven languages; what precedes must be a role of the taxonomy all the same.
AGENT = re.compile(
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
_HEADS = re.compile(r"(?:head|chief|vp|director|lead)\b", re.IGNORECASE)
_SPELLED = re.compile(r"[^\W\d_]+")
_LOWER_WORDS = frozenset((
    "of", "and", "for", "the", "in", "to", "a", "an", "de", "des", "du", "la", "le", "et", "und", "für", "y", "e",
    "di", "da", "per", "en", "van", "voor", "m", "w", "d", "h", "f",
))  # fmt: skip


def is_job(title: str, canonical: Canonicaliser) -> bool:
    """Whether a title names a job: a role, or a rank beside another word, and no event or open-ended invitation."""
    tokens = words(title)
    if not tokens or posting_cues().no_job.any(tokens):
        return False
    seniority = canonical.seniority_code(title) if len(tokens) <= TITLE_WORDS else None
    return (
        seniority == "training"
        or (seniority is not None and len(tokens) > 1)
        or bool(canonical.role_codes(title))
    )


def names_people(title: str, canonical: Canonicaliser) -> bool:
    """Whether a title names who does the job ("Data Engineers", "Head of Growth"), not a field ("communications")."""
    head = PREPOSITION.split(title, maxsplit=1)[0]
    if not words(head) or not is_job(title, canonical):
        return False
    if AGENT.search(head) or _LEADING_AGENT.match(head) or _INITIALS.search(head) or _PLACES.search(head):
        return bool(canonical.role_codes(head)) or canonical.seniority_code(head) is not None
    return canonical.seniority_code(head) is not None and len(words(title)) <= TITLE_WORDS // 2


def is_plain_title(part: str, canonical: Canonicaliser) -> bool:
    """Whether a part can be no company's name: "Support Engineer", "Head of Growth", but not "Coder" or "Bild AI"."""
    told = len(words(part)) > 1 and AGENT.search(PREPOSITION.split(part, maxsplit=1)[0])
    return bool(told or _HEADS.match(part)) and names_people(part, canonical)


def written_as_title(title: str) -> bool:
    """Whether most words begin with a capital, as in "Head of Growth", and not as in a sentence."""
    spelled = [word for word in _SPELLED.findall(title) if word.lower() not in _LOWER_WORDS]
    capital = sum(word[0].isupper() for word in spelled)
    return bool(spelled) and spelled[0][0].isupper() and 2 * capital > len(spelled)


def tidied(part: str) -> str:
    """The part without addresses, stray marks and unmatched brackets."""
    plain = " ".join(without_links(part).split()).strip(" -–—*•:,;.[]/|#>")
    for opened, closed in ("()", "[]"):
        if plain.count(opened) > plain.count(closed):
            plain = plain[: plain.rindex(opened)].rstrip(" -–—*•:,;.")
        elif plain.count(opened) < plain.count(closed):
            plain = plain.replace(closed, "")
    return plain
