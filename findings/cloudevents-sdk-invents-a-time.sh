#!/usr/bin/env bash
# An event that arrives without a time has one when the CloudEvents SDK has read it: the moment of reading.
#
# Seen with cloudevents 2.2.0 and 1.12.0 (PyPI).
# "time" is optional in CloudEvents, and an event without it says that its producer does not know when it happened. One would
# guess that the reader's event has none either. The SDK fills it in, as it does for new events, and gives no sign of it: the
# receiver takes the moment of delivery for the moment of the event, a repetition of the same bytes has another time, and
# whoever forwards the event sends a time that nobody measured.
#
# Output seen (one event without time, read twice):
#   2.2.0: times read: 2; a repetition equals the first: False; forwarded with a time: True
#   1.12.0: times read: 2; a repetition equals the first: False; forwarded with a time: True
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
for version in 2.2.0 1.12.0; do
  python3 -m pip install -q --root-user-action ignore --disable-pip-version-check --no-deps --target $version \
    cloudevents==$version python-dateutil==2.9.0.post0 six==1.17.0 deprecation==2.1.0 packaging==24.2 ||
    { echo "these versions can't be had any more, or not for this Python"; exit 2; }
done

cat >read.py <<'PYTHON'
import sys, time

version = sys.argv[1]
headers = {'content-type': 'application/cloudevents+json'}
body = b'{"specversion": "1.0", "id": "evt_1", "source": "/huggy", "type": "closedChat", "data": {"id": 7}}'
if version == '2.2.0':
    from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_structured_event
    def read():
        return from_http_event(HTTPMessage(headers, body))
    def forward(event):
        return to_structured_event(event).body
else:
    from cloudevents.conversion import to_structured
    from cloudevents.http import from_http
    def read():
        return from_http(headers, body)
    def forward(event):
        return to_structured(event)[1]

first = read()
time.sleep(0.01)
second = read()
times = [event.get_attributes().get('time') for event in (first, second)]
given, same, sent = sum(time is not None for time in times), times[0] == times[1], b'"time"' in forward(first)
print(f'{version}: times read: {given}; a repetition equals the first: {same}; forwarded with a time: {sent}')
sys.exit((given, same, sent) != (2, False, True))
PYTHON
for version in 2.2.0 1.12.0; do
  PYTHONPATH=$PWD/$version timeout 60 python3 -W ignore read.py $version
done
