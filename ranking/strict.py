"""What all models of configuration have in common."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Checked when it is made: a key that nobody knows is an error, and nothing changes afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")
