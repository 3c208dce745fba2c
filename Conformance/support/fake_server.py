"""An HTTP server that answers as a test says: S3 in trouble, a metadata service, a credentials agent."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace


@contextmanager
def serving(answer):
    """A server that gives each request to `answer(handler, number)`: its endpoint, and the requests so far."""
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        requests = []

        def take(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            Handler.requests.append(SimpleNamespace(method=self.command, path=self.path, body=body,
                                                    headers=self.headers))
            answer(self, len(Handler.requests))

        do_GET = do_PUT = do_DELETE = do_POST = do_HEAD = take

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", Handler.requests
    finally:
        server.shutdown()
        server.server_close()


def reply(handler, status: int, body: bytes = b"", **headers: str) -> None:
    """A whole answer; `_` in a header's name stands for `-`."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def refusal(status: int, code: str):
    """Answers every request with an S3 error."""
    def answer(handler, _):
        reply(handler, status, f"<Error><Code>{code}</Code><Message>said so</Message></Error>".encode())
    return answer
