"""Every page that a person reads, found in the route matrix, so that a new page is swept without anybody thinking of it."""

import os
from collections import defaultdict

import pytest

from portal.web import matrix
from tests import worlds
from tests.conftest import AS_OF
from tests.journeys.sweeping import problems
from tests.matrix.test_matrix import OPEN, address, expected

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
WHO = [("clinician", "own"), ("scientist", "own"), ("reviewer", "own"), ("admin", "own"), ("auditor", "own")]
# Pages of Django's administration and of the API's viewer: other people's templates, see docs/explanation/accessibility.md.
OTHERS = ("admin:", "api:")
NO_PAGE = {
    "healthz",
    "readyz",
    "static",
    "account:session-status",
    "oversight:routes-file",
    "mfa_download_recovery_codes",
}
# A redirect to what the role may open, and a page that a demonstration does not have.
ELSEWHERE = {"oversight:front", "account_change_password"}
# Parts of a page, which have no title or heading of their own.
PARTS = ("-status",)


@pytest.fixture(autouse=True)
def _demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def world(hospital_folder, tmp_path, settings):
    """One of everything, and everyone who may read it."""
    from tests.compute.test_scorer import write

    write(tmp_path / "tiny", "return pandas.DataFrame({'y': [0.5]})")
    return worlds.build(hospital_folder, tmp_path / "tiny", AS_OF)


@pytest.fixture
def browsers(chromium, live_server, world):
    """A browser for each person, signed in."""
    opened = {}

    def of(who):
        if who not in opened:
            context = chromium.new_context(viewport={"width": 1280, "height": 800})
            cookie = world.clients[who].cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
            opened[who] = context.new_page()
        return opened[who]

    yield of
    for page in opened.values():
        page.context.close()


def swept(world) -> list[tuple[matrix.Route, worlds.Who]]:
    """Every page with one person who may read it."""
    rows = [
        row
        for row in matrix.walk()
        if "GET" in row.methods and not row.name.startswith(OTHERS) and row.name not in NO_PAGE | ELSEWHERE
    ]
    only = os.environ.get("SWEEP", "")
    found = []
    for row in rows:
        near = next((who for who in WHO if expected(row, "GET", who, world) == OPEN), None)
        if near and not row.name.endswith(PARTS) and only in row.name:
            found.append((row, near))
    return found


def test_every_page_is_swept_clean_at_both_widths_in_both_schemes(world, browsers, live_server):
    found, titles, pages = {}, defaultdict(set), 0
    for row, who in swept(world):
        page = browsers(who)
        answer = page.goto(live_server.url + address(row, world))
        if answer.status >= 400 or "text/html" not in answer.headers.get("content-type", ""):
            found[row.name] = [f"answers {answer.status} to {who}"]
            continue
        pages += 1
        titles[page.title()].add(page.url.removeprefix(live_server.url))
        wrong = problems(page)
        if wrong:
            found[row.name] = wrong
    assert found == {}, "\n".join(f"{name}:\n  " + "\n  ".join(wrong) for name, wrong in found.items())
    assert {title: urls for title, urls in titles.items() if len(urls) > 1} == {}
    assert pages > 50 or os.environ.get("SWEEP")
