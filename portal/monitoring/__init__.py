"""How models do on this hospital's own patients."""
