"""A small hospital in which every kind of object exists, and everyone who may or may not come near it.

People are named by role and by how they stand to the objects that all questions are about:
`own` works there, `shared` covers a shift there until tomorrow, `foreign` works elsewhere, `expired` covered a shift
that has ended, `removed` was taken out before the end, `revoked` was shut out altogether, and `emergency` broke the
glass: one patient, at the screen, never by a program. `given` asked for one patient and was let in by the ward's lead.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from allauth.usersessions.models import UserSession
from django.test import Client

from portal.access import actions as access
from portal.access import requests
from portal.access.actors import SYSTEM
from portal.access.models import Notice
from portal.access.permissions import Permission as P
from portal.accounts import factors
from portal.accounts.models import ApiToken, User
from portal.compute import actions as compute
from portal.compute import work
from portal.compute.models import Job
from portal.core import clock
from portal.core.ids import new_id
from portal.datasets import actions as datasets
from portal.datasets import asking, store
from portal.datasets import rights as dataset_rights
from portal.datasets.runtime import vault
from portal.datasets.uploads import Upload
from portal.predictions import actions as predictions
from portal.predictions import incidents
from portal.records import actions as records
from portal.records import emergency, imports
from portal.records.models import CareUnit
from portal.registry import actions as registry
from portal.registry.intake import actions as intake
from portal.registry.review import seats
from portal.studies import actions as studies
from tests import evidence, model_cards, reviewing

PASSWORD = "correct-horse-battery"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CLOSE, STATES = ("own", "shared"), ("own", "shared", "foreign", "expired", "removed", "revoked")
BY_RELATION = ("clinician", "scientist")
BY_ROLE = ("reviewer", "admin", "auditor")
NARROW = "tokens:issue"
EMERGENCY, GIVEN = ("clinician", "emergency"), ("clinician", "given")
REASON, ASKED = "Zebra reason of the emergency", "Okapi reason of the request"
REPORTED = "Quagga words of the report"
ADDRESS = "models:/okapi-in-the-registry/7"
CELL = "Zebracell of a row"
TABLE = "\n".join(["kin,ward", f"{CELL},north", *(f"name {number},north" for number in range(30))]).encode()

Who = tuple[str, str]


@dataclass(frozen=True)
class Secret:
    """A text that only those near an object may be shown, and how much it says about a person."""

    text: str
    phi: str
    near: frozenset[Who]


@dataclass
class World:
    """Who there is, what there is, who is near it, and the texts that would give it away."""

    people: dict[Who, User] = field(default_factory=dict)
    clients: dict[Who, Client] = field(default_factory=dict)
    tokens: dict[str, dict[Who, str]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    near: dict[str, frozenset[Who]] = field(default_factory=dict)
    lists: dict[str, frozenset[Who]] = field(default_factory=dict)
    reach: dict[tuple[str, P], frozenset[Who]] = field(default_factory=dict)
    secrets: list[Secret] = field(default_factory=list)


def everyone() -> list[Who]:
    """Every role in every standing; for roles that reach by role alone, the standing changes nothing but `revoked`."""
    related = [(role, state) for role in BY_RELATION for state in STATES]
    related += [EMERGENCY, GIVEN]
    others = [(role, state) for role in BY_ROLE for state in ("own", "revoked")]
    return [*related, *others, ("superuser", "own"), ("norole", "own")]


def _stand(give: Callable, end: Callable) -> dict[str, Callable[[User], None]]:
    """How each standing comes about; a share or request that grants the same belongs in `shared` as well."""
    day, hour = timedelta(days=1), timedelta(hours=1)
    return {
        "own": lambda person: give(person, None, leads=True),
        "shared": lambda person: give(person, clock.now() + day),
        "foreign": lambda person: None,
        "expired": lambda person: give(person, clock.now() - hour),
        "removed": lambda person: (give(person, None), end(person)),
        "revoked": lambda person: give(person, None),
    }


def build(hospital: Path, model: Path, as_of: date) -> World:
    """Set everything up through the same actions as the pages."""
    from django.conf import settings

    settings.AS_OF = as_of
    world = World()
    _people(world)
    imports.import_paths(by=SYSTEM, paths=[hospital])
    (here, _), (there, _) = records.size_units(by=SYSTEM)[:2]
    study, other = (studies.open_study(by=SYSTEM, slug=slug, title=slug.title()) for slug in ("demo", "other"))
    _place_clinicians(world, here, there)
    _place_scientists(world, study, other)
    version = _approved(world, study, model, [here])
    _objects(world, version)
    _dataset(world, study)
    _arrival(world, study)
    _sign_in(world)
    for who in everyone():
        if who[1] == "revoked":
            access.deactivate(by=SYSTEM, on=world.people[who])
    return world


def _people(world: World) -> None:
    for role, state in everyone():
        roles = [role] if role in (*BY_RELATION, *BY_ROLE) else []
        world.people[role, state] = access.add_person(
            by=SYSTEM, username=f"{role}-{state}", name=f"{role} {state}", password=PASSWORD, role_names=roles
        )
    User.objects.filter(username="superuser-own").update(is_superuser=True, is_staff=True)
    world.people["reviewer", "second"] = access.add_person(
        by=SYSTEM, username="reviewer-second", name="Second Reviewer", password=PASSWORD, role_names=["reviewer"]
    )


def _place_clinicians(world: World, here: CareUnit, there: CareUnit) -> None:
    stand = _stand(
        lambda person, until, **more: records.assign(by=SYSTEM, on=here, person=person, until=until, **more),
        lambda person: records.end_assignment(by=SYSTEM, on=person.care_relationships.get()),
    )
    for state, make in stand.items():
        make(world.people["clinician", state])
    records.assign(by=SYSTEM, on=there, person=world.people["clinician", "foreign"])
    world.values["unit"] = here.public_id


def _place_scientists(world: World, study, other) -> None:
    stand = _stand(
        lambda person, until, **more: studies.add_member(by=SYSTEM, on=study, person=person, until=until, **more),
        lambda person: studies.remove_member(by=SYSTEM, on=study, person=person),
    )
    for state, make in stand.items():
        make(world.people["scientist", state])
    studies.add_member(by=SYSTEM, on=other, person=world.people["scientist", "foreign"])
    world.values["study"] = study.public_id


def _approved(world: World, study, folder: Path, wards):
    scientist = world.people["scientist", "own"]
    version = registry.register(by=scientist, on=study, slug="tiny", folder=folder)
    model_cards.fill(scientist, version)
    intake.prepare_now(version)
    registry.submit(by=scientist, on=version, care_units=wards)
    evidence.prove(version, scientist)
    for state, seat in (("own", "clinical"), ("second", "data-science")):
        reviewer = world.people["reviewer", state]
        seats.set_seats(by=SYSTEM, on=reviewer, seats=[seat])
        reviewing.approve(
            by=reviewer, on=version, reason="Evidence read.", proof=factors.Proof(reviewer.pk, clock.now())
        )
    version.refresh_from_db()
    model_cards.read(version, *(world.people["clinician", state] for state in CLOSE))
    return version


def _objects(world: World, version) -> None:
    mine, theirs = world.people["clinician", "own"], world.people["clinician", "foreign"]
    here, there = records.list_patients(by=mine)[0], records.list_patients(by=theirs)[0]
    prediction = predictions.request(by=mine, on=here.public_id, version=version, inputs={"x": 1}).prediction
    job = Job.objects.get(subject=prediction)
    ended = _break_glass(theirs, here)
    emergency.end(by=theirs, on=ended)
    quota = compute.set_quota(by=SYSTEM, on=mine, daily_limit=7)
    access.issue_token(by=mine, on=mine, scopes=["*"], days=1, label="the token in question")
    token = ApiToken.objects.get(label="the token in question")
    grant = _break_glass(world.people[EMERGENCY], here)
    given, asked = _ask(world, here)
    incident = incidents.report(by=mine, on=prediction, kind="harm", words=REPORTED)
    recall, told = _recalled(version, mine)
    working = frozenset(("clinician", state) for state in CLOSE)
    ward = working | {EMERGENCY, GIVEN}
    lead, officer, other = ("clinician", "own"), ("auditor", "own"), ("clinician", "foreign")
    formulary = working | {("scientist", state) for state in CLOSE} | {("reviewer", "own")}
    world.near |= {
        "patient": ward, "prediction": ward, "model": formulary, "model version": formulary,
        "job": frozenset({("clinician", "own"), ("admin", "own")}), "token": frozenset({("clinician", "own")}),
        "quota": frozenset({("admin", "own")}), "user": frozenset({("admin", "own")}),
        "notice": frozenset({lead}), "emergency access": frozenset({EMERGENCY, officer}), "case": frozenset({officer}),
        "grant": frozenset({GIVEN, lead, officer}), "access request": frozenset({other, lead, ("admin", "own"), officer}), "care unit": working | {("admin", "own")}, "assignment": frozenset({("admin", "own")}),
        "study": frozenset({("scientist", state) for state in CLOSE} | {("admin", "own")}),
        "event": frozenset({("auditor", "own")}), "session": frozenset({("clinician", "own")}), "api token": frozenset({("admin", "own")}), "incident": frozenset({("reviewer", "own")}),
        "downtime packet": working, "recall": frozenset({("reviewer", "own")}), "recall notice": frozenset({lead}),
    }  # fmt: skip
    world.values |= {
        "patient": here.public_id, "prediction": prediction, "job": job.public_id, "slug": "tiny", "model": "tiny", "group": "purpose",
        "version": version.public_id, "number": "1", "place": "1", "token": token.public_id, "person": mine.public_id,
        "compute_job": str(job.pk), "compute_quota": str(quota.pk), "accounts_user": str(mine.pk),
        "app_label": "compute", "access": grant.public_id, "grant": given.public_id, "asked": asked.public_id, "incident": incident.public_id, "recall": recall.public_id, "told": told.public_id, "case": grant.case.public_id, "notice": Notice.objects.filter(person=mine).first().public_id,
        "session": str(_session(mine).pk), "pk": "1", "provider_id": "hospital", "accounts_apitoken": str(token.pk), "assignment": mine.care_relationships.get().public_id,
    }  # fmt: skip
    elsewhere = frozenset({("clinician", "foreign")})
    world.lists = world.near | {
        "patient": working | elsewhere | {GIVEN},
        "prediction": working | {GIVEN},
        "grant": frozenset(who for who in everyone() if who[0] in (*BY_RELATION, "admin", "auditor")),
        "access request": world.near["access request"] | {GIVEN},
        # Told of the emergency, the request, its decision or the report.
        "notice": frozenset({lead, GIVEN, officer, ("reviewer", "own"), ("scientist", "own"), ("scientist", "shared")}),
        "event": frozenset({("auditor", "own")}),
    }
    world.reach = {
        ("model version", P.CARD_WRITE): frozenset({("scientist", "own"), ("reviewer", "own")}),
        ("patient", P.PATIENT_SHARE): working, ("prediction", P.PREDICTION_RETRACT): frozenset({lead}),
        ("prediction", P.PREDICTION_PRINT): working | {GIVEN},
        # Who brought the model answers for it; the committee looks for somebody else when they leave.
        ("model version", P.MODEL_OWN): frozenset({("scientist", "own"), ("reviewer", "own")}),
        ("downtime packet", P.DOWNTIME_LOCK): frozenset({lead}),
        ("grant", P.GRANT_END): frozenset({GIVEN, lead}),
        ("grant", P.ACCESS_ASK): frozenset({GIVEN}), ("access request", P.ACCESS_ASK): frozenset({other}),
        ("access request", P.ACCESS_DECIDE): frozenset({lead, ("admin", "own")}),
        ("emergency access", P.BREAK_GLASS): frozenset({EMERGENCY}),
    }  # fmt: skip
    world.lists["quota"] = frozenset(who for who in everyone() if who[0] in ("clinician", "scientist", "admin"))
    world.secrets = [
        *_of_patient(here, ward), *_of_patient(there, elsewhere),
        Secret(prediction, "pseudonym", ward | world.near["job"]), Secret(job.public_id, "pseudonym", ward | world.near["job"]),
        Secret(REASON, "free text", world.near["case"] | {EMERGENCY, other}),
        Secret(ASKED, "free text", world.near["access request"]), Secret(REPORTED, "free text", world.near["incident"]),
        Secret(token.public_id, "none", world.near["token"] | {("admin", "own")}), Secret(version.digest, "none", formulary | {GIVEN}),
    ]  # fmt: skip


def _dataset(world: World, study) -> None:
    """A table of `own`: members know of it, `foreign` computes on it, `expired` and `removed` once read it."""
    person = {state: world.people["scientist", state] for state in STATES}
    dataset = datasets.create(
        by=person["own"], on=study, title="Zebra table", description="Zebra table described", classification="identified"
    )  # fmt: skip
    version = upload(person["own"], dataset, TABLE)
    holds = {0: "names", 1: "none"}
    datasets.confirm(by=person["own"], on=version, holds=holds, classification="identified", names_are_names=True)
    asked = {"group": [], "of": "", "where": []}
    summary = asking.request(by=person["own"], on=version, **asked)
    work.run(Job.objects.get(subject=summary).public_id)
    given = {"by": person["own"], "on": dataset, "words": "for the world"}
    grant = dataset_rights.give(person=person["foreign"], right="compute", **given)
    for state in ("expired", "removed", "revoked"):
        right = dataset_rights.give(person=person[state], right="read", **given)
        if state == "removed":
            dataset_rights.end(by=person["own"], on=dataset, grant=right.public_id)
        if state == "expired":
            grants_end(right)
    own, computing = ("scientist", "own"), ("scientist", "foreign")
    knowing = frozenset({own, ("scientist", "shared"), computing})
    world.near |= {"dataset": knowing, "dataset version": knowing, "summary": frozenset({own})}
    given = frozenset(("scientist", state) for state in ("foreign", "expired", "removed"))
    world.lists |= {"notice": world.lists["notice"] | given, "dataset": knowing, "job": world.lists["job"] | {own}}
    # Of a dataset one may know without computing on it, and compute on it without reading it.
    reach = {
        P.DATASET_OWN: frozenset({own}), P.DATASET_ROWS: frozenset({own}), P.DATASET_COMPUTE: frozenset({own, computing}),
    }  # fmt: skip
    kinds = ("dataset", "dataset version", "summary")
    world.reach |= {(kind, right): people for kind in kinds for right, people in reach.items()}
    world.values |= {"dataset": dataset.public_id, "table": version, "summary": summary, "right": grant.public_id}
    world.secrets += [
        Secret(CELL, "free text", frozenset({own})), Secret("Zebra table described", "free text", knowing),
        Secret(dataset.public_id, "none", knowing | {("admin", "own"), ("auditor", "own")}), Secret(summary, "none", frozenset({own, ("admin", "own")})),
    ]  # fmt: skip


def _arrival(world: World, study) -> None:
    """A model that `own` has sent and that nobody has fetched yet."""
    own = ("scientist", "own")
    arrival = intake.send(by=world.people[own], on=study, slug="okapi", address=ADDRESS)
    world.near["arrival"] = world.lists["arrival"] = frozenset({own})
    world.values["arrival"] = arrival.public_id
    world.secrets.append(Secret(ADDRESS, "none", frozenset({own})))


def upload(by: User, dataset, content: bytes) -> str:
    """Send a table and have it read, inside an open transaction; the version's id."""
    stored, key = new_id(), vault.new_key()
    with vault.Writer(store.incoming(stored), key) as writer:
        writer.write(content)
    sent = Upload(stored, key, writer)
    version = datasets.add_version(by=by, on=dataset, upload=sent)
    if not sent.taken:
        datasets._keep(sent)
    work.run(Job.objects.get(subject=version.public_id).public_id)
    return version.public_id


def grants_end(grant) -> None:
    """Let the end of a grant have come an hour ago, which no action of the portal does."""
    from portal.access import grants
    from portal.core import guard

    with guard.unlocked():
        grants.extend(grant, clock.now() - timedelta(hours=1))


def _recalled(version, person: User):
    """A recall as a stop of the version would begin it, which here goes on to run."""
    from portal.core import guard
    from portal.predictions.models import Acknowledgement, Recall

    with guard.unlocked():
        recall = Recall.objects.create(version=version, stopped_at=clock.now(), results=1, patients=1)
        return recall, Acknowledgement.objects.create(recall=recall, person=person)


def _session(person: User) -> UserSession:
    return UserSession.objects.create(user=person, ip="127.0.0.1", user_agent="a browser", session_key="x" * 32)


def _break_glass(person: User, patient):
    proof = factors.Proof(person.pk, clock.now())
    return emergency.start(by=person, on=patient.public_id, code="emergency", text=REASON, attested=True, proof=proof)


def _ask(world: World, patient):
    """A grant that `given` asked for and was given, and a request of `foreign` that waits for the same lead."""
    until, lead = clock.now() + timedelta(days=3), world.people["clinician", "own"]
    named = {"mrn": patient.mrn, "birth_date": patient.birth_date}
    first = requests.ask(
        by=world.people[GIVEN],
        what="patient",
        named=named,
        purpose="TREAT",
        words="A consult on the round.",
        until=until,
    )
    given = requests.decide(by=lead, on=first.public_id, granted=True, words="Agreed on the round.").grant
    asked = requests.ask(
        by=world.people["clinician", "foreign"], what="ward", named={"name": patient.ward}, purpose="TREAT", words=ASKED,
        until=until,
    )  # fmt: skip
    return given, asked


def _of_patient(patient, near: frozenset[Who]) -> list[Secret]:
    return [
        Secret(patient.name, "identifier", near),
        Secret(patient.mrn, "identifier", near),
        Secret(patient.public_id, "pseudonym", near),
    ]


def _sign_in(world: World) -> None:
    scopes = {"full": ["*"], "narrow": [NARROW], "ended": ["*"], "taken back": ["*"]}
    for who in everyone():
        person, client = world.people[who], Client(raise_request_exception=False)
        client.force_login(person, backend=BACKEND)
        world.clients[who] = client
        for kind, words in scopes.items():
            text = access.issue_token(by=SYSTEM, on=person, scopes=words, days=1, label=kind)
            world.tokens.setdefault(kind, {})[who] = text
    _spoil(world)


def _spoil(world: World) -> None:
    for token in ApiToken.objects.filter(label="taken back"):
        access.revoke_token(by=SYSTEM, on=token)
    hour = timedelta(hours=1)
    ended = list(ApiToken.objects.filter(label="ended"))
    for token in ended:
        token.expires_at = clock.now() - hour
    unlock_and_save(ended, "expires_at")


def unlock_and_save(rows, field_name: str) -> None:
    """Move time on for some rows, which no action of the portal does."""
    from portal.core import guard

    with guard.unlocked():
        for row in rows:
            row.save(update_fields=(field_name,))


# The rights by which a kind of object shows that it exists.
SEEING = {
    "downtime packet": {P.PATIENT_LIST},
    "patient": {P.PATIENT_READ}, "prediction": {P.PREDICTION_READ}, "model": {P.MODEL_SEE},
    "model version": {P.MODEL_SEE}, "job": {P.JOB_SEE}, "token": {P.TOKEN_ISSUE}, "quota": {P.QUOTA_SEE},
    "user": {P.PERSON_MANAGE}, "care unit": {P.UNIT_ASSIGN, P.PATIENT_LIST}, "assignment": {P.UNIT_ASSIGN},
    "arrival": {P.MODEL_REGISTER}, "dataset": {P.DATASET_SEE}, "dataset version": {P.DATASET_SEE}, "summary": {P.DATASET_COMPUTE},
    "study": {P.STUDY_MANAGE, P.MODEL_SEE}, "grant": {P.GRANT_SEE}, "emergency access": {P.GRANT_SEE}, "access request": {P.GRANT_SEE}, "event": {P.AUDIT_READ}, "session": {P.ACCOUNT_OWN}, "api token": {P.PERSON_MANAGE}, "case": {P.CASE_REVIEW}, "notice": {P.NOTICE_READ}, "incident": {P.INCIDENT_REVIEW}, "recall": {P.MODEL_REVIEW}, "recall notice": {P.NOTICE_READ},
}  # fmt: skip
