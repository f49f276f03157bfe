"""Datasets: tables of a study, with three separate rights: to know of one, to compute on it, to read its rows."""
