"""Problems that people can read: every error a person may meet carries its own sentence."""


class Problem(Exception):
    """Something a person can mend or must be told; `sentence` says what happened and what to do."""

    code = "problem"
    status = 400

    def __init__(self, sentence: str, *, code: str | None = None):
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code or self.code


class BadInput(Problem):
    """One or more fields were not acceptable; `errors` maps each field to its sentence."""

    code = "bad-input"
    status = 422

    def __init__(self, errors: dict[str, str]):
        super().__init__(" ".join(errors.values()))
        self.errors = errors


class Conflict(Problem):
    """The object is not in a state that allows this."""

    code = "conflict"
    status = 409


class Exhausted(Problem):
    """A quota is used up."""

    code = "quota-exhausted"
    status = 429


class Unavailable(Problem):
    """A part of the portal is down; what was accepted is kept."""

    code = "unavailable"
    status = 503
