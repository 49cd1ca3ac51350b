"""A receiver that answers each request so many seconds after it came, and keeps account: late.py SECONDS

Prints `{"port":P}`. GET /stats answers with what there was since the last time: requests, events (by `huggy-relay-events`, else one a
request), the most requests that were open at once, and their mean, each for as long as it was open.
"""
import asyncio, json, re, sys, time

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
EVENTS = re.compile(rb"\r\nhuggy-relay-events: *(\S+)", re.I)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Account:
    requests = events = open = most_open = 0
    area, changed, began = 0.0, time.perf_counter(), time.perf_counter()

    def change(self, by):
        now = time.perf_counter()
        self.area += self.open * (now - self.changed)
        self.changed, self.open = now, self.open + by
        self.most_open = max(self.most_open, self.open)

    def take(self):
        self.change(0)
        now, seconds = self.changed, self.changed - self.began
        numbers = {"requests": self.requests, "events": self.events, "most_open": self.most_open,
                   "mean_open": self.area / seconds if seconds else 0, "seconds": seconds}
        self.requests, self.events, self.most_open, self.area, self.began = 0, 0, self.open, 0.0, now
        return numbers


account = Account()
DELAY = float(sys.argv[1])


class Late(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer, self.pieces, self.wanted = transport, b"", [], 0

    def data_received(self, data):
        if self.wanted:  # of a body, whose bytes nobody looks at
            used = min(self.wanted, len(data))
            self.wanted, data = self.wanted - used, data[used:]
            if self.wanted:
                return
            self.came()
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        self.head, body = self.buffer[:end], self.buffer[end + 4:]
        self.buffer = b""
        if self.head.startswith(b"GET /stats "):
            text = json.dumps(account.take()).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(text) + text)
            return
        length = LENGTH.search(self.head)
        self.wanted = int(length[1]) if length else 0
        if self.wanted:
            self.data_received(body)
        else:
            self.came()

    def came(self):
        account.change(1)
        asyncio.get_running_loop().call_later(DELAY, self.answer, self.head)

    def answer(self, head):
        account.change(-1)
        account.requests += 1
        events = EVENTS.search(head)
        account.events += events[1].count(b",") + 1 if events else 1
        self.transport.write(OK)


async def main():
    server = await asyncio.get_running_loop().create_server(Late, "127.0.0.1", 0, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
