"""Formulary: a self-service portal for a hospital's machine learning models."""
