"""Where Kafka is, and the numbers of reading from it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from ranking.strict import Strict


class StreamSettings(BaseSettings):
    """Place and secrets of the broker; read from the environment when made."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    kafka_bootstrap_servers: str | None = Field(
        default=None, description="KAFKA_BOOTSTRAP_SERVERS: host:port, ...; unset: the embedded broker"
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="KAFKA_SECURITY_PROTOCOL: SASL_SSL on any network that is not ours"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="KAFKA_SASL_MECHANISM: how user and password are shown"
    )
    kafka_sasl_username: str | None = Field(default=None, description="KAFKA_SASL_USERNAME")
    kafka_sasl_password: SecretStr | None = Field(default=None, description="KAFKA_SASL_PASSWORD")
    kafka_ssl_ca_file: str | None = Field(
        default=None, description="KAFKA_SSL_CA_FILE: PEM; unset: the system's authorities"
    )
    leads_producer_key: Path | None = Field(
        default=None,
        description="LEADS_PRODUCER_KEY: file of the private key that signs what `leads produce` sends; unset: the local system's",
    )


class StreamArgs(Strict):
    """How messages are read, stored and set aside."""

    group: str = Field("intent-ingest", description="consumer group")
    partitions: int = Field(4, ge=1, le=1024, description="partitions of a topic that we make ourselves")
    replicas: int = Field(
        1, ge=1, le=9, description="copies of such a topic; 3 where there are brokers enough"
    )
    batch_messages: int = Field(1000, ge=1, le=10_000, description="messages in one transaction at most")
    pace_s: float = Field(
        0.1, ge=0.0, le=10.0, description="seconds between the starts of two batches at least"
    )
    wait_s: float = Field(0.5, gt=0.0, le=10.0, description="seconds to wait for a first message")
    fetch_bytes: int = Field(
        1 << 20,
        ge=1 << 16,
        le=64 << 20,
        description="bytes fetched ahead per partition; a larger message still comes",
    )
    message_bytes: int = Field(
        1 << 20,
        ge=1 << 10,
        le=16 << 20,
        description="bytes of a message's value; a larger one is a dead letter",
    )
    dead_letter_bytes: int = Field(
        64 << 10, ge=1 << 10, le=1 << 20, description="bytes kept of the value of a message that is too large"
    )
    clock_skew_s: float = Field(
        300.0, ge=0.0, le=86_400.0, description="seconds that a producer's clock may be ahead of ours"
    )
    oldest_days: float = Field(
        30.0,
        gt=0.0,
        le=3650.0,
        description="days after which a signed message is taken no more: nobody can bring back what was erased",
    )
    session_s: float = Field(
        6.0,
        ge=1.0,
        le=300.0,
        description="seconds without a heartbeat before others take over; Kafka's brokers allow no less than 6 unless told",
    )
    retry_base_s: float = Field(0.2, gt=0.0, le=60.0, description="first pause when a part does not answer")
    retry_most_s: float = Field(
        10.0, gt=0.0, le=600.0, description="longest such pause; there is no last one"
    )
    handover_s: float = Field(
        10.0, gt=0.0, le=300.0, description="seconds that a rebalance waits for the batch in hand"
    )
    originals: int = Field(
        1_000_000,
        ge=1_000,
        le=16_000_000,
        description="texts at most among which repeats are looked for, some 250 bytes of memory each; half as many at least",
    )
