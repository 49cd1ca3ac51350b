"""What is posted to several relays, where it must arrive, and who posts it until it is answered."""
import hashlib, http.client, json, random, threading, time

from claims import AS_ONE, BY_CHAT, NONE, Envelope, Event
from faulty_events import envelope_of

SENDERS, CHATS_EACH, BUSY_CHATS = 16, 12, 2
MOST_EVENTS = 4  # in an envelope
POST_SECONDS = 15
# How each destination orders what it gets, and whose events it gets besides those of its kind.
ORDERS = {
    "all-free": NONE, "all-chats": BY_CHAT, "messages-free": NONE, "messages-chats": BY_CHAT, "messages-chats-2": BY_CHAT,
    "closed-free": NONE, "closed-chats": BY_CHAT, "entered-free": NONE, "entered-chats": BY_CHAT, "entered-line": AS_ONE}
KINDS = {"receivedMessage": "messages", "closedChat": "closed", "agentEntered": "entered"}
SHARES = [5, 3, 2]  # of all events
DESTINATIONS = {kind: frozenset(name for name in ORDERS if name.split("-")[0] in ("all", word)) for kind, word in KINDS.items()}


def routes():
    return "\n".join(
        f"  - {{ name: {kind}, match: {{ event: {kind} }}, to: [{', '.join(sorted(names))}] }}" for kind, names in DESTINATIONS.items())


def digest_of(body):
    return hashlib.blake2b(body, digest_size=8).hexdigest()


class Writer:
    """Makes a sender's envelopes: their numbers and chats are nobody else's, and all follows from the seed."""

    def __init__(self, seed, sender, first):
        self.choose, self.sender, self.number = random.Random(f"{seed} {sender} {first}"), sender, first + sender

    def event(self):
        number, self.number = self.number, self.number + SENDERS
        # Some chats have many events, so that one of them is often under way when something breaks.
        chat = self.sender * CHATS_EACH + self.choose.randrange(BUSY_CHATS if self.choose.random() < 0.5 else CHATS_EACH)
        kind = self.choose.choices(list(KINDS), SHARES)[0]
        text = '{"n":%d,"chat":{"id":%d},"company":{"id":"c%d"},"pad":"%s","half":1.50e0}' % (
            number, chat, chat % 2, "x" * self.choose.randrange(20, 900))
        return kind, text, Event(number, chat, digest_of(text.encode()), DESTINATIONS[kind])

    def envelope(self):
        """The body, and what is kept of it."""
        made = [self.event() for _ in range(self.choose.randint(1, MOST_EVENTS))]
        body = envelope_of(((kind, text) for kind, text, _ in made), 1_700_000_000)
        return body.encode(), Envelope([event for _, _, event in made])


class Sender(threading.Thread):
    """Posts envelopes one after the other, at a steady rate without catching up; each of them again and again, until it is answered 200."""

    def __init__(self, address, seed, number, first, per_second):
        super().__init__(daemon=True)
        self.address, self.per_second = address, per_second
        self.writer, self.pace = Writer(seed, number, first), random.Random(f"pace {seed} {number}")
        self.envelopes, self.answers, self.problem = [], {}, None
        self.stopping, self.gives_up_at = threading.Event(), None
        self.connection = None

    def stop(self, give_up_after):
        self.gives_up_at = time.monotonic() + give_up_after
        self.stopping.set()

    def run(self):
        try:
            due = time.monotonic() + self.pace.random() / self.per_second
            while not self.stopping.wait(max(0, due - time.monotonic())):
                due = max(due + self.pace.uniform(0.5, 1.5) / self.per_second, time.monotonic())
                self.post(*self.writer.envelope())
        except Exception as error:
            self.problem = f"a sender ended: {error!r}"
        finally:
            self.hang_up()

    def post(self, body, envelope):
        self.envelopes.append(envelope)
        envelope.started = time.monotonic()
        while True:
            status, answer = self.try_once(body)
            self.answers[status] = self.answers.get(status, 0) + 1
            if status == 200:
                envelope.answered, envelope.identities = time.monotonic(), tuple(answer["events"])
                return
            envelope.unanswered += 1
            if self.gives_up_at and time.monotonic() > self.gives_up_at:
                return
            time.sleep(self.pace.uniform(0.05, 0.25))

    def try_once(self, body):
        """The status, or what happened instead of one, and the answer's JSON."""
        self.connection = self.connection or http.client.HTTPConnection(self.address, timeout=POST_SECONDS)
        try:
            self.connection.request("POST", "/huggy", body)
            answer = self.connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if answer.status == 200 else None
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            return type(error).__name__, None

    def hang_up(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Load:
    """All senders together. Their events have numbers from `first` on."""

    def __init__(self, address, seed, first, per_second):
        self.senders = [Sender(address, seed, number, first, per_second / SENDERS) for number in range(SENDERS)]
        for sender in self.senders:
            sender.start()

    def stop(self, give_up_after):
        """Each ends with the answer to what it posts, or without one after so many seconds."""
        for sender in self.senders:
            sender.stop(give_up_after)
        for sender in self.senders:
            sender.join()

    def envelopes(self):
        return [envelope for sender in self.senders for envelope in sender.envelopes]

    def answers(self):
        found = {}
        for sender in self.senders:
            for status, count in list(sender.answers.items()):
                found[status] = found.get(status, 0) + count
        return found

    def problems(self):
        strange = [f"{count} answers {status}" for status, count in self.answers().items()
                   if isinstance(status, int) and 400 <= status < 500 and status != 408]
        return [sender.problem for sender in self.senders if sender.problem] + strange
