"""The same small application for each kind of Python server: reads the body, notes the webhook-id, answers 200."""
import os, sys

IDS = os.open(os.environ["IDS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def note(identifier):
    if identifier:
        os.write(IDS, identifier.encode() + b"\n")


def wsgi(environ, start_response):
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    note(environ.get("HTTP_WEBHOOK_ID"))
    start_response("200 OK", [("content-type", "text/plain"), ("content-length", "2")])
    return [b"ok"]


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body"):
        pass
    note(dict(scope["headers"]).get(b"webhook-id", b"").decode())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain"), (b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def aiohttp(port, keep_alive):
    from aiohttp import web

    async def answer(request):
        await request.read()
        note(request.headers.get("webhook-id"))
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_post("/", answer)
    web.run_app(app, host="127.0.0.1", port=port, keepalive_timeout=keep_alive, access_log=None, print=None)


def tornado(port, keep_alive):
    import asyncio
    from tornado import httpserver, web

    class Answer(web.RequestHandler):
        def post(self):
            note(self.request.headers.get("webhook-id"))
            self.write("ok")

    async def main():
        server = httpserver.HTTPServer(web.Application([("/", Answer)], log_function=lambda _: None), idle_connection_timeout=keep_alive)
        server.listen(port, "127.0.0.1")
        await asyncio.Event().wait()

    asyncio.run(main())


if __name__ == "__main__":
    {"aiohttp": aiohttp, "tornado": tornado}[sys.argv[1]](int(sys.argv[2]), float(sys.argv[3]))
