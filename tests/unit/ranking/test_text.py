"""Folding, words and keys of text."""

import pytest

from ranking.text import Token, company_name_key, domain_key, fold, tokens_with_spans, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller", "muller"),
        ("STRAßE", "strasse"),
        ("Ærø Łódź", "aero lodz"),
        ("ﬁnance", "finance"),
        ("plain", "plain"),
        ("e\u0301te\u0301", "ete"),
    ],
)
def test_fold_removes_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C++, C# and .NET", ["c++", "c#", "and", ".net"]),
        ("node.js on monday.com", ["node.js", "on", "monday.com"]),
        ("B2B 24/7 R&D", ["b2b", "24/7", "r&d"]),
        ("state-of-the-art CI/CD", ["state", "of", "the", "art", "ci", "cd"]),
        ("U.S. and z.B. S.A.", ["us", "and", "zb", "sa"]),
        ("1,000-5.000 people, 3,5 %", ["1000", "5000", "people", "3.5"]),
        ("don't use the company's l'industrie", ["dont", "use", "the", "company", "l", "industrie"]),
        ("Ends here.Then goes", ["ends", "here", "then", "goes"]),
        ("snake_case ½", ["snake", "case", "12"]),
        ("", []),
        ("— !", []),
    ],
)
def test_words_keep_what_people_mean_as_one_word(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_spans_are_code_points_of_the_original_even_where_folding_changes_length() -> None:
    assert tokens_with_spans("Große STRAßE 🚀 Köln") == [
        Token("grosse", 0, 5),
        Token("strasse", 6, 12),
        Token("koln", 15, 19),
    ]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("The Müller GmbH & Co. KG", "muller"),
        ("Acme, Inc.", "acme"),
        ("Société Générale S.A.", "societe generale"),
        ("Philips N.V.", "philips"),
        ("Limited", "limited"),
        ("The", "the"),
        ("", ""),
    ],
)
def test_company_names_compare_without_legal_form(name: str, key: str) -> None:
    assert company_name_key(name) == key


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("https://www.App.Acme.co.uk/about?x=1", "acme.co.uk"),
        ("acme.com", "acme.com"),
        ("http://user:pw@acme.com:8080", "acme.com"),
        ("shop.myshopify.com", "shop.myshopify.com"),
        ("myshopify.com", "myshopify.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("10.0.0.1", "10.0.0.1"),
        ("1.2.3", ""),
        ("localhost", ""),
        ("not a domain", ""),
        ("a..b.com", ""),
        ("-acme.com", ""),
        ("", ""),
    ],
)
def test_domains_compare_by_registrable_host(address: str, key: str) -> None:
    assert domain_key(address) == key
