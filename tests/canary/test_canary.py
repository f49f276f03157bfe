"""A patient whose texts are found nowhere else goes through every feature of a portal that really runs.

Afterwards nothing that the portal leaves behind holds one of them: no log, no message of the broker, no store of MLflow,
no column in clear, no temporary file, no address, no header; and a page shows them only where its route declares it.
"""

import base64
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
import requests
from django.urls import Resolver404, resolve

from portal.core.phi import Phi
from portal.web import matrix
from tests.canary import bird
from tests.conftest import AS_OF, ROOT
from tests.servers import free_port

pytestmark = pytest.mark.slow
PASSWORD = "correct-horse-battery"
CLASSES = tuple(Phi)
_REASON = {"reason": bird.TYPED["reason"]}


@dataclass
class Seen:
    """Everything that went over the wire."""

    addresses: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    bodies: list[tuple[str, str, int, str]] = field(default_factory=list)

    def note(self, answer: requests.Response, *_, **__) -> None:
        self.addresses.append(answer.url)
        self.headers.append(json.dumps(dict(answer.headers)))
        path = answer.url.split("/", 3)[3].partition("?")[0]
        self.bodies.append((answer.request.method, f"/{path}", answer.status_code, answer.text))


class Hospital:
    """A demonstration of its own: web, worker, keeper, scorer and tracker as real processes on SQLite."""

    def __init__(self, home: Path):
        self.data, self.temp, self.said = home / "data", home / "temp", home / "said.txt"
        for folder in (self.data, self.temp, home / "records"):
            folder.mkdir()
        bird.write(home / "records", AS_OF)
        self.port, self.seen = free_port(), Seen()
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        environment |= {
            "FORMULARY_DATA": str(self.data), "FORMULARY_MODE": "embedded", "FORMULARY_LOG_LEVEL": "DEBUG",
            "DEMO_PASSWORD": PASSWORD, "TMPDIR": str(self.temp), "DJANGO_SETTINGS_MODULE": "portal.settings",
        }  # fmt: skip
        self.environment = environment
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", "--port", str(self.port), "--fhir", str(home / "records"),
                 "--as-of", AS_OF.isoformat()],
                cwd=ROOT, env=environment, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip

    def wait(self, seconds: float = 240) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            if b"Formulary runs at" in self.said.read_bytes():
                return
            time.sleep(0.3)
        raise AssertionError(self.said.read_text()[-2000:])

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def sign_in(self, name: str, password: str = PASSWORD) -> requests.Session:
        session = requests.Session()
        session.hooks["response"].append(self.seen.note)
        page = session.get(self.url("/accounts/login/"))
        self.post(session, "/accounts/login/", {"login": name, "password": password}, page=page)
        return session

    def post(self, session, path: str, fields: dict, page=None) -> requests.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', (page or session.get(self.url(path))).text)
        return session.post(self.url(path), data={"csrfmiddlewaretoken": token.group(1), **fields})

    def program(self, name: str) -> requests.Session:
        done = subprocess.run(
            [sys.executable, "manage.py", "issue_token", name], cwd=ROOT, env=self.environment, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        session = requests.Session()
        session.hooks["response"].append(self.seen.note)
        session.headers["Authorization"] = f"Bearer {done.stdout.split()[-1]}"
        return session

    def code(self, name: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", "demo_code", name], cwd=ROOT, env=self.environment, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        return done.stdout.split()[-1]

    def pause(self, name: str, number: int) -> None:
        os.kill(int((self.data / "run" / f"{name}.pid").read_text()), number)

    def database(self, statement: str, *values):
        with sqlite3.connect(self.data / "portal.sqlite3", timeout=20) as connection:
            return connection.execute(statement, values).fetchall()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)


class Broker:
    """Keeps a copy of every message that ever lay in the broker's folder."""

    def __init__(self, folder: Path):
        self.messages: dict[str, bytes] = {}
        self._folder, self._over = folder, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.002):
            for path in self._folder.glob("*"):
                try:
                    self.messages[path.name] = path.read_bytes()
                except OSError:
                    continue

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """The hospital after the canary went through everything; its processes have ended."""
    found = Hospital(tmp_path_factory.mktemp("canary"))
    try:
        found.wait()
        found.broker = Broker(found.data / "run" / "broker")
        walk(found)
        found.broker.stop()
    finally:
        found.stop()
    return found


def walk(hospital: Hospital) -> None:
    patient = _clinician(hospital)
    _program(hospital, patient)
    _tracings(hospital, patient)
    _strangers(hospital, patient)
    _emergency(hospital, patient)
    _access(hospital, patient)
    _table(hospital)
    _officers(hospital, patient)
    _fault(hospital, patient)


def _clinician(hospital: Hospital) -> str:
    hospital.sign_in(bird.TYPED["username"], bird.TYPED["body"])
    me = hospital.sign_in("clinician")
    listed = hospital.post(me, "/clinic/", {"search": bird.IDENTIFIERS["family"]}).text
    hospital.post(me, "/clinic/", {"search": bird.TYPED["search"]})
    patient = re.search(r"/clinic/patients/(\w{20})/", listed).group(1)
    record = me.get(hospital.url(f"/clinic/patients/{patient}/")).text
    form = re.search(rf"/clinic/patients/{patient}/models/[\w-]+/", record).group(0)
    forms = sorted(set(re.findall(rf"/clinic/patients/{patient}/models/[\w-]+/", record)))
    for path in forms:
        hospital.post(me, path, {"in.bmi": bird.TYPED["body"], "in.sbp": bird.CLINICAL["answer"], "in.age": "900"})
    hospital.pause("worker", signal.SIGSTOP)
    waiting = hospital.post(me, forms[-1], {})
    assert "/clinic/predictions/" in waiting.url, (form, waiting.status_code)
    prediction = waiting.url.rstrip("/").rpartition("/")[2]
    hospital.post(me, f"/clinic/predictions/{prediction}/cancel/", {}, page=waiting)
    again = hospital.post(me, forms[-1], {})
    time.sleep(0.5)
    hospital.pause("worker", signal.SIGCONT)
    _until_done(hospital, me, again.url)
    _opinions(hospital, me, again.url.rstrip("/").rpartition("/")[2])
    me.get(hospital.url(f"/clinic/predictions/{prediction}/status/"))
    me.get(hospital.url(f"/clinic/{bird.TYPED['address']}/"))
    me.get(hospital.url("/oversight/events/"))
    hospital.post(me, "/account/tokens/", {"label": "for a program", "days": "2"})
    return patient


def _opinions(hospital: Hospital, me, prediction: str) -> None:
    """A verdict, a report that the committee reads, and a retraction, each with words of the canary's."""
    page, words = f"/clinic/predictions/{prediction}/", bird.TYPED["reason"]
    shown = me.get(hospital.url(page))
    hospital.post(me, f"{page}feedback/", {"verdict": "disagree", "code": "other", "words": words}, page=shown)
    hospital.post(me, f"{page}report/", {"kind": "data", "words": words}, page=shown)
    hospital.post(me, f"{page}report/", {"kind": bird.TYPED["body"], "words": words}, page=shown)
    hospital.post(me, f"{page}retract/", {"code": "other", "words": words}, page=shown)
    assert words in me.get(hospital.url(page)).text
    reviewer = hospital.sign_in("reviewer")
    report = re.search(r"/oversight/incidents/\w{20}/", reviewer.get(hospital.url("/oversight/incidents/")).text).group(
        0
    )
    assert words in reviewer.get(hospital.url(report)).text


def _until_done(hospital: Hospital, session, url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if "Whose answer this is" in session.get(f"{url}status/").text:
            session.get(url)
            return
        time.sleep(0.3)
    raise AssertionError("the prediction did not end")


def _program(hospital: Hospital, patient: str) -> None:
    mine, url = hospital.program("clinician"), hospital.url("/api/v1/predictions/")
    key = {"Idempotency-Key": bird.TYPED["key"], "Prefer": "wait=30"}
    body = {"model": "unplanned-admission", "patient": patient}
    done = mine.post(url, json=body, headers=key)
    assert (done.status_code, done.json()["state"]) == (201, "succeeded")
    mine.post(url, json=body | {"inputs": {"bmi": 20}}, headers=key)
    mine.post(url, json=body | {"inputs": {"bmi": bird.TYPED["body"]}})
    mine.post(url, json=body | {"inputs": {bird.TYPED["member"]: 1}, bird.TYPED["member"]: 2})
    mine.post(url, data=f'{{"model": {bird.TYPED["body"]}', headers={"Content-Type": "application/json"})
    mine.post(url, json={"model": bird.TYPED["body"], "patient": bird.TYPED["member"]})
    for path in (
        "models",
        "patients",
        f"patients/{patient}",
        "predictions",
        f"predictions/{done.json()['id']}",
        "jobs",
        "quotas",
        "audit/events",
    ):
        mine.get(hospital.url(f"/api/v1/{path}/"))
    mine.delete(hospital.url(f"/api/v1/patients/{patient}/"))


def _tracings(hospital: Hospital, patient: str) -> None:
    """An ECG of the canary and one of somebody else, by the form and by a program; one is damaged."""
    me, path = hospital.sign_in("clinician"), f"/clinic/patients/{patient}/models/irregular-rhythm/"
    program, wrong, own = hospital.program("clinician"), bird.ecg(stranger=True), bird.ecg(stranger=False)
    told = [_send_file(hospital, me, path, content) for content in (wrong, wrong[:60_000], wrong[200:])]
    assert [answer.status_code for answer in told] == [422, 422, 422]
    assert "it is of another patient: name and record number differ" in told[0].text
    _until_done(hospital, me, _send_file(hospital, me, path, own).url)
    for content, status in ((wrong, 422), (own, 201)):
        body = {"model": "irregular-rhythm", "patient": patient, "inputs": {"ecg": base64.b64encode(content).decode()}}
        answer = program.post(hospital.url("/api/v1/predictions/"), json=body, headers={"Prefer": "wait=30"})
        assert answer.status_code == status, answer.text[:300]


def _send_file(hospital: Hospital, me, path: str, content: bytes) -> requests.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', me.get(hospital.url(path)).text).group(1)
    return me.post(hospital.url(path), data={"csrfmiddlewaretoken": token}, files={"in.ecg": ("ecg.dcm", content)})


def _strangers(hospital: Hospital, patient: str) -> None:
    for name in ("clinician2", "scientist", "admin"):
        stranger, program = hospital.sign_in(name), hospital.program(name)
        stranger.get(hospital.url(f"/clinic/patients/{patient}/"))
        program.get(hospital.url(f"/api/v1/patients/{patient}/"))
        program.post(hospital.url("/api/v1/predictions/"), json={"model": "unplanned-admission", "patient": patient})
        program.get(hospital.url("/api/v1/predictions/"))
    requests.get(hospital.url(f"/api/v1/patients/{patient}/"), hooks={"response": hospital.seen.note})


def _emergency(hospital: Hospital, patient: str) -> None:
    """A clinician of the other ward breaks the glass, reads, and gives it back; an officer reads why."""
    other, page = hospital.sign_in("clinician2"), "/clinic/emergency/"
    who = {"mrn": bird.IDENTIFIERS["mrn"], "birth_date": bird.IDENTIFIERS["born"]}
    hospital.post(other, page, {"mrn": bird.TYPED["body"], "birth_date": bird.TYPED["member"]})
    hospital.post(other, page, who)
    why = {"code": "other", "text": bird.TYPED["reason"], "attested": "on", "password": PASSWORD}
    hospital.post(other, page, {**who, **why, "one_time_code": "000000"})
    opened = hospital.post(other, page, {**who, **why, "one_time_code": hospital.code("clinician2")})
    assert opened.url.endswith(f"/clinic/patients/{patient}/") and bird.CLINICAL["drug"] in opened.text
    ending = re.search(r"/clinic/emergency/\w{20}/end/", opened.text).group(0)
    hospital.post(other, ending, {}, page=opened)
    officer = hospital.sign_in("auditor")
    case = re.search(r"/oversight/cases/\w{20}/", officer.get(hospital.url("/oversight/cases/")).text).group(0)
    assert bird.TYPED["reason"] in officer.get(hospital.url(case)).text


def _access(hospital: Hospital, patient: str) -> None:
    """Sharing, looking, taking back; asking by two identifiers, deciding; the same by a program."""
    mine, other, words = hospital.sign_in("clinician"), hospital.sign_in("clinician2"), bird.TYPED["reason"]
    days = {"until": (date.today() + timedelta(days=3)).isoformat()}
    page = f"/clinic/patients/{patient}/share/"
    hospital.post(mine, page, {"colleague": bird.TYPED["username"], "words": words, **days})
    shared = hospital.post(mine, page, {"colleague": "clinician2", "words": words, **days})
    assert bird.IDENTIFIERS["family"] in other.get(hospital.url("/account/access/")).text
    other.get(hospital.url(f"/clinic/patients/{patient}/"))
    ending = re.search(r"/account/access/grants/\w{20}/end/", shared.text).group(0)
    hospital.post(mine, ending, {}, page=shared)
    asked = {"what": "patient", "mrn": bird.IDENTIFIERS["mrn"], "birth_date": bird.IDENTIFIERS["born"]}
    hospital.post(other, "/account/access/ask/", {**asked, "purpose": "TREAT", "words": words, **days})
    waiting = mine.get(hospital.url("/account/access/inbox/"))
    assert bird.IDENTIFIERS["mrn"] in waiting.text
    deciding = re.search(r"/account/access/requests/\w{20}/decide/", waiting.text).group(0)
    hospital.post(mine, deciding, {"decision": "refuse", "words": words}, page=waiting)
    program, until = hospital.program("clinician2"), f"{days['until']}T12:00:00Z"
    body = {**asked, "purpose": "TREAT", "reason": words, "until": until}
    program.post(hospital.url("/api/v1/access-requests/"), json=body)
    program.post(hospital.url("/api/v1/access-requests/"), json=body | {"purpose": bird.TYPED["body"]})
    for path in ("grants", "access-requests"):
        program.get(hospital.url(f"/api/v1/{path}/"))
    hospital.sign_in("auditor").get(hospital.url("/oversight/requests/"))


def _table(hospital: Hospital) -> None:
    """A scientist uploads, is refused, reads; a colleague computes without seeing, badly and well, until it ends."""
    owner, program = hospital.sign_in("scientist"), hospital.program("scientist")
    hospital.colleague = Seen()
    guest, machine = hospital.sign_in("scientist2"), hospital.program("scientist2")
    for session in (guest, machine):
        session.hooks["response"].append(hospital.colleague.note)
    form = owner.get(hospital.url("/lab/datasets/new/"))
    study = re.search(r'<option value="(\w{20})"', form.text).group(1)
    asked = {"study": study, "title": "A table", "description": "Rows", "classification": "identified"}
    page = hospital.post(owner, "/lab/datasets/new/", asked, page=form)
    dataset = re.search(r"/lab/datasets/(\w{20})/upload/", page.url).group(1)
    people = guest.get(hospital.url("/lab/datasets/")), owner.get(hospital.url(f"/lab/datasets/{dataset}/rights/"))
    who = re.search(r'<option value="(\w{20})">', people[1].text).group(1)
    good, odd, headless = _uploads(hospital, owner, dataset)
    hospital.post(
        owner, f"/lab/datasets/{dataset}/rights/", {"person": who, "right": "compute", "words": "for a trial"}
    )
    _confirmed(hospital, owner, good)
    for path in (
        f"/lab/datasets/versions/{good}/",
        f"/lab/datasets/versions/{good}/rows/",
        f"/lab/datasets/versions/{odd}/",
        f"/lab/datasets/versions/{headless}/",
    ):
        owner.get(hospital.url(path))
    hospital.post(
        owner,
        f"/lab/datasets/versions/{good}/file/",
        {},
        page=owner.get(hospital.url(f"/lab/datasets/versions/{good}/")),
    )
    program.get(hospital.url(f"/api/v1/datasets/{dataset}/versions/1/rows/"))
    _guest(hospital, guest, machine, dataset, (good, odd, headless))
    rights = owner.get(hospital.url(f"/lab/datasets/{dataset}/rights/"))
    ending = re.search(r"/lab/datasets/\w{20}/rights/\w{20}/end/", rights.text).group(0)
    hospital.post(owner, ending, {}, page=rights)
    assert guest.get(hospital.url(f"/lab/datasets/versions/{good}/")).status_code == 404


def _uploads(hospital: Hospital, owner, dataset: str) -> list[str]:
    """A good table, one with an odd line, one without a heading; and files that are none."""
    odd = bird.table() + f"\n{bird.TABLE['odd']},1\n".encode()
    binary = f"PAR1 {bird.TABLE['binary']}".encode() * 50
    found = []
    for content in (bird.table(), odd, bird.without_heading(), binary, bird.TABLE["binary"].encode() + b"\n\xff\xfe\n"):
        path = f"/lab/datasets/{dataset}/upload/"
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', owner.get(hospital.url(path)).text).group(1)
        files = {"file": ("Zqname.csv", content)}
        sent = owner.post(hospital.url(path), data={"csrfmiddlewaretoken": token}, files=files)
        found.append(re.search(r"/lab/datasets/versions/(\w{20})/", sent.url).group(1))
        until = time.monotonic() + 60
        while "A worker is reading" in owner.get(hospital.url(f"/lab/datasets/versions/{found[-1]}/status/")).text:
            assert time.monotonic() < until
            time.sleep(0.3)
    # Sent to where no file belongs, and by somebody who may send none.
    for session, path in ((owner, "/account/tokens/"), (hospital.sign_in("clinician"), "/account/tokens/")):
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', session.get(hospital.url(path)).text).group(1)
        session.post(hospital.url(path), data={"csrfmiddlewaretoken": token}, files={"file": ("t", bird.table() * 900)})
    return found[:3]


def _confirmed(hospital: Hospital, owner, version: str) -> None:
    holds = ("names", "none", "none", "none", "none")
    chosen = {f"holds-{place}": kind for place, kind in enumerate(holds)}
    path = f"/lab/datasets/versions/{version}/columns/"
    hospital.post(owner, path, chosen | {"classification": "de-identified"})
    done = hospital.post(owner, path, chosen | {"classification": "identified", "names": "on"})
    assert "Confirmed." in done.text


def _guest(hospital: Hospital, guest, machine, dataset: str, versions: tuple) -> None:
    """Everything that somebody can try who may compute and not see."""
    good = versions[0]
    for version in versions:
        for page in ("", "status/", "columns/", "rows/", "rows/?after=50", "summaries/"):
            guest.get(hospital.url(f"/lab/datasets/versions/{version}/{page}"))
        hospital.post(
            guest, f"/lab/datasets/versions/{version}/file/", {}, page=guest.get(hospital.url("/account/tokens/"))
        )
    for page in ("", "upload/", "rights/"):
        guest.get(hospital.url(f"/lab/datasets/{dataset}/{page}"))
    path = f"/lab/datasets/versions/{good}/summaries/"
    asked = [
        {}, {"by-1": "ward"}, {"by-1": "ward", "by-2": "finding"}, {"of": "weight", "by-1": "ward"}, {"of": "income"},
        {"of": "weight", "where-1": "ward", "where-1-test": "is", "where-1-value": "north"},
        {"where-1": "weight", "where-1-test": "below", "where-1-value": "10000"},
        {"where-1": "income", "where-1-test": "at-least", "where-1-value": "100000"},
    ]  # fmt: skip
    refused = [
        {"by-1": "kin"},
        {"of": "kin"},
        {"of": "ward"},
        {"by-1": "nothing", "where-1": "kin", "where-1-value": "x"},
    ]
    for fields in refused:
        assert hospital.post(guest, path, fields).status_code == 422
    hospital.answers = [_answered(hospital, guest, hospital.post(guest, path, fields).url) for fields in asked]
    _broken(hospital, guest, path, good)
    url = hospital.url(f"/api/v1/datasets/{dataset}/")
    for page in ("", "versions/1/rows/", "versions/2/rows/", "versions/3/rows/"):
        machine.get(f"{url}{page}")
    machine.get(hospital.url("/api/v1/datasets/"))
    made = machine.post(f"{url}versions/1/summaries/", json={"by": ["finding"]})
    machine.get(made.headers["Location"])
    machine.post(f"{url}versions/1/summaries/", json={"by": ["kin"], "where": [{"column": "ward"}]})
    machine.get(hospital.url("/api/v1/jobs/"))


def _answered(hospital: Hospital, guest, url: str) -> str:
    until = time.monotonic() + 60
    while 'hx-get="' in guest.get(f"{url}status/").text:
        assert time.monotonic() < until
        time.sleep(0.2)
    return guest.get(url).text


def _broken(hospital: Hospital, guest, path: str, version: str) -> None:
    """The child process meets a file that was changed; its fault is told in our words."""
    ((stored,),) = hospital.database("SELECT stored FROM datasets_datasetversion WHERE public_id = ?", version)
    rows = hospital.data / "datasets" / f"{stored}.rows"
    content = rows.read_bytes()
    rows.write_bytes(content[:-3] + b"abc")
    text = _answered(hospital, guest, hospital.post(guest, path, {"by-1": "finding"}).url)
    rows.write_bytes(content)
    assert "The summary could not be computed." in text


def _officers(hospital: Hospital, patient: str) -> None:
    admin = hospital.sign_in("admin")
    for path in ("/admin/", "/admin/compute/job/", "/admin/compute/job/1/change/", "/admin/accounts/user/", "/system/",
                 "/hospital/", "/hospital/wards/", "/hospital/studies/"):  # fmt: skip
        admin.get(hospital.url(path))
    officer = hospital.sign_in("auditor")
    for path in (f"/oversight/events/?patient={patient}", "/oversight/events/?outcome=denied", "/oversight/routes/",
                 "/oversight/routes/file/", "/system/"):  # fmt: skip
        officer.get(hospital.url(path))
    checked = hospital.post(officer, "/oversight/integrity/", {})
    assert "Intact" in checked.text
    hospital.program("auditor").get(hospital.url(f"/api/v1/audit/events/?patient={patient}"))
    reviewer = hospital.sign_in("reviewer")
    for path in ("/oversight/approvals/", "/lab/"):
        reviewer.get(hospital.url(path))


def _fault(hospital: Hospital, patient: str) -> None:
    """A stored value that cannot be read: the page fails while the rest of the record is in memory."""
    row, content = hospital.database(
        "SELECT c.id, c.content FROM records_condition c JOIN records_patient p ON p.id = c.patient_id "
        "WHERE p.public_id = ?", patient,
    )[0]  # fmt: skip
    hospital.database("UPDATE records_condition SET content = ? WHERE id = ?", content[:-8] + "AAAAAAA=", row)
    me = hospital.sign_in("clinician")
    assert me.get(hospital.url(f"/clinic/patients/{patient}/")).status_code == 500
    hospital.database("UPDATE records_condition SET content = ? WHERE id = ?", content, row)
    assert me.get(hospital.url(f"/clinic/patients/{patient}/")).status_code == 200
    hospital.post(me, "/accounts/logout/", {}, page=me.get(hospital.url("/clinic/")))


def route_of(path: str) -> matrix.Route | None:
    try:
        name = resolve(path.partition("#")[0]).view_name
    except Resolver404:
        return None
    return next((row for row in matrix.walk() if row.name == name), None)


def test_the_canary_is_seen_where_it_belongs(hospital):
    """Or everything below would prove nothing."""
    shown = {path for _, path, code, text in hospital.seen.bodies if code == 200 and bird.IDENTIFIERS["family"] in text}
    routes = {route_of(path).name for path in shown}
    page = next(text for _, path, code, text in hospital.seen.bodies if code == 200 and bird.CLINICAL["drug"] in text)

    assert {"clinic:patients", "clinic:patient", "clinic:form", "clinic:prediction", "api:patients"} <= routes
    assert all(bird.CLINICAL[name] in page for name in ("problem", "drug", "measured", "answer"))
    assert {code for _, _, code, _ in hospital.seen.bodies} >= {200, 201, 400, 401, 403, 404, 405, 422, 500}


def test_the_search_finds_what_is_there(hospital, tmp_path):
    (tmp_path / "planted.log").write_text(f"seen {bird.IDENTIFIERS['mrn'].lower()}")

    assert [(found.place, found.which) for found in bird.on_disk(tmp_path)] == [("planted.log", "mrn")]


def test_nothing_on_the_disk_holds_it(hospital):
    """Logs of five processes, the database with its journal, MLflow's store, artifacts, sockets, keys, temporary files."""
    names = {path.name for path in hospital.data.rglob("*")}
    assert {"web.log", "worker.log", "keeper.log", "scorer.log", "portal.sqlite3", "mlflow.db"} <= names
    assert (hospital.data / "logs" / "web.log").stat().st_size > 0

    assert bird.on_disk(hospital.data) == []
    assert bird.on_disk(hospital.temp) == []
    assert bird.sightings("standard output", hospital.said.read_bytes()) == []


def test_no_message_of_the_broker_holds_it_or_anything_but_ids(hospital):
    messages = hospital.broker.messages

    assert len(messages) >= 2
    assert [found for name, content in messages.items() for found in bird.sightings(name, content)] == []


def test_no_address_or_header_holds_it_but_what_a_person_typed_into_the_address(hospital):
    texts = {name: text for name, text in bird.EVERY.items() if name != "address"}
    wire = [*hospital.seen.addresses, *hospital.seen.headers]

    assert len(wire) > 100
    assert [found for line in wire for found in bird.sightings(line[:80], line.encode(), texts)] == []


def test_a_page_shows_it_only_where_its_route_declares_it(hospital):
    told = []
    for method, path, code, text in hospital.seen.bodies:
        row = route_of(path)
        declared = CLASSES.index(Phi(row.phi)) if row else 0
        for texts, least in (
            (bird.IDENTIFIERS, Phi.IDENTIFIER),
            (bird.CLINICAL, Phi.CLINICAL),
            (_REASON, Phi.FREE_TEXT),
            (bird.TABLE, Phi.FREE_TEXT),
        ):
            found = bird.sightings("", text.encode(), texts)
            if found and (declared < CLASSES.index(least) or code >= 500 or code in (401, 403, 404)):
                told.append((method, path, code, [sighting.which for sighting in found]))

    assert told == []


def test_nobody_is_told_of_whom_a_strangers_file_is(hospital):
    """Nor what else stands in a file: the page says that it is another's, and what differs."""
    told = [(path, bird.sightings("", text.encode(), bird.STRANGER)) for _, path, _, text in hospital.seen.bodies]

    assert [(path, found) for path, found in told if found] == []
    shown = [text for _, path, code, text in hospital.seen.bodies if code == 200 and "Lead II as recorded" in text]
    assert shown and bird.IDENTIFIERS["family"] in shown[0]


def test_no_session_holds_it(hospital):
    from django.contrib.sessions.serializers import JSONSerializer
    from django.core import signing

    key = (hospital.data / "keys" / "secret_key").read_text().strip()
    rows = [text for (text,) in hospital.database("SELECT session_data FROM django_session")]
    salt = "django.contrib.sessions.SessionStore"
    kept = [json.dumps(signing.loads(text, key=key, salt=salt, serializer=JSONSerializer)) for text in rows]

    assert len(kept) >= 3
    assert [found for text in kept for found in bird.sightings("session", text.encode())] == []


def test_who_computes_without_seeing_is_shown_no_row_anywhere(hospital):
    """Not on a page, not by the API, not in a refusal, a fault, a profile or a file of this person's."""
    seen = hospital.colleague
    wire = [*seen.addresses, *seen.headers, *(text for *_, text in seen.bodies), *hospital.answers]
    routes = {route_of(path).name for _, path, _, _ in seen.bodies if route_of(path)}

    assert [found for line in wire for found in bird.sightings(line[:60], line.encode(), bird.TABLE)] == []
    assert routes >= {
        "lab:datasets", "lab:dataset", "lab:dataset-version", "lab:dataset-rows", "lab:dataset-file", "lab:dataset-columns",
        "lab:dataset-summaries", "lab:summary", "lab:summary-status", "api:datasets", "api:dataset", "api:dataset-rows",
        "api:dataset-summaries", "api:summary",
    }  # fmt: skip
    assert {code for _, _, code, _ in seen.bodies} >= {200, 202, 403, 404, 422}


def test_what_they_computed_was_answered_all_the_same(hospital):
    answered = [">north</th>" in text for text in hospital.answers]
    refused = ["ewer than 11 rows" in text and "rows in all" not in text for text in hospital.answers]

    assert (answered[1:4], refused[-1]) == ([True, True, True], True)


def test_the_owner_saw_the_rows(hospital):
    """Or there was nothing to leak."""
    shown = {
        route_of(path).name for _, path, code, text in hospital.seen.bodies if code == 200 and bird.TABLE["kin"] in text
    }

    # While a file is read the page asks for its own fragment, which may be the first to show the profile.
    assert shown - {"lab:dataset-version-status"} == {
        "lab:dataset-version", "lab:dataset-rows", "lab:dataset-file", "api:dataset-rows",
    }  # fmt: skip
