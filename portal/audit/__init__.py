"""The ledger: who did what to which object, when and why, kept so that tampering shows."""
