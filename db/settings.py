"""Where the data lives: addresses and folders, read from the environment when a `Settings` is made."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Places and secrets of the data layer; an unset address means the embedded server."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: SecretStr | None = Field(
        default=None, description="DATABASE_URL: DSN of an outside Postgres 16+ with pgvector"
    )
    redis_url: SecretStr | None = Field(
        default=None, description="REDIS_URL: address of an outside Redis 7; holds only what may be lost"
    )
    leads_data: Path = Field(
        default=Path(".data"),
        description="LEADS_DATA: folder of the local system (database, snapshots, artefacts)",
    )
