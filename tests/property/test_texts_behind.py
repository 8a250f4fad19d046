"""Texts judged behind others that are known are judged as all together."""

from hypothesis import given
from hypothesis import strategies as st

from ranking.duplicates import Text, originals, originals_behind

WORDS = st.sampled_from(
    ("a", "payroll", "clerk", "runs", "the", "books", "of", "nine", "houses", "near", "Ulm")
)
BODIES = st.lists(WORDS, min_size=0, max_size=14).map(" ".join)
LABELS = st.sampled_from(("", "Repost: ", "ICYMI: ", "Payroll news. "))


@st.composite
def texts(draw: st.DrawFn) -> list[Text]:
    """Texts of which some repeat others, whole, in part or with a label."""
    made: list[Text] = []
    for _ in range(draw(st.integers(0, 8))):
        body = draw(BODIES)
        if made and draw(st.booleans()):
            body = draw(st.sampled_from(made)).text[: draw(st.integers(10, 80))] + draw(
                st.sampled_from(("", " " + body))
            )
        names = draw(st.frozensets(st.integers(0, 2), max_size=2))
        made.append(Text(draw(LABELS) + body, draw(st.booleans()), 0, names))
    return made


@given(texts(), st.integers(0, 8))
def test_what_is_judged_behind_known_texts_is_judged_as_together(made: list[Text], cut: int) -> None:
    assert originals_behind(made[:cut], made[cut:]) == originals(made)[cut:]
