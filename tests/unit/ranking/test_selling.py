"""Who speaks as a seller, which posting offers no job, what a company sells: judged on texts written for this test."""

import pytest

from ranking.selling import not_a_posting, sold_concepts, vendor_talk
from ranking.taxonomy.entries import Concept, Entry
from ranking.taxonomy.surfaces import SurfaceIndex
from ranking.text import words
from ranking.types import SnippetKind

SELLERS: tuple[tuple[SnippetKind, str], ...] = (
    ("web_page", "Our payroll platform helps restaurants pay people on time. Book a demo today."),
    ("web_page", "We sell scheduling software to clinics all over the Midwest."),
    ("web_page", "Start your free trial. No credit card required."),
    ("web_page", "Trusted by 4,000 companies, from corner shops to airlines."),
    ("web_page", "We help finance teams close the books in two days instead of ten."),
    ("web_page", "Ledgerly is the leading provider of accounting software for charities."),
    ("social", "Excited to share: we just launched our warehouse app! Try it for free."),
    ("social", "Our new CRM is the fourth thing we built. Request a demo, link below."),
    ("news", "Pricing starts at $9 per user; contact sales for volume discounts."),
    ("launch", "Tabula: spreadsheets that write themselves"),
    ("launch", "Launch: AI receptionist for dental practices"),
    ("other", "Our chatbot automates support so that your agents can rest."),
    ("web_page", "Unsere Plattform hilft Handwerksbetrieben bei der Lohnabrechnung. Jetzt kostenlos testen!"),
    ("web_page", "Wir verkaufen Kassensysteme an Bäckereien in ganz Österreich."),
    ("web_page", "Die führende Software für Hausverwaltungen. Demo vereinbaren."),
    ("web_page", "Notre logiciel aide les cabinets comptables à gagner du temps. Demandez une démo."),
    ("web_page", "Nous vendons des terminaux de paiement aux commerçants. Essai gratuit."),
    ("web_page", "Nuestra plataforma ayuda a las pymes a cobrar antes. Solicita una demo."),
    ("web_page", "Vendemos un programa de nóminas. Prueba gratis durante 30 días."),
    ("web_page", "Nossa plataforma ajuda empresas a contratar melhor. Agende uma demonstração."),
    ("web_page", "Il nostro software aiuta le aziende a gestire i turni. Richiedi una demo."),
    ("web_page", "Onze software helpt bedrijven met hun planning. Vraag een demo aan."),
)

NO_SELLERS: tuple[tuple[SnippetKind, str], ...] = (
    (
        "job_posting",
        "Account executive. Our platform helps restaurants pay people. Book a demo calls, close deals.",
    ),
    ("job_posting", "Payroll manager wanted. Our customers trust our platform and we are growing fast."),
    ("job_posting", "0 open positions"),
    ("news", "Northwind has chosen a new payroll provider after years of errors."),
    ("news", "Northwind is hiring 40 warehouse workers and replaces its inventory system."),
    ("web_page", "We are looking for an applicant tracking system; proposals until May 3."),
    ("web_page", "Invitation to tender: customer relationship management for 300 users."),
    ("social", "We switched from spreadsheets to a CRM and requested a free trial of three of them."),
    ("social", "Any recommendations for payroll software? We need something that handles tips."),
    ("review", "Payroll is late every month and HR never answers."),
    ("review", "Great team, but tools are old: the CRM crashes daily."),
    ("tech_change", "Removed Salesforce, added HubSpot."),
    ("tech_change", "Zendesk is gone from the help centre."),
    ("funding", "Series B of $20m to open twelve restaurants in Texas."),
    ("news", "The hospital opens a cardiology wing and doubles its nursing staff."),
    ("web_page", "Our menu changes daily. Tables can be booked by phone."),
    ("web_page", "About us: family business since 1931, three bakeries, forty employees."),
    ("launch", "We are looking for design partners who need fewer meetings"),
    ("web_page", "Wir suchen eine neue Software für die Zeiterfassung unserer 200 Pflegekräfte."),
    ("news", "Die Stadtwerke haben die alte Buchhaltung abgelöst."),
    ("web_page", "Nous cherchons un logiciel de paie pour 80 salariés."),
    ("news", "L'hôpital a choisi un nouveau dossier patient."),
    ("web_page", "Necesitamos un sistema de gestión de almacenes para tres naves."),
    ("news", "A rede hoteleira adotou um novo sistema de reservas."),
    ("web_page", "Cerchiamo un gestionale per la nostra officina."),
    ("news", "De gemeente stapt over op een ander zaaksysteem."),
)

NO_POSTINGS = (
    "0 open positions",
    "Careers: there are currently no openings. Check back soon!",
    "No open roles right now.",
    "Showing 0 of 0 results for accountant",
    "0 jobs match your search",
    "We don't currently have any open positions.",
    "This job is no longer available.",
    "The position has been filled. Thank you for your interest.",
    "Not currently hiring.",
    "We sell an AI recruiter that fills your roles in days. Book a demo.",
    "Our AI recruiter saves you 20 hours a week. Start your free trial.",
    "Keine offenen Stellen",
    "Aktuell sind keine Stellen ausgeschrieben.",
    "0 offene Stellen in Ihrer Region",
    "Aucun poste ouvert pour le moment.",
    "Aucune offre ne correspond à votre recherche.",
    "No hay vacantes en este momento.",
    "0 vacantes",
    "Não há vagas abertas no momento.",
    "Nenhuma vaga encontrada.",
    "Nessuna posizione aperta al momento.",
    "Er zijn momenteel geen vacatures.",
    "Geen openstaande vacatures.",
)

POSTINGS = (
    "senior software engineer",
    "customer support associate",
    "10 open positions in Lisbon and Porto",
    "0 open positions in Berlin, 4 open positions in Munich",
    "Payroll specialist, full-time. Requirements: five years of experience.",
    "We sell an AI recruiter and we are hiring an account executive to sell it.",
    "Join our team as a nurse. Our platform helps hospitals plan shifts. Apply now.",
    "SDR (remote): book a demo for our product with finance leaders. Salary 60-70k.",
    "No experience needed! Warehouse helpers, 18 $ per hour.",
    "Lohnbuchhalter (m/w/d) in Vollzeit",
    "Wir suchen zur Verstärkung eine Personalreferentin. Keine Wochenendarbeit.",
    "Comptable H/F, CDI, Lyon",
    "Nous recrutons: développeur Python. Aucun déplacement.",
    "Se busca contable con experiencia en nóminas",
    "Analista de folha de pagamento, tempo integral",
    "Cerchiamo un responsabile paghe. Nessuna trasferta.",
    "Wij zoeken een salarisadministrateur, geen avonddiensten",
)


@pytest.mark.parametrize(("kind", "text"), SELLERS)
def test_a_seller_is_heard(kind: SnippetKind, text: str) -> None:
    assert vendor_talk(words(text), kind)


@pytest.mark.parametrize(("kind", "text"), NO_SELLERS)
def test_buyers_employers_and_others_are_no_sellers(kind: SnippetKind, text: str) -> None:
    assert not vendor_talk(words(text), kind)


@pytest.mark.parametrize("text", NO_POSTINGS)
def test_a_page_that_offers_no_job_is_no_posting(text: str) -> None:
    assert not_a_posting(words(text), "job_posting")


@pytest.mark.parametrize("text", POSTINGS)
def test_a_real_posting_stays_one(text: str) -> None:
    assert not not_a_posting(words(text), "job_posting")


def test_a_career_page_is_judged_as_postings_are_and_other_kinds_never() -> None:
    assert not_a_posting(words("Careers. 0 open positions"), "web_page")
    assert not not_a_posting(words("We sell an AI recruiter."), "web_page")
    assert not not_a_posting(words("0 open positions"), "news")


SURFACES = {
    "payroll": (
        "payroll", "payroll software", "lohnabrechnung", "logiciel de paie", "nominas", "programa de nominas", "paghe",
        "salarisadministratie",
    ),
    "recruiting": ("recruiting", "recrutement"),
    "ats": ("applicant tracking system", "ats", "bewerbermanagement", "sistema di recruiting"),
    "crm": ("crm", "customer relationship management", "crm software"),
    "ehr": ("ehr", "electronic health record", "electronic health records"),
    "analytics": ("analytics",),
    "customer_support": ("customer support", "service client"),
}  # fmt: skip
WEAK = {"recruiting", "recrutement", "analytics", "customer support", "service client"}
PARENTS = {"ats": "recruiting", "recruiting": "hr"}


class SmallTaxonomy:
    """Seven concepts under fixed words, so that no change of the shipped taxonomy touches these tests."""

    def __init__(self) -> None:
        entries = {
            phrase: (Entry("concept", code, "", 1.0),)
            for code, phrases in SURFACES.items()
            for phrase in phrases
        }
        entries["go"] = (Entry("concept", "analytics", "", 0.3), Entry("technology", "go", "", 0.3))
        entries["restaurants"] = (Entry("industry", "restaurants", "en", 1.0),)
        self.surfaces = SurfaceIndex(entries)

    def concept(self, code: str) -> Concept:
        strong = frozenset(SURFACES.get(code, ())) - WEAK
        return Concept(code, code, {}, strong, (), {}, {}, (), PARENTS.get(code))


TAXONOMY = SmallTaxonomy()


def sold(description: str, name: str = "Acme", tags: tuple[str, ...] = ()) -> set[str]:
    return set(sold_concepts(name, description, tags, TAXONOMY))


SELLING = (
    ("Payroll for restaurants", {"payroll"}),
    ("Payroll for restaurants.\nWe pay a million waiters.", {"payroll"}),
    ("Modern EHR for small clinics", {"ehr"}),
    ("Founded in 2010 in Ohio, we are forty people. We provide payroll software to farms.", {"payroll"}),
    ("Acme is a CRM for dentists that they enjoy.", {"crm"}),
    ("Acme builds an applicant tracking system for hospitals.", {"ats", "recruiting", "hr"}),
    ("Acme offers recruiting software for agencies.", {"recruiting", "hr"}),
    ("Our platform automates payroll, and it does so quietly.", {"payroll"}),
    ("Using AI, Acme delivers payroll to clinics.", {"payroll"}),
    ("Acme helps you run payroll without spreadsheets.", {"payroll"}),
    ("Software for payroll", {"payroll"}),
    ("Coffee for offices, payroll for everyone", {"payroll"}),
    ("We build easy-to-use payroll tools.", {"payroll"}),
    ("CRM and payroll in one", {"crm", "payroll"}),
    ("We build the analytics platform developers love.", {"analytics"}),
    ("Acme bietet Lohnabrechnung für Bäckereien.", {"payroll"}),
    ("Wir entwickeln ein Bewerbermanagement für Kliniken.", {"ats", "recruiting", "hr"}),
    ("Acme propose un logiciel de paie pour les PME.", {"payroll"}),
    ("Acme ofrece un programa de nóminas para bares.", {"payroll"}),
    ("Acme vende um CRM para imobiliárias.", {"crm"}),
    ("Acme sviluppa un CRM per officine.", {"crm"}),
    ("Acme biedt salarisadministratie aan.", {"payroll"}),
)

NOT_SELLING = (
    "A hospital group in Ohio that uses an EHR from the nineties",
    "St. Mary is a hospital. Its doctors use an electronic health record every day.",
    "Acme is a logistics company with a modern CRM.",
    "Freight, fast. We integrate with your CRM and your ERP.",
    "Acme is the design tool that integrates with your CRM.",
    "A design studio for CRM vendors",
    "Coaching for payroll teams",
    "A photo studio for applicant tracking system fans",
    "Acme turns customer support staff into poets with an app.",
    "Acme provides coaching to payroll professionals.",
    "Acme is an AI engine that replaces your ATS.",
    "Unlike a CRM, paper never crashes",
    "Acme is not a CRM.",
    "We are looking for a CRM for our nine bakeries.",
    "Acme is a bakery. Payroll is our biggest cost.",
    "Bakery chain. Recruiting is hard these days.",
    "Recruiting is in our blood",
    "We go where you go",
    "Acme is a platform built on top of your EHR.",
    "Our founders previously built payroll at Globex.",
    "Eine Klinik mit EHR und Herz",
    "Wir sind eine Bäckerei und suchen ein CRM.",
    "Un hôtel qui utilise un CRM",
    "Acme propose du conseil aux équipes paghe",
    "Una clínica que usa un CRM propio",
    "",
    "Restaurants on wheels",
)


@pytest.mark.parametrize(("description", "concepts"), SELLING)
def test_a_company_sells_what_it_says_it_offers(description: str, concepts: set[str]) -> None:
    assert sold(description) == concepts


@pytest.mark.parametrize("description", NOT_SELLING)
def test_what_a_company_uses_serves_or_replaces_is_not_sold(description: str) -> None:
    assert sold(description) == set()


def test_a_name_that_alone_names_a_product_counts() -> None:
    assert sold("", name="Globex Payroll GmbH") == {"payroll"}
    assert sold("", name="Recruiting Heroes") == set()


def test_a_tag_confirms_a_general_subject_but_sells_nothing_alone() -> None:
    assert sold("Recruiting without tears", tags=("Recruiting",)) == {"recruiting", "hr"}
    assert sold("Recruiting without tears") == set()
    assert sold("We bake bread", tags=("Recruiting", "Payroll")) == set()
