from hypothesis import given
from hypothesis import strategies as st

from ranking.excerpt import excerpt, passages


def names(word: str):
    return lambda text: (word,) if word in text else ()


def test_a_short_text_is_shown_whole():
    assert excerpt("We need payroll now", names("payroll")) == ("We need payroll now", ("payroll",))


def test_a_long_text_is_shown_where_it_names_the_subject():
    text = "lorem " * 300 + "we need payroll " + "ipsum " * 300
    shown, found = excerpt(text, names("payroll"))
    assert found == ("payroll",)
    assert "payroll" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) <= 480 + 4


def test_a_text_that_never_names_it_shows_its_opening():
    assert excerpt("a " * 5_000, names("payroll"))[1] == ()
    assert excerpt("a " * 5_000, names("payroll"))[0].startswith("a a")


def test_an_empty_text_shows_nothing():
    assert excerpt("", names("x")) == ("", ())


def test_only_the_first_passages_of_an_endless_text_are_looked_at():
    looked = []
    excerpt("b " * 100_000, lambda passage: looked.append(passage) or ())
    assert len(looked) == 24


@given(st.text(alphabet="ab \n", max_size=300), st.integers(1, 40))
def test_passages_together_are_the_text_and_none_is_too_long(text, characters):
    parts = list(passages(text, characters))
    assert "".join(parts) == text
    assert all(0 < len(part) <= characters for part in parts)
