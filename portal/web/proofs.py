"""The proof of both factors as pages offer and take it: password and one-time code, or a passkey."""

from portal.accounts import factors, passkeys


def offer(request, about: str) -> dict:
    """The ways in which this person can prove who they are for the posting `about`."""
    options = passkeys.question(request, about)
    return {
        "typed": factors.has_typed(request.user),
        "passkey": {"request_options": options} if options else None,
    }


def take(request, about: str, *, field: str = "code", **named) -> factors.Proof:
    """The proof that was posted; raises BadInput; `named` says in the ledger what a failed one was for."""
    given = request.POST
    credential = given.get("credential", "")
    return factors.prove(
        request.user, password=given.get("password", ""), code=given.get(field, ""), field=field, about=named,
        passkey=(lambda: passkeys.answers(request, about, credential)) if credential else None,
    )  # fmt: skip
