"""The form studio: what people may change of a version's form, kept as numbered states with the differences in words."""
