"""gRPC by hand on a raw HTTP/2 connection, for what a proper client does not do."""

import socket
import struct

import h2.config
import h2.connection
import h2.events

from otlp import METHODS


def length_prefixed(message, compressed=False):
    return struct.pack(">BI", compressed, len(message)) + message


class Connection:
    """One HTTP/2 connection; events are kept until they are asked for."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=15)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.events = []
        self.is_closed = False
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def request(self, path=METHODS["traces"], headers=(), method="POST", content_type="application/grpc", end=False):
        """Opens a stream and returns its number."""
        stream = self.h2.get_next_available_stream_id()
        pairs = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "test"), ("te", "trailers")]
        if content_type:
            pairs.append(("content-type", content_type))
        self.h2.send_headers(stream, [*pairs, *headers], end_stream=end)
        self.flush()
        return stream

    def send(self, stream, data, end=False):
        """Sends data, waiting for the peer's windows."""
        while data:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room == 0:
                self.receive()
                continue
            piece, data = data[:room], data[room:]
            self.h2.send_data(stream, piece)
        if end:
            self.h2.end_stream(stream)
        self.flush()

    def receive(self):
        data = self.socket.recv(1 << 16)
        if not data:
            self.is_closed = True
            return
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.events.append(event)
        self.flush()

    def wait_for(self, kind, stream=None):
        """The first event of a kind, perhaps of one stream; the connection's end is an error."""
        while True:
            for event in self.events:
                if isinstance(event, kind) and (stream is None or event.stream_id == stream):
                    return event
            assert not self.is_closed, f"closed before {kind.__name__}; got {self.events}"
            self.receive()

    def answer(self, stream):
        """Headers and trailers of a stream that has ended, as one dictionary, and its data."""
        while not any(
            isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)) and event.stream_id == stream
            for event in self.events
        ):
            assert not self.is_closed, f"closed before an answer on {stream}; got {self.events}"
            self.receive()
        headers, data = {}, b""
        for event in self.events:
            if getattr(event, "stream_id", None) != stream:
                continue
            if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                headers |= dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                data += event.data
        return headers, data
