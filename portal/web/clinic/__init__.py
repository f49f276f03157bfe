"""The clinicians' door."""
