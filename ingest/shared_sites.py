"""Hosts whose address names no company: profiles, free pages, stores and short links of many."""

# fmt: off
SHARED_SITES = frozenset((
    "linkedin.com", "facebook.com", "twitter.com", "x.com", "instagram.com", "youtube.com", "youtu.be",
    "tiktok.com", "medium.com", "substack.com", "crunchbase.com", "angel.co", "wellfound.com",
    "ycombinator.com", "producthunt.com", "github.com", "gitlab.com", "bitbucket.org", "github.io",
    "gitlab.io", "google.com", "goo.gl", "bit.ly", "t.co", "linktr.ee", "notion.so", "notion.site",
    "apple.com", "app.link", "wordpress.com", "blogspot.com", "wixsite.com", "wix.com", "weebly.com",
    "squarespace.com", "webflow.io", "webflow.com", "framer.website", "framer.ai", "strikingly.com",
    "carrd.co", "tumblr.com", "typeform.com", "jimdosite.com", "jimdofree.com", "godaddysites.com",
    "myshopify.com", "etsy.com", "herokuapp.com", "vercel.app", "netlify.app", "netlify.com", "web.app",
    "firebaseapp.com", "pages.dev", "azurewebsites.net", "amazonaws.com", "cloudfront.net",
    "appspot.com", "glitch.me", "repl.co", "onrender.com", "fly.dev", "surge.sh", "greenhouse.io",
    "lever.co", "ashbyhq.com", "workable.com", "breezy.hr", "bamboohr.com", "myworkdayjobs.com",
    "smartrecruiters.com", "simplify.jobs", "gmail.com", "outlook.com", "hotmail.com", "yahoo.com",
    "icloud.com", "proton.me", "gmx.de", "web.de",
    "grnh.se", "lnkd.in", "hubs.ly", "tinyurl.com", "ow.ly", "buff.ly", "rebrand.ly", "forms.gle", "tally.so", "discord.gg", "t.me",
    "archive.org", "wikipedia.org", "arxiv.org", "applytojob.com", "careerpuck.com", "applicantstack.com", "zohorecruit.com",
    "workatastartup.com",
))
# fmt: on


def names_a_company(domain_key: str) -> bool:
    """Whether a domain belongs to one company, as a shared host's customer label does ("x.myshopify.com")."""
    return domain_key not in SHARED_SITES
