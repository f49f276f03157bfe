"""Runs of experiments, wherever they were tracked."""
