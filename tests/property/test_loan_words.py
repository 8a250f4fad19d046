"""A wording that means one thing in one language and another elsewhere must be read in every language."""

import pytest

from ranking.prompt import parse
from ranking.taxonomy import Taxonomy, load_taxonomy

PROMPTS = (
    "companies that need the best {} in the city",
    "Firmen und Unternehmen mit {} in der Stadt",
    "des entreprises qui vendent {} dans la ville",
    "empresas que venden {} en la ciudad",
    "empresas que vendem {} para a cidade",
    "aziende che vendono {} per la città",
    "bedrijven die {} nodig hebben in de stad",
    "CRM, not {}",
    "{}",
)


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_ambiguous_wording_is_read_and_only_known_industries_come_of_it(prompt, taxonomy):
    ambiguous = [
        phrase for phrase in taxonomy.surfaces.phrases() if len(taxonomy.surfaces.entries(phrase)) > 1
    ]
    assert ambiguous
    for phrase in ambiguous:
        query = parse(prompt.format(phrase), taxonomy)
        assert {*query.include.industries, *query.exclude.industries} <= set(taxonomy.INDUSTRIES), phrase
