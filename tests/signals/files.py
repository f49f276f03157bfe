"""Invented ECG files for the tests, as a cart would send them."""

import io

from portal.demo.training import cart

AT = "2026-11-08T14:02:00"


def ecg(*, name="", number="", born="", irregular=False, seed=1, seconds=10.0, change=None, at=AT) -> bytes:
    """A 12-lead ECG; `change` may spoil the dataset before it is written."""
    leads = cart.simulated(irregular=irregular, seed=seed, seconds=seconds)
    found = cart.dataset(leads, name=name, number=number, born=born, at=at)
    return written(change(found) or found if change else found)


def written(dataset) -> bytes:
    """A dataset as bytes."""
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def of(patient, **more) -> bytes:
    """An ECG whose header is that of a patient's summary."""
    return ecg(**header_of(patient), **more)


def header_of(patient) -> dict:
    """A patient's summary as a cart spells it: family first, in capitals."""
    *given, family = [word for word in patient.name.split() if not word.endswith(".")]
    return {"name": f"{family}^{' '.join(given)}".upper(), "number": patient.mrn, "born": patient.birth_date}
