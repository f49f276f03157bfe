"""The formulary itself: models, their versions, and the approvals that let them be run."""
