"""The requests of an HTTP connection, one after the other, for receivers that keep account of what they get."""
import asyncio, re

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)


def fields_of(head):
    """The header lines by their names in small letters."""
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


class Requests(asyncio.Protocol):
    """A connection. Who inherits it says in `take` what becomes of a request."""

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.buffer, 0, end)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < total:
                return
            head, body, self.buffer = self.buffer[:end], self.buffer[end + 4:total], self.buffer[total:]
            self.take(head, body)

    def take(self, head, body):
        """The request line with the header lines, and the body."""
        raise NotImplementedError

    def answer(self, status, body=b""):
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)
