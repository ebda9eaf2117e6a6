"""Signs a statement as DSSE with securesystemslib: `dsse.py KEY STATEMENT`, the key as ssh-keygen writes it."""

import json
import sys

from cryptography.hazmat.primitives.serialization import load_ssh_private_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

key = load_ssh_private_key(open(sys.argv[1], "rb").read(), None)
payload = open(sys.argv[2], "rb").read()
envelope = Envelope(payload, "application/vnd.in-toto+json", {})
envelope.sign(CryptoSigner(key))
print(json.dumps(envelope.to_dict()))
