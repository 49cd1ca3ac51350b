"""Destinations that write down each request: recording.py SEED FILE

Prints `{"port":P}`. What comes to /NAME is the destination NAME's: a line of FILE says when it came, from which node, its webhook-id, its
attempt, the event's number, a digest of the body, and the answer. Most get 200 a moment later, one of a hundred gets 500, one of two hundred a
close without an answer. GET /flush answers when all is in the file. It ends when its standard input does.
"""
import asyncio, json, random, re, sys, time

from cluster_load import digest_of
from requests_of_http import Requests, fields_of

NUMBER = re.compile(rb'"n":(\d+)')
FAILING, CLOSING, MOST_SECONDS = 0.01, 0.005, 0.01

fate, journal = random.Random(sys.argv[1]), open(sys.argv[2], "w")


class Recorder(Requests):
    def take(self, head, body):
        method, path = head.split(b" ", 2)[:2]
        if method == b"GET":
            journal.flush()
            self.answer(b"200 OK")
            return
        chance = fate.random()
        status = 500 if chance < FAILING else 0 if chance < FAILING + CLOSING else 200
        fields, number = fields_of(head), NUMBER.search(body)
        print(f"{time.monotonic():.6f}", path[1:].decode(), fields["x-node"], fields["webhook-id"], fields["huggy-relay-attempt"],
              int(number[1]) if number else -1, digest_of(body), status, file=journal)
        asyncio.get_running_loop().call_later(fate.random() * MOST_SECONDS, self.end, status)

    def end(self, status):
        if status:
            self.answer(b"200 OK" if status == 200 else b"500 Internal Server Error")
        else:
            self.transport.close()


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Recorder, "127.0.0.1", 0, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
