"""A passkey in software: makes and signs what a security key does, with the flags that a test asks for."""

import json
import os
from hashlib import sha256

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Passkey:
    """One person's key for `host`; enrolled as allauth stores it."""

    def __init__(self, person, host: str = "testserver"):
        self.host, self.id, self.key = host, os.urandom(16), ec.generate_private_key(ec.SECP256R1())
        public = ES256.from_cryptography_key(self.key.public_key())
        attested = AttestedCredentialData.create(b"\x00" * 16, self.id, public)
        data = AuthenticatorData.create(self._rp(), PRESENT | VERIFIED | ATTESTED, 0, attested)
        shown = AttestationObject.create("none", data, {})
        credential = self._credential(
            attestationObject=websafe_encode(bytes(shown)), **self._client("webauthn.create", "AA")
        )
        self.row = Authenticator.objects.create(
            user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "soft", "credential": credential}
        )

    def answer(self, options: dict, *, verified: bool = True, origin: str | None = None) -> str:
        """What the browser would post for the question in `options`."""
        client = self._client("webauthn.get", options["publicKey"]["challenge"], origin)
        data = AuthenticatorData.create(self._rp(), PRESENT | (VERIFIED if verified else 0), 1)
        signed = bytes(data) + sha256(_bytes(client["clientDataJSON"])).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        answer = {"authenticatorData": websafe_encode(bytes(data)), "signature": websafe_encode(signature), **client}
        return json.dumps(self._credential(**answer))

    def _rp(self) -> bytes:
        return sha256(self.host.encode()).digest()

    def _client(self, kind: str, challenge: str, origin: str | None = None) -> dict:
        text = json.dumps({"type": kind, "challenge": challenge, "origin": origin or f"https://{self.host}"})
        return {"clientDataJSON": websafe_encode(text.encode())}

    def _credential(self, **response) -> dict:
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


def _bytes(text: str) -> bytes:
    from fido2.utils import websafe_decode

    return websafe_decode(text)
