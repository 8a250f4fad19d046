"""Words of a caller to taxonomy codes, with a fault for each that names nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ranking.errors import FieldError
from ranking.taxonomy import Taxonomy
from ranking.text import words

_NO_WORD = "has no letter or digit"


@dataclass(frozen=True, slots=True)
class CodeReader:
    """Reads lists of a request; `faults` gathers what cannot be used, each with its JSON pointer."""

    taxonomy: Taxonomy
    faults: list[FieldError] = field(default_factory=list)

    def industries(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """Codes of industries or sub-industries."""
        return self._codes(pointer, values, self.taxonomy.industry_code, self.taxonomy.INDUSTRIES)

    def countries(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """ISO codes of countries."""
        return self._codes(pointer, values, self.taxonomy.country_code, self.taxonomy.COUNTRIES)

    def regions(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """Codes of regions and states."""
        return self._codes(pointer, values, self.taxonomy.region_code, self.taxonomy.REGIONS)

    def cities(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """Codes of cities."""
        return self._codes(pointer, values, self.taxonomy.city_code, self.taxonomy.CITIES)

    def roles(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """Codes of departments and roles; of a title its most specific role."""
        return self._codes(pointer, values, self._role, self.taxonomy.ROLES)

    def seniorities(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """Codes of seniorities."""
        return self._codes(pointer, values, self.taxonomy.seniority_code, self.taxonomy.SENIORITIES)

    def stages(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """Codes of stages."""
        return self._codes(pointer, values, self.taxonomy.stage_code, self.taxonomy.STAGES)

    def concepts(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """Codes of product concepts; their names are not looked up."""
        return self._codes(pointer, values, lambda _: None, self.taxonomy.CONCEPTS)

    def technologies(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """Technologies need not be in the taxonomy: suppliers name new ones every day."""
        return self._texts(
            pointer, values, lambda text: self.taxonomy.technology_code(text) or " ".join(words(text))
        )

    def keywords(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """Folded free words."""
        return self._texts(pointer, values, lambda text: " ".join(words(text)))

    def names(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        """Names, domains or ids of companies, as written."""
        return self._texts(pointer, values, lambda text: text if words(text) else "")

    def _codes(
        self,
        pointer: str,
        values: Sequence[str],
        canonical: Callable[[str], str | None],
        known: Sequence[str],
    ) -> tuple[str, ...]:
        """In order and once each."""
        found: dict[str, None] = {}
        for number, value in enumerate(values):
            code = value if value in known else canonical(value)
            if code is None:
                self.faults.append(FieldError(f"{pointer}/{number}", f"{value!r} is not known"))
            else:
                found[code] = None
        return tuple(found)

    def _texts(self, pointer: str, values: Sequence[str], read: Callable[[str], str]) -> tuple[str, ...]:
        """In order and once each; what has no word would match everything or nothing."""
        found: dict[str, None] = {}
        for number, value in enumerate(values):
            text = read(value)
            if text:
                found[text] = None
            else:
                self.faults.append(FieldError(f"{pointer}/{number}", _NO_WORD))
        return tuple(found)

    def _role(self, title: str) -> str | None:
        roles = self.taxonomy.role_codes(title)
        return roles[-1] if roles else None
