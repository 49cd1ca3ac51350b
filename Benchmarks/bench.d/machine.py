"""The machine: what is installed, what is missing, and the facts that belong beside every number."""
import glob, os, platform, resource, shutil, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# The folder of the runs is on the disk that holds the repository: /tmp is memory on many machines, and a sync there costs nothing.
SCRATCH = os.path.join(ROOT, ".build", "bench")
PACKAGES = {
    "wrk": "wrk", "strip": "binutils", "valgrind": "valgrind", "nginx": "nginx-light", "openssl": "openssl", "redis-server": "redis-server", "syslog-ng": "syslog-ng-core",
    "/usr/lib/syslog-ng/*/libhttp.so": "syslog-ng-mod-http", "/usr/include/simdjson.h": "libsimdjson-dev",
    "/usr/include/sqlite3.h": "libsqlite3-dev", "/usr/include/zlib.h": "zlib1g-dev", "pkg-config": "pkg-config",
    "chromium": "chromium", "chromedriver": "chromium-driver",
    "/usr/include/postgresql/libpq-fe.h": "libpq-dev", "/usr/lib/postgresql/*/bin/postgres": "postgresql",
}


def find(tool):
    """Its path, also where the PATH of a plain user doesn't look."""
    if os.path.isabs(tool):
        return next(iter(glob.glob(tool)), None)
    return shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/usr/local/sbin")


def need(*tools):
    """Installs the packages of tools that are missing."""
    missing = [PACKAGES[tool] for tool in tools if not find(tool)]
    if missing:
        install(missing)


def install(packages):
    if not find("apt-get"):
        sys.exit("These are missing: " + " ".join(packages))
    print("installing " + " ".join(packages), file=sys.stderr)
    as_root("apt-get", "update", "-qq")
    as_root("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)


def as_root(*command, **how):
    subprocess.run([*([] if os.geteuid() == 0 else ["sudo"]), *command], check=True, stdout=subprocess.DEVNULL, **how)


def scratch():
    os.makedirs(SCRATCH, exist_ok=True)
    return SCRATCH


def file_limit():
    """The most open files that a process may have; takes what the system gives."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(most, 1 << 20) if most != resource.RLIM_INFINITY else 1 << 20


def facts():
    names = (line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    memory = int(open("/proc/meminfo").readline().split()[1]) // 1024
    filesystem = subprocess.check_output(["stat", "-f", "-c", "%T", scratch()], text=True).strip()
    return {
        "cpu": next(names, platform.machine()), "cores": os.cpu_count(), "memory_mib": memory, "kernel": platform.release(), "filesystem": filesystem,
        "python": platform.python_version(),
    }
