"""Every page that a person reads, found in the route matrix, so that a new page is swept without anybody thinking of it."""

import os
import re
from collections import defaultdict

import pytest

from portal.web import matrix
from tests import worlds
from tests.conftest import AS_OF
from tests.journeys.sweeping import problems
from tests.matrix.test_matrix import OPEN, address, expected

WHO = [("clinician", "own"), ("scientist", "own"), ("reviewer", "own"), ("admin", "own"), ("auditor", "own")]
# Addresses that take a GET and are not swept here, each with the reason.
STATES = "in tests/journeys/states.py, as whoever meets it"
NOT_SWEPT = {
    "home": "leads on to the first page of the role; without a role it is in tests/journeys/states.py",
    "healthz": "no page: for machines", "readyz": "no page: for machines", "static": "no page: a file",
    "account:session-status": "no page: for the clock of the session", "oversight:routes-file": "no page: a file",
    "mfa_download_recovery_codes": "no page: a file", "clinic:paper": "no page: a PDF", "lab:approval-paper": "no page: a PDF",
    "lab:card-file": "no page: a file", "lab:card-paper": "no page: a PDF", "lab:evidence-status": "part of lab:evidence",
    "lab:evaluation-status": "part of lab:evidence", "lab:files-status": "part of lab:files",
    "lab:arrival-status": "part of lab:arrival",
    "lab:card-bring": "signed in this world; in tests/journeys/test_cards.py",
    "lab:card-change": "signed in this world; in tests/journeys/test_cards.py",
    "clinic:original": "no page: a file",
    "clinic:prediction-status": "part of clinic:prediction", "lab:dataset-version-status": "part of lab:dataset-version",
    "lab:summary-status": "part of lab:summary", "lab:model": "leads on to lab:version",
    "oversight:front": "leads on to what the role may open",
    "openid_connect_login": "leads to the hospital's provider; tests/journeys/test_account.py",
    "openid_connect_callback": "tests/journeys/test_account.py, against a real provider",
    "mfa_login_webauthn": "no page: the question to a passkey",
    "mfa_reauthenticate_webauthn": "needs a passkey; tests/journeys/test_account.py",
    "mfa_remove_webauthn": "needs a passkey; tests/journeys/test_account.py",
    "mfa_edit_webauthn": "needs a passkey; tests/journeys/test_account.py",
    **dict.fromkeys((
        "account_login", "account_logout", "account_inactive", "account_reauthenticate", "account_change_password",
        "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn",
    ), STATES),
    **{name: "the API, no page of the portal" for name, row in matrix.TABLE.items() if name.startswith("api:") and "GET" in row[0]},
}  # fmt: skip
# Forms that are sent empty after their page was looked at, and come back with what is to be mended.
SENT_EMPTY = {
    "account:ask", "account:tokens", "clinic:share", "clinic:emergency", "hospital:join", "hospital:studies",
    "lab:dataset-new", "lab:dataset-upload", "lab:dataset-rights",  "oversight:stop", "lab:take-back", "lab:retire",
    "oversight:incident", "oversight:case",  "oversight:find-subject",
    "oversight:committee", "lab:model-new", "clinic:card-read",
}  # fmt: skip
NOT_SENT_EMPTY = {
    "account:recall": "asks for nothing: it would be done", "account:notice-settings": "nothing chosen is a choice", "clinic:form": "nothing typed is an answer of the record",
    "clinic:patients": "a search", "hospital:leave": "asks for nothing: it would be done",
    "hospital:come-back": "asks for nothing: it would be done", "hospital:move": "asks for nothing: it would be done",
    "hospital:study": "has no form of its own that can be empty", "lab:dataset-columns": "what was proposed is an answer",
    "lab:dataset-remove": "asks for nothing: it would be done", "lab:dataset-summaries": "nothing chosen is a question",
    "clinic:show": "the run of this world waits; in tests/journeys/states.py",
    "oversight:approval": "signed in this world; in tests/journeys/states.py",
    "oversight:reviews": "no day is over in this world; in tests/journeys/states.py",
    "lab:submit": "submitted in this world; in tests/journeys/test_reviewing.py",
    "lab:narrow": "signed in this world; in tests/journeys/test_reviewing.py",
    "lab:owner": "nobody chosen; in tests/journeys/test_reviewing.py",
    "oversight:withdraw": "needs a proof; in tests/journeys/test_reviewing.py",
    "oversight:resume": "needs a proof; in tests/journeys/test_reviewing.py",
    "lab:form-studio": "nothing changed is an answer",
    "lab:evidence-case": "signed in this world; in tests/journeys/test_evidence.py",
    "lab:evaluation-rows": "there are no rows to name in this world; in tests/journeys/test_evidence.py", "oversight:integrity": "asks for nothing: it would be done",
    "oversight:retention": "nothing set is an answer",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def world(hospital_folder, tmp_path, settings, scorer):
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


def pages() -> list[matrix.Route]:
    """Every address that gives a page of ours; Django's administration is in tests/journeys/states.py."""
    rows = [row for row in matrix.walk() if "GET" in row.methods and not row.name.startswith("admin:")]
    return [row for row in rows if row.name not in NOT_SWEPT]


def reader(row: matrix.Route, world) -> worlds.Who:
    """One person who may read the page."""
    return next(who for who in WHO if expected(row, "GET", who, world) == OPEN)


def empty(page) -> list[str]:
    """Send the form of a page with nothing in it; what is wrong with the answer."""
    found = page.evaluate("""() => {
        const own = (form) => !form.hasAttribute("action") || form.getAttribute("action") === location.pathname;
        const form = [...document.querySelectorAll("main form[method=post]")].find(own);
        if (!form) return false;
        form.noValidate = true;
        for (const el of form.querySelectorAll("input[type=text], input[type=date], input:not([type]), textarea")) el.value = "";
        for (const el of form.querySelectorAll("select")) el.selectedIndex = 0;
        form.setAttribute("data-swept", "");
        return true;
    }""")
    if not found:
        return ["there is no form"]
    with page.expect_navigation() as answer:
        page.click("form[data-swept] button[type=submit] >> nth=0")
    status = answer.value.status
    return ([f"answers {status}"] if status != 422 else []) + problems(page, came_back=True)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_page_is_swept_clean_at_both_widths_in_both_schemes(world, browsers, live_server):
    found, titles = {}, defaultdict(set)
    for row in pages():
        if not re.search(os.environ.get("SWEEP", ""), row.name):
            continue
        page = browsers(reader(row, world))
        answer = page.goto(live_server.url + address(row, world))
        if answer.status >= 400 or not page.url.endswith(address(row, world)):
            found[row.name] = [f"answers {answer.status} at {page.url}"]
            continue
        titles[page.title()].add(row.name)
        wrong = problems(page)
        if row.name in SENT_EMPTY:
            wrong += [f"sent empty: {text}" for text in empty(page)]
        if wrong:
            found[row.name] = wrong
    assert found == {}, "\n".join(f"{name}:\n  " + "\n  ".join(wrong) for name, wrong in found.items())
    assert {title: names for title, names in titles.items() if len(names) > 1} == {}


def test_every_address_is_swept_or_left_out_for_a_reason_and_so_is_every_form():
    readable = {name for name, declared in matrix.TABLE.items() if "GET" in declared[0]}
    assert set(NOT_SWEPT) <= readable
    assert {row.name for row in pages()} == readable - set(NOT_SWEPT)
    forms = {name for name in readable - set(NOT_SWEPT) if "POST" in matrix.TABLE[name][0]}
    assert (forms, SENT_EMPTY & set(NOT_SENT_EMPTY)) == (SENT_EMPTY | set(NOT_SENT_EMPTY), set())
