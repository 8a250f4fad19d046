"""Folded words of any text, with their place in the original, and keys by which companies and domains are compared.

Everything that compares words (taxonomy, parser, lexical index, keyword filters) uses these functions, so that "Müller" typed with or
without its umlaut, in capitals or decomposed, is one word everywhere.
"""

import re
import unicodedata
from typing import NamedTuple

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
_ACCENTS = re.compile("[\u0300-\u036f]")
_DOTTED_ENDINGS = "js|io|com|ai|net|co|org|app|dev|de|fr|es|it|nl|pt|eu|uk|tv|ly|sh|so|us|ch|at|be"
_WORD = r"[^\W_](?:[^\W_]|[\u0300-\u036f])*"
_TOKEN = re.compile(
    rf"""
      (?<!\w)24/7(?!\w)
    | (?<![\w.,])\d{{1,3}}(?:[.,'\u2019\u00a0\u202f]\d{{3}})+(?![.,]?\d)      # 1,000  10.000  1'000
    | (?<!\w)\d+[.,]\d+(?!\w)                                                 # 3.5
    | (?<!\w)[^\W\d_](?:\.[^\W\d_])+\.?(?!\w)                                 # U.S.  S.A.  z.B.
    | (?<!\w)[^\W\d_]{{1,2}}&[^\W\d_]{{1,2}}(?!\w)                            # R&D  AT&T
    | (?<!\w)[A-Za-z](?:\+\+|\#)(?!\w)                                        # C++  C#
    | (?<![\w.])\.[nN][eE][tT](?!\w)                                          # .NET
    | {_WORD}[nN]['\u2019][tT](?!\w)                                          # don't
    | (?P<genitive>(?<=\w)['\u2019][sS](?!\w))                                # company's
    | {_WORD}(?:\.(?i:{_DOTTED_ENDINGS})(?!\w))*                              # plain words, node.js, monday.com
    """,
    re.VERBOSE,
)
_GROUPED = re.compile(r"\d{1,3}(?:[.,'\u2019\u00a0\u202f]\d{3})+")
_DECIMAL = re.compile(r"\d+[.,]\d+")
_ACRONYM = re.compile(r"[^\W\d_](?:\.[^\W\d_])+\.?")
_KEPT_MARKS = frozenset("+#.&/")

_LEGAL_FORM_WORDS = """inc incorporated corp corporation co llc llp lp ltd limited plc pllc pbc gmbh mbh ag kg kgaa ug ohg gbr se
ev sa sas sasu sarl eurl snc scop srl srls spa sapa sl slu sll sc scl bv nv vof cv oy oyj ab as asa aps hf ehf kft zrt rt nyrt
sro doo dd ad ood eood uab sia ou lda ltda eireli mei sgps pty pte pvt private kk gk bhd sdn tbk pt jsc ooo oao zao pjsc fze
fzco fzc dmcc cvba bvba sprl asbl holding holdings"""
_LEGAL_FORMS = frozenset(_LEGAL_FORM_WORDS.split())
_SECOND_LEVELS = frozenset(
    {"co", "com", "org", "net", "ac", "gov", "edu", "gob", "gouv", "ne", "or", "go", "mil"}
)
_SHARED_HOST_NAMES = """github.io gitlab.io herokuapp.com myshopify.com vercel.app netlify.app notion.site wordpress.com
blogspot.com webflow.io wixsite.com squarespace.com web.app firebaseapp.com pages.dev azurewebsites.net carrd.co"""
_SHARED_HOSTS = frozenset(_SHARED_HOST_NAMES.split())
_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/@\s]*@)?([^/:?#\s]+)", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


class Token(NamedTuple):
    """A folded word and the code points [start, end) of the original text it was read from."""

    text: str
    start: int
    end: int


def fold(text: str) -> str:
    """Return the text in lower case without accents; idempotent. The length may change (ß -> ss, ﬁ -> fi)."""
    if text.isascii():
        return text.lower()
    folded = _fold_once(text)
    again = _fold_once(folded)
    while again != folded:
        folded, again = again, _fold_once(again)
    return folded


def _fold_once(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).translate(_LETTERS)


def tokens_with_spans(text: str) -> list[Token]:
    """Return the folded words of `text` in order, each with its span in code points of the original.

    Hyphens, underscores, slashes and apostrophes split; c++, c#, .net, node.js, b2b, 24/7, r&d and monday.com stay whole; "U.S." reads
    "us", "1,000" and "1.000" read "1000", "don't" reads "dont", and the genitive 's is left out.
    """
    tokens: list[Token] = []
    for found in _TOKEN.finditer(text):
        if found.lastgroup == "genitive":
            continue
        word = _token_text(found.group())
        if word:
            tokens.append(Token(word, found.start(), found.end()))
    return tokens


def words(text: str) -> list[str]:
    """Return the folded words of `text` in order; the same words as `tokens_with_spans`."""
    return [token.text for token in tokens_with_spans(text)]


def _token_text(raw: str) -> str:
    if raw.isascii() and raw.isalnum():
        return raw.lower()
    if _GROUPED.fullmatch(raw):
        return "".join(filter(str.isdigit, raw))
    if _DECIMAL.fullmatch(raw):
        return fold(raw).replace(",", ".")
    folded = fold(raw)
    if _ACRONYM.fullmatch(raw):
        folded = folded.replace(".", "")
    return "".join(mark for mark in folded if mark.isalnum() or mark in _KEPT_MARKS)


def company_name_key(name: str) -> str:
    """Return the folded words of a company name without legal form: "Müller GmbH & Co. KG" -> "muller".

    A name made of nothing but legal forms keeps its words. Empty for a name without any word.
    """
    parts = words(name)
    kept = parts[1:] if len(parts) > 1 and parts[0] == "the" else parts
    end = len(kept)
    while end > 1 and kept[end - 1] in _LEGAL_FORMS:
        end -= 1
    return " ".join(kept[:end])


def domain_key(address: str) -> str:
    """Return the registrable host of a URL or domain in lower case ASCII, "" when there is none.

    Scheme, credentials, port, path, "www" and other sub-domains are dropped; shared hosts keep the customer's label
    ("shop.myshopify.com"), national second levels theirs ("acme.co.uk").
    """
    found = _HOST.match(address.strip())
    if found is None:
        return ""
    try:
        host = found.group(1).lower().strip(".").encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    labels = host.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return ""
    if labels[-1].isdigit():
        return host if len(labels) == 4 else ""
    shared = ".".join(labels[-2:]) in _SHARED_HOSTS
    national = len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS
    kept = 3 if (shared or national) and len(labels) > 2 else 2
    return ".".join(labels[-kept:])
