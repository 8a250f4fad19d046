import pytest

from bench.peers.overlap import compared


def answer(*leads):
    return {"leads": [{"company_id": company, "lead_id": lead, "score": 0.5} for company, lead in leads]}


def test_equal_answers_share_everything():
    same = [answer(("a", "1"), ("b", "2")), answer(("c", "3"))]
    found = compared(same, [dict(each) for each in same])
    assert (found.equal, found.companies, found.leads, found.first, found.returned) == (2, 1.0, 1.0, 1.0, 1.5)


def test_another_contact_of_the_same_company_is_another_lead():
    found = compared([answer(("a", "1"), ("b", "2"))], [answer(("b", "2"), ("a", "9"))])
    assert (found.equal, found.companies, found.leads, found.first) == (0, 1.0, 0.5, 0.0)


def test_prompts_to_which_we_return_nobody_tell_nothing_of_the_overlap():
    found = compared([answer(), answer(("a", "1"), ("b", "2"))], [answer(("x", "9")), answer(("a", "1"))])
    assert (found.prompts, found.companies) == (2, 0.5)


def test_another_score_is_another_answer():
    theirs = answer(("a", "1"))
    theirs["leads"][0]["score"] = 0.4
    assert compared([answer(("a", "1"))], [theirs]).equal == 0


def test_answers_to_different_numbers_of_prompts_are_refused():
    with pytest.raises(ValueError, match="2 answers"):
        compared([answer(), answer()], [answer()])
