"""Builds what the parser builds when it first needs it, so that no customer waits for it."""

from ranking.prompt.parser import parse
from ranking.taxonomy import Taxonomy

# Together they need every index: known and misspelt words, names of places and technologies, roles, amounts, exemplars.
_PROMPTS = (
    "HR software for healthcare companies in DACH, 50-500 people, not hospitals, like Doctolib",
    "We sell recruting sofware zzyqx to fintechs in Germny with 200+ employees, CTOs and VPs, series B, using Salesforce",
)


def warm_up(taxonomy: Taxonomy) -> None:
    """Parse prompts that need every index; takes a fifth of a second."""
    for prompt in _PROMPTS:
        parse(prompt, taxonomy)
