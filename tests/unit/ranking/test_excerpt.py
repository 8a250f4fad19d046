import re

from hypothesis import given
from hypothesis import strategies as st

from ranking.excerpt import excerpt, passages


def names(text: str, *named: str) -> list[tuple[int, int]]:
    """Where `text` has the words, as an index tells it."""
    found = [match.span() for word in named for match in re.finditer(re.escape(word), text)]
    return sorted(found, key=lambda span: (span[0], -span[1]))


def test_a_short_text_is_shown_whole():
    text = " We need payroll now\n"
    assert excerpt(text, names(text, "payroll")) == ("We need payroll now", ("payroll",))


def test_a_long_text_is_shown_where_it_names_the_subject():
    text = "lorem " * 300 + "we need payroll " + "ipsum " * 300
    shown, found = excerpt(text, names(text, "payroll"))
    assert found == ("payroll",)
    assert "payroll" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) <= 480 + 4


def test_a_text_that_never_names_it_shows_its_opening():
    shown, found = excerpt("opening " + "lorem " * 5_000 + "end", [])
    assert (shown[:8], shown[-2:], found) == ("opening ", " …", ())


def test_an_empty_text_shows_nothing():
    assert excerpt("", []) == ("", ())


def test_only_the_first_passages_of_an_endless_text_count():
    text = "b " * 100_000
    assert excerpt(text, [(12_000, 12_001)]) == excerpt(text, [])


def test_a_mention_across_two_passages_is_in_neither():
    text = "lorem " * 78 + "applicant tracking " + "ipsum " * 40 + "tracking"
    assert text[468:478] == "applicant "
    assert excerpt(text, names(text, "applicant tracking", "tracking"))[1] == ("tracking",)


def test_of_overlapping_mentions_the_longest_is_named_and_each_wording_once():
    text = "Payroll errors, errors and PAYROLL, payroll"
    parts = names(text, "Payroll errors", "Payroll", "errors", "PAYROLL", "payroll")
    assert excerpt(text, parts)[1] == ("Payroll errors", "errors", "PAYROLL")


@given(st.text(alphabet="ab \n", max_size=300), st.integers(1, 40))
def test_passages_together_are_the_text_and_none_is_too_long(text, characters):
    parts = [text[start:end] for start, end in passages(text, characters)]
    assert "".join(parts) == text
    assert all(0 < len(part) <= characters for part in parts)
