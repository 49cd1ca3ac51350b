"""Events whose bytes follow from a seed and a number, so that whoever gets one knows what it must be. Every fiftieth is refused."""
import random

SENDERS, EVENTS_EACH, CHATS_EACH = 4, 1000, 25
KINDS = ["receivedMessage", "closedChat", "agentEntered"]
SECRET = "whsec_YSBzZWNyZXQgb2YgdHdlbnR5LWZvdXIh"
MAX_BYTES = 32 << 10  # of a request with several events


def is_refused(number):
    return number % 50 == 49


def envelope_of(events, time):
    """Of types and texts, in this order: a type that comes again is written again."""
    parts, last = [], None
    for kind, text in events:
        if kind != last:
            parts.append('"%s":[%s' % (kind, text))
        else:
            parts[-1] += "," + text
        last = kind
    return '{"time":%d,"messages":{%s}}' % (time, ",".join(part + "]" for part in parts))


class Events:
    """All events of a seed. A number's sender is `number // EVENTS_EACH`; the events of a chat are all of one sender and one company."""

    def __init__(self, seed):
        choose = random.Random(seed)
        self.chats, self.kinds, self.texts = [], [], []
        for number in range(SENDERS * EVENTS_EACH):
            chat = number // EVENTS_EACH * CHATS_EACH + choose.randrange(CHATS_EACH)
            # A chat's type changes seldom, so that several of its events may stand in one request.
            self.chats.append(chat)
            self.kinds.append(KINDS[chat % 3] if choose.random() < 0.9 else choose.choice(KINDS))
            length = choose.randrange(20, 900) if choose.random() < 0.995 else MAX_BYTES + 5000
            self.texts.append('{"n":%d,"chat":{"id":%d},"company":{"id":"%s"},"pad":"%s","half":1.50e0}' % (
                number, chat, self.company(number), "x" * length))

    def company(self, number):
        return "c%d" % (self.chats[number] % 2)

    def __len__(self):
        return len(self.texts)

    def envelope(self, numbers):
        return envelope_of(((self.kinds[number], self.texts[number]) for number in numbers), 1_700_000_000 + numbers[0])
