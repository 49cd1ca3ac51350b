"""Full TLS handshakes: the relay's ingest beside nginx, with the same RSA-2048 key and cipher, one after the other in each run."""
import os, subprocess, sys, tempfile

import machine, processes
from harness import Relay, configuration, free_port
from processes import Failure
from report import ranged, table

# A version, and where it can be said a cipher that both offer; no client takes a session up again.
VERSIONS = {"TLS 1.3": ("TLSv1_3", ""), "TLS 1.2": ("TLSv1_2", "ECDHE-RSA-AES128-GCM-SHA256")}
CLIENT = os.path.join(machine.HERE, "handshake_client.py")
CLIENTS = 2
NGINX = """daemon off; worker_processes 1; error_log {folder}/nginx.log; pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve X25519; ssl_session_cache off; ssl_session_tickets off;
    location / {{ return 200 "ok"; }}
  }}
}}
"""


def load(port, seconds, version, cipher):
    """How many handshakes were made."""
    command = [sys.executable, CLIENT, str(port), str(seconds), version, cipher]
    clients = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(CLIENTS)]
    counts = [client.communicate(timeout=seconds + 60)[0] for client in clients]
    if any(client.returncode for client in clients):
        raise Failure("a client's handshake failed")
    return sum(map(int, counts))


def cost(pids, port, seconds, version, cipher):
    """CPU µs of a handshake, its request and its end."""
    load(port, 1, version, cipher)
    before = processes.family_cpu(pids)
    count = load(port, seconds, version, cipher)
    return {"cpu_us": (processes.family_cpu(pids) - before) * 1e6 / count, "per_s": count / seconds}


def certify(folder):
    subprocess.run(
        [machine.find("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.pem", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, cwd=folder, capture_output=True)


def compare(results, runs, seconds, say):
    with tempfile.TemporaryDirectory(dir=machine.scratch()) as folder:
        certify(folder)
        port = free_port()
        with open(os.path.join(folder, "nginx.conf"), "w") as file:
            file.write(NGINX.format(folder=folder, port=port))
        own_folder = os.path.join(folder, "relay")
        os.makedirs(own_folder)
        yaml = configuration('  nobody: { url: "http://127.0.0.1:9/" }', "  - { name: all, to: nobody }").replace(
            "server: { ", f'server: {{ tls: {{ certificate: "{folder}/server.pem", key: "{folder}/server.key" }}, ', 1)
        with processes.running(machine.find("nginx"), "-p", folder, "-c", os.path.join(folder, "nginx.conf")) as nginx, \
                processes.ending(Relay(own_folder, yaml)) as relay:
            own = int(relay.address.rsplit(":", 1)[1])
            for name, (version, cipher) in VERSIONS.items():
                found = results.setdefault(name, [])
                for n in range(runs):
                    say(f"handshakes, {name}, run {n + 1} of {runs}")
                    theirs = cost([nginx.pid], port, seconds, version, cipher)
                    ours = cost([relay.process.pid], own, seconds, version, cipher)
                    found.append({"relay": ours["cpu_us"], "nginx": theirs["cpu_us"], "ratio": ours["cpu_us"] / theirs["cpu_us"]})


def report(results):
    table("Full TLS handshakes (RSA-2048), with a request and an end (CPU µs)", ["", "relay", "nginx", "relay ÷ nginx"],
          [[name, ranged(runs, "relay"), ranged(runs, "nginx"), ranged(runs, "ratio")] for name, runs in results.items()])
