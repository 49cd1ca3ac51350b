"""How each receiver is started, with its keep-alive as short as it can be."""
import contextlib, dataclasses, http.client, os, re, ssl, subprocess, sys

import machine, processes
from harness import free_port
from processes import Failure, running, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(machine.ROOT, ".build", "receivers-venv")
PYTHON = os.path.join(VENV, "bin", "python")
REQUIREMENTS = ["gunicorn", "uvicorn", "httptools", "hypercorn", "waitress", "aiohttp", "tornado"]
KEEP_ALIVE = 1
TOOLS = {
    "node": ["node"], "java": ["javac"], "php": ["php"], "nginx": ["nginx"], "nginx-http2": ["nginx", "openssl"], "apache": ["apache2"],
    "lighttpd": ["lighttpd"], "haproxy": ["haproxy"]}
machine.PACKAGES.update({
    "node": "nodejs", "javac": "default-jdk-headless", "php": "php-cli", "apache2": "apache2", "lighttpd": "lighttpd", "haproxy": "haproxy"})


@dataclasses.dataclass
class Server:
    about: str
    port: int
    scheme: str = "http"
    concurrency: int = 16
    options: str = ""  # further keys of the destination
    measures: bool = True  # whether its idle close can be seen with HTTP/1.1
    closes: list = None

    @property
    def url(self):
        return f"{self.scheme}://{'localhost' if self.scheme == 'https' else '127.0.0.1'}:{self.port}/"

    def connect(self):
        if self.scheme == "https":
            return http.client.HTTPSConnection("localhost", self.port, timeout=20, context=ssl._create_unverified_context())
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)


def prepare(names):
    machine.need(*(tool for name in names for tool in TOOLS.get(name, [])))
    if set(names) - {"node", "java", "php"}:
        if not os.path.exists(PYTHON):
            if subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True).returncode:
                machine.install(["python3-venv"])
            subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *REQUIREMENTS], check=True)


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def package(name):
    said = subprocess.run([PYTHON, "-c", f"import importlib.metadata as m; print(m.version('{name}'))"], capture_output=True, text=True)
    return f"{name} {said.stdout.strip()}"


def tool(name, *flag):
    said = subprocess.run([machine.find(name), *flag], capture_output=True, text=True)
    return re.search(r"\d+\.\d+[.\d]*", said.stdout + said.stderr).group(0)


@contextlib.contextmanager
def child(folder, ids, *command):
    """A server's process, with the file for the ids in its environment."""
    log = open(os.path.join(folder, "server.log"), "a")
    environment = {**os.environ, "IDS": ids, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": HERE}
    with running(*command, cwd=folder, env=environment, stdout=log, stderr=log) as process:
        yield process


def up(server, folder, process):
    def answers():
        if process.poll() is not None:
            raise Failure(open(os.path.join(folder, "server.log")).read()[-800:])
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = server.connect()
            connection.request("POST", "/", b"{}")
            status = connection.getresponse().status
            connection.close()
            return status == 200
    wait_for(answers, server.about, limit=30, pause=0.1)


def python_server(about, *command, **how):
    def start(folder, ids, port):
        return [PYTHON, *[part.replace("PORT", str(port)) for part in command]], Server(about(), port, **how)
    return start


def gunicorn(kind, *more):
    return python_server(lambda: f"{package('gunicorn')}, {kind}", "-m", "gunicorn", "apps:wsgi", "--bind", "127.0.0.1:PORT", "--workers", "2",
                         "--worker-class", kind, "--log-level", "error", "--no-control-socket", *more)


def node(folder, ids, port):
    return [machine.find("node"), os.path.join(HERE, "node.js"), str(port), str(KEEP_ALIVE)], Server(f"Node {tool('node', '--version')}", port)


def java(folder, ids, port):
    command = [machine.find("java"), f"-Dsun.net.httpserver.idleInterval={KEEP_ALIVE}", "-Dsun.net.httpserver.clockTick=1000", "-Xmx128m", os.path.join(HERE, "Receiver.java"), str(port)]
    return command, Server(f"Java {tool('java', '-version')}, com.sun.net.httpserver", port)


def php(folder, ids, port):
    return [machine.find("php"), "-q", "-S", f"127.0.0.1:{port}", os.path.join(HERE, "router.php")], Server(f"php -S {tool('php', '-v')}", port)


def nginx(folder, ids, port, behind, is_http2=False):
    certificate = ""
    if is_http2:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=folder, check=True, capture_output=True)
        certificate = f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = write(folder, "nginx.conf", f"""daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1; events {{}}
http {{ access_log off; {paths} keepalive_timeout {KEEP_ALIVE}s; keepalive_requests 100000;
  upstream app {{ server 127.0.0.1:{behind}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port}{' ssl http2' if is_http2 else ''}; {certificate}
    location / {{ proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }} }} }}
""")
    server = Server(f"nginx {tool('nginx', '-v')}" + (", HTTP/2" if is_http2 else ""), port)
    if is_http2:
        server.scheme, server.options = "https", f', http2: true, tls: {{ ca: "{folder}/cert.pem" }}'
    return [machine.find("nginx"), "-p", folder, "-c", path], server


def apache(folder, ids, port, behind):
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in ("mpm_event", "authz_core", "proxy", "proxy_http"))
    path = write(folder, "apache.conf", f"""{modules}ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/log
DefaultRuntimeDir {folder}
Listen 127.0.0.1:{port}
KeepAliveTimeout {KEEP_ALIVE}
MaxKeepAliveRequests 0
ProxyPass / http://127.0.0.1:{behind}/
""")
    return [machine.find("apache2"), "-d", folder, "-DFOREGROUND", "-f", path], Server(f"Apache {tool('apache2', '-v')}", port)


def lighttpd(folder, ids, port, behind):
    path = write(folder, "lighttpd.conf", f"""server.document-root = "{folder}"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{folder}/log"
server.upload-dirs = ( "{folder}" )
server.max-keep-alive-idle = {KEEP_ALIVE}
server.max-keep-alive-requests = 65535
server.modules += ( "mod_proxy" )
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => {behind} )) )
""")
    return [machine.find("lighttpd"), "-D", "-f", path], Server(f"lighttpd {tool('lighttpd', '-v')}", port)


def haproxy(folder, ids, port, behind):
    path = write(folder, "haproxy.cfg", f"""defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 600s
    timeout http-keep-alive {KEEP_ALIVE}s
listen app
    bind 127.0.0.1:{port}
    server app 127.0.0.1:{behind}
""")
    return [machine.find("haproxy"), "-db", "-f", path], Server(f"HAProxy {tool('haproxy', '-v')}", port)


SERVERS = {
    "gunicorn-sync": gunicorn("sync"),
    "gunicorn-gthread": gunicorn("gthread", "--threads", "16", "--keep-alive", str(KEEP_ALIVE)),
    "uvicorn": python_server(lambda: package("uvicorn"), "-m", "uvicorn", "apps:asgi", "--host", "127.0.0.1", "--port", "PORT",
                             "--timeout-keep-alive", str(KEEP_ALIVE), "--log-level", "error"),
    "hypercorn": python_server(lambda: package("hypercorn"), "-m", "hypercorn", "apps:asgi", "--bind", "127.0.0.1:PORT", "--keep-alive",
                               str(KEEP_ALIVE), "--log-level", "ERROR"),
    "waitress": python_server(lambda: package("waitress"), "-m", "waitress", "--listen", "127.0.0.1:PORT", "--threads", "16",
                              "--channel-timeout", str(KEEP_ALIVE), "--cleanup-interval", "1", "apps:wsgi"),
    "aiohttp": python_server(lambda: package("aiohttp"), os.path.join(HERE, "apps.py"), "aiohttp", "PORT", str(KEEP_ALIVE)),
    "tornado": python_server(lambda: package("tornado"), os.path.join(HERE, "apps.py"), "tornado", "PORT", str(KEEP_ALIVE)),
    "node": node, "java": java, "php": php,
    "nginx": nginx, "nginx-http2": lambda *how: nginx(*how, is_http2=True), "apache": apache, "lighttpd": lighttpd, "haproxy": haproxy,
}
PROXIES = {"nginx", "nginx-http2", "apache", "lighttpd", "haproxy"}


@contextlib.contextmanager
def started(name, folder, ids, burst):
    """The receiver, once it answers."""
    port = free_port()
    with contextlib.ExitStack() as stack:
        if name in PROXIES:
            # What stands behind a proxy keeps its connections: only the proxy's own close is looked at.
            behind = free_port()
            app = stack.enter_context(child(folder, ids, PYTHON, os.path.join(HERE, "apps.py"), "aiohttp", str(behind), "600"))
            up(Server("aiohttp", behind), folder, app)
            command, server = SERVERS[name](folder, ids, port, behind)
        else:
            command, server = SERVERS[name](folder, ids, port)
        server.concurrency = burst
        process = stack.enter_context(child(folder, ids, *command))
        up(server, folder, process)
        yield server
