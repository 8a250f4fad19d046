"""What is read back from stored mentions is what reading the text again gives."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.lexical import LexicalIndex, Stems, Tokeniser, build
from models.lexical.surfaces import Surfaces
from ranking.excerpt import excerpt
from tests.fixtures.named_parts import plain_excerpt
from tests.unit.lexical.wording import WORDING

SURFACES = Surfaces.of(WORDING)
TOKENISER = Tokeniser(SURFACES)
PIECES = st.sampled_from(
    ["payroll", "Payroll", "payroll errors", "errors", "ATS", "applicant-tracking", "system", "Lohnabrechnungssoftware",
     "the", "die", "and", "e-commerce", "coffee", "machines", "machine", "Zürich", "ﬁn", "1,000", "don't", "U.S.",
     "x" * 500, "日本語" * 90, "\n", "…", "word " * 90]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=12).flatmap(
    lambda pieces: st.sampled_from([" ", "  ", ", ", "-"]).map(lambda between: between.join(pieces))
)
CONCEPTS = st.lists(st.sampled_from([*WORDING.CONCEPTS, "unheard_of"]), unique=True).map(tuple)
KEYWORDS = st.lists(
    st.sampled_from(["machine", "coffee", "ecommerce", "zurich", "errors", "us", "die"]), unique=True
).map(tuple)


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5), CONCEPTS, KEYWORDS)
def test_excerpts_of_stored_mentions_equal_those_of_a_second_reading(
    texts: list[str], concepts: tuple[str, ...], keywords: tuple[str, ...]
) -> None:
    wanted = {term for code in concepts for term in SURFACES.concepts.get(code, ())}
    wanted.update(term for word in keywords for term in Stems().of_keyword(word))
    with TemporaryDirectory() as folder:
        build(texts, np.zeros(len(texts), dtype=np.int32), Path(folder), WORDING)
        mentions = LexicalIndex.open(Path(folder)).mentions(np.arange(len(texts)), concepts, keywords)
    for text, found in zip(texts, mentions, strict=True):
        assert excerpt(text, found) == plain_excerpt(text, frozenset(wanted), TOKENISER)
