import numpy as np
import pytest
from simhash import Simhash

from ranking.simhash import containment, distance, shingle_hashes, simhash

TEXT = "We are hiring a payroll accountant in Berlin who likes spreadsheets, coffee and long walks along the canal"


def test_the_fingerprint_is_that_of_the_reference_library() -> None:
    hashes = shingle_hashes(TEXT)
    # The library tries its hash function on b"test" first.
    features = {str(value): 1 for value in hashes}
    reference = Simhash(features, hashfunc=lambda token: 0 if token == b"test" else int(token))
    assert simhash(hashes) & 0xFFFF_FFFF_FFFF_FFFF == reference.value


def test_equal_texts_have_equal_fingerprints_whatever_their_case_and_spacing() -> None:
    assert simhash(shingle_hashes(TEXT)) == simhash(shingle_hashes(TEXT.upper().replace(" ", "\n")))


def test_a_small_edit_moves_few_bits_and_another_text_many() -> None:
    original = simhash(shingle_hashes(TEXT))
    assert distance(original, simhash(shingle_hashes(TEXT + " today"))) <= 10
    assert (
        distance(
            original, simhash(shingle_hashes("A quite different sentence about roofs and rain in March"))
        )
        > 15
    )


def test_distance_counts_bits_across_the_sign() -> None:
    assert distance(-1, 0) == 64
    assert distance(0b1011, 0b0001) == 2


def test_containment_is_the_share_of_the_smaller_text() -> None:
    short = "one two three four five"
    assert containment(shingle_hashes(short), shingle_hashes(short + " six seven")) == 1.0
    assert containment(shingle_hashes(short), shingle_hashes("one two three four nine")) == pytest.approx(
        2 / 3
    )


def test_an_empty_text_has_no_fingerprint_and_is_contained_in_nothing() -> None:
    assert simhash(shingle_hashes("")) == 0
    assert containment(shingle_hashes(""), shingle_hashes(TEXT)) == 0.0


def test_a_short_text_is_its_words() -> None:
    assert shingle_hashes("two words").size == 2
    assert np.array_equal(shingle_hashes("two words"), shingle_hashes("words two"))
