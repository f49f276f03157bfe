"""Training the demonstration's models and logging them to MLflow; runs as a program of its own."""
