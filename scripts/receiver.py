#!/usr/bin/env python3
"""A receiver of webhooks that takes only what is rightly signed (Standard Webhooks), over HTTPS; the standard library alone, as an example and for the tests.

    scripts/receiver.py --secret whsec_... --certificate tls.crt --key tls.key --port 9443

204 for a message whose signature is right and not older than five minutes, 401 for any other. First line: `ready on PORT`; then one line of JSON a request,
or a handshake that failed.
"""
import argparse
import base64
import hashlib
import hmac
import http.server
import json
import ssl
import sys
import threading
import time

OLD_SECONDS = 300
BYTES_MAX = 1 << 20


def verify(secret, headers, body, now):
    """What is wrong with a message; None when nothing is. https://www.standardwebhooks.com, 1.0."""
    message, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message or not sent_at.isdigit():
        return "no id or time"
    if abs(now - int(sent_at)) > OLD_SECONDS:
        return "too old"
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    right = "v1," + base64.b64encode(hmac.new(key, f"{message}.{sent_at}.".encode() + body, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(right.encode(), one.encode()) for one in headers.get("webhook-signature", "").split(" ")):
        return "wrong signature"
    return None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port, secret, context):
        super().__init__(("127.0.0.1", port), Handler)
        self.secret, self.context, self.lock = secret, context, threading.Lock()

    def finish_request(self, request, address):
        # On the connection's own thread: a caller that does not shake hands holds up no other.
        request.settimeout(30)
        if self.context:
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except (ssl.SSLError, OSError) as error:
                return self.say({"handshake": str(error)})
        self.RequestHandlerClass(request, address, self)
        request.close()

    def say(self, what):
        with self.lock:
            print(json.dumps(what), flush=True)

    def handle_error(self, request, address):
        self.say({"broken": str(sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1])})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > BYTES_MAX:
            self.close_connection = True
            return self.answer(413 if length.isdigit() else 411)
        body = self.rfile.read(int(length))
        problem = verify(self.server.secret, self.headers, body, time.time())
        told = {"path": self.path, "id": self.headers.get("webhook-id"), "problem": problem}
        if problem is None:
            message = json.loads(body)
            told |= {"type": message["type"], "model": message["data"].get("model"), "summary": message["data"].get("summary")}
        self.server.say(told)
        self.answer(401 if problem else 204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--secret", required=True)
    parser.add_argument("--certificate", help="PEM; without it plain HTTP")
    parser.add_argument("--key")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
    server = Server(options.port, options.secret, context)
    print(f"ready on {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
