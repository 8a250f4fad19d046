"""Whose address a link is."""

import pytest

from ingest.sources.addresses import Link, link, links_in, registrable, without_links


@pytest.mark.parametrize(
    ("address", "domain", "slug"),
    [
        ("https://www.kestrel.example.com/a?utm_source=x", "example.com", ""),
        ("careers.kestrel.co.uk", "kestrel.co.uk", ""),
        ("https://kestrel.github.io/docs", "kestrel.github.io", ""),
        ("https://github.com/kestrel", "", ""),
        ("https://linktr.ee/kestrel", "", "kestrel"),
        ("https://boards.greenhouse.io/kestrel/jobs/12", "", "kestrel"),
        ("https://jobs.ashbyhq.com/Kestrel%20Maps?x=1", "", "Kestrel Maps"),
        ("https://apply.workable.com/j/ABC", "", "ABC"),
        ("https://app.deel.com/job-boards/kestrel/job-details/1", "", "kestrel"),
        ("https://kestrel.recruitee.com/o/writer", "", "kestrel"),
        ("https://kestrel.wd5.myworkdayjobs.com/en-US/x", "", "kestrel"),
        ("https://bit.ly/4abc", "", ""),
        ("https://airtable.com/app1/form", "", ""),
        ("https://www.airtable.com/", "airtable.com", ""),
        ("not an address", "", ""),
    ],
)
def test_a_link_names_a_company_or_a_site_of_many(address: str, domain: str, slug: str) -> None:
    assert link(address) == Link(domain, slug)


def test_an_ending_that_is_no_public_suffix_is_no_domain() -> None:
    assert registrable("main.py.notatld") == ""
    assert registrable("node.js") == ""


def test_addresses_are_found_in_text_and_e_mail_is_not() -> None:
    text = "Apply at kestrel.com/jobs (see https://blog.kestrel.com.) or write to jobs@falcon.com, we use Node.js"
    assert links_in(text) == ("kestrel.com/jobs", "https://blog.kestrel.com")
    assert "kestrel" not in without_links("Apply at kestrel.com/jobs now")
