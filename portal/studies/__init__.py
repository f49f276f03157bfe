"""Studies: the projects that scientists belong to and that own models."""
