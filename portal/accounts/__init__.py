"""People, the roles they hold, and the tokens of their programs."""
