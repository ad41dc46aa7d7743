"""Traffic of which each example of README's sampling chapter keeps a part that is known beforehand."""

import json
import random
from dataclasses import dataclass

from google.protobuf.json_format import MessageToDict

import otlp

MILLISECOND = 1_000_000
SECOND = 1000 * MILLISECOND

# Traces of two spans, or as many as there are names.
KINDS = {
    "plain": {},
    "failed": {"status": 2},
    "half slow": {"duration": 300 * MILLISECOND},
    "slow": {"duration": 700 * MILLISECOND},
    "very slow": {"duration": 2500 * MILLISECOND},
    "gold": {"attributes": {"customer.tier": "gold"}},
    "admin": {"attributes": {"http.route": "/admin/users"}},
    "health": {"attributes": {"http.route": "/health"}},
    "unavailable": {"attributes": {"http.response.status_code": 503}},
    "new checkout": {"attributes": {"feature.new_checkout": True}},
    "synthetic": {"attributes": {"user_agent": "synthetics"}},
    "synthetic failed": {"attributes": {"user_agent": "synthetics"}, "status": 2},
    "retried": {"service": "payment", "attributes": {"retry.count": 3}},
    "slow checkout": {"service": "checkout", "duration": 250 * MILLISECOND},
    "order": {"names": ["POST /orders", "insert"]},
    "many spans": {"names": [f"step {number}" for number in range(60)]},
    "timed out": {},
    "debugged": {},
}

# Which of them a policy of the chapter wants; `drop` policies want to drop.
WANTED = {
    "errors": {"failed", "synthetic failed"},
    "slow": {"slow", "very slow"},
    "half-slow": {"half slow", "slow checkout"},
    "many-spans": {"many spans"},
    "important-customers": {"gold"},
    "admin-pages": {"admin"},
    "server-errors": {"unavailable"},
    "feature-on": {"new checkout"},
    "not-the-health-check": set(KINDS) - {"health"},
    "debugging": {"debugged"},
    "sampled-by-caller": {"debugged"},
    "retried-payments": {"retried", "very slow", "order", "timed out"},
    "slower-than-a-second": {"very slow"},
    "what-they-link-to": {"plain"},
    "no-synthetic-traffic": {"synthetic"},
    "slow-checkouts": {"slow checkout"},
}
# Of what it wants, this policy takes its chance.
BY_CHANCE = {"slow-checkouts": 0.1}


@dataclass
class Trace:
    kind: str
    id: bytes
    request: object


def traces(rounds):
    """A trace of each kind a second; a failed one links to the plain one of its second. The same in every run."""
    dice = random.Random(7)
    made = []
    for second in range(rounds):
        plain = None
        for kind, settings in KINDS.items():
            trace = dice.randbytes(16)
            count = len(settings.get("names", "ab"))
            request = otlp.traces(count, trace_ids=[trace] * count, **settings)
            spans = otlp.spans(request)
            for span in spans:
                span.parent_span_id = b"" if span is spans[0] else spans[0].span_id
                span.start_time_unix_nano += second * SECOND
                span.end_time_unix_nano += second * SECOND
            if kind == "plain":
                plain = spans[0]
            if kind == "failed":
                spans[1].links.add(trace_id=plain.trace_id, span_id=plain.span_id)
            if kind == "debugged":
                spans[0].trace_state, spans[0].flags = "debug=on", 1
            if kind == "timed out":
                event = spans[1].events.add(name="exception", time_unix_nano=otlp.NOW)
                otlp.attribute(event, "exception.type", "TimeoutError")
            made.append(Trace(kind, trace, request))
    return made


def json_line(request):
    """OTLP/JSON has ids in hexadecimal, protobuf's own JSON in base64."""
    text = MessageToDict(request, use_integers_for_enums=True)
    for group, message in zip(text["resourceSpans"][0]["scopeSpans"], request.resource_spans[0].scope_spans):
        for span, ids in zip(group["spans"], message.spans):
            span["traceId"], span["spanId"] = ids.trace_id.hex(), ids.span_id.hex()
            if ids.parent_span_id:
                span["parentSpanId"] = ids.parent_span_id.hex()
            for link, linked in zip(span.get("links", []), ids.links):
                link["traceId"], link["spanId"] = linked.trace_id.hex(), linked.span_id.hex()
    return json.dumps(text) + "\n"


def busy_lines(seconds, traces_per_second, padding=0):
    """Requests of a second's tenth each: traces of ten spans from `calm`, every tenth from `shaky`, where a fifth
    fails, and one in two seconds from `rare`. One in fifty is slow."""
    dice = random.Random(8)
    filler = [{"key": "padding", "value": {"stringValue": "x" * padding}}] if padding else []
    for tenth in range(seconds * 10):
        groups = {"calm": [], "shaky": [], "rare": []}
        start = otlp.NOW + tenth * SECOND // 10
        for number in range(traces_per_second // 10):
            service = "rare" if tenth % 20 == 0 and number == 0 else "shaky" if number % 10 == 9 else "calm"
            trace = f"{dice.getrandbits(128):032x}"
            duration = dice.randrange(150, 300) if dice.random() < 0.02 else dice.randrange(5, 15)
            status = 2 if service == "shaky" and dice.random() < 0.2 else 0
            root = f"{dice.getrandbits(64):016x}"
            for span in range(10):
                groups[service].append({
                    "traceId": trace, "spanId": f"{dice.getrandbits(64):016x}" if span else root,
                    "parentSpanId": root if span else "", "name": "GET /" if span == 0 else "step",
                    "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + duration * MILLISECOND),
                    "status": {"code": status if span == 1 else 0}, "attributes": filler,
                })
        yield json.dumps({"resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                "scopeSpans": [{"spans": spans}],
            }
            for service, spans in groups.items() if spans
        ]}) + "\n"
