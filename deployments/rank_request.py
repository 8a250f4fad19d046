"""From a checked body and its parse to what the pipeline is asked: the same for a request over HTTP and a row of a batch."""

from contextlib import nullcontext
from datetime import datetime

from deployments.schemas import MOST_LEADS, NO_FILTERS, QueryBody
from ranking.config import RankingConfig
from ranking.doubt import Aside
from ranking.filters import apply
from ranking.journey import RankRequest
from ranking.tab import Tab
from ranking.taxonomy import Taxonomy
from ranking.types import Generation, Query


def rank_request(
    body: QueryBody,
    parsed: Query,
    taxonomy: Taxonomy,
    config: RankingConfig,
    now: datetime,
    *,
    query_id: str = "",
    tenant: str | None = None,
    aside: Aside = nullcontext,
    tab: Tab | None = None,
    generation: Generation | None = None,
) -> RankRequest:
    """The pipeline's request; explicit filters override the parse, exclusions are united (F-1).

    A list is drafted with the challenger only where the caller leaves the weights to us.

    Raises:
        InvalidQuery: a filter names nothing that is known or contradicts another, or `as_of` lies in the future.
    """
    query = parsed
    if body.filters is not NO_FILTERS:
        query = apply(query, body.filters.to_filters(), taxonomy)
    weights = body.options.weights
    return RankRequest(
        query=query,
        limit=wanted_limit(body, query),
        as_of_s=body.options.as_of_s(now),
        final=(weights and weights.final) or config.final,
        fit=(weights and weights.fit) or config.fit.weights,
        candidate_ids=None if body.candidates is None else tuple(dict.fromkeys(body.candidates)),
        min_score=body.options.min_score,
        llm=body.options.llm,
        max_cost_usd=body.options.max_cost_usd,
        query_id=query_id,
        tenant=tenant,
        aside=aside,
        tab=tab,
        generation=generation,
        challenge=None if weights else config.interleaving.drawn(query_id),
    )


def wanted_limit(body: QueryBody, query: Query) -> int:
    """The request's limit; a K that only the prompt states counts when the request gives none."""
    if "limit" in body.model_fields_set or query.limit is None:
        return body.limit
    return min(max(query.limit, 1), MOST_LEADS)
