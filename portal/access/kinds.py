"""Every kind of notice: its fixed words without health data, whom it can reach, and how it reaches them unless they say."""

from dataclasses import dataclass
from datetime import timedelta

from portal.access.schedule import Way


@dataclass(frozen=True)
class Kind:
    """One kind of notice.

    `text` says one, `many` says several with their number; `safety` kinds cannot be switched off, `urgent` ones pass
    through quiet hours; what is a `duty` is read only by doing it. The mail waits for `patience`, so that who is looking anyway is not mailed.
    """

    title: str
    text: str
    many: str
    roles: tuple[str, ...]
    mail: Way = Way.NOW
    safety: bool = False
    urgent: bool = False
    duty: bool = False
    patience: timedelta = timedelta()

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways of mail that a person may choose."""
        return (Way.NOW, Way.DIGEST) if self.safety else tuple(Way)

    def words(self, count: int) -> str:
        """The sentence for so many of them."""
        return self.text if count == 1 else self.many.format(count)


_CLINIC, _OFFICE, _SCIENCE = ("clinician",), ("auditor",), ("scientist",)
_ASKING, _COMMITTEE = ("clinician", "scientist"), ("reviewer", "scientist")
_DECIDING = ("clinician", "scientist", "admin")
_SOON = timedelta(minutes=1)
KINDS = {
    "result-ready": Kind(
        "A result that you asked for is there", "A result that you asked for is there.",
        "{} results that you asked for are there.", _CLINIC, patience=_SOON,
    ),
    "run-failed": Kind(
        "A run that you asked for gave no result", "A run that you asked for gave no result. The reason is beside it.",
        "{} runs that you asked for gave no result. The reasons are beside them.", _CLINIC, patience=_SOON,
    ),
    "result-shown": Kind(
        "A colleague wants you to look at a result", "A colleague wants you to look at a result.",
        "Colleagues want you to look at {} results.", _CLINIC,
    ),
    "result-retracted": Kind(
        "A result that you opened was retracted",
        "A result that you opened was retracted. It stays with the patient, with the reason.",
        "{} results that you opened were retracted. They stay with the patients, with the reasons.", _CLINIC, safety=True,
    ),
    "result-corrected": Kind(
        "A value that a result used was corrected",
        "A value that a result you opened had used was corrected. The result says which.",
        "{} results that you opened had used values that were corrected. The results say which.", _CLINIC, safety=True,
    ),
    "model-stopped": Kind(
        "A model whose results you saw was stopped",
        "A model version was stopped. Results of it were before you: read which, and say that you know.",
        "{} model versions were stopped. Results of them were before you: read which, and say that you know.",
        ("clinician", "scientist", "reviewer"), safety=True, urgent=True, duty=True,
    ),
    "cases-failed": Kind(
        "A model failed its acceptance cases", "A model failed its acceptance cases; if it was in use, it has stopped.",
        "{} models failed their acceptance cases; those in use have stopped.", _COMMITTEE, safety=True,
    ),
    "cases-not-run": Kind(
        "A model's acceptance cases could not be run for three nights",
        "The acceptance cases of a model in use could not be run for three nights: nobody knows whether they still hold.",
        "The acceptance cases of {} models in use could not be run for three nights: nobody knows whether they still hold.",
        _COMMITTEE, safety=True,
    ),
    "incident-harm": Kind(
        "Harm by a model was reported", "Harm, or possible harm, by a model was reported. Look at it now.",
        "Harm, or possible harm, by a model was reported {} times. Look at it now.", _COMMITTEE, safety=True, urgent=True,
    ),
    "incident-made": Kind(
        "A problem with a model was reported", "A problem with a model was reported. The committee looks at it.",
        "{} problems with models were reported. The committee looks at them.", _COMMITTEE,
    ),
    "incident-closed": Kind(
        "The committee answered your report", "The committee has looked at the problem that you reported.",
        "The committee has looked at {} problems that you reported.", _CLINIC,
    ),
    "review-comment": Kind(
        "Somebody said something about a version that you review or bring",
        "Somebody said something about a model version that you review or bring.",
        "Things were said {} times about model versions that you review or bring.", _COMMITTEE, patience=_SOON,
    ),
    "model-expiring": Kind(
        "An approval ends soon", "The approval of a model version ends soon. Look at it again, or let it end.",
        "The approvals of {} model versions end soon. Look at them again, or let them end.", _COMMITTEE,
    ),
    "deputy-named": Kind(
        "A reviewer named you as their deputy", "A reviewer named you as their deputy: you may sign in their place.",
        "{} reviewers named you as their deputy: you may sign in their places.", ("reviewer",),
    ),
    "owner-asked": Kind(
        "You are asked to answer for a model", "You are asked to answer for a model. Say whether you will.",
        "You are asked to answer for {} models. Say whether you will.", _SCIENCE,
    ),
    "owner-answered": Kind(
        "Somebody said whether they answer for a model", "Somebody said whether they take over a model.",
        "It was said of {} models whether somebody takes them over.", _COMMITTEE,
    ),
    "owner-missing": Kind(
        "Nobody answers for a model any more",
        "Who answered for a model has left. It needs a new owner soon, or it is stopped.",
        "Who answered for {} models has left. They need new owners soon, or they are stopped.", _COMMITTEE, safety=True,
    ),
    "share-made": Kind(
        "A colleague shared a patient with you", "A colleague shared a patient with you.",
        "Colleagues shared {} patients with you.", _CLINIC,
    ),
    "share-ended": Kind(
        "A share was taken back", "A colleague took back a share.", "Colleagues took back {} shares.", _ASKING,
        mail=Way.DIGEST,
    ),
    "dataset-right": Kind(
        "You were given a right to a dataset", "A colleague gave you a right to a dataset.",
        "Colleagues gave you {} rights to datasets.", _SCIENCE,
    ),
    "request-made": Kind(
        "A colleague asks for access", "A colleague asks for access that you decide about.",
        "Colleagues ask {} times for access that you decide about.", _DECIDING,
    ),
    "request-waits": Kind(
        "A request waits for too long", "A request for access has waited for your decision for more than three days.",
        "{} requests for access have waited for your decision for more than three days.", _DECIDING,
    ),
    "request-granted": Kind(
        "Your request was granted", "Your request for access was granted.",
        "{} of your requests for access were granted.", _ASKING,
    ),
    "request-refused": Kind(
        "Your request was refused", "Your request for access was refused; the reason is beside it.",
        "{} of your requests for access were refused; the reasons are beside them.", _ASKING,
    ),
    "emergency-opened": Kind(
        "A record was opened in an emergency",
        "A clinician opened a record in an emergency. A case waits for review.",
        "Clinicians opened {} records in emergencies. The cases wait for review.", _OFFICE, safety=True,
    ),
    "emergency-often": Kind(
        "One clinician used emergency access often",
        "One clinician opened more than three records in emergencies within a day. Look at the cases now.",
        "It came {} times that one clinician opened more than three records in emergencies within a day. Look at the "
        "cases now.", _OFFICE, safety=True, urgent=True,
    ),
    "emergency-here": Kind(
        "A record of your ward was opened in an emergency",
        "A colleague of another ward opened a record of your ward in an emergency. The privacy office reviews it.",
        "Colleagues of other wards opened {} records of your ward in emergencies. The privacy office reviews them.",
        _CLINIC, safety=True,
    ),
    "emergency-digest": Kind(
        "Your ward used emergency access",
        "People of a ward that you lead used emergency access in the last day. The privacy office reviews it.",
        "People of a ward that you lead used emergency access on {} days. The privacy office reviews it.",
        _CLINIC, mail=Way.DIGEST, safety=True,
    ),
    "sealed-account": Kind(
        "A sealed account was used",
        "An account kept for days without the hospital's sign-in was used with its password. Find out why.",
        "Accounts kept for days without the hospital's sign-in were used {} times with their passwords. Find out why.",
        _OFFICE, safety=True, urgent=True,
    ),
}  # fmt: skip


DUTIES = frozenset(name for name, kind in KINDS.items() if kind.duty)


def reaching(role_names) -> dict[str, Kind]:
    """The kinds that can reach somebody with these roles, in a fixed order."""
    return {name: kind for name, kind in KINDS.items() if set(kind.roles) & set(role_names)}
