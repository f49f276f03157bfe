"""What looks into a table: run in a child process of a worker, without Django, and silent about what it sees."""
