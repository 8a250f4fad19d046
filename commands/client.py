"""Talks HTTP to a running system."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpx2

from ranking.errors import InvalidQuery, RequestError, Unavailable

_TIMEOUT_S = 60.0


def ask(
    base_url: str, path: str, body: dict[str, Any], environment: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Post `body`, with the API key that the environment holds in LEADS_API_KEY, and return the JSON answer.

    Raises:
        InvalidQuery: the server says what is wrong with the request.
        Unavailable: nobody answers at `base_url`, or the server cannot answer now.
    """
    try:
        response = httpx2.post(
            f"{base_url}{path}", json=body, headers=_authorization(environment), timeout=_TIMEOUT_S
        )
    except httpx2.HTTPError as err:
        raise Unavailable(base_url, f"does not answer ({type(err).__name__}); is it up? `leads up`") from err
    told: dict[str, Any] = response.json()
    if response.is_success:
        return told
    raise _refusal(base_url, told)


def _authorization(environment: Mapping[str, str]) -> dict[str, str]:
    key = environment.get("LEADS_API_KEY")
    return {} if not key else {"Authorization": f"Bearer {key}"}


def _refusal(base_url: str, problem: dict[str, Any]) -> RequestError | Unavailable:
    faults = "; ".join(f"{each['pointer'] or '/'}: {each['detail']}" for each in problem.get("errors", []))
    sentence = " ".join(part for part in (problem.get("detail") or problem["title"], faults) if part)
    if problem["status"] < 500:
        return InvalidQuery(sentence)
    return Unavailable(base_url, f"{problem['code']}: {sentence}")
