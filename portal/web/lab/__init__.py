"""The scientists' door."""
