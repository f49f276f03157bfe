"""A signature as its page takes it: what stands in its way is asked before the proof of who signs."""

from portal.core.problems import Problem
from portal.web import proofs


def sign(request, on, verb, may, *, about: str, **said):
    """Take the proof that was posted and sign; raises whatever the verb raises, and BadInput for a wrong proof.

    A one-time code is good for once: what `may` refuses does not use it up, but goes through the verb, which writes it
    down like any other refusal.
    """
    ready = _is_ready(may, on, request.user, said)
    proof = proofs.take(request, about, object_type="modelversion", object_id=on.public_id) if ready else None
    return verb(by=request.user, on=on, proof=proof, **said)


def _is_ready(may, on, by, said: dict) -> bool:
    try:
        may(on, by, **said)
    except Problem:
        return False
    return True
