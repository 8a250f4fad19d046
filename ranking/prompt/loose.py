"""Products named with other small words than the taxonomy's: "software per la gestione dei contratti" for "gestione contratti"."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from ranking.taxonomy.entries import PLAIN, Entry, Match
from ranking.taxonomy.model import Taxonomy
from ranking.text import Token, words

_HEADS: Final = frozenset(
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
_MOST_WORDS: Final = 7


def loose_matches(
    prompt: str, tokens: Sequence[Token], matches: Sequence[Match], taxonomy: Taxonomy
) -> list[Match]:
    """Return the matches with what a word like "software" begins read by its words of content alone, whatever stands between them.

    Only words that name nothing else count, and an exact match that reaches as far wins.
    """
    named = {
        place: match
        for match in matches
        for place in range(match.start, match.end)
        if match.entries[0].kind != "concept" and match.entries[0].weight == PLAIN
    }
    reach = {match.start: match.end for match in matches}
    found: list[Match] = []
    place = 0
    while place < len(tokens):
        match = None
        if tokens[place].text in _HEADS and place not in named:
            match = _loose_match(prompt, tokens, place, named, taxonomy)
        if match is not None and match.end > reach.get(place, 0):
            found.append(match)
            place = match.end
        else:
            place += 1
    if not found:
        return list(matches)
    covered = {place for match in found for place in range(match.start, match.end)}
    rest = [match for match in matches if covered.isdisjoint(range(match.start, match.end))]
    return sorted(rest + found)


def _loose_match(
    prompt: str, tokens: Sequence[Token], start: int, named: Mapping[int, Match], taxonomy: Taxonomy
) -> Match | None:
    products = _products(taxonomy)
    content: set[str] = set()
    best: Match | None = None
    for place in range(start + 1, min(start + _MOST_WORDS, len(tokens))):
        between = prompt[tokens[place - 1].end : tokens[place].start]
        if place in named or not set(between) <= {" ", "'", "\u2019", "-"}:
            break
        text = tokens[place].text
        if text in _LINKS or text in _HEADS:
            continue
        content.add(_stem(text))
        entry = products.get(frozenset(content))
        if entry is not None:
            best = Match(start, place + 1, (entry,))
    return best


@lru_cache(maxsize=2)
def _products(taxonomy: Taxonomy) -> Mapping[frozenset[str], Entry]:
    """Return stems of content words -> the one product whose surfaces have just these beside small words and heads."""
    owners: dict[frozenset[str], set[str]] = {}
    for code in taxonomy.CONCEPTS:
        for stems in _stem_sets(taxonomy, code):
            owners.setdefault(stems, set()).add(code)
    return {
        stems: Entry("concept", min(codes), "", PLAIN) for stems, codes in owners.items() if len(codes) == 1
    }


def _stem_sets(taxonomy: Taxonomy, code: str) -> Iterator[frozenset[str]]:
    for language in ("fr", "es", "pt", "it"):
        for phrase in taxonomy.concept(code).surfaces[language]:
            texts = phrase.split(" ")
            stems = frozenset(_stem(text) for text in texts if text not in _LINKS and text not in _HEADS)
            if stems and (len(texts) > 1 or len(phrase) > 3):
                yield stems


def _stem(text: str) -> str:
    """Cut off what singular and plural differ in: "contratti", "contratto", "contratos"."""
    return text.rstrip("s").rstrip("aeio") if len(text) > 3 else text
