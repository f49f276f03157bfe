"""What of the evidence is signed, what an approval still waits for, and the digest that ties a report to what it ran over."""

from portal.compute.states import FINAL
from portal.core.signed import digest
from portal.registry import reading
from portal.registry.models import AcceptanceReport, AcceptanceRun, ModelVersion

NONE_YET = "It has no acceptance cases: invented patients with the answers that the model must give."
NOT_RUN = "Its acceptance cases have not run over today's files, form and cases."
RUNNING = "Its acceptance cases are being run; this takes a moment."


@reading.once
def cases_of(version: ModelVersion) -> list[dict]:
    """The cases of a version, each with its number."""
    return [{"number": case.number, **case.content} for case in version.cases.order_by("number")]


def environment_of(version: ModelVersion) -> str:
    """The digest of the lock of the software that a version runs with; empty while that is not put together."""
    return version.environment.digest if version.environment else ""


def over(version: ModelVersion, cases: list[dict]) -> str:
    """The digest of everything that a run of the cases rests on: files, signature, form, environment and cases."""
    return digest({
        "digest": version.digest, "facts": version.facts, "overlay": version.overlay,
        "environment": environment_of(version), "cases": cases,
    })  # fmt: skip


def newest(version: ModelVersion, stands_for: str) -> AcceptanceReport | None:
    """The last report over exactly these files, form and cases."""
    return AcceptanceReport.objects.filter(version=version, over=stands_for).order_by("-id").first()


def covered(version: ModelVersion) -> dict:
    """What the signatures cover: every case with its tolerances, and that a run over exactly these passed.

    The verdict's digest holds no time and no number that a run gave, so another run that passes changes nothing.
    """
    cases = cases_of(version)
    passed = AcceptanceReport.objects.filter(version=version, over=over(version, cases), verdict="passed")
    return {"cases": cases, "report": passed.values_list("verdict_sha256", flat=True).first() or ""}


def missing(version: ModelVersion) -> list[str]:
    """What an approval waits for: a passing run over exactly today's files, form and cases."""
    cases = cases_of(version)
    if not cases:
        return [NONE_YET]
    report = newest(version, over(version, cases))
    if report is None:
        return [RUNNING if is_running(version) else NOT_RUN]
    return [] if report.verdict == "passed" else [report.content["sentence"]]


def is_running(version: ModelVersion) -> bool:
    """Whether a run of the cases waits or goes on."""
    return AcceptanceRun.objects.filter(version=version).exclude(job__state__in=FINAL).exists()
