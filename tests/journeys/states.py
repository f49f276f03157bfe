"""The states that pages can be in, as a table: who stands there, and how one gets there."""

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.test import Client

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.accounts import factors
from portal.accounts.models import User
from portal.compute import actions as compute
from tests.journeys.stage import Stage, State, at, posted, sent

PASSWORD = "correct-horse-battery"


def signed_in(stage: Stage):
    """With password and one-time code, as one does outside the demonstration; once, as a code serves once."""
    if "cookie" not in stage.known:
        _password(stage)
        stage.send(id_code=factors.current_code(User.objects.get(username="clinician")))
        (cookie,) = [one for one in stage.page.context.cookies() if one["name"] == "sessionid"]
        stage.known["cookie"] = cookie["value"]
    stage.be("")
    stage.page.context.add_cookies([{"name": "sessionid", "value": stage.known["cookie"], "url": stage.url}])


def _password(stage: Stage, name: str = "clinician", password: str = PASSWORD):
    stage.be("")
    stage.go("/accounts/login/")
    return stage.send(id_login=name, id_password=password)


def _wrong_code(stage: Stage):
    _password(stage)
    return stage.send(id_code="000000")


def _other_reason(stage: Stage):
    """The button that asks for words, without the words."""
    stage.go("/clinic/predictions/{done}/")
    choice = stage.page.locator("#feedback details.choice").last
    choice.evaluate("el => { for (const part of [el, ...el.querySelectorAll('details')]) part.open = true; }")
    return stage.send("#feedback details.choice >> nth=-1 >> text=Send")


def proved(path: str, *then: Callable[[Stage], object]) -> Callable[[Stage], object]:
    """The state is an address for one who has just signed in with both factors, and what is done there."""

    def reach(stage: Stage):
        signed_in(stage)
        answer = stage.go(path)
        for step in then:
            answer = step(stage)
        return answer

    return reach


def _too_many(stage: Stage):
    """So many wrong passwords at the fresh proof that it is closed for a while."""
    for _ in range(11):
        stage.go("/accounts/reauthenticate/")
        answer = stage.send(id_password="wrong")
    cache.clear()
    return answer


def _locked_out(stage: Stage):
    for _ in range(settings.LOCK_OUT_AFTER):
        Client().post("/accounts/login/", {"login": "scientist2", "password": "wrong"})
    answer = _password(stage, "scientist2", "wrong")
    cache.clear()
    return answer


def _our_fault(stage: Stage):
    from portal.web import home

    with stage.monkeypatch.context() as patch:
        patch.setattr(home, "glossary", None)
        return stage.go("/help/")


def _too_large(stage: Stage):
    stage.go("/account/tokens/")
    with stage.monkeypatch.context() as patch:
        patch.setattr(settings, "DATA_UPLOAD_MAX_MEMORY_SIZE", 40)
        return stage.send("main form[method=post] button[type=submit] >> nth=0")


def _old_page(stage: Stage):
    """A page that was open while its person signed in anew elsewhere."""
    stage.go("/account/tokens/")
    stage.page.evaluate("document.querySelector('main [name=csrfmiddlewaretoken]').value = 'a'.repeat(64)")
    return stage.send()


def _session_over(stage: Stage):
    stage.go("/clinic/patients/{patient}/share/")
    _end_sessions()
    return stage.send(words="A second opinion.")


def _end_sessions() -> None:
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    for row in Session.objects.all():
        session = SessionStore(row.session_key)
        if "active" in session:
            session["active"] -= 24 * 3600
            session.save()


def _quota_used(stage: Stage):
    quota = compute.set_quota(by=SYSTEM, on=User.objects.get(username="clinician"), daily_limit=0)
    stage.go("/clinic/patients/{patient}/models/unplanned-admission/")
    answer = stage.send("main button[data-once]")
    compute.set_quota(by=SYSTEM, on=User.objects.get(pk=quota.person_id), daily_limit=500)
    return answer


def _found(stage: Stage):
    stage.go("/clinic/emergency/")
    return stage.send(mrn=stage.known["mrn"], birth_date=stage.known["born"])


def _emergency_open(stage: Stage):
    _found(stage)
    stage.page.select_option("#code", "emergency")
    stage.page.check("#attested")
    code = factors.current_code(User.objects.get(username="clinician2"))
    return stage.send(password=PASSWORD, one_time_code=code)


def _half_filled_emergency(stage: Stage):
    _found(stage)
    return stage.send()


def _menu(stage: Stage):
    answer = stage.go("/clinic/")
    stage.page.click("header details.menu summary")
    return answer


def _warning(stage: Stage):
    answer = stage.go("/clinic/")
    stage.page.evaluate("document.getElementById('session').showModal()")
    return answer


def _word(stage: Stage):
    answer = stage.go("/clinic/predictions/{done}/")
    stage.page.click("button.word >> nth=0")
    return answer


def _left(stage: Stage):
    """An account that was closed while its password is still known."""
    person = access.add_person(by=SYSTEM, username="left", name="Who Left", password=PASSWORD, role_names=["scientist"])
    access.deactivate(by=SYSTEM, on=person)
    return _password(stage, "left")


# Where nothing is yet: no patient, model, job, request, case or dataset.
EMPTY = {
    "no patients": State("clinician", at("/clinic/")),
    "no downtime packets": State("clinician", at("/clinic/downtime/")),
    "no models": State("scientist", at("/lab/")),
    "no datasets": State("scientist", at("/lab/datasets/")),
    "no study to ask for": State("scientist", at("/lab/datasets/new/")),
    "no approvals": State("reviewer", at("/oversight/approvals/")),
    "no incidents": State("reviewer", at("/oversight/incidents/")),
    "no recalls": State("reviewer", at("/oversight/recalls/")),
    "no cases": State("auditor", at("/oversight/cases/")),
    "no requests": State("auditor", at("/oversight/requests/")),
    "no reviews": State("auditor", at("/oversight/reviews/")),
    "no event like that": State("auditor", at("/oversight/events/?person=nobody")),
    "no wards": State("admin", at("/hospital/wards/")),
    "no studies": State("admin", at("/hospital/studies/")),
    "nobody like that": State("admin", at("/hospital/?search=nobody")),
    "no notices": State("clinician2", at("/account/notices/")),
    "no access": State("scientist2", at("/account/access/")),
    "nothing to decide": State("clinician", at("/account/access/inbox/")),
    "no tokens": State("clinician", at("/account/tokens/")),
    "no role": State("norole", at("/")),
    "no jobs in the administration": State("admin", at("/admin/compute/job/")),
    "no quotas in the administration": State("admin", at("/admin/compute/quota/")),
}  # fmt: skip
RESULTS = {
    f"a run that is {name}": State("clinician", at(f"/clinic/predictions/{{{name}}}/"))
    for name in ("done", "waiting", "running", "cancelled", "failed", "refused", "abstained", "stale", "retracted", "practised")
}  # fmt: skip
STOPPED = {
    "a result of a stopped version": State("clinician", at("/clinic/predictions/{done}/")),
    "a patient for whom a version was stopped": State("clinician", at("/clinic/patients/{patient}/")),
    "a stopped version": State("reviewer", at("/lab/versions/{version}/")),
}
REFUSALS = {
    "not found": State("clinician", at("/clinic/patients/00000000000000000000/"), 404),
    "not allowed": State("clinician", at("/oversight/events/"), 403),
    "a page that was open too long": State("clinician", _old_page, 403),
    "too large": State("clinician", _too_large, 413),
    "our fault": State("clinician", _our_fault, 500),
    "a letter no text may hold": State("clinician", at("/clinic/?search=%00"), 400),
    "a quota used up": State("clinician", _quota_used, 429),
    "nobody found": State("clinician", at("/clinic/?search=nobody")),
    "the menu": State("clinician", _menu),
    "the warning before the end": State("clinician", _warning),
    "a word explained": State("clinician", _word),
}
FORMS = {
    "feedback without words": State("clinician", _other_reason, 422, came_back=True),
    "a report without words": State("clinician", sent("/clinic/predictions/{done}/", "text=Send the report"), 422, came_back=True),
    "a retraction without a reason": State("clinician", sent("/clinic/predictions/{done}/", "text=Retract for good"), 422, came_back=True),
    "a form with what cannot be": State("clinician", sent("/clinic/patients/{patient}/models/unplanned-admission/", "main button[data-once]", **{"f-bmi": "loud"}), 422, came_back=True),
    "shown to nobody": State("clinician", sent("/clinic/predictions/{done}/show/", "main button[data-once]"), 422, came_back=True),
    "a version to sign": State("reviewer", at("/oversight/approvals/{submitted}/")),
    "a signature without words": State("reviewer", sent("/oversight/approvals/{submitted}/", "main aside button[data-once]"), 422, came_back=True),
    "a period signed for without words": State("auditor", posted("/oversight/reviews/", "/oversight/events/"), 422, came_back=True),
    "emergency: the patient": State("clinician2", _found),
    "emergency: nobody found": State("clinician2", sent("/clinic/emergency/", mrn="none", birth_date="1950-01-01"), 422, came_back=True),
    "emergency: half filled": State("clinician2", _half_filled_emergency, 422, came_back=True),
    "emergency: open": State("clinician2", _emergency_open),
    "practice": State("clinician", at("/clinic/practice/")),
}  # fmt: skip
ADMINISTRATION = {
    "administration": State("admin", at("/admin/")),
    "administration of jobs and quotas": State("admin", at("/admin/compute/")),
    "people in the administration": State("admin", at("/admin/accounts/user/")),
    "people, chosen by a filter": State("admin", at("/admin/accounts/user/?is_active__exact=1")),
    "one person in the administration": State("admin", at("/admin/accounts/user/{person}/change/")),
    "jobs in the administration": State("admin", at("/admin/compute/job/")),
    "one job in the administration": State("admin", at("/admin/compute/job/{job}/change/")),
    "quotas in the administration": State("admin", at("/admin/compute/quota/")),
    "one quota in the administration": State("admin", at("/admin/compute/quota/{quota}/change/")),
    "a new quota in the administration": State("admin", at("/admin/compute/quota/add/")),
    "a new quota, sent empty": State("admin", sent("/admin/compute/quota/add/", "input[name=_save]"), came_back=True),
    "tokens in the administration": State("admin", at("/admin/accounts/apitoken/")),
}  # fmt: skip
SIGNING_IN = {
    "the sign-in of the demonstration": State("", at("/accounts/login/")),
    "the sign-in": State("", at("/accounts/login/"), demo=False),
    "a wrong password": State("", lambda stage: _password(stage, password="wrong"), demo=False, came_back=True),
    "a locked account": State("", _locked_out, demo=False, came_back=True),
    "too many tries": State("newcomer", _too_many, 429, demo=False),
    "an account that is closed": State("", _left, demo=False),
    "signed out by the clock": State("clinician", _session_over),
    "the one-time code": State("", _password, demo=False),
    "a wrong one-time code": State("", _wrong_code, demo=False, came_back=True),
    "new recovery codes": State("", proved("/accounts/2fa/codes/new/"), demo=False),
    "recovery codes": State("", proved("/accounts/2fa/codes/new/", Stage.send), demo=False),
    "the second factor that is there": State("", proved("/accounts/2fa/"), demo=False),
    "an app to remove": State("", proved("/accounts/2fa/app/remove/"), demo=False),
    "no passkeys": State("", proved("/accounts/2fa/passkeys/"), demo=False),
    "a fresh proof": State("newcomer", at("/accounts/reauthenticate/"), demo=False),
    "a fresh proof with a code": State("clinician", at("/accounts/2fa/reauthenticate/"), demo=False),
    "no second factor yet": State("newcomer", at("/accounts/2fa/"), demo=False),
    "an app to add": State("", lambda stage: (_password(stage, "newcomer"), stage.go("/accounts/2fa/app/add/"))[1], demo=False),
    "an app with a wrong code": State("", lambda stage: (_password(stage, "newcomer"), stage.go("/accounts/2fa/app/add/"), stage.send(id_code="000000"))[2], demo=False, came_back=True),
    "a passkey to add": State("", lambda stage: (_password(stage, "newcomer"), stage.go("/accounts/2fa/passkeys/add/"))[1], demo=False),
    "another password": State("", proved("/accounts/password/"), demo=False),
    "another password, sent empty": State("", proved("/accounts/password/", Stage.send), demo=False, came_back=True),
    "the way out": State("clinician", at("/accounts/logout/")),
}  # fmt: skip
FILLED = {**RESULTS, **REFUSALS, **FORMS, **ADMINISTRATION, **SIGNING_IN}
