"""A taxonomy of three concepts for the lexical tests."""

from types import SimpleNamespace

_CONCEPTS = {
    "hosting": SimpleNamespace(surfaces={"en": ("web hosting",)}, need=()),
    "payroll": SimpleNamespace(
        surfaces={"en": ("payroll",), "de": ("lohnabrechnung", "lohn"), "nl": ("salarisadministratie",)},
        need=("payroll errors", "errors"),
    ),
    "recruiting": SimpleNamespace(
        surfaces={
            "en": ("ats", "applicant tracking system", "applicant tracking systems"),
            "de": ("bewerbermanagement",),
            "fr": ("suivi des candidats",),
        },
        need=(),
    ),
}
WORDING = SimpleNamespace(version="w1", CONCEPTS=tuple(_CONCEPTS), concept=_CONCEPTS.__getitem__)
