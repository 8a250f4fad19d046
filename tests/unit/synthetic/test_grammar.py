import pytest

from ingest.synthetic.grammar import Dice, compile_skeleton, write


def texts(skeleton, seeds=range(200)):
    compiled = compile_skeleton(skeleton)
    return {write(compiled, Dice(seed), lambda slot: slot.upper()) for seed in seeds}


def test_every_alternative_is_written():
    assert texts("[a|b|] {c}") == {"a C", "b C", " C"}


def test_alternatives_nest():
    assert texts("x[1[a|b]|2]") == {"x1a", "x1b", "x2"}


def test_a_bar_outside_brackets_is_text():
    assert texts("a|b") == {"a|b"}


@pytest.mark.parametrize("skeleton", ["[a|b", "a]", "[a|[b]"])
def test_unbalanced_brackets_are_refused(skeleton):
    with pytest.raises(ValueError, match="bracket"):
        compile_skeleton(skeleton)


def test_one_seed_gives_one_sequence_within_bounds():
    first, second = Dice(5), Dice(5)
    rolls = [first.below(7) for _ in range(1000)]
    assert rolls == [second.below(7) for _ in range(1000)]
    assert set(rolls) == set(range(7))
