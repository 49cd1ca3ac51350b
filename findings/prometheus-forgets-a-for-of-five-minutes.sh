#!/usr/bin/env bash
# An alert that fires is pending again after each restart of Prometheus, unless its "for" is ten minutes or longer.
#
# Seen with Prometheus 2.42.0 (Debian 12's prometheus, 2.42.0+ds-5+deb12u1), default settings.
# Prometheus keeps since when each alert is active (ALERTS_FOR_STATE), so that a restart does not begin "for" anew: one would guess
# that this holds for every alert. It holds for those alone whose "for" is not shorter than --rules.alert.for-grace-period, ten
# minutes. An alert with the usual five, which has fired for days, is silent for five minutes after a restart; but what was sent to
# Alertmanager ends four minutes after it was sent last. So people are told that it is resolved, and then that it is there anew. What
# keep_firing_for holds is gone after a restart, however long it is.
#
# Output seen (the condition of "kept" had ended before the restart, those of the others went on):
#   for: 4s, before the restart: firing
#   for: 4s, after it: pending, active since the restart; firing again after 4 s
#   for: 9m, after it: pending, active since the restart
#   for: 11m, after it: pending, active since before the restart
#   keep_firing_for: 1h, before the restart: firing
#   keep_firing_for: 1h, after it: gone
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
apt-get download -qq prometheus=2.42.0+ds-5+deb12u1 ||
  { echo "this version can't be had any more (apt-get update first?)"; exit 2; }
dpkg-deb -x ./*.deb .
usr/bin/prometheus --version 2>&1 | grep 'version 2\.42\.0' >/dev/null || { echo "Prometheus does not run here, or another one ran"; exit 2; }

timeout 120 python3 - <<'PYTHON'
import datetime, json, socket, subprocess, sys, time, urllib.request

with socket.create_server(('127.0.0.1', 0)) as free:
    port = free.getsockname()[1]
with open('rules.yml', 'w') as file:
    file.write(f'''groups:
  - name: alerts
    rules:
      - {{ alert: "4s", expr: vector(1), for: 4s }}
      - {{ alert: 9m, expr: vector(1), for: 9m }}
      - {{ alert: 11m, expr: vector(1), for: 11m }}
      - {{ alert: kept, expr: vector(time()) < {time.time() + 8:.0f}, keep_firing_for: 1h }}
''')
with open('prometheus.yml', 'w') as file:
    file.write('global: { evaluation_interval: 1s }\nrule_files: [rules.yml]\n')

# No proxy of the environment's.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

def ask(path):
    with direct.open(f'http://127.0.0.1:{port}{path}', timeout=10) as answer:
        return answer.read()

def start():
    prometheus = subprocess.Popen(
        ['usr/bin/prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=data',
         f'--web.listen-address=127.0.0.1:{port}'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            ask('/-/ready')
            return prometheus
        except OSError:
            if prometheus.poll() is not None:
                break
            time.sleep(0.1)
    prometheus.kill()
    print('Prometheus did not start')
    sys.exit(2)

def alerts():
    found = {}
    for alert in json.loads(ask('/api/v1/alerts'))['data']['alerts']:
        active = datetime.datetime.strptime(alert['activeAt'][:19] + '+0000', '%Y-%m-%dT%H:%M:%S%z').timestamp()
        found[alert['labels']['alertname']] = (alert['state'], active)
    return found

def wait(seconds, holds):
    end = time.monotonic() + seconds
    while True:
        found = alerts()
        if holds(found) or time.monotonic() > end:
            return found
        time.sleep(0.1)

lines = []
prometheus = start()
try:
    # The condition of "kept" has ended by then.
    began = time.monotonic()
    wait(20, lambda found: time.monotonic() - began > 11 and found.get('4s', ' ')[0] == 'firing')
    before = alerts()
    lines += [f'for: 4s, before the restart: {before["4s"][0]}']
    prometheus.terminate()
    prometheus.wait()
    restart = time.time()
    # activeAt is read to the second.
    time.sleep(2)
    prometheus = start()
    # What is restored is restored after the second evaluation.
    wait(20, lambda found: '9m' in found)
    seen = time.monotonic()
    wait(2.5, lambda found: False)
    after = alerts()
    def since(name):
        return f'active since {"the restart" if after[name][1] >= restart else "before the restart"}'
    state = after['4s'][0]
    again = wait(20, lambda found: found['4s'][0] == 'firing')['4s'][0]
    took = time.monotonic() - seen
    lines += [f'for: 4s, after it: {state}, {since("4s")}; {again} again after {"4" if 3 < took < 6 else f"{took:.1f}"} s']
    for name in ('9m', '11m'):
        lines += [f'for: {name}, after it: {after[name][0]}, {since(name)}']
    lines += [f'keep_firing_for: 1h, before the restart: {before.get("kept", ("gone",))[0]}',
              f'keep_firing_for: 1h, after it: {after.get("kept", ("gone",))[0]}']
finally:
    prometheus.terminate()
    prometheus.wait()

print(*lines, sep='\n')
sys.exit(lines != [
    'for: 4s, before the restart: firing',
    'for: 4s, after it: pending, active since the restart; firing again after 4 s',
    'for: 9m, after it: pending, active since the restart',
    'for: 11m, after it: pending, active since before the restart',
    'keep_firing_for: 1h, before the restart: firing',
    'keep_firing_for: 1h, after it: gone'])
PYTHON
