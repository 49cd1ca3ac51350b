"""What /proc tells about processes, and a way to never leave one behind."""
import contextlib, ctypes, os, signal, subprocess, sys, time

class Failure(Exception):
    """A run whose numbers would be lies."""


TICK = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


def stat(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()


def cpu_seconds(pid):
    """User and system time of all its threads, and of the children that it has waited for."""
    return sum(int(field) for field in stat(pid)[11:15]) / TICK


def family(pid):
    """The process and all its descendants."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            parents.setdefault(int(stat(entry)[1]), []).append(int(entry))
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        left += parents.get(one, [])
    return found


def family_cpu(pids):
    return sum(cpu_seconds(member) for pid in pids for member in family(pid))


def family_peak_mib(pids):
    return sum(peak_mib(member) for pid in pids for member in family(pid))


def memory(pid, key):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(key + ":"))


def peak_mib(pid):
    return memory(pid, "VmHWM")


def resident_mib(pid):
    return memory(pid, "VmRSS")


def forget_peak(pid):
    """The peak counts from now."""
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


def written_bytes(pid):
    """What it caused to be written to storage."""
    with open(f"/proc/{pid}/io") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("write_bytes:"))


def end_with_us(how=signal.SIGKILL):
    """For `preexec_fn`: the process gets this signal when the thread that starts it ends, however it ends."""
    return lambda: libc.prctl(PR_SET_PDEATHSIG, how)


@contextlib.contextmanager
def running(*command, **how):
    """A process that ends with the block."""
    process = subprocess.Popen(command, **how)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def ending(relay):
    """A relay that ends with the block, at once: what it holds is thrown away."""
    try:
        yield relay
    finally:
        if relay.process.poll() is None:
            relay.stop(signal.SIGKILL)


def end_on_terminate():
    """SIGTERM ends the script like Ctrl-C, so that the blocks above end their processes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def wait_for(condition, what, limit=60, pause=0.02):
    started = time.perf_counter()
    while not (value := condition()):
        if time.perf_counter() - started > limit:
            raise Failure(f"waited {limit} s for {what}")
        time.sleep(pause)
    return value
