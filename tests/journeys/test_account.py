"""Signing in with a second factor, through a real browser and a virtual authenticator."""

import time

import pytest

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.accounts import factors
from portal.records import actions as records
from tests.accounts.provider import provider, running_provider  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
PASSWORD = "correct-horse-battery"


@pytest.fixture
def newcomer(cast):
    return actions.add_person(
        by=SYSTEM, username="newcomer", name="New Comer", password=PASSWORD, role_names=["clinician"], enrol=False
    )


@pytest.fixture
def visit(visit):
    def run(name: str):
        page = visit(name)
        page.set_default_timeout(8_000)
        return page

    return run


def plug_in(page) -> None:
    """Give the browser a fingerprint reader that always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_newcomer_adds_a_passkey_and_signs_in_with_it_alone(visit, accessible, newcomer, live_server):
    page = visit("newcomer")
    assert page.locator("h1").inner_text() == "Second factor"
    accessible(page)
    plug_in(page)

    page.click("a:has-text('Add a passkey')")
    accessible(page)
    page.fill("#id_name", "ward computer")
    page.check("#id_passwordless")
    page.click("#passkey-add")
    page.wait_for_selector("h1:has-text('Recovery codes')")
    accessible(page)
    page.click("text=I have them")
    assert page.locator("h1").inner_text() == "My patients"

    page.click("summary")
    page.click("text=Sign out")
    page.goto(f"{live_server.url}/accounts/login/")
    accessible(page)
    page.click("#passkey-login")
    page.wait_for_selector("h1:has-text('My patients')")

    page.goto(f"{live_server.url}/accounts/2fa/passkeys/")
    accessible(page)
    assert "ward computer" in page.locator("tbody").inner_text()
    page.click("text=Remove")
    accessible(page)
    page.click("text=Remove it")
    assert "add another before you remove this one" in page.locator(".messages").inner_text()


def test_a_passkey_is_the_second_factor_after_the_password(visit, newcomer, live_server):
    page = visit("newcomer")
    plug_in(page)
    page.click("a:has-text('Add a passkey')")
    page.click("#passkey-add")
    page.wait_for_selector("h1:has-text('Recovery codes')")
    page.context.clear_cookies()

    page.goto(f"{live_server.url}/accounts/login/?next=/clinic/")
    page.fill("#id_login", "newcomer")
    page.fill("#id_password", PASSWORD)
    page.click("button:has-text('Sign in') >> nth=0")
    page.click("#passkey-authenticate")
    page.wait_for_selector("h1:has-text('My patients')")


def test_a_newcomer_adds_an_app(visit, accessible, newcomer):
    page = visit("newcomer")
    page.click("a:has-text('Add an authenticator app')")
    page.wait_for_selector("img.qr")
    accessible(page)
    page.fill("#id_code", "000000")
    page.click("text=Use this app")
    accessible(page)
    assert "Wait for the next one" in page.locator("main").inner_text()
    assert not factors.has_one(newcomer)


def with_a_passkey(visit, name: str):
    """Sign in for the first time, add a passkey, and hold nothing else."""
    page = visit(name)
    plug_in(page)
    page.click("a:has-text('Add a passkey')")
    page.click("#passkey-add")
    page.wait_for_selector("h1:has-text('Recovery codes')")
    return page


def test_a_passkey_opens_a_record_in_an_emergency(visit, accessible, newcomer, cast, patient, live_server):
    known = records.open_patient(by=cast["clinician"], on=patient).patient
    page = with_a_passkey(visit, "newcomer")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{live_server.url}/clinic/emergency/")
    page.fill("#mrn", known.mrn)
    page.fill("#birth_date", known.birth_date)
    page.click("text=Find the patient")
    accessible(page)
    assert (page.locator("#password").count(), page.locator("#passkey").is_visible()) == (0, True)
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")

    page.select_option("#code", "emergency")
    page.click("#passkey")
    assert page.evaluate("document.activeElement.id") == "attested"
    page.check("#attested")
    page.click("#passkey")
    page.wait_for_url(f"**/clinic/patients/{patient}/")
    assert "Emergency access" in page.locator("aside.emergency").inner_text()


def test_a_passkey_signs_an_approval(visit, accessible, cast, studies, trained, prove, live_server):
    from portal.registry import actions as registry
    from portal.registry.review import seats
    from tests import reviewing

    folder = trained["unplanned-admission"]
    version = registry.register(by=cast["scientist"], on=studies["demo"], slug=folder.name, folder=folder)
    prove(version)
    newcomer = actions.add_person(
        by=SYSTEM, username="newcomer", name="New Comer", password=PASSWORD, role_names=["reviewer"], enrol=False
    )
    seats.set_seats(by=SYSTEM, on=newcomer, seats=["clinical"])
    reviewing.answer_all(newcomer, version)
    page = with_a_passkey(visit, "newcomer")
    page.goto(f"{live_server.url}/oversight/approvals/{version.public_id}/")
    accessible(page)

    page.check("input[value=approve]")
    page.fill("#reason", "Read it all.")
    page.click("#passkey")
    page.wait_for_selector("text=One more signature is needed")
    page.goto(f"{live_server.url}/lab/versions/{version.public_id}/")
    assert "with passkey and finger, face or PIN" in page.locator("main").inner_text()


def let_time_pass(left: int, minutes: int = 15) -> None:
    """Move every session so that it ends in `left` seconds, where a role may do nothing for some minutes."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    for row in Session.objects.all():
        session = SessionStore(row.session_key)
        if "active" in session:
            session["active"] = int(time.time()) - minutes * 60 + left
            session.save()


def test_a_warning_comes_before_the_end_and_one_key_prolongs(visit, accessible, settings, wards):
    settings.DEMO = True
    page = visit("clinician")
    page.clock.install()
    page.reload()
    let_time_pass(100)
    page.clock.fast_forward(790_000)
    page.wait_for_selector("#session[open]", timeout=15_000)
    accessible(page)

    page.keyboard.press("a")
    page.wait_for_selector("#session:not([open])", state="attached")
    left = page.evaluate("fetch('/account/session/').then(answer => answer.json())")["left"]
    assert left > 880


def test_the_administration_warns_as_well_and_a_half_filled_form_stays(visit, accessible, settings, cast, live_server):
    settings.DEMO = True
    page = visit("admin")
    page.clock.install()
    page.goto(f"{live_server.url}/admin/accounts/user/{cast['scientist'].pk}/change/")
    page.check("input[value=reviewer]")
    let_time_pass(100, minutes=10)
    page.clock.fast_forward(490_000)
    page.wait_for_selector("#session[open]", timeout=15_000)
    accessible(page, preload=False)  # the stock style sheets import others, which axe would copy into the page
    assert "is not kept then" in page.locator("#session").inner_text()

    page.click("text=Stay signed in")
    page.wait_for_selector("#session:not([open])", state="attached")
    assert page.is_checked("input[value=reviewer]")
    page.click("input[name=_save]")
    assert "written to the audit log" in page.locator(".messagelist").inner_text()
    assert type(cast["scientist"]).objects.get(username="scientist").role_names == {"reviewer", "scientist"}


def test_a_half_filled_form_outlives_its_session(visit, settings, wards, unplanned, worked, live_server):
    settings.DEMO = True
    page = visit("clinician")
    page.clock.install()
    page.click("tbody a >> nth=0")
    page.click("a.card:has-text('Unplanned admission')")
    page.fill("#f-bmi", "41.5")
    # The draft goes out first, as it does in two seconds of a real clock.
    page.wait_for_selector("text=Draft kept")
    let_time_pass(-1)
    page.clock.fast_forward(790_000)
    page.wait_for_url("**/accounts/login/**", timeout=20_000)
    assert "41.5" not in page.content()
    assert page.evaluate("Object.keys(sessionStorage).length + Object.keys(localStorage).length") == 0

    page.fill("#id_login", "clinician")
    page.fill("#id_password", PASSWORD)
    page.click("button:has-text('Sign in') >> nth=0")
    page.wait_for_selector("[data-restored]")
    assert page.input_value("#f-bmi") == "41.5"
    assert worked.waiting == []


def test_a_nurse_comes_through_the_hospitals_sign_in(chromium, accessible, live_server, cast, provider):  # noqa: F811
    provider.knows("u-9", preferred_username="rory", name="Rory Williams", groups=["grp-ward"])
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(8_000)
    page.goto(f"{live_server.url}/clinic/")
    accessible(page)
    page.click("text=Sign in with Northside sign-in")
    page.fill("input[name=sub]", "u-9")
    page.click("text=Authorize >> nth=-1")
    page.wait_for_selector("h1:has-text('Second factor')")
    plug_in(page)
    page.click("a:has-text('Add a passkey')")
    page.click("#passkey-add")
    page.wait_for_selector("h1:has-text('Recovery codes')")
    page.goto(f"{live_server.url}/clinic/")
    assert page.locator("h1").inner_text() == "My patients"

    provider.knows("u-9", preferred_username="rory", name="Rory Williams", groups=["grp-gone"])
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/clinic/")
    page.click("text=Sign in with Northside sign-in")
    page.fill("input[name=sub]", "u-9")
    page.click("text=Authorize >> nth=-1")
    page.wait_for_selector("h1:has-text('Not signed in')")
    accessible(page)
    assert "none of your groups opens anything here" in page.locator("main").inner_text()
    context.close()
