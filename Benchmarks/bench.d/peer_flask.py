"""The usual stack: Flask under gunicorn enqueues a job for each event, RQ's workers post them.

gunicorn peer_flask:app, and as a worker: peer_flask.py. SOCKET and URL come from the environment.
The workers don't fork for each job, as RQ's default does, which would cost many times more.
"""
import os

import redis
import requests
import rq
from flask import Flask, request

store = redis.Redis(unix_socket_path=os.environ["SOCKET"])
queue = rq.Queue(connection=store)
session = requests.Session()
app = Flask(__name__)


def deliver(event):
    session.post(os.environ["URL"], json=event, timeout=10).raise_for_status()


@app.post("/huggy")
def receive():
    envelope = request.get_json()
    events = [event for events in envelope["messages"].values() for event in events]
    for event in events:
        queue.enqueue("peer_flask.deliver", event, result_ttl=0, retry=rq.Retry(max=10, interval=1))
    return {"accepted": len(events)}


if __name__ == "__main__":
    rq.SimpleWorker([queue], connection=store).work(logging_level="ERROR")
