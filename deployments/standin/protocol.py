"""The chat-completions protocol as far as a judge needs it: requests, completions with usage, errors."""

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

_CHARACTERS_PER_TOKEN = 4


class ChatMessage(BaseModel):
    """One message of a request."""

    model_config = ConfigDict(extra="allow")
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str


class SchemaFormat(BaseModel):
    """A named JSON schema for the reply. In strict mode each object must close its keys and require them all."""

    model_config = ConfigDict(extra="allow")
    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    strict: bool = False
    schema_: dict[str, JsonValue] = Field(alias="schema")

    @model_validator(mode="after")
    def _closed(self) -> "SchemaFormat":
        if self.strict:
            _require_closed(self.schema_)
        return self


class ResponseFormat(BaseModel):
    """What the reply must look like."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaFormat | None = None

    @model_validator(mode="after")
    def _complete(self) -> "ResponseFormat":
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("json_schema goes with the type json_schema")
        return self


class ChatRequest(BaseModel):
    """The body of `POST /v1/chat/completions`; what the stand-in has no use for is ignored, streaming is refused."""

    model_config = ConfigDict(extra="allow")
    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    stream: Literal[False] | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    response_format: ResponseFormat | None = None

    def last(self, role: str) -> str:
        """The last message of a role, "" without."""
        return next((each.content for each in reversed(self.messages) if each.role == role), "")

    def wants_json(self) -> bool:
        """Whether the reply must be JSON and nothing else; without that a model likes to talk."""
        return self.response_format is not None and self.response_format.type != "text"

    def reply_name(self) -> str:
        """The name of the schema that the reply must follow, "" without one."""
        wanted = self.response_format.json_schema if self.response_format is not None else None
        return "" if wanted is None else wanted.name

    def most_tokens(self) -> int | None:
        """How long the reply may be."""
        return self.max_completion_tokens or self.max_tokens


def _require_closed(schema: JsonValue) -> None:
    """Raises ValueError where strict mode would refuse the schema."""
    if isinstance(schema, list):
        for each in schema:
            _require_closed(each)
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if schema.get("type") == "object" and isinstance(properties, dict):
        required = schema.get("required")
        if schema.get("additionalProperties") is not False or not isinstance(required, list):
            raise ValueError("strict objects set additionalProperties to false and list all keys as required")
        if {str(key) for key in required} != set(properties):
            raise ValueError("strict objects require all their keys")
    for each in schema.values():
        _require_closed(each)


def tokens(text: str) -> int:
    """Tokens of a text as the stand-in bills them: four characters each."""
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def completion(request: ChatRequest, content: str | None, refusal: str | None = None) -> dict[str, Any]:
    """The body of a good answer, cut where the request's limit of tokens is reached."""
    finish = "stop"
    limit = request.most_tokens()
    if content is not None and limit is not None and tokens(content) > limit:
        content, finish = content[: limit * _CHARACTERS_PER_TOKEN], "length"
    asked = sum(tokens(each.content) for each in request.messages)
    told = tokens(content or refusal or "")
    digest = hashlib.sha256((content or "").encode() + request.last("user").encode()).hexdigest()
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return {
        "id": f"chatcmpl-{digest[:24]}",
        "object": "chat.completion",
        "created": 0,
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": told,
            "total_tokens": asked + told,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }


def error(message: str, kind: str, code: str | None) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}
