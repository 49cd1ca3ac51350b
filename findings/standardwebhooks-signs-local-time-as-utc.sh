#!/usr/bin/env bash
# sign() of the Standard Webhooks library relabels an aware time as UTC: a sender in -03:00 signs three hours ago.
#
# Seen with standardwebhooks 1.1.0 (PyPI), whose sign() svix 2.9.1 (PyPI) uses as well.
# An aware datetime is an instant, and timestamp() of it is the same number in every zone: a sender writes that number into
# webhook-timestamp. One would guess that sign(), which takes the datetime, signs the same number. But it takes the clock's face
# and calls it UTC. A sender that works with datetime.now(UTC) never notices; with any other zone no receiver accepts a single
# event, the library's own verify() neither, and the error names the signature and not the time.
#
# Output seen (headers made of int(at.timestamp()) and sign(id, at, body), with the zone of at):
#   standardwebhooks, UTC: verified
#   standardwebhooks, -03:00: WebhookVerificationError('No matching signature found')
#   svix, UTC: verified
#   svix, -03:00: WebhookVerificationError('No matching signature found')
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
# Of svix only the signing part is imported, which needs nothing but standardwebhooks.
python3 -m pip install -q --root-user-action ignore --disable-pip-version-check --no-deps --target lib \
  standardwebhooks==1.1.0 svix==2.9.1 || { echo "these versions can't be had any more"; exit 2; }
mkdir only
mv lib/svix/webhooks.py only/svix_webhooks.py

PYTHONPATH=$PWD/lib:$PWD/only timeout 60 python3 - <<'PYTHON'
import sys
from datetime import datetime, timedelta, timezone
import standardwebhooks
import svix_webhooks

def outcome(library, prefix, zone):
    webhook = library.Webhook('whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX')
    at = datetime.now(zone)
    body = '{"type":"closedChat"}'
    headers = {f'{prefix}-id': 'evt_1', f'{prefix}-timestamp': str(int(at.timestamp())),
               f'{prefix}-signature': webhook.sign('evt_1', at, body)}
    try:
        webhook.verify(body, headers)
        return 'verified'
    except Exception as error:
        return repr(error)

wrong = 0
for name, library, prefix in (('standardwebhooks', standardwebhooks, 'webhook'), ('svix', svix_webhooks, 'svix')):
    for zone, label, seen in ((timezone.utc, 'UTC', 'verified'), (
            timezone(timedelta(hours=-3)), '-03:00', "WebhookVerificationError('No matching signature found')")):
        result = outcome(library, prefix, zone)
        wrong += result != seen
        print(f'{name}, {label}: {result}')
sys.exit(wrong > 0)
PYTHON
