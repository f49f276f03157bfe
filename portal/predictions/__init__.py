"""Running an approved model for a patient, and the envelope that surrounds every answer."""
