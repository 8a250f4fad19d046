"""Identity of snippets; content and identity of the other records are shared with those who store them over HTTP."""

from db.identity import content_hash, digest, event_identity, json_text
from ranking.text import fold

__all__ = ["content_hash", "event_identity", "json_text", "snippet_identity"]


def snippet_identity(miner_id: str, company_id: str, kind: str, text: str, url: str | None) -> str:
    """Derived snippet id: SHA-256 of miner, company, kind, normalised text and URL ("Identity of a snippet").

    Text is normalised by folding and by one space between words, so that re-wrapping it makes no new snippet.
    """
    normalised = " ".join(fold(text).split())
    return digest(miner_id, company_id, kind, normalised, url or "")
