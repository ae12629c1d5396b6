"""Follows the signposting of served pages with PyPI signposting.

    python tests/walk_links.py PAGE…

Prints how many links were followed; exits 1 when something is missing or differs.
"""

import sys
import warnings

import requests
import signposting
from signposting.linkset import find_signposting_linkset

warnings.simplefilter("error")
warnings.filterwarnings("ignore", "Ignoring additional license")


def targets(links):
    return {link.target for link in links or []}


def follow(page):
    found = signposting.find_signposting_html(page)
    assert found.citeAs is not None, "no cite-as"
    assert {t.target for t in found.types} >= {"https://schema.org/AboutPage"}
    assert len(found.types) == 2
    for link in found.describedBy:
        answer = requests.get(link.target)
        assert answer.status_code == 200, link.target
        kind = answer.headers["Content-Type"].split(";")[0]
        assert kind == link.type, (link.target, kind, link.type)
    [one] = found.linksets
    linkset = find_signposting_linkset(one.target)
    landing = linkset.for_context(page)
    assert landing.citeAs.target == found.citeAs.target
    for ours, theirs in (
        (found.authors, landing.authors),
        (found.items, landing.items),
        (found.describedBy, landing.describedBy),
        (found.types, landing.types),
    ):
        page_has, linkset_has = targets(ours), targets(theirs)
        assert page_has <= linkset_has, page_has - linkset_has
        # The page carries the first hundred of a relation.
        assert len(page_has) == min(len(linkset_has), 100)
    for link in found.describedBy:
        context = linkset.for_context(link.target)
        assert any(s.rel == "describes" and s.target == page for s in context), link.target
    for item in landing.items:
        context = linkset.for_context(item.target)
        assert context.collection.target == page, item.target
    profiles = [p for link in landing.describedBy for p in link.profiles]
    assert "https://w3id.org/ro/crate/1.1" in profiles
    return len(found.signposts)


print(sum(follow(page) for page in sys.argv[1:]), "links")
