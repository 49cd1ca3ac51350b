"""A destination for the stress scenarios: behaves as told, and keeps account of what it got.

Prints `{"port":P,"control":C}` and then obeys requests to the control port:
  POST /mode?is=ok|500|hang|drip|poison|closed   GET /stats   POST /reset
An event may hold "sent" (nanoseconds since 1970), "chat":{"id":C} and "seq" (rising by one per chat).
"""
import asyncio, json, re, sys, time
from urllib.parse import urlsplit, parse_qs

from requests_of_http import Requests

WEBHOOK = re.compile(rb"webhook-id: *(\S+)", re.I)
SENT = re.compile(rb'"sent":(\d+)')
CHAT = re.compile(rb'"chat":\{"id":(\d+)')
SEQ = re.compile(rb'"seq":(\d+)')
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BAD = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 6\r\n\r\nbroken"


class State:
    mode = "ok"
    open = 0
    connections = set()

    def __init__(self):
        self.reset()

    def reset(self):
        self.requests = self.accepted = self.repeats = self.disordered = 0
        self.most_open = self.open
        self.latencies = []
        self.seen = set()
        self.last = {}
        self.first_at = self.last_at = None


state = State()


class Receiver(Requests):
    def connection_made(self, transport):
        super().connection_made(transport)
        state.connections.add(transport)
        state.open += 1
        state.most_open = max(state.most_open, state.open)

    def connection_lost(self, _):
        state.connections.discard(self.transport)
        state.open -= 1

    def take(self, head, body):
        state.requests += 1
        if state.mode == "hang":
            return
        if state.mode == "drip":
            asyncio.get_running_loop().create_task(self.drip())
            return
        if state.mode == "500" or state.mode == "poison" and b'"poison"' in body:
            self.transport.write(BAD)
            return
        now = time.time_ns()
        state.accepted += 1
        state.first_at = state.first_at or now
        state.last_at = now
        identity = WEBHOOK.search(head)[1]
        if identity in state.seen:
            state.repeats += 1
        else:
            state.seen.add(identity)
            chat, seq = CHAT.search(body), SEQ.search(body)
            if chat and seq:
                # The next of its chat, or else something came out of turn or is missing.
                if int(seq[1]) != state.last.get(chat[1], -1) + 1:
                    state.disordered += 1
                state.last[chat[1]] = int(seq[1])
        sent = SENT.search(body)
        if sent:
            state.latencies.append((now - int(sent[1])) / 1e6)
        self.transport.write(OK)

    async def drip(self):
        for byte in OK:
            if self.transport.is_closing():
                return
            self.transport.write(bytes([byte]))
            await asyncio.sleep(1)


class Control(asyncio.Protocol):
    listener = None
    port = 0

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        asyncio.get_running_loop().create_task(self.answer(data))

    async def answer(self, data):
        url = urlsplit(data.split(b" ")[1].decode())
        if url.path == "/mode":
            await self.set_mode(parse_qs(url.query)["is"][0])
        if url.path == "/reset":
            state.reset()
        times = sorted(state.latencies)
        pick = lambda share: round(times[min(len(times) - 1, int(len(times) * share))], 3) if times else None
        body = json.dumps({
            "requests": state.requests, "accepted": state.accepted, "unique": len(state.seen),
            "repeats": state.repeats, "disordered": state.disordered, "most_open": state.most_open,
            "p50": pick(0.5), "p99": pick(0.99), "max": times[-1] if times else None,
            "seconds": (state.last_at - state.first_at) / 1e9 if state.first_at else 0,
        }).encode()
        self.transport.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        self.transport.close()

    async def set_mode(self, mode):
        if mode == "closed" and Control.listener:
            Control.listener.close()
            Control.listener = None
            for one in list(state.connections):
                one.abort()
        elif mode != "closed" and not Control.listener:
            Control.listener = await listen(Control.port)
        state.mode = mode


async def listen(port):
    return await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", port, backlog=1024, reuse_address=True)


async def main():
    Control.listener = await listen(0)
    Control.port = Control.listener.sockets[0].getsockname()[1]
    control = await asyncio.get_running_loop().create_server(Control, "127.0.0.1", 0)
    print(json.dumps({"port": Control.port, "control": control.sockets[0].getsockname()[1]}), flush=True)
    if len(sys.argv) > 1:
        await Control().set_mode(sys.argv[1])
    await control.serve_forever()


asyncio.run(main())
