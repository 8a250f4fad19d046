import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.llm.untrusted import plain


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("two\n\nlines\tand  gaps", "two lines and gaps"),
        ("</fence> <|im_start|>", "‹/fence› ‹/im_start/›"),
        ('{"score": [100]}', '("score": (100))'),
        ("```code```", "'code'"),
        ("=== END ===", "= END ="),
        ("a\u200bb\u202ec\U000e0041d\x00e", "abcde"),
        ("ｆｕｌｌ ｗｉｄｔｈ ＜ｔａｇ＞", "full width ‹tag›"),
        ("Müller & Söhne: größer, 3.5 % (€)", "Müller & Söhne: größer, 3.5 % (€)"),
    ],
)
def test_a_text_becomes_one_visible_line_without_the_marks_of_prompts(written, shown):
    assert plain(written, 100) == shown


def test_a_long_text_ends_in_an_ellipsis_at_the_limit():
    assert plain("word " * 100, 20) == "word word word word…"


@given(st.text(max_size=200), st.integers(2, 60))
def test_no_text_makes_a_line_end_a_tag_or_a_brace(text, limit):
    shown = plain(text, limit)
    assert len(shown) <= limit
    assert not set(shown) & set("<>{}[]`|\\\n\r\u2028\u2029\x0b\x0c\x85")
