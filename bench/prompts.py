"""The mix of prompts that load is made of, every one different.

Four in ten are English, one in ten each is German, French, Spanish, Italian, Portuguese and Dutch. Six in ten name a
head count, half name a place, three in ten exclude somebody. Head counts are drawn, so that no two prompts are alike and
no parse is found in a cache; products, buyers and places repeat, as they do among customers. With a file of prompts
(the synthetic world's) every other prompt is one of those, each once.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

SIZE_SHARE, PLACE_SHARE, BUT_SHARE = 0.6, 0.5, 0.3
_ENGLISH_SHARE = 4


@dataclass(frozen=True)
class Tongue:
    """One language's words; `size` takes the bounds of a head count."""

    sell: str
    size: str
    products: tuple[str, ...]
    buyers: tuple[str, ...]
    places: tuple[str, ...]
    buts: tuple[str, ...]


ENGLISH = Tongue(
    "{product} for {buyers}",
    " with {low}-{high} employees",
    ("CRM software", "payroll software", "applicant tracking system", "cloud security", "accounting software", "ERP",
     "data warehouse", "marketing automation", "help desk software", "fleet management", "e-signature", "HR software"),
    ("fintech companies", "hospitals", "logistics companies", "law firms", "manufacturers", "retailers",
     "software companies", "construction companies", "insurance companies", "restaurants"),
    (" in Germany", " in DACH", " in the UK", " in California", " in Europe", " in the Nordics", " in Texas", " in Berlin"),
    (", not startups", ", except banks", ", but no staffing agencies", ", not in New York", ", no franchises"),
)  # fmt: skip
OTHERS = (
    Tongue(
        "{product} für {buyers}", " mit {low} bis {high} Mitarbeitern",
        ("CRM-Software", "Lohnabrechnung", "Bewerbermanagement", "Buchhaltungssoftware", "HR-Software"),
        ("Banken", "Krankenhäuser", "Logistikunternehmen", "Maschinenbauer", "Softwareunternehmen"),
        (" in Deutschland", " in Österreich", " in der Schweiz", " in Bayern"), (", aber keine Startups", ", außer Banken"),
    ),
    Tongue(
        "{product} pour {buyers}", " de {low} à {high} salariés",
        ("logiciel CRM", "logiciel de paie", "logiciel de comptabilité", "logiciel RH", "cybersécurité"),
        ("les banques", "les hôpitaux", "les restaurants", "les industriels", "les cabinets d'avocats"),
        (" en France", " en Belgique", " à Paris", " en Europe"), (", sauf les startups", ", pas de banques"),
    ),
    Tongue(
        "{product} para {buyers}", " de {low} a {high} empleados",
        ("software CRM", "software de nóminas", "software de contabilidad", "software de RRHH", "ciberseguridad"),
        ("bancos", "hospitales", "restaurantes", "fabricantes", "aseguradoras"),
        (" en España", " en México", " en Madrid", " en Colombia"), (", excepto startups", ", no bancos"),
    ),
    Tongue(
        "{product} per {buyers}", " da {low} a {high} dipendenti",
        ("software CRM", "software paghe", "software di contabilità", "software HR", "sicurezza informatica"),
        ("banche", "ospedali", "ristoranti", "studi legali", "aziende manifatturiere"),
        (" in Italia", " a Milano", " in Europa", " in Svizzera"), (", tranne startup", ", non le banche"),
    ),
    Tongue(
        "{product} para {buyers}", " de {low} a {high} funcionários",
        ("software CRM", "software de folha de pagamento", "software de contabilidade", "software de RH", "segurança na nuvem"),
        ("bancos", "hospitais", "restaurantes", "varejistas", "seguradoras"),
        (" no Brasil", " em Portugal", " em São Paulo", " em Lisboa"), (", exceto startups", ", sem bancos"),
    ),
    Tongue(
        "{product} voor {buyers}", " met {low} tot {high} medewerkers",
        ("CRM-software", "salarissoftware", "boekhoudsoftware", "HR-software", "cloudbeveiliging"),
        ("banken", "ziekenhuizen", "restaurants", "advocatenkantoren", "softwarebedrijven"),
        (" in Nederland", " in België", " in Amsterdam", " in de Benelux"), (", geen startups", ", behalve banken"),
    ),
)  # fmt: skip


def unique_prompts(count: int, seed: int, world: Path | None = None) -> list[str]:
    """`count` prompts, no two alike, in an order that `seed` decides; `world` is a prompts.jsonl."""
    rng = random.Random(seed)
    return list(islice(_each_once(_mixed(rng, world)), count))


def digest(prompts: list[str]) -> str:
    """SHA-256 of the prompts in order."""
    return hashlib.sha256("\n".join(prompts).encode()).hexdigest()


def _mixed(rng: random.Random, world: Path | None) -> Iterator[str]:
    given: list[str] = []
    if world is not None:
        given = [json.loads(line)["prompt"] for line in world.read_text("utf-8").split("\n") if line]
        rng.shuffle(given)
    while True:
        yield _composed(rng)
        if given:
            yield given.pop()


def _each_once(prompts: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for prompt in prompts:
        if prompt not in seen:
            seen.add(prompt)
            yield prompt


def _composed(rng: random.Random) -> str:
    tongue = rng.choice([ENGLISH] * _ENGLISH_SHARE + list(OTHERS))
    text = tongue.sell.format(product=rng.choice(tongue.products), buyers=rng.choice(tongue.buyers))
    if rng.random() < PLACE_SHARE:
        text += rng.choice(tongue.places)
    if rng.random() < SIZE_SHARE:
        low = rng.randrange(2, 900)
        text += tongue.size.format(low=low, high=low + rng.randrange(20, 4000))
    if rng.random() < BUT_SHARE:
        text += rng.choice(tongue.buts)
    return text
