"""What every call of a language model has: two messages, a bound of its reply, and the form that the reply must have."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A named JSON schema. One object per kind of call: providers compile each new schema anew."""

    name: str
    schema: dict[str, Any]


class Message(Protocol):
    """One call; `tokens_out` is the most that its reply may take."""

    @property
    def system(self) -> str:
        """The rules, the same in every call of this form."""
        ...

    @property
    def user(self) -> str:
        """What is asked."""
        ...

    @property
    def tokens_out(self) -> int:
        """See above."""
        ...

    @property
    def form(self) -> Form:
        """How the reply must look."""
        ...
