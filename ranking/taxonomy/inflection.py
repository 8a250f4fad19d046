"""Regular plural and declined forms of surface phrases, so that data files name each word once.

Wrong forms do no harm (nobody writes them); explicit forms in the data always win over these.
"""

from collections.abc import Callable
from typing import Final

_VOWELS: Final = frozenset("aeiou")
_LINK_WORDS: Final = """de del della dello dei degli delle di da do dos das du des d a au aux en e et y ou o of for and in per
para por pour sur com con van voor und fur la le les el los las l"""
_LINKS: Final = frozenset(_LINK_WORDS.split())
_DECLINED: Final = ("e", "er", "en", "es", "em")
_GERMAN_ENDINGS: Final = (
    ("ung", ("en",)), ("heit", ("en",)), ("keit", ("en",)), ("schaft", ("en",)), ("tion", ("en",)),
    ("in", ("nen",)), ("ist", ("en",)), ("eur", ("e", "en")), ("ei", ("en",)), ("er", ("n", "s")),
    ("e", ("n",)), ("system", ("e", "en", "s")), ("unternehmen", ("s",)), ("werkzeug", ("e", "en")),
    ("programm", ("e", "en")), ("betrieb", ("e", "en", "s")), ("dienst", ("e", "en")), ("markt", ("e",)),
    ("anwalt", ("e",)), ("anbieter", ("n",)), ("agentur", ("en",)), ("fabrik", ("en",)), ("praxis", ()),
    ("portal", ("e", "en", "s")), ("tool", ("s",)), ("plattform", ("en",)), ("werk", ("e", "en")),
    ("buro", ("s",)), ("bank", ("en",)), ("bar", ("s",)), ("hotel", ("s",)), ("konzern", ("e",)),
)  # fmt: skip


def inflections(phrase: str, language: str) -> tuple[str, ...]:
    """Return further forms of a folded phrase in `language`, without the phrase itself.

    Empty for a language without rules.
    """
    rule = _RULES.get(language)
    if rule is None or len(phrase) < 3 or not phrase[-1].isalpha():
        return ()
    return tuple(dict.fromkeys(form for form in rule(phrase) if form != phrase))


def _english_noun(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh", "z")):
        return noun if noun.endswith("s") and not noun.endswith("ss") else noun + "es"
    if noun.endswith("y") and noun[-2] not in _VOWELS:
        return noun[:-1] + "ies"
    if noun.endswith(("ing", "ware", "ment")) and len(noun) >= 8:
        return noun
    return noun + "s"


def _english(phrase: str) -> list[str]:
    head, _, last = phrase.rpartition(" ")
    forms = [f"{head} {_english_noun(last)}".strip()]
    named, of, rest = phrase.partition(" of ")
    if of:
        before, _, noun = named.rpartition(" ")
        forms.append(f"{before} {_english_noun(noun)} of {rest}".strip())
    return forms


def _dutch(phrase: str) -> list[str]:
    if phrase.endswith(("er", "el", "en", "em", "ie", "e", "aar")):
        return [phrase + "s"]
    if phrase.endswith(("ing", "ij", "ist", "bank", "praktijk", "dienst", "schap", "bedrijf")):
        stem = phrase[:-1] + "v" if phrase.endswith("bedrijf") else phrase
        return [stem + "en"]
    return [phrase + "s"] if phrase.endswith(("tool", "shop", "app", "hotel")) else []


def _german(phrase: str) -> list[str]:
    head, _, last = phrase.rpartition(" ")
    nouns = [last]
    for ending, additions in _GERMAN_ENDINGS:
        if last.endswith(ending):
            nouns += [last + addition for addition in additions]
            break
    heads = [head]
    if head and " " not in head and head.endswith(("e", "er", "es", "en")):
        stem = head[:-1] if head.endswith("e") else head[:-2]
        heads = [stem + ending for ending in _DECLINED]
    return [f"{first} {noun}".strip() for first in heads for noun in nouns]


def _french_word(word: str) -> str:
    if word.endswith(("s", "x", "z")):
        return word
    if word.endswith(("eau", "eu")):
        return word + "x"
    return word[:-2] + "aux" if word.endswith("al") else word + "s"


def _spanish_word(word: str) -> str:
    if word.endswith(("s", "x")):
        return word
    if word.endswith("z"):
        return word[:-1] + "ces"
    return word + "s" if word[-1] in _VOWELS else word + "es"


def _portuguese_word(word: str) -> str:
    if word.endswith("cao"):
        return word[:-3] + "coes"
    if word.endswith("m"):
        return word[:-1] + "ns"
    if word.endswith("l") and len(word) > 3:
        return word[:-1] + "is"
    if word.endswith(("r", "z")):
        return word + "es"
    return word + "s" if word[-1] in _VOWELS else word


def _italian_word(word: str) -> str:
    if word.endswith("io"):
        return word[:-1]
    if word.endswith("go"):
        return word[:-1] + "hi"
    if word.endswith(("ca", "ga")):
        return word[:-1] + "he"
    if word.endswith("a"):
        return word[:-1] + "e"
    return word[:-1] + "i" if word[-1] in "oe" else word


def _romance(plural: Callable[[str], str]) -> Callable[[str], list[str]]:
    """Pluralise the words up to the first link word: "cabinet comptable", "studio di architettura"."""

    def forms(phrase: str) -> list[str]:
        parts = phrase.split(" ")
        heads = next((place for place, word in enumerate(parts) if word in _LINKS), len(parts))
        first_only = [plural(parts[0]), *parts[1:]]
        every = [plural(word) for word in parts[:heads]] + parts[heads:]
        return [" ".join(first_only), " ".join(every)]

    return forms


_RULES: Final[dict[str, Callable[[str], list[str]]]] = {
    "en": _english,
    "de": _german,
    "nl": _dutch,
    "fr": _romance(_french_word),
    "es": _romance(_spanish_word),
    "pt": _romance(_portuguese_word),
    "it": _romance(_italian_word),
}
