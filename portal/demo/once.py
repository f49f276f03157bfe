"""`demo --once`: one prediction for one patient over HTTP, then the proof of the ledger."""

import json
import time
import urllib.error
import urllib.request

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.accounts.models import User
from portal.audit import verify

MODEL = "unplanned-admission"


def run(base: str, clinician: User) -> dict:
    """The one JSON object that `--once` prints; `seconds` counts from the finished set-up."""
    began = time.monotonic()
    token = access.issue_token(by=SYSTEM, on=clinician, scopes=["*"], days=1, label="demo --once")
    patient = _call(base, token, "patients/")["results"][0]["id"]
    asked = {"model": MODEL, "version": None, "patient": patient, "inputs": {}}
    prediction = _call(base, token, "predictions/", asked, {"Prefer": "wait=60"})
    access.seal_ledger(by=SYSTEM)
    verdict = verify.verify()
    ok = prediction["state"] == "succeeded" and bool(prediction["envelope"])
    return {
        "ok": ok and verdict.ok,
        "prediction": prediction["id"],
        "model": prediction["model"],
        "patient": patient,
        "audit_verified": verdict.ok,
        "seconds": round(time.monotonic() - began, 3),
        **({} if ok else {"reason": prediction["sentence"]}),
    }


def _call(base: str, token: str, path: str, body: dict | None = None, headers: dict | None = None) -> dict:
    request = urllib.request.Request(  # noqa: S310 (loopback only)
        f"{base}/api/v1/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", **(headers or {})},
    )
    with urllib.request.urlopen(request, timeout=90) as answer:  # noqa: S310
        return json.load(answer)
