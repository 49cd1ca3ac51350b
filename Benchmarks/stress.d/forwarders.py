"""The ways from each node to the database, which can be broken: forwarders.py SOCKET PORT ...

What connects to one of the ports is connected to the Unix socket. Prints `ok` when they listen. Each line of the standard input is a way and what it
does from now on, and is answered `ok`, too:
  0 pass      bytes go through
  0 stall     none goes through, either way; nobody is told
  0 mute      the database gets all, and its answers do not come through
  0 cut       all connections end; new ones pass
  0 refuse    all connections end; new ones are refused
It ends when its standard input does.
"""
import asyncio, socket, struct, sys

HELD = {"pass": (False, False), "stall": (True, True), "mute": (False, True)}  # to the database, from it


class Side(asyncio.Protocol):
    """One of the two connections that make a way's connection."""

    def __init__(self, way, place, other=None):
        self.way, self.place, self.other = way, place, other
        self.is_congested = False
        if other:
            other.other = self

    def connection_made(self, transport):
        self.transport = transport
        self.way.sides.add(self)
        if self.other:
            self.other.look()
            self.look()
        else:
            self.transport.pause_reading()
            asyncio.get_running_loop().create_task(self.connect())

    async def connect(self):
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: Side(self.way, 1, self), self.way.path)
        except OSError:
            self.transport.abort()  # the database is down
            return
        if self.transport.is_closing():
            self.other.transport.abort()

    def data_received(self, data):
        self.other.transport.write(data)

    def pause_writing(self):
        self.is_congested = True
        self.other.look()

    def resume_writing(self):
        self.is_congested = False
        self.other.look()

    def look(self):
        """Reads what may go through now."""
        if not self.other or self.transport.is_closing():
            return
        if HELD[self.way.mode][self.place] or self.other.is_congested:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def connection_lost(self, _):
        self.way.sides.discard(self)
        if self.other and self.other in self.way.sides:
            self.other.transport.close()  # what is on its way arrives first

    def cut(self):
        """With a reset: neither waits for the other."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class Way:
    """From one node to the database."""

    def __init__(self, path, port):
        self.path, self.port, self.mode, self.sides, self.listener = path, port, "pass", set(), None

    async def listen(self):
        self.listener = await asyncio.get_running_loop().create_server(
            lambda: Side(self, 0), "127.0.0.1", self.port, backlog=64, reuse_address=True)

    async def obey(self, mode):
        if mode == "refuse" and self.listener:
            self.listener.close()
            self.listener = None
        if mode in ("cut", "refuse"):
            for side in list(self.sides):
                side.cut()
        if mode != "refuse" and not self.listener:
            await self.listen()
        self.mode = mode if mode in HELD else "pass"
        for side in list(self.sides):
            side.look()


async def main():
    loop, ways = asyncio.get_running_loop(), [Way(sys.argv[1], int(port)) for port in sys.argv[2:]]
    for way in ways:
        await way.listen()
    print("ok", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        number, mode = line.split()
        await ways[int(number)].obey(mode)
        print("ok", flush=True)


asyncio.run(main())
