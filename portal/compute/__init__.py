"""Jobs, quotas, and the machines that work on them."""
