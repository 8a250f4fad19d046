"""How Kafka's clients are told where the broker is and who we are."""

import ssl
from dataclasses import dataclass
from typing import Any

from configs.streams import StreamSettings


@dataclass(frozen=True, slots=True)
class Connection:
    """A broker and the way to it; `settings` says the rest of the way, `servers` is host:port, ..."""

    servers: str
    settings: StreamSettings
    client: str = "leads"

    def options(self) -> dict[str, Any]:
        """Keyword arguments that every client of aiokafka takes."""
        told = self.settings
        options: dict[str, Any] = {
            "bootstrap_servers": self.servers,
            "client_id": self.client,
            "security_protocol": told.kafka_security_protocol,
        }
        if told.kafka_security_protocol.endswith("SSL"):
            options["ssl_context"] = _context(told.kafka_ssl_ca_file)
        if told.kafka_security_protocol.startswith("SASL"):
            password = told.kafka_sasl_password
            options |= {
                "sasl_mechanism": told.kafka_sasl_mechanism,
                "sasl_plain_username": told.kafka_sasl_username,
                "sasl_plain_password": password.get_secret_value() if password is not None else None,
            }
        return options


def _context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context
