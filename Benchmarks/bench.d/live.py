"""A steady load, and readers of the stream beside it."""
import selectors, socket, threading, time


class Readers(threading.Thread):
    """Readers of the stream, of which some take nothing after the beginning."""

    def __init__(self, admin, count, stopped, query=""):
        super().__init__(daemon=True)
        host, port = admin.rsplit(":", 1)
        self.bytes, self.is_over, self.missed, self.closed = 0, False, 0, 0
        self.selector = selectors.DefaultSelector()
        self.stopped = []
        for number in range(count):
            connection = socket.create_connection((host, int(port)))
            connection.sendall(f"GET /api/v1/stream{query} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())
            if number < stopped:
                self.stopped.append(connection)
            else:
                connection.setblocking(False)
                self.selector.register(connection, selectors.EVENT_READ)
        self.start()

    def run(self):
        buffer = bytearray(1 << 20)
        while not self.is_over:
            for key, _ in self.selector.select(0.1):
                try:
                    count = key.fileobj.recv_into(buffer)
                except BlockingIOError:
                    continue
                self.bytes += count
                self.missed += buffer.count(b"event: missed", 0, count)
                if count == 0:
                    self.closed += 1
                    self.selector.unregister(key.fileobj)

    def stop(self):
        self.is_over = True
        self.join()
        for connection in self.stopped + [key.fileobj for key in list(self.selector.get_map().values())]:
            connection.close()


class Load(threading.Thread):
    """Single events at a steady rate, over a few kept connections."""

    def __init__(self, address, rate, connections=16):
        super().__init__(daemon=True)
        self.host, self.port = address.rsplit(":", 1)
        self.rate, self.sent, self.answered, self.is_over, self.connections = rate, 0, 0, False, connections
        self.start()

    def run(self):
        sockets = [socket.create_connection((self.host, int(self.port))) for _ in range(self.connections)]
        for one in sockets:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started, padding = time.perf_counter(), "x" * 400
        while not self.is_over:
            due = int((time.perf_counter() - started) * self.rate) - self.sent
            if due <= 0:
                time.sleep(0.002)
                continue
            share = -(-due // self.connections)
            used = sockets[:-(-due // share)]
            for one in used:  # each a burst of its share, pipelined; all at once, so that one commit takes them
                burst = b""
                for _ in range(share):
                    self.sent += 1
                    body = ('{"time":1,"messages":{"receivedAllMessage":[{"id":%d,"company":{"id":15691},"channel":"whatsapp","chat":{"id":%d},"body":"%s"}]}}'
                            % (self.sent, self.sent % 500, padding)).encode()
                    burst += b"POST /huggy HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
                one.sendall(burst)
            for one in used:
                answers = b""
                while answers.count(b"HTTP/1.1 ") < share or not answers.endswith(b"}"):
                    answers += one.recv(1 << 16)
                assert answers.count(b"HTTP/1.1 200") == share, answers[:300]
                self.answered += share
        for one in sockets:
            one.close()

    def stop(self):
        self.is_over = True
        self.join()
