"""BM25 over all snippets by bm25s, as its documentation has it: stemmed words, scores made when the index is."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import Stemmer
from numpy.typing import NDArray

from ranking.taxonomy import Taxonomy
from ranking.types import Query

_WORDS = re.compile(r"\w+")
_PHRASES = 3
_STEMMED_WORDS = 100_000
_LEAST_SHARE = (
    0.5  # of the best score: a snippet that only shares "management" with the product is not about it
)


class Words:
    """Text to stemmed words."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer("english", _STEMMED_WORDS)

    def of(self, text: str) -> list[str]:
        """Lower-cased words, stemmed as English."""
        found: list[str] = self._stemmer.stemWords(_WORDS.findall(text.lower()))
        return found


def search_text(query: Query, taxonomy: Taxonomy) -> str:
    """What is searched: the product as the prompt says it, its concepts' names, and their first phrases.

    Phrases are the English ones and those of the prompt's language.
    """
    parts = [query.product.category, *query.product.keywords]
    for code in query.product.concepts:
        concept = taxonomy.concept(code)
        parts.append(concept.name)
        for language in dict.fromkeys(("en", query.language)):
            parts += concept.surfaces.get(language, ())[:_PHRASES]
    return " ".join(parts)


class LexicalIndex:
    """All snippets under bm25s (Lucene's variant)."""

    def __init__(self, folder: Path) -> None:
        import bm25s  # noqa: PLC0415 - a library of the peers, loaded where one runs

        self._words = Words()
        self._index: Any = bm25s.BM25.load(folder, mmap=True)
        self._known = self._index.vocab_dict

    def scores(self, text: str) -> tuple[NDArray[np.float32], int]:
        """float32[snippets] scores, 0 below half of the best one, and how many words of the text are known."""
        words = [word for word in dict.fromkeys(self._words.of(text)) if word in self._known]
        if not words:
            return np.zeros(int(self._index.scores["num_docs"]), dtype=np.float32), 0
        scores = np.array(self._index.get_scores(words), dtype=np.float32)
        scores[scores < _LEAST_SHARE * scores.max(initial=0.0)] = 0.0
        return scores, len(words)


def build(texts: Sequence[str], folder: Path) -> None:
    """Index `texts` into `folder`."""
    import bm25s  # noqa: PLC0415 - as above

    words = Words()
    index = bm25s.BM25(method="lucene")
    index.index([words.of(text) for text in texts], show_progress=False)
    index.save(folder)
