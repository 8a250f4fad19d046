"""Surface forms while they are gathered: explicit ones first, inflected ones where nothing explicit stands."""

from collections.abc import Iterable

from ranking.taxonomy.entries import LANGUAGES, Entry, Kind
from ranking.taxonomy.inflection import inflections
from ranking.taxonomy.sources import Phrase

_INFLECTED: frozenset[Kind] = frozenset({"industry", "concept", "role", "seniority", "size", "stage"})
_LANGUAGE_PLACE = {lang: place for place, lang in enumerate(("", *LANGUAGES))}


class SurfaceCollection:
    """Phrase -> meanings, filled by `add` and read once by `entries`."""

    def __init__(self) -> None:
        self._explicit: dict[tuple[Kind, str], dict[str, list[Phrase]]] = {}
        self._inflected: dict[tuple[Kind, str], dict[str, list[Phrase]]] = {}

    def add(self, kind: Kind, code: str, phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
        """Take phrases for a code and return them with their inflected forms."""
        taken: list[Phrase] = []
        for phrase in phrases:
            if not phrase.text:
                raise ValueError(f"{kind} {code} has a phrase without words: {phrase.raw!r}")
            self._explicit.setdefault((kind, phrase.text), {}).setdefault(code, []).append(phrase)
            taken.append(phrase)
            if kind not in _INFLECTED:
                continue
            for form in inflections(phrase.text, phrase.lang):
                other = phrase._replace(text=form)
                self._inflected.setdefault((kind, form), {}).setdefault(code, []).append(other)
                taken.append(other)
        return tuple(taken)

    def meanings(self) -> dict[tuple[Kind, str], dict[str, list[Phrase]]]:
        """Return (kind, phrase) -> code -> sources.

        An inflected form never stands beside an explicit one of its kind.
        """
        clear = {key: codes for key, codes in self._inflected.items() if len(codes) == 1}
        return {**clear, **self._explicit}

    def entries(self) -> dict[str, list[Entry]]:
        """Return phrase -> meanings, phrases in order; a form used in several languages has language ""."""
        found: dict[str, list[Entry]] = {}
        for (kind, text), codes in sorted(self.meanings().items()):
            for code, sources in codes.items():
                langs = sorted({source.lang for source in sources}, key=_LANGUAGE_PLACE.__getitem__)
                weight = min(source.weight for source in sources)
                found.setdefault(text, []).append(
                    Entry(kind, code, langs[0] if len(langs) == 1 else "", weight)
                )
        return dict(sorted(found.items()))
