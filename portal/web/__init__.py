"""The pages: forms in, one action or query, a template out."""
