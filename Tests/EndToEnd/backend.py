"""A backend for the daemon to send to: OTLP by HTTP and by gRPC, answering as a test wants, remembering what came."""

import collections
import gzip
import http.server
import socket
import ssl
import threading
import time
from concurrent import futures
from dataclasses import dataclass, field

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from otlp import METHODS, REQUESTS, RESPONSES

SIGNALS_BY_METHOD = {method: signal for signal, method in METHODS.items()}


@dataclass
class Answer:
    """How to answer one request. The default is success."""

    status: int = 200
    """HTTP status."""
    code: grpc.StatusCode = grpc.StatusCode.OK
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    retry_after: float | None = None
    """gRPC: the delay of a RetryInfo in seconds."""
    hold: threading.Event | None = None
    """Wait for this before answering."""
    close: bool = False
    """HTTP: close the connection instead of answering."""

    @property
    def is_success(self):
        return self.status == 200 and self.code == grpc.StatusCode.OK


@dataclass
class Received:
    signal: str
    message: object
    """None if Python's protobuf cannot read it."""
    headers: dict
    plain: bytes
    """The message's bytes."""
    body: bytes
    """As they were sent, perhaps compressed."""
    at: float
    answer: Answer


class Backend:
    """Use as a context manager; `http` is its URL and `grpc` its host:port."""

    def __init__(self, port=0, identity=None, clients=None):
        """`identity`: paths of a certificate and its key, for TLS. `clients`: the authority clients must be of."""
        self._port, self._identity, self._clients = port, identity, clients
        self.received = []
        self.connections = 0
        self.decide = None
        """When set: called with each message, returns the Answer, or None for the next one of `answers`."""
        self.answers = collections.deque()
        self._changed = threading.Condition()

    def __enter__(self):
        self._http = _HTTPServer(("127.0.0.1", self._port), _handler(self))
        self.http = f"{'https' if self._identity else 'http'}://127.0.0.1:{self._http.server_port}"
        if self._identity:
            self._http.socket = self._tls().wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self._grpc = grpc.server(
            futures.ThreadPoolExecutor(64), options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)]
        )
        self._grpc.add_generic_rpc_handlers((_Services(self),))
        place = "127.0.0.1:0"
        if self._identity:
            port = self._grpc.add_secure_port(place, self._credentials())
        else:
            port = self._grpc.add_insecure_port(place)
        self.grpc = f"127.0.0.1:{port}"
        self._grpc.start()
        return self

    def __exit__(self, *_):
        self.release()
        self._http.shutdown()
        self._http.server_close()
        self._grpc.stop(0)

    def _tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._identity)
        if self._clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self._clients)
        return context

    def _credentials(self):
        certificate, key = (path.read_bytes() for path in self._identity)
        return grpc.ssl_server_credentials(
            [(key, certificate)],
            root_certificates=self._clients.read_bytes() if self._clients else None,
            require_client_auth=self._clients is not None,
        )

    def release(self):
        """Lets every held request go on."""
        for answer in [received.answer for received in self.received] + list(self.answers):
            if answer.hold:
                answer.hold.set()

    def take(self, signal, body, coding, headers):
        plain = gzip.decompress(body) if coding == "gzip" else body
        try:
            message = REQUESTS[signal].FromString(plain)
        except DecodeError:
            message = None
        with self._changed:
            answer = (self.decide(message) if self.decide else None) or (
                self.answers.popleft() if self.answers else Answer()
            )
            self.received.append(Received(signal, message, headers, plain, body, time.monotonic(), answer))
            self._changed.notify_all()
        if answer.hold:
            answer.hold.wait(60)
        return answer

    def messages(self, signal="traces", accepted_only=False):
        with self._changed:
            return [
                received.message
                for received in self.received
                if received.signal == signal and (received.answer.is_success or not accepted_only)
            ]

    def wait(self, count, signal="traces", seconds=15):
        """The first `count` messages of a signal, waiting for them."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                found = [received for received in self.received if received.signal == signal]
                if len(found) >= count:
                    return [received.message for received in found[:count]]
                left = deadline - time.monotonic()
                assert left > 0, f"{len(found)} of {count} requests came in {seconds} s"
                self._changed.wait(left)


class _HTTPServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _handler(backend):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self):
            super().setup()
            backend.connections += 1

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signal = self.path.rsplit("/", 1)[-1]
            answer = backend.take(signal, body, self.headers.get("Content-Encoding"), dict(self.headers.items()))
            if answer.close:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(answer.status)
            headers = {"Content-Type": "application/x-protobuf", "Content-Length": str(len(answer.body))}
            for name, value in (headers | answer.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def handle_one_request(self):
            try:
                super().handle_one_request()
            except (ConnectionError, ValueError):
                self.close_connection = True

        def log_message(self, *_):
            pass

    return Handler


class _Services(grpc.GenericRpcHandler):
    def __init__(self, backend):
        self.backend = backend

    def service(self, details):
        signal = SIGNALS_BY_METHOD.get(details.method)
        if signal is None:
            return None
        headers = dict(details.invocation_metadata)
        return grpc.unary_unary_rpc_method_handler(lambda body, context: self.export(signal, body, headers, context))

    def export(self, signal, body, headers, context):
        answer = self.backend.take(signal, body, None, headers)
        if answer.code != grpc.StatusCode.OK:
            if answer.retry_after is not None:
                context.set_trailing_metadata((("grpc-status-details-bin", retry_status(answer)),))
            context.abort(answer.code, "as told by the test")
        return answer.body


def retry_status(answer):
    info = error_details_pb2.RetryInfo()
    info.retry_delay.FromNanoseconds(int(answer.retry_after * 1e9))
    detail = any_pb2.Any()
    detail.Pack(info)
    return status_pb2.Status(code=answer.code.value[0], details=[detail]).SerializeToString()


def partial(signal, rejected, message=""):
    """The body of a response with partial success."""
    response = RESPONSES[signal]()
    field_name = {"traces": "rejected_spans", "metrics": "rejected_data_points", "logs": "rejected_log_records"}[signal]
    setattr(response.partial_success, field_name, rejected)
    response.partial_success.error_message = message
    response.partial_success.SetInParent()
    return response.SerializeToString()
