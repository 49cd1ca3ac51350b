"""A receiver that refuses each fiftieth event, and fails a third of its requests: refusing.py SEED FORMAT ORDER BATCH

Whoever asks it with an event in the request that it refuses gets 400, for the whole request. A third of the requests, whatever they
hold, get 500, a close without an answer, or no answer at all. It prints `{"port":P}`, and says on GET /report what it took, in this
order, which events it refused when they came alone, and what was wrong with requests: other bytes than were sent, ids, signatures
or header lines that do not belong to them, an event out of its chat's turn.
"""
import asyncio, base64, hashlib, hmac, json, random, sys

from faulty_events import MAX_BYTES, SECRET, Events, is_refused
from requests_of_http import Requests, fields_of

seed, layout, order, has_batches = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4] == "yes"
MOST_EVENTS, MOST_ID_BYTES, MOST_FIELDS, MOST_HEADER_BYTES = 100, 4200, 30, 6000
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
events, fate = Events(seed), random.Random(seed)


class Wrong(Exception):
    """A request that the relay must never send."""


def demand(condition, what):
    if not condition:
        raise Wrong(what)


class Account:
    def __init__(self):
        self.requests, self.failed, self.refused, self.repeats = 0, 0, 0, 0
        self.requests_of_several, self.most_events = 0, 0
        self.taken, self.is_taken, self.refused_alone, self.wrong = [], set(), set(), []
        self.last_of_chat, self.bodies, self.identities = {}, {}, {}

    def report(self):
        return {
            "requests": self.requests, "failed": self.failed, "refused": self.refused, "repeats": self.repeats,
            "requests_of_several": self.requests_of_several, "most_events": self.most_events, "taken": self.taken,
            "refused_alone": sorted(self.refused_alone), "wrong": self.wrong[:20],
            "identities": self.identities}

    def take(self, numbers):
        """What is answered 200, in its order within the request."""
        for number in numbers:
            if number in self.is_taken:
                self.repeats += 1
                continue
            if order == "chat":
                self.check_turn(number)
            self.is_taken.add(number)
            self.taken.append(number)

    def check_turn(self, number):
        """All of its chat before it were taken, or are dead, for which they must have been refused alone."""
        chat = events.chats[number]
        for earlier in range(self.last_of_chat.get(chat, -1) + 1, number):
            if events.chats[earlier] == chat:
                if is_refused(earlier):
                    demand(earlier in self.refused_alone, f"event {number} came before {earlier} of its chat was refused alone")
                else:
                    demand(earlier in self.is_taken, f"event {number} came before {earlier} of its chat")
        self.last_of_chat[chat] = max(number, self.last_of_chat.get(chat, -1))


account = Account()


def numbers_of(body):
    """The events of a body in its order, which must be made of their very bytes."""
    found = json.loads(body)
    try:
        if layout == "huggy":
            groups = [(kind, [event["n"] for event in group]) for kind, group in found["messages"].items()]
            numbers = [number for _, group in groups for number in group]
            demand(all(events.kinds[number] == kind for kind, group in groups for number in group), "an event of another type")
            text = '{"time":%d,"messages":{%s}}' % (found["time"], ",".join(
                '"%s":[%s]' % (kind, ",".join(events.texts[number] for number in group)) for kind, group in groups))
        else:
            numbers = [event["n"] for event in (found if has_batches else [found])]
            text = ",".join(events.texts[number] for number in numbers)
            text = f"[{text}]" if has_batches else text
    except (KeyError, TypeError, IndexError) as error:
        raise Wrong(f"a body of another shape: {error!r}: {body[:200]}")
    demand(body.decode() == text, f"other bytes than were sent: {body[:200]}")
    return numbers


def check(fields, body):
    """The numbers of its events."""
    numbers = numbers_of(body)
    demand(numbers, "a request without an event")
    demand(len(set(numbers)) == len(numbers), f"an event twice in a request: {numbers}")
    identity = fields["webhook-id"]
    if has_batches:
        ids = fields["huggy-relay-events"].split(",")
        demand(len(ids) == len(numbers), f"{len(ids)} ids for {len(numbers)} events")
        demand(len(numbers) <= MOST_EVENTS, f"{len(numbers)} events")
        demand(len(numbers) == 1 or len(body) <= MAX_BYTES, f"{len(body)} bytes for {len(numbers)} events")
        demand(len(fields["huggy-relay-events"]) <= MOST_ID_BYTES, "too many bytes of ids")
        demand(identity == ids[0] if len(ids) == 1 else identity not in ids, f"webhook-id {identity} for {ids}")
    else:
        ids = [identity]
    for number, one in zip(numbers, ids):
        known = account.identities.setdefault(one, number)
        demand(known == number, f"id {one} for events {known} and {number}")
    known = account.bodies.setdefault(identity, hashlib.sha256(body).digest())
    demand(known == hashlib.sha256(body).digest(), f"another body under webhook-id {identity}")
    companies = {events.company(number) for number in numbers}
    demand(companies == {fields["huggy-company"]}, f"events of {companies}, huggy-company {fields['huggy-company']}")
    if "huggy-event" in fields:
        demand({events.kinds[number] for number in numbers} == {fields["huggy-event"]}, "huggy-event for events of other types")
    signed = f"{identity}.{fields['webhook-timestamp']}.".encode() + body
    signature = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    demand(signature in fields["webhook-signature"].split(" "), "a wrong signature")
    return numbers


def demand_few_fields(head):
    lines = head.split(b"\r\n")[1:]
    demand(len(lines) <= MOST_FIELDS, f"{len(lines)} header lines")
    demand(sum(len(line) + 2 for line in lines) <= MOST_HEADER_BYTES, "too many bytes of header lines")


class Receiver(Requests):
    def take(self, head, body):
        if head.startswith(b"GET /report "):
            self.answer(b"200 OK", json.dumps(account.report()).encode())
        else:
            self.request(head, body)

    def request(self, head, body):
        account.requests += 1
        try:
            demand_few_fields(head)
            numbers = check(fields_of(head), body)
            account.requests_of_several += len(numbers) > 1
            account.most_events = max(account.most_events, len(numbers))
            self.decide(numbers)
        except (Wrong, KeyError, ValueError) as error:
            account.wrong.append(repr(error))
            self.answer(b"500 Internal Server Error")

    def decide(self, numbers):
        way = fate.randrange(9)
        if way < 3:
            account.failed += 1
        if way == 0:
            self.answer(b"500 Internal Server Error")
        elif way == 1:
            self.transport.close()
        elif way == 2:
            pass  # the relay gives up
        elif any(map(is_refused, numbers)):
            account.refused += 1
            if len(numbers) == 1:
                account.refused_alone.add(numbers[0])
            self.answer(b"400 Bad Request")
        else:
            account.take(numbers)
            self.answer(b"200 OK", b"ok")


async def main():
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
