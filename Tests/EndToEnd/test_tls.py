"""Exporters over TLS, with the Go collector's settings and defaults."""

import pytest

import otlp
from backend import Backend
from certificates import Authority
from otlp import Client


@pytest.fixture(params=["otlp_http", "otlp_grpc"])
def exporter(request):
    return request.param


def send_through(start, exporter, backend, tls):
    """Forwards one span with these TLS settings; the exporter's books."""
    place = backend.http if exporter == "otlp_http" else backend.grpc
    daemon = start(f"""
exporters:
  {exporter}/tls:
    endpoint: "{place}"
    tls: {tls}
    retry_on_failure: {{enabled: false}}
service: {{pipelines: {{traces: {{exporters: [{exporter}/tls]}}}}}}
""")
    with Client(daemon.grpc) as client:
        client.export(otlp.traces(names=["secret"]))
    return daemon.stop()[f"exporter {exporter}/tls", "traces"]


def test_a_backend_with_a_known_authority(exporter, start, tmp_path):
    authority = Authority(tmp_path)
    with Backend(identity=authority.issue("server")) as backend:
        assert send_through(start, exporter, backend, f"{{ca_file: {authority.path}}}").forwarded == 1
        assert otlp.names(*backend.messages()) == ["secret"]


def test_a_backend_with_an_unknown_authority_gets_nothing(exporter, start, tmp_path):
    with Backend(identity=Authority(tmp_path).issue("server")) as backend:
        books = send_through(start, exporter, backend, "{}")
        assert (books.forwarded, sum(books.dropped.values())) == (0, 1)
        assert backend.messages() == []


def test_the_authority_need_not_be_checked(exporter, start, tmp_path):
    with Backend(identity=Authority(tmp_path).issue("server")) as backend:
        assert send_through(start, exporter, backend, "{insecure_skip_verify: true}").forwarded == 1


def test_a_backend_that_asks_for_a_certificate(exporter, start, tmp_path):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("client")
    with Backend(identity=authority.issue("server"), clients=authority.path) as backend:
        with_certificate = f"{{ca_file: {authority.path}, cert_file: {certificate}, key_file: {key}}}"
        assert send_through(start, exporter, backend, with_certificate).forwarded == 1
        assert send_through(start, exporter, backend, f"{{ca_file: {authority.path}}}").forwarded == 0
