"""Whether what deploy/ has for containers and for systemd holds together: compose.yaml, compose.cluster.yaml, haproxy, postgres, kubernetes, the units.

- compose files and Kubernetes' objects are as their schemas say, and no key is there that these do not know;
- what they name is there: files, volumes, secrets, networks, ports, labels;
- whoever ends a relay waits longer than it drains;
- the relay takes each routes.yaml, with the secrets that are made for it;
- PostgreSQL takes the script that makes the relays' role and database, and the role may do what a relay does, and no more;
- HAProxy does what its file says (`Benchmarks/balancer`);
- systemd takes the units, and finds the service's exposure to be no higher than it says, and of no other lines.

Run by .ci/check-deploy. Some fifteen seconds.
"""
import contextlib, copy, glob, json, os, re, shutil, subprocess, sys, tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "Benchmarks", "bench.d")]
import machine, postgres

TOOLS = os.path.dirname(sys.executable)
RELAY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, ".build/release/huggy-relay"))
OLDEST_KUBERNETES = "1.30"
problems = []


def problem(text):
    problems.append(text)
    print(f"check-deploy: {text}", file=sys.stderr)


def run(*command, **how):
    return subprocess.run(command, capture_output=True, text=True, **how)


def must(what, *command, **how):
    done = run(*command, **how)
    if done.returncode:
        problem(f"{what}:\n{done.stdout}{done.stderr}")
    return done


def seconds(text):
    """Of `35s`, `1m30s`; a number is seconds."""
    return sum(int(count) * {"h": 3600, "m": 60, "s": 1}[unit] for count, unit in re.findall(r"(\d+)([hms])", str(text))) or int(text)


def drain(rules):
    return seconds(yaml.safe_load(rules).get("server", {}).get("drain", "20s"))


def variables(path):
    """Of a file with lines NAME=VALUE."""
    return dict(line.split("=", 1) for line in open(path).read().split())


# MARK: The relay's rules


def check_rules(what, rules, secrets, environment):
    """`secrets` by the path that the rules name."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in secrets.items():
            file = os.path.join(folder, path.lstrip("/"))
            os.makedirs(os.path.dirname(file), exist_ok=True)
            open(file, "w").write(text)
        path = os.path.join(folder, "routes.yaml")
        open(path, "w").write(rules.replace("${file:/", "${file:" + folder + "/"))
        for name in re.findall(r"\$\{file:([^}]+)\}", rules):
            if name not in secrets:
                problem(f"{what}: nothing puts {name} there")
        must(f"the relay does not take {what}", RELAY, "check", "--config", path, env={**os.environ, **environment})


# MARK: Compose


def check_compose(folder, name):
    path = os.path.join(folder, name)
    must(f"{name} is no compose file", os.path.join(TOOLS, "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path)
    if run("docker", "compose", "version").returncode == 0:
        must(f"docker compose does not take {name}", "docker", "compose", "--file", path, "config", "--quiet")
    compose = yaml.safe_load(open(path))
    services = {}
    for service, settings in compose["services"].items():
        if "extends" in settings:
            base = yaml.safe_load(open(os.path.join(folder, settings["extends"]["file"])))["services"][settings["extends"]["service"]]
            settings = {**copy.deepcopy(base), **settings}
        services[service] = settings
    published = []
    for service, settings in services.items():
        for kind in ("secrets", "networks"):
            for one in settings.get(kind, []):
                if one not in compose.get(kind, {}) and one != "default":
                    problem(f"{name}: {service} has {one} of {kind}, which there is not")
        for other in settings.get("depends_on", []):
            if other not in services:
                problem(f"{name}: {service} depends on {other}, which there is not")
        for volume in settings.get("volumes", []):
            source = volume["source"] if isinstance(volume, dict) else volume.split(":")[0]
            if source.startswith("."):
                if not os.path.exists(os.path.join(folder, source)):
                    problem(f"{name}: {service} mounts {source}, which nobody makes")
            elif source not in compose.get("volumes", {}):
                problem(f"{name}: {service} has the volume {source}, which there is not")
        if settings.get("cap_drop") != ["ALL"]:
            problem(f"{name}: {service} keeps capabilities")
        published += settings.get("ports", [])
    for secret, settings in compose.get("secrets", {}).items():
        if not os.path.exists(os.path.join(folder, settings["file"])):
            problem(f"{name}: nobody makes the secret {secret}")
    for port in published:
        if not port.startswith(("127.0.0.1:", "${BIND:-127.0.0.1}:")):
            problem(f"{name}: {port} is open to others")
    if len({port.rsplit(":", 1)[0] for port in published}) != len(published):
        problem(f"{name}: a port is published twice")
    return services


def check_all_compose(folder):
    for word in ([], ["cluster"], ["cluster"]):  # twice is as good as once
        must("prepare-compose fails", os.path.join(folder, "prepare-compose"), *word)
    secrets = {f"/run/secrets/{name}": open(os.path.join(folder, "secrets", name)).read() for name in os.listdir(os.path.join(folder, "secrets"))}
    environment = variables(os.path.join(folder, "routes.env"))

    def given(service):
        """The secrets that it sees; one that nobody makes was told above."""
        return {path: text for path, text in secrets.items() if os.path.basename(path) in service["secrets"]}

    one = check_compose(folder, "compose.yaml")
    check_rules("config.example/routes.yaml", open(os.path.join(folder, "config/routes.yaml")).read(),
                given(one["huggy-relay"]), environment)

    several = check_compose(folder, "compose.cluster.yaml")
    relays = {name: settings for name, settings in several.items() if name.startswith("relay-")}
    rules = open(os.path.join(folder, "config.cluster/routes.yaml")).read()
    balancer = open(os.path.join(folder, "haproxy/haproxy.cfg")).read()
    prometheus = yaml.safe_load(open(os.path.join(folder, "prometheus/prometheus.cluster.yml")))
    must("HAProxy does not take haproxy.cfg", shutil.which("haproxy") or "/usr/sbin/haproxy", "-c", "-f", os.path.join(folder, "haproxy/haproxy.cfg"))
    targets = prometheus["scrape_configs"][0]["static_configs"][0]["targets"]
    if sorted(targets) != sorted(f"{name}:8081" for name in relays):
        problem("prometheus.cluster.yml asks other relays than compose.cluster.yaml has")
    if sorted(yaml.safe_load(rules)["server"]["admin_hosts"]) != sorted(relays):
        problem("config.cluster.example/routes.yaml has other admin_hosts than compose.cluster.yaml has relays")
    for backend in re.findall(r"^backend .*\n(?:(?!^\S).*\n)*", balancer, re.M):
        if sorted(re.findall(r"^    server (\S+) \1:8080$", backend, re.M)) != sorted(relays):
            problem("haproxy.cfg has other relays than compose.cluster.yaml")
    for name, settings in relays.items():
        if settings["hostname"] != name:
            problem(f"compose.cluster.yaml: {name} calls itself {settings['hostname']}")
        if not settings["read_only"] or not several["postgres"]["read_only"] or not several["haproxy"]["read_only"]:
            problem("compose.cluster.yaml: a container's own files can be written")
        if seconds(settings["stop_grace_period"]) < drain(rules) + 10:
            problem(f"compose.cluster.yaml ends {name} before it has drained")
    check_cluster(folder, relays)
    check_rules("config.cluster.example/routes.yaml", rules, given(relays["relay-1"]), variables(os.path.join(folder, "secrets", "admin.env")))
    return secrets


def check_cluster(folder, relays):
    """What deploy/cluster asks docker for, of one that only writes it down: `up` fails for the relay that FAILING names."""
    with tempfile.TemporaryDirectory() as scratch:
        docker, log = os.path.join(scratch, "docker"), os.path.join(scratch, "log")
        open(docker, "w").write(f"""#!/usr/bin/env bash
shift 3
case $1 in
  up) said="up ${{@: -1}}" ;;
  exec) [[ $2 == -T ]] && said="${{@: -2:1}} ${{@: -1}}" || said="$2 ${{*:4}}" ;;
esac
echo "$said" >>{log}
[[ $said != "up ${{FAILING:-}}" ]]
""")
        os.chmod(docker, 0o755)

        def asked(*words, failing=""):
            with contextlib.suppress(FileNotFoundError):
                os.remove(log)
            environment = {**os.environ, "PATH": f"{scratch}:{os.environ['PATH']}", "FAILING": failing}
            status = run(os.path.join(folder, "cluster"), *words, env=environment).returncode
            return status, open(log).read().splitlines() if os.path.exists(log) else []

        update = [f"{name} drain|up {name}|{name} ready" for name in relays]
        reload = [f"{next(iter(relays))} check /etc/huggy-relay/routes.yaml"] + [f"{name} reload" for name in relays]
        for words, failing, wanted in [
            (["update"], "", (0, "|".join(update).split("|"))),
            (["update"], "relay-1", (1, update[0].split("|"))),
            (["reload"], "", (0, reload)),
            (["relay-2", "status", "--json"], "", (0, ["relay-2 status --json"])),
            ([], "", (64, [])),
        ]:
            if (found := asked(*words, failing=failing)) != wanted:
                problem(f"deploy/cluster {' '.join(words)}: {found} in place of {wanted}")


# MARK: PostgreSQL


def check_postgres(folder, secrets):
    """The script of the image, on a server of our own, and what the role may do."""
    path = os.path.join(folder, "postgres", "10-huggy-relay.sh")
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory())
        # The server runs as another user, who may not get into the repository's folder.
        os.chmod(scratch, 0o755)
        machine.SCRATCH = scratch
        server = stack.enter_context(postgres.running())
        password = os.path.join(scratch, "database-password")
        open(password, "w").write(secrets["/run/secrets/database-password"])
        script = os.path.join(scratch, "script")
        open(script, "w").write(open(path).read().replace("/run/secrets/database-password", password))
        environment = {**os.environ, "PGHOST": server.socket, "POSTGRES_USER": "bench", "PATH": f"{server.binaries}:{os.environ['PATH']}"}
        must("PostgreSQL does not take postgres/10-huggy-relay.sh", "bash", script, env=environment)

        def asked(sql):
            done = run(f"{server.binaries}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", server.socket, "-U", "huggy_relay", "-d", "huggy_relay", "-c", sql)
            return done.stdout.strip() if done.returncode == 0 else None

        for what, sql, wanted in [
            ("is no superuser, and makes neither roles nor databases", "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles WHERE rolname = current_user", "f"),
            ("makes its schema", "CREATE SCHEMA huggy_relay", ""),
            ("ends its own sessions, as a take-over does", "SELECT bool_and(pg_has_role(usename, 'USAGE')) FROM pg_stat_activity WHERE pid = pg_backend_pid()", "t"),
            ("has a database in UTF8", "SHOW server_encoding", "UTF8"),
        ]:
            if asked(sql) != wanted:
                problem(f"postgres/10-huggy-relay.sh: the role {what}: not so")
        hashed = server.ask("SELECT rolpassword LIKE 'SCRAM-SHA-256%' FROM pg_authid WHERE rolname = 'huggy_relay'")
        if hashed != "t":
            problem("postgres/10-huggy-relay.sh: the role has no password")


# MARK: Kubernetes


def objects(folder):
    """[(file, object)] of a folder; those with `.example` after their names, too."""
    found = []
    for path in sorted(glob.glob(os.path.join(folder, "*.yaml")) + glob.glob(os.path.join(folder, "*.yaml.example"))):
        found += [(os.path.basename(path), one) for one in yaml.safe_load_all(open(path))]
    return found


def validate(name, files):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for path in files:
            paths.append(os.path.join(folder, os.path.basename(path).removesuffix(".example")))
            shutil.copy(path, paths[-1])
        for version in ([], ["-k", OLDEST_KUBERNETES + ".0"]):
            must(f"deploy/kubernetes/{name} is not as Kubernetes has it", os.path.join(TOOLS, "kubernetes-validate"), "--strict", "--quiet", *version, *paths)


def check_kubernetes(name):
    folder = os.path.join(ROOT, "deploy", "kubernetes", name)
    validate(name, glob.glob(os.path.join(folder, "*.yaml*")))
    kinds = {}
    for file, one in objects(folder):
        kinds.setdefault(one["kind"], []).append(one)
        if one["metadata"].get("namespace"):
            problem(f"deploy/kubernetes/{name}/{file} names a namespace, which is whoever's who applies it")
    work = (kinds.get("Deployment") or kinds["StatefulSet"])[0]
    pod = work["spec"]["template"]
    labels, spec = pod["metadata"]["labels"], pod["spec"]
    container = spec["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}

    def selects(selector):
        return selector and selector.items() <= labels.items()

    claims = {
        "the work selects its pods": selects(work["spec"]["selector"]["matchLabels"]),
        "the policy is the pods'": selects(kinds["NetworkPolicy"][0]["spec"]["podSelector"]["matchLabels"]),
        "the budget is the pods'": all(selects(one["spec"]["selector"]["matchLabels"]) for one in kinds.get("PodDisruptionBudget", [])),
        "services are the pods', and lead to their ports": all(
            selects(one["spec"]["selector"]) and one["spec"]["ports"][0]["targetPort"] in ports for one in kinds["Service"]),
        "probes ask the admin port": all(container[probe]["httpGet"]["port"] == "admin" for probe in ("startupProbe", "livenessProbe", "readinessProbe")),
        "what ends a pod does not ask the store": container["livenessProbe"]["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == "/healthz",
        "only who is ready gets requests": container["readinessProbe"]["httpGet"]["path"] == "/readyz",
        "no root": spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"},
        "no rights": container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    }
    rules = kinds["ConfigMap"][0]["data"]["routes.yaml"]
    stop = container.get("lifecycle", {}).get("preStop", {"sleep": {"seconds": 0}})
    claims["a pod is given the time to drain"] = spec["terminationGracePeriodSeconds"] >= stop["sleep"]["seconds"] + drain(rules) + 10
    waits = seconds(container["args"][container["args"].index("--wait-for-store") + 1])
    startup = container["startupProbe"]
    claims["a start may wait for the store"] = startup["periodSeconds"] * startup["failureThreshold"] > waits
    server = yaml.safe_load(rules)["server"]
    claims["the relay listens where its ports are"] = server["listen"] == f"0.0.0.0:{ports['ingest']}" and server["admin"] == f"0.0.0.0:{ports['admin']}"
    names = {one["metadata"]["name"] for one in kinds["Service"]}
    claims["admin_hosts are services"] = set(server["admin_hosts"]) <= names
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volumes = {volume["name"] for volume in spec["volumes"]} | {one["metadata"]["name"] for one in work["spec"].get("volumeClaimTemplates", [])}
    claims["what is mounted is there"] = set(mounted) == volumes
    if work["kind"] == "StatefulSet":
        claims["one relay has one file"] = work["spec"]["replicas"] == 1 and work["spec"]["serviceName"] in names
    else:
        claims["a new one is ready before an old one goes"] = work["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        claims["several"] = work["spec"]["replicas"] >= 2
    for claim, holds in claims.items():
        if not holds:
            problem(f"deploy/kubernetes/{name}: {claim}: not so")
    secrets = {f"{mounted['secrets']}/{key}": text for key, text in kinds["Secret"][0]["stringData"].items()}
    if len(set(secrets.values())) != len(secrets):
        problem(f"deploy/kubernetes/{name}: two secrets are alike")
    check_rules(f"deploy/kubernetes/{name}/configmap.yaml", rules, secrets, {})


# MARK: systemd

# What `systemd-analyze security` may still mark: each line's reason stands in the unit.
MARKED = {
    "DeviceAllow", "IPAddressDeny", "PrivateNetwork", "ProcSubset", "RestrictAddressFamilies_AF_INET_INET6",
    "RestrictAddressFamilies_AF_NETLINK", "RestrictAddressFamilies_AF_UNIX", "RootDirectoryOrRootImage",
}
HIGHEST_EXPOSURE = 1.1


def check_units():
    """As deploy/ has them, and the service as the package has it: under a user of its own."""
    text = open(os.path.join(ROOT, "deploy/huggy-relay.service")).read()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "huggy-relay.service")
        shutil.copy(os.path.join(ROOT, "deploy/huggy-relay.socket"), folder)
        open(path, "w").write(text.replace("/usr/local/bin/huggy-relay", RELAY))
        verified = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", path, os.path.join(folder, "huggy-relay.socket"))
        said = [line for line in verified.stderr.splitlines() if "huggy-relay" in line]
        if verified.returncode or said:
            problem(f"systemd does not take the units:\n{verified.stderr}")
        for kind, unit in {"deploy/huggy-relay.service": text, "the package's unit": text.replace("DynamicUser=yes", "User=huggy-relay")}.items():
            open(path, "w").write(unit)
            done = run("systemd-analyze", "security", "--offline=true", "--json=short", path)
            # Where a line does not count, its exposure is null.
            marked = {one["json_field"] for one in json.loads(done.stdout) if not one["set"] and one["exposure"]}
            if marked - MARKED:
                problem(f"{kind} leaves open what it had closed: {sorted(marked - MARKED)}")
            if MARKED - marked:
                problem(f"{kind} closes more than .ci/check-deploy.py knows: {sorted(MARKED - marked)}")
            if run("systemd-analyze", "security", "--offline=true", f"--threshold={HIGHEST_EXPOSURE * 10:.0f}", path).returncode:
                problem(f"{kind} is exposed more than {HIGHEST_EXPOSURE}")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "deploy")
        shutil.copytree(os.path.join(ROOT, "deploy"), folder, ignore=shutil.ignore_patterns("config", "config.cluster", "secrets", "routes.env", ".env"))
        secrets = check_all_compose(folder)
        check_postgres(folder, secrets)
    for name in ("postgres", "embedded"):
        check_kubernetes(name)
    check_units()
    tried = run(sys.executable, os.path.join(ROOT, "Benchmarks", "balancer"), "rules", timeout=300)
    print(tried.stdout, end="")
    if tried.returncode:
        problem(f"HAProxy does something else than haproxy.cfg says:\n{tried.stderr}")
    print(f"check-deploy: {len(problems)} problems" if problems else "check-deploy: all holds together")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
