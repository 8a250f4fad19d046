"""Company names and domains: coined words, surnames and places; accidental namesakes and renamed firms on purpose."""

import unicodedata

import numpy as np
from numpy.typing import NDArray

from ingest.synthetic.grammar import Dice
from ingest.synthetic.spec import WorldSpec, stream
from ingest.synthetic.vocabulary import Country, Industry, Vocabulary

IntArray = NDArray[np.int64]


def slug(text: str) -> str:
    """Lower-case letters and digits only, accents dropped."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return "".join(char for char in plain.lower() if char.isalnum())


def _short_name(dice: Dice, vocabulary: Vocabulary, industry: Industry, country: Country) -> str:
    words, lasts = vocabulary.names.companies, vocabulary.names.last[country.language]
    coined = dice.pick(words["coined"]) + dice.pick(words["middles"]) + dice.pick(words["endings"])
    trade = dice.pick(industry.name_words)
    root, last = dice.pick(words["roots"]), dice.pick(lasts)
    styles = (
        f"{root} {trade}", f"{root} {trade}", f"{root} {trade}", f"{coined} {trade}", f"{coined} {trade}", f"{coined} {trade}",
        coined + dice.pick(words["endings"]), f"{last} & {dice.pick(lasts)}", f"{last} {trade}",
        f"{dice.pick(country.cities)[0]} {root} {trade}", f"{root}{dice.pick(words['endings'])} {trade}",
        f"{dice.pick(words['adjectives'])} {coined} {trade}",
    )  # fmt: skip
    return dice.pick(styles)


def _full_name(dice: Dice, short: str, country: Country) -> str:
    form = dice.pick(country.forms)
    return f"{short} {form}" if form and dice.below(10) < 7 else short


class _Domains:
    """Hands out each domain once; a taken one gets the trade, then the city, then a number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def claim(self, short: str, industry: Industry, country: Country, dice: Dice) -> str:
        stem, tld = slug(short), country.tld
        if dice.below(4) == 0:
            tld = dice.pick(("com", "io", "eu", "net", "co"))
        options = [
            stem,
            f"{stem}-{slug(dice.pick(industry.name_words))}",
            f"{stem}-{slug(dice.pick(country.cities)[0])}",
        ]
        number = 2
        for option in options:
            if f"{option}.{tld}" not in self._taken:
                self._taken.add(f"{option}.{tld}")
                return f"{option}.{tld}"
        while f"{stem}{number}.{tld}" in self._taken:
            number += 1
        self._taken.add(f"{stem}{number}.{tld}")
        return f"{stem}{number}.{tld}"


def company_names(
    spec: WorldSpec,
    vocabulary: Vocabulary,
    industry: IntArray,
    country: IntArray,
    same_as: IntArray,
    same_name: IntArray,
    renamed: NDArray[np.bool_],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Full names, short names and domains of all rows.

    A duplicate keeps its source's domain and name, unless it was renamed: then name and domain are its own. A namesake has its
    source's short name and a domain of its own. `industry` is the trade that the name speaks of.
    """
    n = len(industry)
    seeds = stream(spec.seed, "names").integers(0, 2**31, n).tolist()
    domains = _Domains()
    shorts, fulls, webs = [""] * n, [""] * n, [""] * n
    rank = np.where((same_as >= 0) & ~renamed, 2, np.where(same_name >= 0, 1, 0))
    for row in np.argsort(rank, kind="stable").tolist():
        trade, land = vocabulary.industries[industry[row]], vocabulary.countries[country[row]]
        dice = Dice(seeds[row])
        twin = int(same_as[row])
        if rank[row] == 2:
            shorts[row], webs[row] = shorts[twin], webs[twin]
        else:
            namesake = int(same_name[row])
            shorts[row] = shorts[namesake] if namesake >= 0 else _short_name(dice, vocabulary, trade, land)
            webs[row] = domains.claim(shorts[row], trade, land, dice)
        fulls[row] = _full_name(dice, shorts[row], land)
    return tuple(fulls), tuple(shorts), tuple(webs)
