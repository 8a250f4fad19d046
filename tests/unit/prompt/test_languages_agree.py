"""The same request in seven languages is read as the same request (F-1)."""

import pytest

from ranking.prompt import parse
from ranking.taxonomy.loading import load_taxonomy

TAXONOMY = load_taxonomy()
REQUESTS = (
    (
        "booking software for clinics with 10-50 employees, no agencies",
        "Buchungssoftware für Arztpraxen mit 10-50 Mitarbeitern, keine Agenturen",
        "outil de réservation pour cliniques de 10 à 50 salariés, pas d'agences",
        "plataforma de reservas para clínicas de 10 a 50 empleados, sin agencias",
        "plataforma de reservas para clínicas com 10 a 50 funcionários, sem agências",
        "piattaforma di prenotazione per cliniche con 10-50 dipendenti, niente agenzie",
        "boekingssoftware voor huisartsenpraktijken met 10-50 medewerkers, geen bureaus",
    ),
    (
        "invoicing for plumbers, no electricians",
        "Rechnungsstellung für Klempner, keine Elektriker",
        "facturation pour plombiers, pas d'électriciens",
        "facturación para fontaneros, sin electricistas",
        "faturação para encanadores, sem eletricistas",
        "fatturazione per idraulici, niente elettricisti",
        "facturatie voor loodgieters, geen elektriciens",
    ),
    (
        "payment terminals for tax advisers, no lawyers",
        "Zahlungsterminals für Steuerberater, keine Anwälte",
        "terminaux de paiement pour conseillers fiscaux, pas d'avocats",
        "terminales de pago para asesores fiscales, sin abogados",
        "terminais de pagamento para consultores fiscais, sem advogados",
        "terminali di pagamento per commercialisti, niente avvocati",
        "betaalterminals voor belastingadviseurs, geen advocaten",
    ),
    (
        "observability for data infrastructure companies and IT service providers",
        "Observability für Dateninfrastruktur-Unternehmen und IT-Dienstleister",
        "observabilité pour entreprises d'infrastructure de données et entreprises de services informatiques",
        "observabilidad para empresas de infraestructura de datos y empresas de servicios informáticos",
        "observabilidade para empresas de infraestrutura de dados e empresas de serviços de TI",
        "osservabilità per aziende di infrastruttura dati e società di servizi IT",
        "observability voor data-infrastructuurbedrijven en IT-dienstverleners",
    ),
    (
        "appointment software for doctors, no dentists",
        "Terminsoftware für Ärzte, keine Zahnärzte",
        "logiciel de prise de rendez-vous pour médecins, pas de dentistes",
        "software de reservas para médicos de familia, sin dentistas",
        "plataforma de reservas para médicos de família, sem dentistas",
        "software di prenotazione per medici di base, niente dentisti",
        "afsprakensoftware voor artsen, geen tandartsen",
    ),
    (
        "field service management for telecom operators",
        "Einsatzplanung für Techniker für Telekommunikationsunternehmen",
        "gestion des interventions pour opérateurs télécoms",
        "gestión de servicios de campo para operadores de telecomunicaciones",
        "gestão de serviços de campo para operadoras de telecomunicações",
        "gestione dei servizi sul campo per operatori di telecomunicazioni",
        "buitendienstsoftware voor telecombedrijven",
    ),
)


@pytest.mark.parametrize("wordings", REQUESTS, ids=lambda wordings: wordings[0])
def test_what_is_sold_and_to_whom_does_not_depend_on_the_language(wordings: tuple[str, ...]) -> None:
    queries = [parse(wording, TAXONOMY) for wording in wordings]

    assert {query.product.concepts for query in queries} == {queries[0].product.concepts}
    assert {query.include for query in queries} == {queries[0].include}
    assert {query.exclude for query in queries} == {queries[0].exclude}
    assert queries[0].product.concepts
    assert queries[0].include.industries
