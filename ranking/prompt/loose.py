"""Products named with other small words than the taxonomy's: "software per la gestione dei contratti" for "gestione contratti"."""

from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from typing import Final

from ranking.prompt.words import Words
from ranking.taxonomy.entries import PLAIN, Entry, Match
from ranking.taxonomy.model import Taxonomy
from ranking.text import words

HEADS: Final = frozenset(
    words(
        """software logiciel logiciels progiciel outil outils plateforme plateformes solution solutions systeme systemes service services
        programa programas plataforma plataformas herramienta herramientas solucion soluciones sistema sistemas servicio servicios gestion
        gestao ferramenta ferramentas solucao solucoes servico servicos gestione piattaforma piattaforme soluzione soluzioni strumento
        strumenti sistemi servizio servizi gestionale programma app tool tools platform system systems"""
    )
)
_LINKS: Final = frozenset(
    words(
        """de del des du d da do dos das di dei degli della delle dell per para pour por of for to the a al aux au la le les l el los las
        lo i gli il o os as un une una uno um uma en e et y and"""
    )
)
_JOINS: Final = frozenset({" ", "'", "\u2019", "-"})
_MOST_WORDS: Final = 7


def loose_matches(prompt: str, spoken: Words, matches: list[Match], taxonomy: Taxonomy) -> list[Match]:
    """Return the matches with what a word like "software" begins read by its words of content alone, whatever stands between them.

    Only words that name nothing else count, and an exact match that reaches as far wins.
    """
    texts = spoken.texts
    if HEADS.isdisjoint(texts):
        return matches
    named: set[int] = set()
    for match in matches:
        if match.entries[0].kind != "concept" and match.entries[0].weight == PLAIN:
            named.update(range(match.start, match.end))
    reach = {place: match.end for match in matches for place in range(match.start, match.end)}
    found: list[Match] = []
    end = 0
    for place, text in enumerate(texts):
        if place < end or text not in HEADS or place in named:
            continue
        loose = _loose_match(prompt, spoken, place, named, taxonomy)
        if loose is not None and loose.end > reach.get(place, 0):
            found.append(loose)
            end = loose.end
    if not found:
        return matches
    covered = {place for match in found for place in range(match.start, match.end)}
    rest = [match for match in matches if covered.isdisjoint(range(match.start, match.end))]
    return sorted(rest + found)


def _loose_match(prompt: str, spoken: Words, start: int, named: Set[int], taxonomy: Taxonomy) -> Match | None:
    products, stems = _products(taxonomy)
    texts, starts, ends = spoken.texts, spoken.starts, spoken.ends
    content: set[str] = set()
    best: Match | None = None
    for place in range(start + 1, min(start + _MOST_WORDS, len(texts))):
        between = prompt[ends[place - 1] : starts[place]]
        if place in named or not (between == " " or _JOINS.issuperset(between)):
            break
        text = texts[place]
        if text in _LINKS or text in HEADS:
            continue
        stem = _stem(text)
        if stem not in stems:
            break
        content.add(stem)
        entry = products.get(frozenset(content))
        if entry is not None:
            best = Match(start, place + 1, (entry,))
    return best


@lru_cache(maxsize=2)
def _products(taxonomy: Taxonomy) -> tuple[Mapping[frozenset[str], Entry], frozenset[str]]:
    """Return stems of content words -> the one product whose surfaces have just these beside small words and heads; and all stems."""
    owners: dict[frozenset[str], set[str]] = {}
    for code in taxonomy.CONCEPTS:
        for stems in _stem_sets(taxonomy, code):
            owners.setdefault(stems, set()).add(code)
    products = {
        stems: Entry("concept", min(codes), "", PLAIN) for stems, codes in owners.items() if len(codes) == 1
    }
    return products, frozenset().union(*products)


def _stem_sets(taxonomy: Taxonomy, code: str) -> Iterator[frozenset[str]]:
    for language in ("fr", "es", "pt", "it"):
        for phrase in taxonomy.concept(code).surfaces[language]:
            texts = phrase.split(" ")
            stems = frozenset(_stem(text) for text in texts if text not in _LINKS and text not in HEADS)
            if stems and (len(texts) > 1 or len(phrase) > 3):
                yield stems


def _stem(text: str) -> str:
    """Cut off what singular and plural differ in: "contratti", "contratto", "contratos"."""
    return text.rstrip("s").rstrip("aeio") if len(text) > 3 else text
