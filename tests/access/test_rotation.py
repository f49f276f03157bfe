"""A new key: everything is under it, and the old one is not needed any more."""

import pytest

from portal.access import rotation
from portal.access.actors import SYSTEM
from portal.accounts import factors
from portal.core import crypto
from portal.core.keys import new_phi_key
from portal.records.actions import list_patients

pytestmark = pytest.mark.django_db


def test_after_a_rotation_the_old_key_is_not_needed(cast, wards, settings):
    before = [row.name for row in list_patients(by=cast["clinician"])]
    newest = new_phi_key()
    settings.PHI_KEYS = f"{newest}\n{settings.PHI_KEYS}"

    assert rotation.reencrypt(by=SYSTEM) > 100
    settings.PHI_KEYS = newest

    assert [row.name for row in list_patients(by=cast["clinician"])] == before
    assert factors.current_code(cast["reviewer"]).isdigit()
    assert rotation.reencrypt(by=SYSTEM) == 0


def test_a_value_moved_to_another_column_does_not_open():
    stored = crypto.encrypt("secret", "records_patient.person")

    assert crypto.decrypt(stored, "records_patient.person") == "secret"
    with pytest.raises(crypto.Undecipherable):
        crypto.decrypt(stored, "records_observation.content")
