"""The origin of the files, over TLS: origin.py FOLDER COUNT TOTAL_BYTES

FOLDER has server.pem and server.key. It prints `{"port":P,"http":H,"control":C}`: P is taken on two addresses, the allowed one and the inner
one; H speaks http; C says on GET / what was asked, as JSON. A link is /KIND-OF-PATH/NUMBER?expires=UNIX_SECONDS.
"""
import http.server, json, os, socket, socketserver, ssl, sys, threading, time
from urllib.parse import parse_qs, urlsplit

import files
from files import ALLOWED_ADDRESS, ALLOWED_HOSTS, INNER_ADDRESS, INNER_HOST, OTHER_HOST

folder, count, total = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
FILES = files.plan(count, total)
SLOW_SECONDS, SLOW_PIECES = 2, 20
ENDLESS_BYTES = 200 << 20  # where nobody stops it
lock = threading.Lock()


class Account:
    asked = {}  # by host: requests
    tries = {}  # by number: requests for the file itself
    whole = {}  # by number: when the last byte was handed over
    forbidden = []  # what reached a place where nothing may be asked
    open = most_open = bytes_sent = most_endless = 0


account = Account()


class Threaded(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads, request_queue_size = True, 256

    def __init__(self, address, handler, context=None):
        super().__init__(address, handler)
        self.context = context

    def get_request(self):
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context:
            # The handshake is the connection's own thread's.
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, address):
        """Who goes away is no news: the relay breaks off what is too large."""


class Trap(socketserver.BaseRequestHandler):
    """Nobody may come here, not even for a handshake."""

    def handle(self):
        with lock:
            account.forbidden.append(f"a connection to {self.server.server_address}")


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version, timeout = "HTTP/1.1", 120

    def log_message(self, *_):
        pass

    def do_GET(self):
        host, url = self.headers.get("host", "").rsplit(":", 1)[0], urlsplit(self.path)
        with lock:
            account.asked[host] = account.asked.get(host, 0) + 1
            if host not in ALLOWED_HOSTS:
                account.forbidden.append(f"{host} {url.path}")
            account.open += 1
            account.most_open = max(account.most_open, account.open)
        try:
            self.serve(url)
        except OSError:
            self.close_connection = True
        finally:
            with lock:
                account.open -= 1

    def serve(self, url):
        hop, number = url.path.strip("/").split("/")
        file, expires = FILES[int(number)], float(parse_qs(url.query)["expires"][0])
        if time.time() > expires:
            return self.say(403, b"expired")
        if hop != "file":
            return self.redirect(file, int(hop.removeprefix("hop")), expires)
        with lock:
            tries = account.tries[file.number] = account.tries.get(file.number, 0) + 1
        serve = getattr(self, file.kind.replace(" ", "_").replace("404", "missing").replace("503", "unavailable"), self.whole)
        serve(file, tries)

    def say(self, status, text, more=()):
        self.send_response(status)
        for name, value in more:
            self.send_header(name, value)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def redirect(self, file, hop, expires):
        """The hops of a chain count down to the file."""
        port, rest = self.server.server_address[1], f"/file/{file.number}?expires={expires}"
        target = {
            "redirected outside": f"https://{OTHER_HOST}:{port}{rest}",
            "redirected to loopback": f"https://{ALLOWED_ADDRESS}:{port}{rest}",
            "redirected to http": f"http://{file.host}:{plain_trap.server_address[1]}{rest}",
            "redirected to an inner address": f"https://{INNER_HOST}:{port}{rest}",
        }.get(file.kind)
        if not target:
            other = ALLOWED_HOSTS[(file.number + hop) % len(ALLOWED_HOSTS)]
            target = f"https://{other}:{port}/{f'hop{hop - 1}' if hop > 1 else 'file'}/{file.number}?expires={expires}"
        self.say(302, b"", [("location", target)])

    def head(self, length):
        self.send_response(200)
        self.send_header("content-type", "image/jpeg")
        self.send_header("content-length", str(length))
        self.end_headers()

    def body(self, file, size=None, pause=0):
        for piece in file.pieces(size):
            self.wfile.write(piece)
            with lock:
                account.bytes_sent += len(piece)

    def whole(self, file, tries):
        self.head(file.size)
        self.body(file)
        with lock:
            account.whole[file.number] = time.time()

    def slow(self, file, tries):
        self.head(file.size)
        data = b"".join(file.pieces())
        step = -(-len(data) // SLOW_PIECES)
        for start in range(0, len(data), step):
            self.wfile.write(data[start:start + step])
            time.sleep(SLOW_SECONDS / SLOW_PIECES)
        with lock:
            account.whole[file.number] = time.time()

    def breaks_off_once(self, file, tries):
        if tries > 1:
            return self.whole(file, tries)
        self.head(file.size)
        self.body(file, file.size // 2)
        self.close_connection = True

    def unavailable_once(self, file, tries):
        return self.whole(file, tries) if tries > 1 else self.say(503, b"later")

    def says_more_than_it_sends(self, file, tries):
        self.head(file.size + 1000)
        self.body(file)
        self.close_connection = True

    def says_less_than_it_sends(self, file, tries):
        self.head(file.size // 2)
        self.body(file)
        self.close_connection = True

    def says_that_it_is_too_large(self, file, tries):
        self.head(30_000_000)
        self.body(file, 30_000_000)

    def has_no_end(self, file, tries):
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        sent = 0
        try:
            while sent < ENDLESS_BYTES:
                self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
                sent += 0x10000
        finally:
            with lock:
                account.most_endless = max(account.most_endless, sent)

    def missing(self, file, tries):
        self.say(404, b"no such file")

    def silent(self, file, tries):
        self.connection.settimeout(120)
        self.rfile.read(1)  # until the relay goes
        self.close_connection = True


class Control(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        with lock:
            text = json.dumps({
                "asked": account.asked, "tries": account.tries, "whole": account.whole, "forbidden": account.forbidden[:50],
                "forbidden_count": len(account.forbidden), "most_open": account.most_open, "bytes_sent": account.bytes_sent,
                "most_endless": account.most_endless}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
origin = Threaded((ALLOWED_ADDRESS, 0), Origin, context)
inner_trap = Threaded((INNER_ADDRESS, origin.server_address[1]), Trap)
plain_trap = Threaded((ALLOWED_ADDRESS, 0), Trap)
control = Threaded((ALLOWED_ADDRESS, 0), Control)
for server in (origin, inner_trap, plain_trap, control):
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": origin.server_address[1], "http": plain_trap.server_address[1], "control": control.server_address[1]}), flush=True)
threading.Event().wait()
