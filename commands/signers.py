"""With which key a command signs: the one that is named, else the local system's own where its own broker carries it."""

from datetime import UTC, datetime
from pathlib import Path

from asyncpg import Pool

from commands.failure import USAGE, CommandError
from commands.target import Target
from configs.streams import StreamSettings
from ingest.streams.producer_keys import Keys
from ingest.streams.signing import Signer, UnusableKey, make_key, read_key

_LOCAL = Path("keys") / "local.pem"


def signer_for(target: Target, named: Path | None) -> Signer:
    """The signer of the key file that `--key` or LEADS_PRODUCER_KEY names, else of the target's own key.

    Raises:
        CommandError: the key cannot be used; or none is named, and the broker is not the folder's own or has no key yet.
    """
    settings = StreamSettings()
    path = named or settings.leads_producer_key
    if path is None and settings.kafka_bootstrap_servers is not None:
        raise CommandError(
            "a broker that others use takes signed messages only: name the key with --key FILE or LEADS_PRODUCER_KEY; "
            "`leads miners add` makes one",
            USAGE,
        )
    chosen = path or target.folder() / _LOCAL
    if path is None and not chosen.exists():
        raise CommandError(f"{target.folder()} has no key yet; `leads up` or `leads ingest` makes one")
    try:
        return read_key(chosen)
    except UnusableKey as err:
        raise CommandError(str(err), USAGE) from err


async def register_local(pool: Pool, folder: Path) -> None:
    """Make the folder's own key on first use, and let it send anyone's snippets and outcomes.

    Whoever can read the key can read and write the folder's database, too; other accounts of the machine reach the broker, but
    not the key. A key that was revoked stays so.

    Raises:
        CommandError: the file is no key, or others can reach it.
    """
    try:
        signer = make_key(folder / _LOCAL)
    except UnusableKey as err:
        raise CommandError(str(err), USAGE) from err
    await Keys(pool).add(signer.public_key, "relay", None, "this system's own", datetime.now(UTC))
