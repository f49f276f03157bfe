"""The people of the demonstration, made through the same actions as everyone else."""

import secrets
from pathlib import Path

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.accounts.invented import NAMES
from portal.accounts.models import User
from portal.core.keys import write_key
from portal.registry.review import seats
from portal.studies import actions as studies
from portal.studies.models import Study

ROLES = {
    "clinician": ["clinician"],
    "clinician2": ["clinician"],
    "scientist": ["scientist"],
    "scientist2": ["scientist"],
    "reviewer": ["reviewer"],
    "reviewer2": ["reviewer"],
    "admin": ["admin"],
    "auditor": ["auditor"],
}
SEATS = {"reviewer": ["clinical"], "reviewer2": ["data-science"]}
CAST = {name: (shown, ROLES[name]) for name, shown in NAMES.items()}
STUDIES = {"demo": ("Demonstration study", "scientist"), "other": ("Another study", "scientist2")}


def password(keys: Path, wanted: str) -> str:
    """The password of the cast: the one asked for, else the one made at the first start."""
    kept = keys / "demo_password"
    text = wanted or (kept.read_text().strip() if kept.exists() else secrets.token_urlsafe(12))
    if not kept.exists() or kept.read_text().strip() != text:
        write_key(keys, "demo_password", text)
    return text


def add_everyone(text: str) -> dict[str, User]:
    """Make whoever is missing; everyone has the password `text`."""
    people = {name: _person(name, text) for name in CAST}
    for name, wanted in SEATS.items():
        if not seats.held_by(people[name]):
            seats.set_seats(by=SYSTEM, on=people[name], seats=wanted)
    return people


def open_studies(people: dict[str, User]) -> dict[str, Study]:
    """The two studies, each with its scientist."""
    return {slug: _study(slug, people) for slug in STUDIES}


def _person(name: str, text: str) -> User:
    found = User.objects.filter(username=name).first()
    if found is None:
        shown, roles = CAST[name]
        return access.add_person(by=SYSTEM, username=name, name=shown, password=text, role_names=roles)
    if not found.check_password(text):
        access.set_password(by=SYSTEM, on=found, password=text)
    return found


def _study(slug: str, people: dict[str, User]) -> Study:
    found = Study.objects.filter(slug=slug).first()
    if found is None:
        title, member = STUDIES[slug]
        found = studies.open_study(by=SYSTEM, slug=slug, title=title)
        studies.add_member(by=SYSTEM, on=found, person=people[member], leads=True)
    return found
