"""The tables of the formulary."""

from portal.registry.models.versions import ModelVersion, RegisteredModel, Signature

__all__ = ["ModelVersion", "RegisteredModel", "Signature"]
