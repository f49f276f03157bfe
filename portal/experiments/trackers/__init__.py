"""Readers of tracking systems; no Django inside."""
