"""The best fitting removal and job posting of every admitted company (F-6)."""

import numpy as np
from numpy.typing import NDArray

from ranking.boosts import EventLists, Strongest, text_relevance
from ranking.contributions import Contributions, Setting
from ranking.evidence_columns import ListArrays
from ranking.evidence_tables import SHARED
from ranking.kernels.admission import offer_listed
from ranking.kernels.hits import POST, REMOVES, offer_told
from ranking.types import FloatArray


def strongest_events(scored: Contributions, setting: Setting) -> tuple[Strongest, Strongest]:
    """The best removal and the best job posting of every admitted company (F-6).

    Events that name a role or technology of the concepts' tables weigh as the tables say; others by their
    text. Events from before a company has settled all of the query's concepts are past.
    """
    topic, boosts, columns = setting.topic, setting.config.boosts, setting.tables.columns
    churn, job = Strongest.empty(len(setting.admitted)), Strongest.empty(len(setting.admitted))
    for owner in {SHARED: None, setting.tenant: None}:
        technologies = (topic.technology_keys, topic.technology_logs)
        for events in setting.dated.events.get(owner, ()):
            _offer(job, events.job_roles, topic.role_keys, topic.role_logs, setting, boosts.job_tau_days)
            _offer(job, events.job_technologies, *technologies, setting, boosts.job_tau_days)
            _offer(churn, events.removals, *technologies, setting, boosts.churn_tau_days)
    with np.errstate(divide="ignore"):  # a term that every snippet has says nothing: -inf is NO_EVENT
        logs = np.log(text_relevance(scored.hits.raw, boosts.full_raw))
    _offer_told(job, scored, setting, POST, logs, topic.role_bits, columns.tech_added, boosts.job_tau_days)
    no_roles, removed = topic.role_bits[:0], columns.tech_removed
    _offer_told(churn, scored, setting, REMOVES, logs, no_roles, removed, boosts.churn_tau_days)
    return churn, job


def _offer(
    strongest: Strongest,
    lists: EventLists,
    keys: NDArray[np.int64],
    logs: FloatArray,
    setting: Setting,
    tau_days: float,
) -> None:
    admitted = setting.admitted
    offer_listed(
        strongest.worth, strongest.rows, admitted.bits, admitted.before, keys, logs,
        lists.offsets, lists.companies, lists.effective_s, lists.rows,
        setting.until, setting.as_of_s, tau_days,
    )  # fmt: skip


def _offer_told(
    strongest: Strongest,
    scored: Contributions,
    setting: Setting,
    wanted: int,
    logs: FloatArray,
    tabled_roles: NDArray[np.uint64],
    technologies: ListArrays,
    tau_days: float,
) -> None:
    offer_told(
        strongest.worth, strongest.rows, wanted, tau_days,
        scored.hits.rows, scored.hits.positions, scored.age_days, logs,
        setting.dated.flags, setting.tables.columns.roles, tabled_roles,
        technologies.offsets, technologies.values, setting.topic.named,
    )  # fmt: skip
