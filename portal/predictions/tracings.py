"""Tracings on their way to a model: received and read before anything else, checked against the patient, described."""

import base64
import binascii
from datetime import datetime

from django.conf import settings
from django.db import transaction

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts import lockout
from portal.core.problems import BadInput
from portal.datasets import signals, store, uploads
from portal.datasets.runtime import vault
from portal.datasets.signals import Signal, Unreadable
from portal.predictions import identity
from portal.records.models import Patient
from portal.records.queries import merged_into, with_ward
from portal.registry.answers import FILE_LIMIT, Answers
from portal.registry.spec import Field, FormSpec

DRAWN_RATE = 250
# How the sentence ends that asks for a tick.
UNNAMED = "so it is not known whose it is. Choose it again and confirm the patient."
# A text this short is no file; the form's own words answer it.
_SHORTEST_TEXT = 200
# Reading a file costs a process of its own: wrong files are forgiven, a stream of them is not.
REFUSALS = 30


class WrongPatient(BadInput):
    """A file whose header names somebody else than the chosen patient."""

    code = "file-of-another-patient"


class Unnamed(BadInput):
    """A file whose header does not say enough to know whose it is, and nobody has vouched for it."""

    code = "file-names-nobody"


@action(Permission.PREDICTION_RUN, verb="prediction.file-received", on=Patient, rows=with_ward)
def receive(*, by, on, files: int) -> None:
    """Whether this person may send files about this patient; they are read once this is settled and written down."""
    event().note(files=files)


def hold_files(inputs: dict) -> bool:
    """Whether any answer could be a file: most runs have none, and pay nothing for this."""
    return any(isinstance(value, uploads.Upload | dict) or _long(value) for value in inputs.values())


def read_files(*, by, on, form: FormSpec, inputs: dict, vouched: frozenset[str] = frozenset()) -> dict:
    """The inputs with each file in place of itself as it was read; `vouched` names the fields that a person ticked.

    Raises BadInput for a file that is too large or not encoded as it should be.
    """
    asked = [field for field in form.fields if _is_sent(field, inputs.get(field.name))]
    if not asked:
        return inputs
    if on is None:
        raise BadInput({field.name: f"{field.label}: is run for a patient; name the patient." for field in asked})
    receive(by=by, on=on, files=len(asked))
    found: dict = {}
    tries = lockout.Tries(f"file\x1f{by.pk}", REFUSALS)
    if tries.are_used_up():
        wait = f"Too many files could not be read. Wait {settings.LOCK_OUT_MINUTES} minutes."
        raise BadInput({field.name: f"{field.label}: {wait}" for field in asked})
    try:
        for field in asked:
            if not field.is_tracing:
                found[field.name] = _content(field, inputs[field.name])
                continue
            found[field.name] = _read(field, inputs[field.name], field.name in vouched)
            if isinstance(found[field.name], Unreadable):
                tries.add()
    except BaseException:
        let_go(found)
        raise
    return inputs | found


def _is_sent(field: Field, given) -> bool:
    return bool(given) and (field.is_tracing or (field.is_file and isinstance(given, uploads.Upload)))


def _read(field: Field, given, vouched: bool):
    if isinstance(given, dict):
        given, vouched = _from_object(field, given)
    upload = given if isinstance(given, uploads.Upload) else _from_text(field, given)
    try:
        found = signals.read(upload, field.tracing, confirmed=vouched)
    except BaseException:
        upload.close()
        raise
    if isinstance(found, Unreadable):
        upload.close()
    return found


def _content(field: Field, upload: uploads.Upload) -> str:
    """A file that the model reads itself, as text inside its answers; it goes no further than they do."""
    try:
        if upload.size > FILE_LIMIT:
            raise BadInput({field.name: f"{field.label}: the file is larger than {FILE_LIMIT // 1_000_000} MB."})
        with vault.Reader(store.incoming(upload.stored), upload.key) as file:
            return base64.b64encode(file.read()).decode()
    finally:
        upload.close()


def _from_object(field: Field, given: dict) -> tuple[object, bool]:
    if set(given) - {"file", "patient_confirmed"} or not isinstance(given.get("patient_confirmed", False), bool):
        raise BadInput({field.name: f"{field.label}: allowed are “file” and “patient_confirmed” (true or false)."})
    return given.get("file"), given.get("patient_confirmed", False)


def _from_text(field: Field, given) -> uploads.Upload:
    if not isinstance(given, str):
        raise BadInput({field.name: f"{field.label}: send the DICOM file as base64 text."})
    if len(given) > settings.SIGNAL_MAX_BYTES * 4 / 3 + 4:
        raise BadInput({field.name: too_large(field)})
    try:
        return uploads.receive(base64.b64decode(given, validate=True))
    except (binascii.Error, ValueError):
        raise BadInput({field.name: f"{field.label}: the text is not base64. Send the DICOM file as base64."}) from None


def too_large(field: Field) -> str:
    """The sentence for a file beyond the limit."""
    return (
        f"{field.label}: the file is larger than {settings.SIGNAL_MAX_BYTES // 1024 // 1024} MB. Choose the ECG alone."
    )


def _long(value) -> bool:
    return isinstance(value, str) and len(value) > _SHORTEST_TEXT


def note_unread(inputs: dict) -> None:
    """Put into the ledger why a file was not read, as a code."""
    codes = [value.code for value in inputs.values() if isinstance(value, Unreadable)]
    if codes:
        event().note(file=codes[0])


def let_go(inputs: dict) -> None:
    """Drop the files that no prediction took."""
    for value in inputs.values():
        if isinstance(value, Signal):
            value.upload.close()


def described(form: FormSpec, found: Answers, patient: Patient | None) -> dict:
    """What a prediction keeps of its files: `signals` for the envelope, `files` with their keys; nothing without any.

    Raises WrongPatient or Unnamed when a file is not shown to be the patient's.
    """
    sent = [(form[name], answer.entered) for name, answer in found.given.items() if isinstance(answer.entered, Signal)]
    if not sent:
        return {}
    return {
        "signals": [_described(field, signal, _check(field, signal, patient)) for field, signal in sent],
        "files": [_file(field, signal) for field, signal in sent],
    }


def _check(field: Field, signal: Signal, patient: Patient) -> dict:
    former = [merged.person.get("mrn") for merged in merged_into(patient)]
    compared = identity.compare(signal.header, patient.person | {"former": former})
    if compared.differ:
        event().note(differs=list(compared.differ))
        verb = "differs" if len(compared.differ) == 1 else "differ"
        what = " and ".join(filter(None, (", ".join(compared.differ[:-1]), compared.differ[-1])))
        sentence = f"The file says it is of another patient: {what} {verb}. Nothing was run. Check patient and file."
        raise WrongPatient({field.name: f"{field.label}: {sentence}"})
    if not compared.enough and not signal.confirmed:
        names = f"The file gives the {compared.agree[0]} alone" if compared.agree else "The file names nobody"
        raise Unnamed({field.name: f"{field.label}: {names}, {UNNAMED}"})
    return {"agree": list(compared.agree), "enough": compared.enough}


def _described(field: Field, signal: Signal, check: dict) -> dict:
    step = max(1, round(signal.rate / DRAWN_RATE))
    return {
        "name": field.name,
        "label": field.label,
        "lead": signal.lead,
        "leads": signal.leads,
        "seconds": signal.seconds,
        "rate": signal.rate,
        "at": signal.header["at"],
        "source_text": source_text(signal),
        "of": signal.header["name"].replace("^", " ").strip(),
        "check": check,
        "digest": signal.upload.digest,
        "bytes": signal.upload.size,
        "trace": {"rate": signal.rate / step, "microvolts": [round(value * 1000) for value in signal.samples[::step]]},
    }


def source_text(signal: Signal) -> str:
    """Where a tracing came from: “12-lead ECG of 8 Nov 2026, 14:02, lead II”."""
    try:
        when = f" of {datetime.fromisoformat(signal.header['at']):%-d %b %Y, %H:%M}"
    except ValueError:
        when = ", moment not recorded"
    return f"{signal.header['kind']}{when}, lead {signal.lead}"


def _file(field: Field, signal: Signal) -> dict:
    upload = signal.upload
    return {"name": field.name, "stored": upload.stored, "key": store.words_of(upload.key), "digest": upload.digest,
            "bytes": upload.size}  # fmt: skip


def keep(found: Answers) -> None:
    """Once the prediction is stored, its files stay with it, encrypted under keys that lie in its sealed row."""
    for answer in found.given.values():
        if isinstance(answer.entered, Signal):
            transaction.on_commit(lambda upload=answer.entered.upload: _keep(upload))


def _keep(upload: uploads.Upload) -> None:
    store.keep_signal(upload.stored)
    upload.taken = True
