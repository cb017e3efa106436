"""An endpoint for Hookweir's events: it verifies each one, keeps it once, and
only then says so. Python's own library is all it needs.

    WEBHOOK_SECRET=whsec_… INBOX=inbox python3 agent.py   # listens on 127.0.0.1:9000
"""

import base64
import binascii
import hashlib
import hmac
import os
import sys
import tempfile
import time

# The largest event, in bytes: a body of 25 MiB in base64, and its envelope.
MAX_BODY = 36 * 1024 * 1024
# How far webhook-timestamp may be off, in seconds (Standard Webhooks, "Verifying signatures").
TOLERANCE = 5 * 60
# The least a secret may have, in bytes (Standard Webhooks, "Signature scheme").
MIN_SECRET = 24
# What a client may take to send the next piece of a request, in seconds.
PATIENCE = 30


def key_of(secret: str) -> bytes:
    """The key of `whsec_…`. With an empty one anybody could sign."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < MIN_SECRET:
        raise SystemExit("WEBHOOK_SECRET has to be whsec_ and at least 24 bytes in base64")
    return key


def verified(key: bytes, environ: dict, body: bytes, now: float) -> bool:
    """Standard Webhooks v1: HMAC-SHA256 over `id.timestamp.body`."""
    identity = environ.get("HTTP_WEBHOOK_ID", "")
    timestamp = environ.get("HTTP_WEBHOOK_TIMESTAMP", "")
    if not identity or not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE:
        return False
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
    # Nor is it there for good, after a loss of power, before its folder is.
    folder = os.open(inbox, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(environ: dict) -> tuple[str, bytes]:
    """The body of a request, or the status that it gets in place of one."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length:
        if not length.isdecimal():
            return "400 Bad Request", b""
        if int(length) > MAX_BODY:
            return "413 Content Too Large", b""
        return "", environ["wsgi.input"].read(int(length))
    if not environ.get("wsgi.input_terminated"):  # then its end is not to be seen
        return "411 Length Required", b""
    body = environ["wsgi.input"].read(MAX_BODY + 1)
    return ("413 Content Too Large", b"") if len(body) > MAX_BODY else ("", body)


def application(secret: str, inbox: str, clock=time.time):
    """The endpoint as a WSGI application, for any server that runs those."""
    if not inbox:
        raise SystemExit("INBOX has to be set")
    key = key_of(secret)
    os.makedirs(inbox, mode=0o700, exist_ok=True)

    def answer(environ) -> str:
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != "/events":
            return "404 Not Found"
        refused, body = read(environ)
        if refused:
            return refused
        # Over the bytes as they came, and before anything reads them.
        if not verified(key, environ, body, clock()):
            return "401 Unauthorized"
        try:
            keep(inbox, environ["HTTP_WEBHOOK_ID"], body)
        except OSError as error:
            print(error, file=sys.stderr)
            return "503 Service Unavailable"  # Hookweir tries again
        return "204 No Content"

    def handle(environ, start_response):
        start_response(answer(environ), [])
        return []

    return handle


if __name__ == "__main__":
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    class Server(ThreadingMixIn, WSGIServer):
        """One thread a connection, so that a slow client holds up nobody else."""

        daemon_threads = True

    class Handler(WSGIRequestHandler):
        timeout = PATIENCE

    app = application(os.environ.get("WEBHOOK_SECRET", ""), os.environ.get("INBOX", ""))
    with make_server("127.0.0.1", int(os.environ.get("PORT", "9000")), app, Server, Handler) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}/events", flush=True)
        server.serve_forever()
