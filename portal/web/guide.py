"""First steps per role: what to try, where, and whether the person has done it; the ledger knows."""

from dataclasses import dataclass, replace

from django.urls import reverse

from portal.access import roles
from portal.access.actors import rights_of
from portal.access.permissions import Permission
from portal.audit import queries


@dataclass(frozen=True)
class Step:
    """One thing to try; `practice` says whether it must or must not be on invented patients, None that both count."""

    words: str
    route: str
    verbs: frozenset[str]
    practice: bool | None = None
    done: bool = False

    @property
    def where(self) -> str:
        """The page on which it is done."""
        return reverse(self.route)

    def is_done(self, facts: set[tuple[str, bool]]) -> bool:
        """Whether the ledger has it."""
        return any(verb in self.verbs and self.practice in (None, practice) for verb, practice in facts)


@dataclass(frozen=True)
class Guide:
    """The steps of one role, each with whether it is done."""

    title: str
    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(step.done for step in self.steps)

    @property
    def next(self) -> Step | None:
        """The first that is not done."""
        return next((step for step in self.steps if not step.done), None)


def _step(words: str, route: str, *verbs: str, practice: bool | None = None) -> Step:
    return Step(words, route, frozenset(verbs), practice)


@dataclass(frozen=True)
class Task:
    """What somebody comes to do: where, and in one sentence how."""

    title: str
    how: str
    route: str
    permission: Permission

    @property
    def where(self) -> str:
        """The page on which it begins."""
        return reverse(self.route)


TASKS = (
    Task("Find a patient", "Under My patients, in the search (or press /), type a name, a record number or a birth date, such as 8 Nov 1950.", "clinic:patients", Permission.PATIENT_LIST),
    Task("Run a model", "Press Run beside the patient, check the values that the record filled in, and press Run again.", "clinic:patients", Permission.PREDICTION_RUN),
    Task("Find an earlier result", "Open the patient: the results of this week stand first, then all earlier ones.", "clinic:patients", Permission.PATIENT_LIST),
    Task("Say that you disagree", "Below the result press Disagree, then the reason. Nothing waits for it, and you can change it.", "clinic:patients", Permission.PREDICTION_FEEDBACK),
    Task("Report a problem or possible harm", "Below the result, under “Is something wrong?”. The model committee reads it and answers you.", "clinic:patients", Permission.INCIDENT_REPORT),
    Task("Show a result to a colleague", "Press “Show to a colleague” above the result and begin to type the name.", "clinic:patients", Permission.PREDICTION_READ),
    Task("Open a record in an emergency", "For a patient who is not on your wards. It is reviewed afterwards.", "clinic:emergency", Permission.BREAK_GLASS),
    Task("Try it without consequences", "Five invented patients; what you do there counts nowhere.", "clinic:practice", Permission.PREDICTION_RUN),
)  # fmt: skip
STEPS = {
    "clinician": (
        _step("Run a model for an invented patient", "clinic:practice", "prediction.requested", practice=True),
        _step("Read the result: what it says and what it rests on", "clinic:practice", "prediction.page-opened", "prediction.followed"),
        _step("Say whether you agree with it, and why if you do not", "clinic:practice", "prediction.feedback-given"),
        _step("Open one of your own patients", "clinic:patients", "patient.opened", practice=False),
        _step("Run a model for one of your own patients", "clinic:patients", "prediction.requested", practice=False),
    ),
    "scientist": (
        _step("Look at a model and its approvals", "lab:models", "model.opened"),
        _step("Make a token for your own tools", "account:tokens", "token.issued"),
        _step("Set up a dataset", "lab:datasets", "dataset.created"),
        _step("Upload a table to it", "lab:datasets", "dataset.uploaded"),
        _step("Submit a model for approval", "lab:models", "model.submitted"),
    ),
    "reviewer": (
        _step("Open a version that waits for the committee", "oversight:approvals", "model.opened"),
        _step("Sign for a version, or refuse it", "oversight:approvals", "model.approval-signed", "model.refused"),
        _step("See how often results are not followed", "oversight:incidents", "model.overrides-seen"),
        _step("Answer a reported problem", "oversight:incidents", "incident.closed"),
    ),
    "admin": (
        _step("Add a person", "hospital:join", "person.added"),
        _step("Assign a person to a ward", "hospital:wards", "unit.person-assigned"),
        _step("Set how many runs a person has a day", "admin:compute_quota_changelist", "quota.set"),
        _step("See how the machines are", "system", "system.viewed"),
    ),
    "auditor": (
        _step("Look at the audit log", "oversight:events", "audit.viewed"),
        _step("Ask who opened a patient's record", "oversight:events", "audit.patient-reported"),
        _step("Read a case", "oversight:cases", "case.opened"),
        _step("Check that nothing in the log was touched", "oversight:integrity", "audit.verified"),
        _step("Sign that a period was reviewed", "oversight:reviews", "audit.period-reviewed"),
    ),
}  # fmt: skip


def of(person) -> list[Guide]:
    """The guides of a person's roles, in the order of the roles."""
    held = [role for name, role in roles.ROLES.items() if name in person.role_names]
    verbs = {verb for role in held for step in STEPS[role.name] for verb in step.verbs}
    facts = queries.done_by(person, verbs) if verbs else set()
    return [
        Guide(role.title, tuple(replace(step, done=step.is_done(facts)) for step in STEPS[role.name])) for role in held
    ]


def tasks_of(person) -> list[Task]:
    """What a clinician comes to do, most frequent first; nothing for others."""
    rights = rights_of(person)
    return [task for task in TASKS if task.permission in rights] if "clinician" in person.role_names else []


def unfinished(person) -> Guide | None:
    """The guide to go on with; None when all is done or the person has put the first steps away."""
    if person.guide_away_at:
        return None
    return next((guide for guide in of(person) if guide.next), None)
