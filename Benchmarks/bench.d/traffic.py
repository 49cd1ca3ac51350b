"""What is sent, and wrk, which sends it: envelopes of which no two are alike, so that none is taken for a redelivery."""
import itertools, json, os, re, signal, subprocess, tempfile, time

import machine
from processes import Failure

EVENT_BYTES = 1140  # with the envelope around it 1.2 KB
SCRIPT = os.path.join(machine.HERE, "post.lua")
seeds = itertools.count(1)


class Envelopes:
    """Envelopes with so many events each. With `companies`, they are of c0000, c0001 … in turn, else of 15691."""

    def __init__(self, events=1, event_bytes=EVENT_BYTES, companies=0, kind="receivedMessage"):
        self.events, self.companies = events, companies
        self.event_bytes = event_bytes
        company = "@C" if companies else "15691"
        items = [self.event(n, company) for n in range(events)]
        self.template = '{"time":1562964573,"messages":{"%s":[%s]}}' % (kind, ",".join(items))

    def event(self, number, company):
        """@I becomes sixteen digits, @C a company of five characters."""
        frame = ('{"id":"@I-%03d","body":"%s","channel":"widget","is_internal":false,"senderType":"customer",'
                 '"chat":{"id":%d,"channel":"widget","situation":"auto"},"company":{"id":"%s"}}')
        bare = frame % (number, "", 100 + number % 900, company)
        length = len(bare) + 14 + (3 if company == "@C" else 0)
        return frame % (number, "x" * max(0, self.event_bytes - length), 100 + number % 900, company)

    def example(self):
        return self.template.replace("@I", "%016d" % 1).replace("@C", "c0000")

    def lua(self, address, path, interval_us):
        body = self.example()
        head = f"POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        parts = ", ".join(json.dumps(part) for part in re.split("(@[IC])", head + self.template))
        settings = f"seed, companies, interval_us = {next(seeds)}, {self.companies}, {interval_us or 0}\nparts = {{ {parts} }}\n"
        with open(SCRIPT) as file:
            return settings + file.read()


def wrk(address, envelopes, seconds, connections=64, path="/huggy", per_second=None, until=None, scheme="http"):
    """Sends for so long, or until `until` says so; what wrk saw. `per_second`: paced, in requests of all connections."""
    threads = min(2, connections)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(envelopes.lua(address, path, per_second and threads * 1e6 / per_second))
        script.flush()
        command = [machine.find("wrk"), "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "--timeout", "30s",
                   "-s", script.name, f"{scheme}://{address}{path}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            while until and process.poll() is None and not until():
                time.sleep(0.02)
            if until and process.poll() is None:
                process.send_signal(signal.SIGINT)  # wrk ends in order, and reports
            text, _ = process.communicate(timeout=seconds + 120)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    return outcome(text)


def outcome(text):
    found = re.search(r"^RESULT (.*)$", text, re.M)
    if not found:
        raise Failure("wrk failed: " + text)
    result = json.loads(found[1])
    if any(result["errors"].values()) or not result["requests"]:
        raise Failure(f"not every request was answered 2xx: {result}")
    return result
