"""The best fitting removal and job posting of every admitted company (F-6)."""

import numpy as np

from ranking.boosts import Strongest, log_worth, offer_lists, text_relevance
from ranking.contributions import Setting
from ranking.decay import ages_days
from ranking.evidence_columns import Lists
from ranking.evidence_tables import SHARED, EvidenceTables
from ranking.hits import Hits
from ranking.settlement import settled_throughout
from ranking.types import BoolArray, IntArray


def strongest_events(hits: Hits, setting: Setting) -> tuple[Strongest, Strongest]:
    """The best removal and the best job posting of every admitted company (F-6).

    Events that name a role or technology of the concepts' tables weigh as the tables say; others by their
    text. Events from before a company has settled all of the query's concepts are past.
    """
    count, boosts, snippets = len(setting.admitted), setting.config.boosts, setting.tables.snippets
    churn, job = Strongest.empty(count), Strongest.empty(count)
    roles = setting.tables.role_relevance(setting.concepts)
    technologies = setting.tables.technology_relevance(setting.concepts)
    past = settled_throughout(setting.until, len(setting.concepts))
    for owner in {SHARED: None, setting.tenant: None}:
        if (events := setting.dated.events.get(owner)) is None:
            continue
        for strongest, lists, relevance, tau in (
            (job, events.job_roles, roles, boosts.job_tau_days),
            (job, events.job_technologies, technologies, boosts.job_tau_days),
            (churn, events.removals, technologies, boosts.churn_tau_days),
        ):
            offer_lists(
                strongest,
                lists,
                relevance,
                setting.admitted,
                as_of_s=setting.as_of_s,
                tau_days=tau,
                past=past,
            )
    posts = hits.take(np.flatnonzero(setting.dated.posts[hits.rows]))
    tabled = _names_role(setting.tables, posts.rows, roles)
    tabled |= _names_any(snippets.tech_added, posts.rows, technologies)
    _offer_text(job, posts.take(~tabled), setting, boosts.job_tau_days)
    removals = hits.take(np.flatnonzero(setting.dated.removes[hits.rows]))
    tabled = _names_any(snippets.tech_removed, removals.rows, technologies)
    _offer_text(churn, removals.take(~tabled), setting, boosts.churn_tau_days)
    for strongest in (churn, job):
        strongest.forbid(setting.vendors)
    return churn, job


def _offer_text(strongest: Strongest, hits: Hits, setting: Setting, tau_days: float) -> None:
    """Offer events that no table knows, by what their text says (F-6)."""
    age = ages_days(setting.dated.effective_s[hits.rows], setting.as_of_s)
    relevance = text_relevance(hits.raw, setting.config.boosts.full_raw)
    strongest.offer(hits.positions, log_worth(relevance, age, tau_days), hits.rows)


def _names_role(tables: EvidenceTables, rows: IntArray, roles: dict[int, float]) -> BoolArray:
    """bool[rows]: the snippet names one of the roles."""
    wanted = np.zeros(tables.snippets.roles.shape[1], dtype=np.uint64)
    for number in roles:
        wanted[number // 64] |= np.uint64(1 << (number % 64))
    return np.asarray((tables.snippets.roles[rows] & wanted).any(axis=1))


def _names_any(lists: Lists, rows: IntArray, wanted: dict[int, float]) -> BoolArray:
    """bool[rows]: the row's list holds one of the wanted codes."""
    named = np.zeros(len(rows), dtype=np.bool_)
    begin, end = lists.offsets[rows], lists.offsets[rows + 1]
    filled = np.flatnonzero(end > begin)
    if not len(filled) or not wanted:
        return named
    counts = (end - begin)[filled]
    ends = np.cumsum(counts)
    flat = np.arange(ends[-1]) + np.repeat(begin[filled] - (ends - counts), counts)
    is_wanted = np.isin(lists.values[flat], np.fromiter(wanted, dtype=np.int64))
    named[filled] = np.logical_or.reduceat(is_wanted, ends - counts)
    return named
