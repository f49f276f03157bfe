"""One's own account: the tokens of one's programs."""
