"""The door of reviewers and audit officers."""
