"""The patient record: wards, patients and what was measured."""
