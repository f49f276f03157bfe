"""Verbs on patients and wards."""

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import count

from django.db.models import Count, Q

from portal.access import grants, policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.audit import purposes
from portal.core import clock
from portal.core.crypto import blind_index
from portal.core.problems import BadInput, Conflict
from portal.records import birthdays, queries, sharing
from portal.records.models import (
    LEAD,
    TREAT,
    CareRelationship,
    CareUnit,
    CareUnitUserPermission,
    Mark,
    Patient,
    Practitioner,
)

NAME_AT_LEAST, IDENTIFIED = 3, 20


@dataclass(frozen=True)
class Proposal:
    """An account that could be made for a practitioner of the records."""

    username: str
    name: str


@action(Permission.PATIENT_LIST, verb="patient.listed")
def list_patients(*, by, on=None, search="", offset=0, limit=None, choose=None) -> list[queries.PatientSummary]:
    """The patients on this person's wards, by name; `search` matches words of a name, the start of a record number or a birth date.

    The number of a record that was merged finds the one that goes on; records not in use are not listed. `choose`
    picks and orders what is shown of those found; the others are not written down as shown.
    """
    rows = policy.visible_to(queries.current(), by, Permission.PATIENT_LIST)
    found = [queries.summary(row) for row in rows]
    if search:
        earlier = Patient.objects.filter(mrn_index=mrn_index(search.strip()), merged_into__isnull=False)
        heirs = set(earlier.values_list("merged_into__public_id", flat=True))
        found = [patient for patient in found if patient.public_id in heirs or _matches(patient, search)]
    found.sort(key=lambda patient: (patient.ward, patient.name.casefold()))
    shown = choose(found) if choose else found[offset : None if limit is None else offset + limit]
    event().note(shown=len(shown), searched=bool(search))
    event().each_patient(shown)
    return shown


@action(Permission.PATIENT_READ, verb="patient.opened", on=Patient, rows=queries.with_ward)
def open_patient(*, by, on) -> queries.Record:
    """One patient's record; under one that was merged only where it goes on."""
    if on.merged_into_id:
        return queries.merged_away(on, lambda root: policy.decide(by, Permission.PATIENT_READ, root).allowed)
    may_share = policy.decide(by, Permission.PATIENT_SHARE, on)
    given = sharing.given_to(by, [on.public_id]).get(on.public_id)
    found = replace(queries.record_of(on), sharing=may_share, earlier_numbers=queries.numbers_merged_into(on))
    return replace(found, given_by=given.by, given_until=given.until) if given else found


@action(Permission.PATIENT_READ, verb="patient.marked", on=Patient)
def mark(*, by, on) -> bool:
    """Keep a patient first in one's worklist, or no longer; returns which."""
    if on.practice:
        raise Conflict("A practice patient stands in nobody's list of patients.")
    found = Mark.objects.filter(person=by, patient=on)
    marked = not found.delete()[0]
    if marked:
        Mark.objects.create(person=by, patient=on)
    event().note(marked=marked)
    return marked


@action(Permission.UNIT_ASSIGN, verb="unit.person-assigned", on=CareUnit)
def assign(*, by, on, person, until=None, since=None, covers=None, leads=False) -> CareRelationship:
    """Let a clinician treat a ward's patients from a moment until a moment, or for good.

    `covers` names whose shift it is; who `leads` decides about requests for the ward and its patients.
    """
    if by.pk and by.pk == person.pk:
        raise Conflict("Nobody assigns themselves to a ward; another administrator does.", code="own-assignment")
    if until and since and until <= since:
        raise BadInput({"until": "The end must come after the beginning."})
    grant = grants.give(TREAT, to=person, on=on, since=since, until=until, by=by)
    if leads:
        grants.give(LEAD, to=person, on=on, since=since, until=until, by=by)
        event().note(leads=True)
    event().note(person=person.public_id, until=str(until or ""), since=str(since or ""))
    if covers:
        event().note(covers=covers.public_id)
    return CareRelationship.objects.create(
        person=person, care_unit=on, covers=covers, since=grant.since, until=until, grant=grant
    )


@action(Permission.UNIT_ASSIGN, verb="unit.assignment-ended", on=CareRelationship)
def end_assignment(*, by, on) -> None:
    """End an assignment now; another one of the same person on the same ward goes on."""
    if on.until and on.until <= clock.now():
        raise Conflict("This assignment has ended already.")
    on.until = clock.now()
    on.since = min(on.since, on.until)
    on.save(update_fields=("until", "since"))
    event().note(person=on.person.public_id, unit=on.care_unit.public_id)
    if on.grant:
        grants.end_one(on.grant, by=by)
    else:
        grants.end(TREAT, of=on.person, on=on.care_unit, by=by)
    if not CareUnitUserPermission.held(on.person, TREAT, on.care_unit):
        grants.end(LEAD, of=on.person, on=on.care_unit, by=by)


@action(Permission.UNIT_ASSIGN, verb="unit.person-moved", on=CareRelationship)
def move_person(*, by, on, to) -> CareRelationship:
    """Move a person to another ward in one step: the old assignment ends, the new one has its end date."""
    if to.pk == on.care_unit_id:
        raise BadInput({"to": f"{on.person.label} works on {to} already; choose another ward."})
    until, since = on.until, on.since if on.since > clock.now() else None
    end_assignment(by=by, on=on)
    event().note(person=on.person.public_id, to=to.public_id)
    return assign(by=by, on=to, person=on.person, until=until, since=since)


@action(Permission.UNIT_ASSIGN, verb="unit.sized")
def size_units(*, by, on=None) -> list[tuple[CareUnit, int]]:
    """The wards that have patients, with how many, largest first."""
    rows = (
        queries.current()
        .filter(queries.REAL)
        .exclude(care_unit=None)
        .order_by()
        .values_list("care_unit")
        .annotate(count=Count("pk"))
    )
    counts = dict(rows)
    units = CareUnit.objects.filter(pk__in=counts)
    return sorted(((unit, counts[unit.pk]) for unit in units), key=lambda pair: (-pair[1], pair[0].name, pair[0].pk))


@action(Permission.PERSON_MANAGE, verb="person.staff-proposed")
def propose_staff(*, by, on=None) -> list[Proposal]:
    """The practitioners of the imported records as accounts that could be made; nobody is added by this."""
    names = sorted({name for row in Practitioner.objects.all() if (name := row.content.get("name", "").strip())})
    taken = set(User.objects.values_list("username", flat=True))
    found = []
    for name in names:
        username = _free_username(name, taken)
        taken.add(username)
        found.append(Proposal(username, name))
    event().note(proposed=len(found))
    return found


def _free_username(name: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z]+", plain) or ["person"]
    base = ".".join((words[0], words[-1])) if len(words) > 1 else words[0]
    numbers = (f"{base}{number}" for number in count(2))
    return base if base not in taken else next(name for name in numbers if name not in taken)


@action(Permission.AUDIT_READ, verb="audit.subject-sought")
def seek_patient(*, by, on=None, number) -> str:
    """The opaque id under which the ledger files a record number or that id itself; empty when there is none."""
    rows = Patient.objects.filter(queries.REAL).filter(Q(mrn_index=mrn_index(number)) | Q(public_id=number))
    found = rows.values_list("public_id", flat=True).first() or ""
    event().note(kind="patient", found=bool(found))
    event().draft.patient = found
    return found


@action(Permission.AUDIT_READ, verb="audit.patients-identified")
def identify_patients(*, by, on=None, name, purpose) -> list[queries.PatientSummary]:
    """Who could be meant by a name, for a purpose that is written down: identities, and nothing of a record.

    One event for each patient shown. Names are encrypted, so every patient is looked at, a few at a time.
    """
    errors = {}
    if len(name.strip()) < NAME_AT_LEAST:
        errors["subject"] = f"Type at least {NAME_AT_LEAST} letters of the name."
    if purpose not in purposes.EXPORT:
        errors["purpose"] = "Choose why you look for a patient by name; the reason is recorded."
    if errors:
        raise BadInput(errors)
    words = name.casefold().split()
    found = []
    for row in queries.with_ward().filter(queries.REAL).iterator(chunk_size=500):
        patient = queries.summary(row)
        if all(word in patient.name.casefold() for word in words):
            found.append(patient)
        if len(found) > IDENTIFIED:
            break
    event().draft.purpose = purpose
    event().note(shown=min(len(found), IDENTIFIED), more=len(found) > IDENTIFIED)
    event().each_patient(found[:IDENTIFIED])
    return found


def _matches(patient: queries.PatientSummary, search: str) -> bool:
    """Every word is part of the name, in any order and with or without accents; or the record number begins so; or it is the birth date.

    A record number may be typed without what stands between its signs, and without the letters before its digits.
    """
    born = birthdays.read(search)
    if born:
        return patient.birth_date == born
    name, words = _plain(patient.name), _plain(search.replace(",", " ")).split()
    if words and all(word in name for word in words):
        return True
    number, wanted = _signs(patient.mrn), _signs(search)
    numbers = (number, number.lstrip("abcdefghijklmnopqrstuvwxyz"))
    begins = len(wanted) >= NAME_AT_LEAST and any(known.startswith(wanted) for known in numbers)
    return bool(wanted) and (wanted in numbers or begins)


def _signs(text: str) -> str:
    return "".join(letter for letter in _plain(text) if letter.isalnum())


def _plain(text: str) -> str:
    marks = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in marks if not unicodedata.combining(letter))


def mrn_index(mrn: str) -> str:
    """The blind index under which a record number is found."""
    return blind_index("patient.mrn", mrn)
