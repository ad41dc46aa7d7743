"""Configurations with `tail_sampling` in the middle, made for one measurement each."""

import json


def policy(name, kind, **settings):
    """An entry of `policies`."""
    return {"name": name, "type": kind, **({kind: settings} if settings else {})}


def string(name, key, *values, **settings):
    return policy(name, "string_attribute", key=key, values=list(values), **settings)


# Keeps a tenth of otlpload's traces of ten spans, one in twenty of those of one span.
THREE_POLICIES = (
    policy("errors", "status_code", status_codes=["ERROR"]),
    policy("slow", "latency", threshold_ms=500),
    policy("one-percent", "probabilistic", sampling_percentage=1),
)
EVERYTHING = (policy("everything", "always_sample"),)
# What gateways of several teams add to the three: most of it about single attributes, most of it matching little.
EIGHT_POLICIES = THREE_POLICIES + (
    policy("server-errors", "numeric_attribute", key="http.response.status_code", min_value=500, max_value=599),
    string("tenants", "tenant.id", "acme", "globex", "initech"),
    policy("debug", "boolean_attribute", key="app.debug", value=True),
    policy("slow-orders", "and", and_sub_policy=[
        string("orders", "http.route", "/api/v1/orders/{id}"),
        policy("slowish", "latency", threshold_ms=400)]),
    policy("large", "span_count", min_spans=100),
)
SEVENTEEN_POLICIES = EIGHT_POLICIES + (
    policy("health", "drop", drop_sub_policy=[string("health-path", "url.path", "/health", "/ready", "/live")]),
    string("canary", "host.name", "canary-.*", enabled_regex_matching=True),
    string("addresses", "client.address", r"203\.0\.113\.1?7", r"198\.51\.100\..*", enabled_regex_matching=True),
    policy("payments", "ottl_condition", error_mode="ignore", span=[
        'attributes["url.path"] == "/api/v1/payments" and status.code == 2', 'name == "charge card"']),
    policy("retries", "numeric_attribute", key="http.request.resend_count", min_value=2),
    policy("not-shop", "and", and_sub_policy=[
        policy("elsewhere", "not", not_sub_policy=string("shop", "service.name", "checkout", "cart", "search")),
        policy("ten-percent", "probabilistic", sampling_percentage=10)]),
    policy("vendor", "trace_state", key="vendor", values=["priority"]),
    policy("some-of-all", "rate_limiting", spans_per_second=500),
    policy("shares", "composite", max_total_spans_per_second=1000, policy_order=["put", "rest"], composite_sub_policy=[
        string("put", "http.request.method", "PUT"), policy("rest", "always_sample")],
        rate_allocation=[{"policy": "put", "percent": 60}, {"policy": "rest", "percent": 40}]),
)
# Keeps one trace in twenty, about; the last two learn about every service and span name there is.
SOAK_POLICIES = (
    policy("four-percent", "probabilistic", sampling_percentage=4),
    policy("slow-for-its-service", "latency_percentile", percentile=99),
    policy("fair", "adaptive", spans_per_second=500, key=["service.name", "root span name"]),
)


def write_config(path, policies, decision_wait, window_mebibytes=None):
    """Writes a configuration and returns its path; ports come by the environment, as in `configs`.

    `decision_wait` is in seconds; the own metrics are served on the scrape port.
    """
    sampling = {"decision_wait": f"{round(decision_wait * 1000)}ms", "policies": list(policies)}
    if window_mebibytes:
        sampling["max_buffer_mib"] = window_mebibytes
    reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": "${env:BENCH_SCRAPE_PORT}"}}}}
    config = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": "127.0.0.1:${env:BENCH_HTTP_PORT}"}}}},
        "processors": {"tail_sampling": sampling},
        "exporters": {
            "otlp_http": {"endpoint": "http://127.0.0.1:${env:BENCH_SINK_PORT}", "compression": "none"}},
        "service": {
            "telemetry": {"metrics": {"level": "normal", "readers": [reader]}, "logs": {"level": "warn"}},
            "pipelines": {
                "traces": {"receivers": ["otlp"], "processors": ["tail_sampling"], "exporters": ["otlp_http"]}},
        },
    }
    path.write_text(json.dumps(config, indent=1))
    return path
