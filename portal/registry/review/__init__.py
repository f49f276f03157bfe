"""The model committee at work: seats, checklist, discussion, differences, decisions, expiry and ownership."""
