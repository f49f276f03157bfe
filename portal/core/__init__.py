"""The floor: locks, keys, identifiers and the words for problems; imports nothing from the apps above."""
