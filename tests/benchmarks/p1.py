"""P1: one prediction over HTTP with everything on, against `mlflow models serve` and a raw call of the same model."""

import gzip
import statistics
import time
import urllib.request
from http.cookiejar import CookieJar

from tests.benchmarks.stage import PASSWORD, Stage, raw_milliseconds

ROUNDS, EACH = 6, 25
PEER_MODEL, FAST_MODEL = "breast-cancer-recurrence", "unplanned-admission"
ROW = {
    "age": 70,
    "menostat": "Post",
    "tsize": 21,
    "tgrade": "II",
    "pnodes": 3,
    "progrec": 48,
    "estrec": 66,
    "horTh": "no",
}


def run() -> dict:
    """p50 of ours, the peer and the limit, interleaved in one run; `lines` say where the time goes."""
    with Stage() as stage:
        cases = {
            "ours": lambda: stage.post("predictions/", _asked(stage, PEER_MODEL, ROW), Prefer="wait=30"),
            "fast": lambda: stage.post("predictions/", _asked(stage, FAST_MODEL, {}), Prefer="wait=30"),
            "peer": lambda: stage.peer(ROW),
        }
        cold = {name: _timed(work) for name, work in cases.items()}
        times = _interleaved(cases)
        limit = raw_milliseconds(stage.folders[PEER_MODEL], ROW)
        ours, peer = statistics.median(times["ours"]), statistics.median(times["peer"])
        lines = [_line(name, found, cold[name]) for name, found in times.items()]
        lines += [*_where(), *_pages(stage)]
        return {
            "ours": _round(ours),
            "peer": _round(peer),
            "limit": _round(limit),
            "ratio": _round(ours / peer),
            "lines": lines,
        }


def _asked(stage: Stage, model: str, inputs: dict) -> dict:
    return {"model": model, "version": None, "patient": stage.patient, "inputs": inputs}


def _interleaved(cases: dict) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, work in cases.items():
            times[name] += [_timed(work) for _ in range(EACH)]
    return times


def _timed(work) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _line(name: str, times: list[float], cold: float) -> str:
    words = {
        "ours": f"ours, {PEER_MODEL}",
        "fast": f"ours, {FAST_MODEL} from the record alone (ONNX)",
        "peer": "mlflow models serve",
    }
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[18]
    return f"{words[name]}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, first call {cold:.0f} ms (n={len(times)})"


def _where() -> list[str]:
    """Where the time goes, from the jobs' own rows: waiting for a worker, and from start to end."""
    from portal.compute.models import Job

    rows = Job.objects.filter(state="succeeded").order_by("-id")[:100]
    waited = statistics.median((row.started_at - row.created_at).total_seconds() * 1000 for row in rows)
    worked = statistics.median((row.ended_at - row.started_at).total_seconds() * 1000 for row in rows)
    return [f"of which: row to worker {waited:.1f} ms, claim to end {worked:.1f} ms"]


def _pages(stage: Stage) -> list[str]:
    """Compressed weight of the first visit and server time per page."""
    base = f"http://127.0.0.1:{stage.port}"
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = opener.open(f"{base}/accounts/login/").read().decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    form = f"csrfmiddlewaretoken={token}&login=clinician&password={PASSWORD}".encode()
    opener.open(urllib.request.Request(f"{base}/accounts/login/", data=form, headers={"Referer": base}))
    paths = (
        "/clinic/",
        f"/clinic/patients/{stage.patient}/",
        f"/clinic/patients/{stage.patient}/models/{FAST_MODEL}/",
        "/lab/",
    )
    lines = []
    for path in paths:
        times = [_timed(lambda path=path: opener.open(base + path).read()) for _ in range(10)]
        lines.append(f"page {path.replace(stage.patient, '…')}: {statistics.median(times):.1f} ms")
    return [*lines, f"first visit, compressed: {_weight(opener, base) / 1024:.0f} KB (at most 150)"]


def _weight(opener, base: str) -> int:
    page = opener.open(f"{base}/clinic/").read().decode()
    links = [part.split('"')[0] for part in page.replace('src="', 'href="').split('href="')[1:]]
    assets = {link for link in links if link.startswith("/static/")}
    return sum(
        len(gzip.compress(text)) for text in (page.encode(), *(opener.open(base + link).read() for link in assets))
    )


def _round(value: float) -> float:
    return float(f"{value:.3g}")
