"""What is said to people about the files of a model."""

# A flag of the files, as runtime.facts sets them, and what it means for whoever signs.
FLAGS = {
    "pickle": "A file is a pickle: reading it runs code that its author put there. It is read behind the outer wall of the sandbox alone.",
    "own code": "It brings code of its own, which runs inside the sandbox.",
    "model from code": "The model is made by a program among its files, which runs inside the sandbox.",
    "own loader": "It is loaded by code of its own instead of MLflow's.",
    "no requirements": "It does not say which software it needs; it runs with what is installed for all.",
}
SEVERITIES = {
    "likely safe": "nothing found",
    "possibly unsafe": "look at it",
    "suspicious": "look at it",
    "likely unsafe": "brings in libraries",
    "likely overtly malicious": "brings in code of its own",
    "overtly malicious": "dangerous",
    "unreadable": "could not be read to its end",
}
