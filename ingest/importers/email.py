"""Business e-mail addresses: anything a private person gets for free is not kept (B2B only)."""

import re

_ADDRESS = re.compile(
    r"[A-Za-z0-9._%+'-]{1,64}@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24})"
)
# Providers under many endings (yahoo.fr, outlook.de) by their label; the others whole.
# fmt: off
_FREE_LABELS = frozenset((
    "yahoo", "ymail", "hotmail", "outlook", "live", "msn", "gmx", "yandex", "rediffmail",
))
# fmt: on
# fmt: off
_FREE_DOMAINS = frozenset((
    "gmail.com", "googlemail.com", "icloud.com", "me.com", "mac.com", "aol.com", "mail.com",
    "email.com", "web.de", "freenet.de", "t-online.de", "arcor.de", "orange.fr", "wanadoo.fr",
    "free.fr", "laposte.net", "sfr.fr", "libero.it", "virgilio.it", "tiscali.it", "alice.it",
    "terra.com.br", "uol.com.br", "bol.com.br", "ig.com.br", "telefonica.net", "ziggo.nl", "kpnmail.nl",
    "planet.nl", "hetnet.nl", "proton.me", "protonmail.com", "pm.me", "tutanota.com", "tuta.io",
    "zoho.com", "fastmail.com", "hey.com", "mail.ru", "inbox.ru", "list.ru", "bk.ru", "rambler.ru",
    "qq.com", "163.com", "126.com", "sina.com", "foxmail.com", "naver.com", "daum.net", "hanmail.net",
    "comcast.net", "verizon.net", "att.net", "sbcglobal.net", "bellsouth.net", "cox.net", "charter.net",
    "btinternet.com", "sky.com", "ntlworld.com", "bluewin.ch",
))
# fmt: on
# Mailboxes of many: whoever reads them, they are nobody's own.
# fmt: off
_SHARED = frozenset((
    "info", "contact", "contacts", "kontakt", "hello", "hi", "office", "mail", "post", "sales",
    "support", "team", "press", "presse", "media", "jobs", "careers", "karriere", "hr", "admin",
    "service", "services", "help", "enquiries", "inquiries", "marketing", "billing", "accounts",
    "buchhaltung", "vertrieb", "bewerbung", "noreply", "no-reply", "webmaster", "privacy", "legal",
    "partners",
))
# fmt: on


def mailbox_of(address: str) -> str | None:
    """The mailbox of one person behind an address, without what follows a plus sign; None for a mailbox of many."""
    name, _, domain = address.lower().rpartition("@")
    name = name.split("+", 1)[0]
    return None if name in _SHARED else f"{name}@{domain}"


def business_address(wording: str) -> tuple[str | None, str | None]:
    """The address in lower case and None, or None and why it was dropped."""
    found = _ADDRESS.fullmatch(wording)
    if found is None:
        return None, "e-mail address dropped: not an address"
    domain = found.group(1).lower()
    if domain in _FREE_DOMAINS or domain.split(".")[0] in _FREE_LABELS:
        return None, "e-mail address dropped: a private provider's, not a business address"
    return wording.lower(), None
