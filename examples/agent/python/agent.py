"""An endpoint for Hookweir's events: it verifies each one, keeps it once, and
only then says so. Python's own library is all it needs.

    WEBHOOK_SECRET=whsec_… INBOX=inbox python3 agent.py   # listens on 127.0.0.1:9000
"""

import base64
import hashlib
import hmac
import os
import tempfile
import time

# The largest event, in bytes: a body of 25 MiB in base64, and its envelope.
MAX_BODY = 36 * 1024 * 1024
# How far webhook-timestamp may be off, in seconds (Standard Webhooks, "Verifying signatures").
TOLERANCE = 5 * 60


def verified(secret: str, environ: dict, body: bytes, now: float) -> bool:
    """Standard Webhooks v1: HMAC-SHA256 over `id.timestamp.body`."""
    identity = environ.get("HTTP_WEBHOOK_ID", "")
    timestamp = environ.get("HTTP_WEBHOOK_TIMESTAMP", "")
    if not identity or not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    content = f"{identity}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, content, hashlib.sha256))
    # While the secret rotates there are several, separated by spaces.
    signatures = environ.get("HTTP_WEBHOOK_SIGNATURE", "").split(" ")
    return any(s.startswith("v1,") and hmac.compare_digest(s[3:].encode(), expected) for s in signatures)


def keep(inbox: str, identity: str, body: bytes) -> None:
    """Stores an event under its webhook-id. One that is there already came
    before: Hookweir sends again what it cannot know to have arrived. What acts
    on events works through the inbox, so an event is acted on once."""
    name = os.path.join(inbox, hashlib.sha256(identity.encode()).hexdigest() + ".json")
    handle, temporary = tempfile.mkstemp(suffix=".tmp", dir=inbox)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        if not os.path.exists(name):
            os.replace(temporary, name)  # whole or not at all; the same event in any case
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def application(secret: str, inbox: str, clock=time.time):
    """The endpoint as a WSGI application, for any server that runs those."""
    if not secret or not inbox:
        raise SystemExit("WEBHOOK_SECRET and INBOX have to be set")
    os.makedirs(inbox, mode=0o700, exist_ok=True)

    def handle(environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != "/events":
            status = "404 Not Found"
        elif length > MAX_BODY:
            status = "413 Content Too Large"
        else:
            body = environ["wsgi.input"].read(length)
            # Over the bytes as they came, and before anything reads them.
            if not verified(secret, environ, body, clock()):
                status = "401 Unauthorized"
            else:
                keep(inbox, environ["HTTP_WEBHOOK_ID"], body)  # an exception is a 500: tried again
                status = "204 No Content"
        start_response(status, [])
        return []

    return handle


if __name__ == "__main__":
    from wsgiref.simple_server import make_server

    app = application(os.environ.get("WEBHOOK_SECRET", ""), os.environ.get("INBOX", ""))
    with make_server("127.0.0.1", int(os.environ.get("PORT", "9000")), app) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}/events", flush=True)
        server.serve_forever()
