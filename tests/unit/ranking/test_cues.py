"""Word patterns and where they are found."""

import pytest

from ranking.cues import Cue, CueSet

CLASSES = {"tool": ("platform", "ai agent"), "who": ("teams",)}


def found(patterns: list[str], text: str) -> list[Cue]:
    return list(CueSet(patterns, CLASSES).find(text.split()))


def test_words_are_found_where_they_stand() -> None:
    assert found(["we sell"], "today we sell what we sell") == [Cue(1, 3), Cue(4, 6)]


def test_the_longest_pattern_at_a_place_wins() -> None:
    assert found(["we", "we sell", "we sell big cars"], "we sell cars") == [Cue(0, 2)]


def test_a_class_stands_for_each_of_its_phrases() -> None:
    assert found(["our {tool} helps"], "our ai agent helps our platform helps") == [Cue(0, 4), Cue(4, 7)]


@pytest.mark.parametrize(("text", "ends"), [("a x b", [3]), ("a b", []), ("a x x b", [])])
def test_an_underscore_is_exactly_one_word(text: str, ends: list[int]) -> None:
    assert [cue.end for cue in found(["a _ b"], text)] == ends


@pytest.mark.parametrize(("text", "ends"), [("a b", [2]), ("a x x x b", [5]), ("a x x x x b", []), ("a", [])])
def test_a_star_is_up_to_three_words(text: str, ends: list[int]) -> None:
    assert [cue.end for cue in found(["a * b"], text)] == ends


@pytest.mark.parametrize(("text", "ends"), [("7 jobs", [2]), ("0 jobs", []), ("many jobs", [])])
def test_a_hash_is_a_number_above_zero(text: str, ends: list[int]) -> None:
    assert [cue.end for cue in found(["# jobs"], text)] == ends


def test_a_number_may_stand_inside_a_pattern() -> None:
    assert found(["by # teams", "by 10 teams today"], "by 10 teams today") == [Cue(0, 4)]


def test_a_question_mark_makes_a_word_optional() -> None:
    assert found(["book a? demo"], "book demo book a demo") == [Cue(0, 2), Cue(2, 5)]


def test_patterns_are_folded_like_the_texts() -> None:
    assert found(["Jetzt Größe-M kaufen"], "jetzt grosse m kaufen") == [Cue(0, 4)]


def test_counting_stops_at_the_most_that_is_asked() -> None:
    cues = CueSet(["a"], CLASSES)
    assert cues.count(["a"] * 5, 2) == 2
    assert cues.count(["a", "b"], 2) == 1
    assert cues.any(["b", "a"])
    assert not cues.any(["b"])


@pytest.mark.parametrize("pattern", ["_ b", "* b", "", "{nobody} b"])
def test_a_pattern_that_cannot_be_looked_up_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="cue"):
        CueSet([pattern], CLASSES)
