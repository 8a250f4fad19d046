"""What a snippet settles, and what a settled need takes away."""

import numpy as np
import pytest

from ranking.evidence import gather
from ranking.intent import IntentConfig
from ranking.need import choices
from ranking.settling import Settlements
from ranking.taxonomy import load_taxonomy
from ranking.text import words
from tests.fixtures.evidence import Note, World, feature, request

TAXONOMY = load_taxonomy()
CRM = {"crm": 4.0}


def settled(text: str, kind: str = "news", added: tuple[str, ...] = ()) -> set[str]:
    found = Settlements(TAXONOMY).of(kind, choices(words(text), kind), added)
    return {TAXONOMY.CONCEPTS[number] for number in found}


def base(*notes: Note, concepts: tuple[str, ...] = ("crm",)) -> float:
    world = World(1, notes)
    return float(gather(request(world, concepts), world.postings(), world.tables(), IntentConfig()).base[0])


def test_a_tool_that_was_added_settles_its_concept() -> None:
    assert "crm" in settled("New script on the site.", "tech_change", ("salesforce",))


def test_a_tool_that_a_posting_asks_for_settles_nothing() -> None:
    assert not settled("Salesforce administrator", "job_posting", ("salesforce",))


def test_a_choice_settles_the_concepts_and_tools_it_names() -> None:
    assert "crm" in settled("Harbour Hotels has chosen a new CRM system.")
    assert "crm" in settled("Harbour Hotels signs with Salesforce.")
    assert not settled("Harbour Hotels is looking for a CRM system.")


def test_evidence_before_a_choice_counts_no_more() -> None:
    need, choice = Note(0, CRM, age=90.0), Note(0, {}, age=30.0, settles=("crm",))
    assert base(need) > 0.0
    assert base(need, choice) == 0.0


def test_evidence_after_a_choice_counts() -> None:
    assert base(Note(0, CRM, age=10.0), Note(0, {}, age=30.0, settles=("crm",))) == base(
        Note(0, CRM, age=10.0)
    )


def test_a_later_removal_undoes_the_choice() -> None:
    need, choice = Note(0, CRM, age=90.0), Note(0, {}, age=30.0, settles=("crm",))
    dropped = Note(0, {}, age=10.0, kind="tech_change", removed=("salesforce",))
    assert base(need, choice, dropped) == base(need)


def test_an_earlier_removal_leaves_the_choice() -> None:
    need, choice = Note(0, CRM, age=90.0), Note(0, {}, age=30.0, settles=("crm",))
    assert base(need, choice, Note(0, {}, age=60.0, kind="tech_change", removed=("salesforce",))) == 0.0


def test_a_choice_shows_no_need_itself_unless_it_tells_of_a_removal() -> None:
    choice = Note(0, CRM, age=30.0, settles=("crm",))
    assert base(choice) == 0.0
    assert base(Note(0, CRM, age=30.0, settles=("crm",), removed=("salesforce",))) == base(
        Note(0, CRM, age=30.0)
    )


def test_an_unmet_concept_of_the_same_text_keeps_it() -> None:
    both, choice = Note(0, {"crm": 4.0, "payroll": 2.0}, age=90.0), Note(0, {}, age=30.0, settles=("crm",))
    assert base(both, choice, concepts=("crm", "payroll")) == base(both, concepts=("crm", "payroll"))


def test_a_choice_by_a_flagged_supplier_settles_nothing() -> None:
    need, choice = Note(0, CRM, age=90.0), Note(0, {}, age=30.0, settles=("crm",), flagged=True)
    assert base(need, choice) == base(need)


def test_a_private_choice_settles_for_its_tenant_alone() -> None:
    world = World(1, (Note(0, CRM, age=90.0), Note(0, {}, age=30.0, settles=("crm",), tenant=1)))
    tables, postings = world.tables(), world.postings()
    shared, own = (
        gather(request(world), postings, tables, IntentConfig(), tenant=tenant) for tenant in (0, 1)
    )
    assert shared.base[0] > 0.0
    assert own.base[0] == 0.0


@pytest.mark.parametrize(("age", "points"), [(90.0, 0.0), (10.0, 20.0 * np.exp(-10.0 / 60.0))])
def test_a_removal_before_a_choice_adds_nothing(age: float, points: float) -> None:
    gone = Note(0, CRM, age=age, kind="tech_change", removed=("salesforce",))
    world = World(1, (gone, Note(0, {}, age=30.0, settles=("crm",))))
    found = gather(request(world), world.postings(), world.tables(), IntentConfig())
    assert found.churn[0] == pytest.approx(points)


def test_the_booster_sees_what_was_left_out() -> None:
    notes = (
        Note(0, CRM, age=90.0),
        Note(0, CRM, age=80.0, no_need=True),
        Note(0, CRM, age=70.0, stuffed=True, flagged=True),
        Note(0, CRM, age=60.0, duplicate=True),
        Note(0, {}, age=30.0, settles=("crm",)),
    )
    world = World(1, notes)
    counts = gather(request(world), world.postings(), world.tables(), IntentConfig()).counts
    found = [
        float(feature(counts, name)[0])
        for name in ("settled", "settled_days", "no_need", "stuffed", "repeats", "discarded")
    ]
    assert found == [1.0, 30.0, 1.0, 1.0, 1.0, 2.0]
