"""A relay as one would write it in an afternoon: aiohttp puts events into Redis, a worker takes them out and posts them.

  peer_aiohttp.py serve PORT SOCKET            peer_aiohttp.py work SOCKET URL fast|safe

safe: an event that a worker took stands in a second list until it is delivered, so that none is lost with the worker.
"""
import asyncio, json, sys

import redis.asyncio
import uvloop
from aiohttp import ClientSession, TCPConnector, web

QUEUE, TAKEN = "queue", "taken"
CONCURRENCY = 64


def connect(socket):
    return redis.asyncio.Redis(unix_socket_path=socket, max_connections=2 * CONCURRENCY)


def application(socket):
    store = connect(socket)

    async def receive(request):
        try:
            envelope = json.loads(await request.read())
            events = [event for events in envelope["messages"].values() for event in events]
        except (ValueError, KeyError, AttributeError):
            return web.json_response({"error": "invalid_envelope"}, status=400)
        await store.lpush(QUEUE, *[json.dumps(event) for event in events])
        return web.json_response({"accepted": len(events)})

    app = web.Application()
    app.router.add_post("/huggy", receive)
    return app


async def serve(port, socket):
    runner = web.AppRunner(application(socket), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port), backlog=1024).start()
    await asyncio.Event().wait()


async def deliver(session, url, body):
    while True:
        async with session.post(url, data=body, headers={"content-type": "application/json"}) as answer:
            await answer.read()
            if answer.status < 300:
                return
        await asyncio.sleep(1)


async def lane(store, session, url, safe):
    while True:
        if safe:
            body = await store.blmove(QUEUE, TAKEN, 0, "RIGHT", "LEFT")
        else:
            _, body = await store.brpop(QUEUE)
        await deliver(session, url, body)
        if safe:
            await store.lrem(TAKEN, 1, body)


async def work(socket, url, how):
    store = connect(socket)
    async with ClientSession(connector=TCPConnector(limit=CONCURRENCY)) as session:
        await asyncio.gather(*(lane(store, session, url, how == "safe") for _ in range(CONCURRENCY)))


uvloop.install()
asyncio.run({"serve": serve, "work": work}[sys.argv[1]](*sys.argv[2:]))
