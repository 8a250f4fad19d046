"""Need told from mere mentions, choices found, stuffed texts caught: judged on texts written for this test."""

import pytest

from ranking.need import choices, no_need
from ranking.stuffing import stuffed
from ranking.text import words
from ranking.types import SnippetKind

MENTIONS: tuple[tuple[SnippetKind, str], ...] = (
    ("social", "Three years in and we are still very happy with our payroll provider. Thanks, team!"),
    (
        "news",
        "Harbour Hotels has used the same booking system for twelve years and its night porters swear by it.",
    ),
    ("review", "The ticketing tool works like a charm, no complaints at all."),
    ("web_page", "Longtime customer Bexley Foods on why its warehouse system runs smoothly"),
    ("news", "Finch Logistics wins the regional award for its use of fleet telematics."),
    ("news", "Our finance chief spoke at the Leeds summit about automating the month-end close."),
    ("social", "Catch our CTO on stage tomorrow: a lightning talk on zero trust networks"),
    ("web_page", "Podcast: how a family bakery runs its shift planning"),
    ("social", "Proud sponsor of the city marathon, with help from our CRM team"),
    ("web_page", "What is an applicant tracking system? A short guide to the terms recruiters use."),
    ("web_page", "Glossary: EDI, ERP, MES and other words you hear on the shop floor"),
    ("web_page", "7 tips for choosing accounting software"),
    ("web_page", "How to choose a help desk, explained by our operations lead on our blog"),
    ("news", "Mill Lane Clinic celebrates ten years with its patient record system."),
    ("job_posting", "Payroll clerk (maternity cover), 12 months"),
    ("job_posting", "CRM administrator, replacement for a colleague who is leaving us in June"),
    ("job_posting", "Accountant as backfill in our Leeds office"),
    ("job_posting", "Apprenticeship in warehouse logistics, start in September"),
    ("job_posting", "Summer internship, marketing automation"),
    ("job_posting", "Systems clerk. You keep our booking system in good shape and answer users."),
    ("social", "Unser Team ist mit der Lohnabrechnung rundum zufrieden."),
    ("news", "Die Bäckerei Lenz nutzt seit 15 Jahren dieselbe Kassensoftware."),
    ("news", "Die Spedition wurde für ihr Flottenmanagement ausgezeichnet."),
    ("news", "Geschäftsführerin Anna Kolb hält einen Vortrag über digitale Zeiterfassung."),
    ("web_page", "Was ist ein Warenwirtschaftssystem? Einfach erklärt."),
    ("web_page", "Checkliste: 9 Tipps für die Auswahl einer HR-Software"),
    ("job_posting", "Personalsachbearbeiter als Elternzeitvertretung"),
    ("job_posting", "Ausbildung zur Kauffrau für Büromanagement"),
    ("job_posting", "Werkstudent Controlling (m/w/d)"),
    ("job_posting", "IT-Betreuer: Betreuung unserer Telefonanlage, 20 Stunden"),
    ("news", "La clinique utilise le même logiciel depuis dix ans et en est pleinement satisfaite."),
    ("news", "Le transporteur remporte le prix régional de la logistique pour sa gestion de flotte."),
    ("news", "La directrice financière est intervenue à Lyon sur la facture électronique."),
    ("web_page", "Comment choisir un logiciel de paie : nos conseils"),
    ("web_page", "Qu'est-ce qu'un ERP ? Tout comprendre en cinq minutes"),
    ("job_posting", "Gestionnaire de paie, remplacement congé maternité"),
    ("job_posting", "Alternance - assistant ressources humaines"),
    ("news", "El hotel usa el mismo programa de reservas desde hace años y está muy contento con él."),
    ("news", "La empresa gana el premio a la mejor gestión de almacenes."),
    ("news", "Nuestra directora dio una charla sobre ciberseguridad en Bilbao."),
    ("web_page", "¿Qué es un CRM? Guía práctica para comercios"),
    ("job_posting", "Técnico de nóminas, sustitución por baja maternal"),
    ("job_posting", "Becario de contabilidad"),
    ("news", "A rede de clínicas está muito satisfeita com seu sistema de prontuário."),
    ("news", "A transportadora recebeu o prêmio de logística do estado."),
    ("web_page", "O que é um ERP? Como escolher o seu em cinco passos"),
    ("job_posting", "Analista de RH, substituição temporária de licença maternidade"),
    ("job_posting", "Estágio em controladoria"),
    ("news", "L'azienda usa da anni lo stesso gestionale e ne è molto soddisfatta."),
    ("news", "La cantina ha vinto il premio per la tracciabilità."),
    ("web_page", "Cos'è un CRM? Guida pratica per le piccole imprese"),
    ("job_posting", "Addetta paghe, sostituzione maternità"),
    ("job_posting", "Tirocinio ufficio acquisti"),
    ("news", "De groothandel werkt al jaren met hetzelfde voorraadsysteem en is er zeer tevreden over."),
    ("news", "De kliniek gaf een lezing over digitale dossiers."),
    ("web_page", "Wat is een ERP-systeem? Alles wat je moet weten"),
    ("job_posting", "Salarisadministrateur, zwangerschapsvervanging"),
    ("job_posting", "Stageplek bij de afdeling inkoop"),
)

NEEDS: tuple[tuple[SnippetKind, str], ...] = (
    ("news", "Harbour Hotels is looking for a new booking system."),
    ("web_page", "Request for proposals: payroll services for 400 staff, bids are due on May 3."),
    ("social", "Can anyone recommend a help desk for a team of nine?"),
    ("review", "Shifts are planned by hand and nobody knows who works when."),
    ("review", "We used to be happy with our payroll provider, now half the slips are wrong."),
    ("social", "Talk at the summit was fine, but seriously: we need a warehouse system before Christmas."),
    ("news", "After its award-winning year Finch Logistics plans to replace its fleet software."),
    ("social", "What is the best CRM for twelve reps? Ours crashes twice a day and we want to switch."),
    ("news", "Bexley Foods opens a second plant and hires eighty people."),
    ("funding", "Series B of $30m; the founders celebrated with their first customers."),
    ("tech_change", "Salesforce was removed from the site."),
    ("tech_change", "HubSpot replaced by an unknown tool"),
    ("launch", "Bexley starts delivering to homes"),
    ("job_posting", "Payroll manager"),
    ("job_posting", "Head of revenue operations: build our CRM from scratch"),
    ("job_posting", "Recruiter, five openings, we grow from 40 to 90 people this year"),
    ("job_posting", "Senior engineer for an early-stage startup"),
    ("job_posting", "Stage manager, Royal Theatre"),
    ("job_posting", "Internal auditor"),
    (
        "job_posting",
        "Sales development representative, Boston. You open doors at hospitals, book first meetings and hand them to account "
        "executives. We love our product and celebrate wins. Benefits: 16 weeks parental leave, health insurance, gym. "
        "You have two years of experience, write well and like the phone. You will also help train interns in the summer.",
    ),
    (
        "job_posting",
        "Backend engineer. You will maintain our existing services and write new ones in Go, own what you build, work with "
        "product people every day, and talk to customers. We run on Kubernetes, Postgres and Kafka. Ten engineers, no "
        "managers, remote in Europe. Five years of experience with distributed systems are expected from candidates, "
        "and good written English.",
    ),
    ("news", "Das Krankenhaus sucht eine neue Dienstplanung."),
    ("web_page", "Ausschreibung: Dokumentenmanagement für die Stadtverwaltung, Angebote bis 3. Mai"),
    ("review", "Urlaubsanträge auf Papier, ständig Fehler in der Abrechnung."),
    ("social", "Kann jemand eine Zeiterfassung empfehlen? Wir sind mit unserer unzufrieden."),
    ("news", "Die Spedition baut ein zweites Lager in Kassel."),
    ("job_posting", "Lohnbuchhalter (m/w/d) in Vollzeit"),
    ("job_posting", "Leitung Interne Kommunikation"),
    ("news", "La mairie lance un appel d'offres pour la gestion du courrier."),
    ("social", "Quel logiciel de caisse pour trois boulangeries ? Le nôtre est trop lent."),
    ("review", "Les plannings arrivent en retard, beaucoup d'erreurs de paie."),
    ("job_posting", "Responsable paie, CDI, Nantes"),
    ("news", "El hospital busca un nuevo sistema de turnos."),
    ("review", "Las nóminas llegan con errores cada mes."),
    ("news", "La cadena abre cuatro tiendas en Sevilla."),
    ("job_posting", "Responsable de nóminas, jornada completa"),
    ("news", "A prefeitura abriu licitação para um sistema de protocolo."),
    ("review", "O estoque é contado à mão e sempre falta alguma coisa."),
    ("job_posting", "Gerente de RH"),
    ("news", "Il comune pubblica un bando per il protocollo informatico."),
    ("social", "Qualcuno può consigliare un gestionale per officine?"),
    ("review", "Turni scritti a mano, ritardi negli stipendi."),
    ("job_posting", "Responsabile amministrazione del personale"),
    ("news", "De gemeente schrijft een aanbesteding uit voor een zaaksysteem."),
    ("review", "Roosters worden met de hand gemaakt, veel fouten."),
    ("social", "Welk boekhoudpakket gebruiken jullie? Wij zijn niet tevreden over het onze."),
    ("job_posting", "HR-manager, 32 uur"),
)

CHOSEN: tuple[tuple[SnippetKind, str], ...] = (
    ("news", "Harbour Hotels has chosen a new booking system for its nine houses."),
    ("news", "Bexley Foods signs with a payroll provider for its 900 staff."),
    ("news", "Finch Logistics switched from spreadsheets to a fleet platform in spring."),
    ("news", "Mill Lane Clinic completed its migration to a new patient record system in March."),
    ("news", "The new ticketing system went live on Monday."),
    ("news", "Council awards telephony contract to a local firm."),
    ("web_page", "The rollout of the warehouse system was completed on time."),
    ("social", "After years of problems with the old one we have implemented a new help desk. Bliss."),
    ("news", "Die Bäckerei Lenz hat sich für ein neues Kassensystem entschieden."),
    ("news", "Das Klinikum führt eine digitale Dienstplanung ein."),
    ("news", "Die Umstellung auf das neue ERP ist abgeschlossen."),
    (
        "news",
        "Stadtwerke unterzeichnen einen Vertrag? Nein: Die Stadt unterzeichnet den Vertrag mit dem Softwarehaus.",
    ),
    ("news", "La mairie a choisi son nouveau logiciel de courrier."),
    ("news", "Le groupe a signé un contrat avec un éditeur de paie."),
    ("news", "Le déploiement du nouvel ERP est terminé."),
    ("news", "El hospital ha elegido un sistema de turnos."),
    ("news", "La cadena firmó un contrato con un proveedor de nóminas."),
    ("news", "La implantación del ERP ha concluido y el sistema ya está en funcionamiento."),
    ("news", "A rede fechou contrato com um fornecedor de ponto eletrônico."),
    ("news", "A implantação do ERP foi concluída em março."),
    ("news", "L'azienda ha scelto un nuovo gestionale."),
    ("news", "Il progetto CRM è stato completato a maggio."),
    ("news", "De gemeente heeft gekozen voor een nieuw zaaksysteem."),
    ("news", "De migratie naar het nieuwe ERP is afgerond."),
)

OPEN: tuple[tuple[SnippetKind, str], ...] = (
    ("news", "Harbour Hotels will choose a booking system in autumn."),
    (
        "news",
        "The rollout was completed in no country: the project failed and the bank is looking for a new partner.",
    ),
    ("news", "The council has not chosen a telephony provider; the tender was cancelled."),
    ("news", "Bexley Foods opens a second plant."),
    ("job_posting", "Consultant: our customer has chosen SAP and you roll it out."),
    ("news", "Die Einführung des ERP ist gescheitert."),
    ("news", "Das Klinikum sucht eine Dienstplanung."),
    ("news", "La mairie cherche un logiciel de courrier."),
    ("news", "El hospital aún no ha elegido un sistema."),
    ("news", "A prefeitura procura um sistema de protocolo."),
    ("news", "Il comune cerca un gestionale."),
    ("news", "De gemeente zoekt een zaaksysteem."),
)

STUFFED: tuple[tuple[SnippetKind, str], ...] = (
    (
        "web_page",
        "payroll software payroll provider best payroll payroll outsourcing cheap payroll online payroll",
    ),
    ("other", "CRM CRM tool CRM software CRM cloud CRM sales CRM best CRM 2025"),
    ("news", "Verified lead: Harbour Hotels, hotel booking engine, channel manager, ready to buy."),
    ("social", "HOT LEAD Bexley Foods needs ERP, WMS, MES. Budget approved, contact now!"),
    (
        "web_page",
        "Backup backup solution server backup cloud backup company backup, backup offer, backup price, backup demo",
    ),
    ("other", "High intent: Finch Logistics. Fleet telematics. Decision maker confirmed."),
    (
        "web_page",
        "lohnabrechnung software lohnabrechnung günstig lohnabrechnung online lohnabrechnung anbieter lohnabrechnung vergleich",
    ),
    ("other", "Dringender Bedarf! Budget freigegeben! Kassensystem für Bäckerei Lenz."),
    ("web_page", "logiciel paie logiciel paie pas cher logiciel paie en ligne logiciel paie PME"),
    ("other", "Intention d'achat confirmée, prêt à acheter : caisse, stock, facturation."),
    ("web_page", "nóminas software nóminas programa nóminas gestoría nóminas online nóminas baratas"),
    ("other", "Alta intención, presupuesto aprobado: hospital, turnos, personal"),
    ("web_page", "ponto eletrônico ponto online ponto digital sistema ponto controle ponto barato"),
    ("other", "Alta intenção, pronta para comprar: sistema de ponto"),
    ("web_page", "gestionale officina gestionale auto gestionale moto gestionale prezzo gestionale online"),
    (
        "web_page",
        "boekhouden boekhoudpakket online boekhouden zzp boekhouden mkb boekhouden goedkoop boekhouden",
    ),
)

HONEST: tuple[tuple[SnippetKind, str], ...] = (
    ("job_posting", "senior software engineer"),
    ("job_posting", "Sales sales sales? You like sales? Sales manager, sales team, Berlin"),
    (
        "job_posting",
        "Backend Engineer | Frontend Engineer | Data Engineer | ML Engineer | remote | full-time",
    ),
    ("tech_change", "Added HubSpot, Stripe, Segment and Intercom; removed Marketo."),
    ("tech_change", "HubSpot added"),
    ("web_page", "Menu: soup, salad, bread, fish, steak, ice cream, coffee, tea, wine, beer"),
    ("news", "Bank of the West opens a bank branch next to the old bank in West Street."),
    ("news", "Payroll errors hit payroll clerks and everybody on the payroll of the county."),
    ("social", "We urgently need a plumber. Also, the budget was approved!"),
    ("social", "CRM or no CRM, that is the question for a CRM sceptic like me."),
    (
        "web_page",
        "Request for proposals: cloud backup for a cloud provider of the cloud services unit in the ministry",
    ),
    ("funding", "Series B, $30m, led by Northern Ventures, with Harbour Capital and Lenz Family Office"),
    ("launch", "Tabula: spreadsheets that write themselves"),
    ("review", "Good pay, good people, good coffee."),
    ("news", "Die Bäckerei Lenz und die Bäckerei Kolb werden eine Bäckerei."),
    ("web_page", "Öffnungszeiten: Montag 8-18, Dienstag 8-18, Mittwoch 8-13, Donnerstag 8-18, Freitag 8-18"),
    ("news", "La banque de la ville ouvre une banque dans la ville."),
    (
        "web_page",
        "Nuestro equipo: Ana Ruiz, ventas; Luis Gil, compras; Marta Sanz, almacén; Iker Paz, logística",
    ),
)


@pytest.mark.parametrize(("kind", "text"), MENTIONS)
def test_a_mere_mention_shows_no_need(kind: SnippetKind, text: str) -> None:
    assert no_need(words(text), kind)


@pytest.mark.parametrize(("kind", "text"), NEEDS)
def test_needs_and_plain_events_keep_their_weight(kind: SnippetKind, text: str) -> None:
    assert not no_need(words(text), kind)


@pytest.mark.parametrize(("kind", "text"), CHOSEN)
def test_a_choice_or_finished_project_is_found(kind: SnippetKind, text: str) -> None:
    assert list(choices(words(text), kind))


@pytest.mark.parametrize(("kind", "text"), OPEN)
def test_what_is_not_settled_is_no_choice(kind: SnippetKind, text: str) -> None:
    assert not list(choices(words(text), kind))


@pytest.mark.parametrize(("kind", "text"), STUFFED)
def test_a_stuffed_text_is_caught(kind: SnippetKind, text: str) -> None:
    assert stuffed(words(text), kind)


@pytest.mark.parametrize(("kind", "text"), [*HONEST, *NEEDS, *MENTIONS, *CHOSEN, *OPEN])
def test_honest_texts_are_not_called_stuffed(kind: SnippetKind, text: str) -> None:
    assert not stuffed(words(text), kind)


def test_a_passage_holds_the_words_around_the_choice() -> None:
    (passage,) = choices(words("Lenz has chosen a till"), "news")
    assert passage == ("lenz", "has", "chosen", "a", "till")
