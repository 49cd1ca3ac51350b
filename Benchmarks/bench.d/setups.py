"""The scenarios that are one load on one configuration."""
import base64, dataclasses, socket
from typing import Callable

from harness import configuration
from traffic import Envelopes

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four!").decode()
TO_SINK = "  - { name: all, to: sink }"
BATCH_EVENTS = 100


@dataclasses.dataclass
class Setup:
    about: str
    yaml: Callable  # of the sink
    envelopes: Envelopes = dataclasses.field(default_factory=Envelopes)
    fanout: int = 1  # deliveries of an event
    waits: bool = False  # the deliveries stay pending
    base: str = ""  # of the scenario that is the same without what this one adds
    batches: bool = False  # several events may stand in a request
    scheme: str = "http"  # in which it is sent


def destination(url, name="sink", concurrency=64, more=""):
    return f'  {name}: {{ url: "{url}", format: event, concurrency: {concurrency}{more} }}'


def to_one(sink, more=""):
    return configuration(destination(sink.url, more=more), TO_SINK)


def in_batches(sink):
    return to_one(sink.batches, f", batch: {{ max_events: {BATCH_EVENTS}, max_bytes: 1MiB }}")


def rescuing(sink):
    return to_one(sink).replace("huggy: {}", 'huggy: { attachments: { hosts: ["*.files.test"] } }')


def received_over_tls(sink):
    return to_one(sink).replace(
        "server: { ", f'server: {{ tls: {{ certificate: "{sink.folder}/server.pem", key: "{sink.folder}/server.key" }}, ', 1)


def to_three(sink):
    names = ["first", "second", "third"]
    return configuration(
        "\n".join(destination(sink.url + name, name) for name in names), "  - { name: all, to: [first, second, third] }")


def by_company(sink, destinations, concurrency=16):
    """Each company's events go to a destination of its own."""
    return configuration(
        "\n".join(destination(f"{sink.url}{n}", f"d{n}", concurrency) for n in range(destinations)),
        "\n".join(f'  - {{ name: r{n}, match: {{ company: "c{n:04}" }}, to: d{n} }}' for n in range(destinations)))


def routes_without_match(count, to="sink"):
    return "\n".join(f'  - {{ name: r{n}, match: {{ company: "{100_000 + n}" }}, to: {to} }}' for n in range(count))


def filtering(keep):
    return lambda sink: configuration(destination(sink.url), routes_without_match(1000), store=f"store: {{ keep: {keep} }}")


# A port that refuses, and stays taken: bound, and never listening.
refusing = socket.socket()
refusing.bind(("127.0.0.1", 0))


def to_nobody(sink):
    return configuration(destination(f"http://127.0.0.1:{refusing.getsockname()[1]}/"), TO_SINK)


def over_tls(sink):
    return configuration(
        destination(sink.tls_url, more=f', http2: true, tls: {{ ca: "{sink.authority}" }}'), TO_SINK)


def signed(sink):
    return configuration(destination(sink.url, more=f', signing_secret: "{SECRET}"'), TO_SINK)


SETUPS = {
    "one": Setup("1 event → 1 destination", to_one),
    "three": Setup("3 events in an envelope → 1 destination", to_one, Envelopes(3)),
    "one-batch": Setup("one, up to 100 events a request", in_batches, base="one", batches=True),
    "three-batch": Setup("three, up to 100 events a request", in_batches, Envelopes(3), base="three", batches=True),
    "one-attachments": Setup("one, its source rescues files, but there are none", rescuing, base="one"),
    "one-tls": Setup("one, received over TLS", received_over_tls, base="one", scheme="https"),
    "fanout": Setup("1 event → 3 destinations", to_three, fanout=3),
    "filter-routed": Setup("1,000 routes, none matches, keep: routed", filtering("routed"), fanout=0),
    "filter-all": Setup("1,000 routes, none matches, keep: all", filtering("all"), fanout=0),
    "accept": Setup("the destination is down", to_nobody, waits=True),
    "many": Setup("500 destinations, each event to one", lambda sink: by_company(sink, 500), Envelopes(companies=500)),
    "large": Setup("256 KiB bodies", to_one, Envelopes(event_bytes=256 * 1024 - 60)),
    "tls": Setup("HTTPS, HTTP/2", over_tls),
    "signed": Setup("with a signing_secret", signed),
}
