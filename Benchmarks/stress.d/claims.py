"""What must hold of what was posted and what arrived: pure, so that a test can break each of it.

All times are of the one clock that all processes of a machine share (CLOCK_MONOTONIC), in seconds.
"""
import bisect, collections, dataclasses, math

MOST_REPEATS = 0.01  # of the deliveries outside of faults
NONE, BY_CHAT, AS_ONE = "none", "chat", "destination"  # what `order_by` may be


@dataclasses.dataclass(slots=True)
class Event:
    number: int
    chat: int
    digest: str  # of its bytes
    destinations: frozenset


@dataclasses.dataclass(slots=True)
class Envelope:
    """What is posted again until it is answered 200: from its first POST on it may be stored, and may be stored with each of them."""
    events: list
    started: float = math.inf  # the first POST
    answered: float = math.inf  # 200
    unanswered: int = 0  # POSTs whose outcome nobody knows
    identities: tuple = ()  # what the answer calls its events


@dataclasses.dataclass(slots=True)
class Arrival:
    """A request at a destination."""
    at: float
    destination: str
    node: str  # that sent it
    identity: str  # webhook-id
    attempt: int
    number: int
    digest: str
    is_taken: bool  # answered 200


@dataclasses.dataclass(slots=True)
class Seen:
    """What a destination has seen of an event."""
    first_at: float
    first_taken: float = math.inf
    taken: dict = dataclasses.field(default_factory=dict)  # how often, by webhook-id


class Windows:
    """Times in which something was broken, or had not got over it."""

    def __init__(self, windows):
        self.begins, self.ends = [], []
        for begin, end in sorted(windows):
            if self.ends and begin <= self.ends[-1]:
                self.ends[-1] = max(end, self.ends[-1])
            else:
                self.begins.append(begin)
                self.ends.append(end)

    def __contains__(self, time):
        place = bisect.bisect_right(self.begins, time) - 1
        return place >= 0 and time <= self.ends[place]

    def between(self, begin, end):
        """The times from `begin` to `end` that belong to none of them."""
        edges = [begin] + [edge for pair in zip(self.begins, self.ends) for edge in pair] + [end]
        return [(one, other) for one, other in zip(edges[::2], edges[1::2]) if one < other]


class Claims:
    """`faults` says in words what does not hold."""

    def __init__(self, envelopes, arrivals, orders, windows):
        """`orders`: how each destination orders what it gets; `windows`: in which deliveries may be repeated."""
        self.envelopes, self.arrivals, self.orders, self.windows = envelopes, arrivals, orders, windows
        self.faults = []
        self.events = {event.number: (event, envelope) for envelope in envelopes for event in envelope.events}
        self.told = {
            identity: event.number for envelope in envelopes for event, identity in zip(envelope.events, envelope.identities)}
        self.seen = {name: {} for name in orders}
        self.repeats_in_faults = self.repeats_outside = self.taken_outside = 0
        self.stored_twice = self.beside_unanswered = 0
        self.check_answers()
        for arrival in arrivals:
            self.take(arrival)
        self.check_strange()
        self.check_lost()
        self.check_order()
        self.check_repeats()

    def demand_none(self, what, examples):
        if examples:
            self.faults.append(f"{what}: {len(examples):,}, among them {', '.join(map(str, examples[:5]))}")

    @property
    def deliveries(self):
        """Those that were taken, each once: an event that was stored twice counts twice."""
        return sum(len(seen.taken) for destination in self.seen.values() for seen in destination.values())

    def taken_by(self, destination):
        return sum(len(seen.taken) for seen in self.seen[destination].values())

    def check_answers(self):
        answered = [envelope for envelope in self.envelopes if envelope.answered < math.inf]
        self.demand_none("answers with another number of ids than events", [
            envelope.identities for envelope in answered if len(envelope.identities) != len(envelope.events)])
        self.demand_none("ids that answers gave to several events", [
            identity for identity, count in collections.Counter(
                identity for envelope in answered for identity in envelope.identities).items() if count > 1])

    def take(self, arrival):
        event, seen = self.events.get(arrival.number), self.seen.get(arrival.destination)
        if not event or seen is None:
            return  # strange
        one = seen.setdefault(arrival.number, Seen(arrival.at))
        if not arrival.is_taken:
            return
        one.first_taken = min(one.first_taken, arrival.at)
        count = one.taken[arrival.identity] = one.taken.get(arrival.identity, 0) + 1
        is_in_fault = arrival.at in self.windows
        self.taken_outside += not is_in_fault
        if count > 1:
            self.repeats_in_faults += is_in_fault
            self.repeats_outside += not is_in_fault

    def check_strange(self):
        """Nothing arrives that was not sent, nor elsewhere, nor with other bytes, nor under another's id."""
        unsent, elsewhere, other_bytes, anothers, untold = [], [], [], [], []
        numbers = dict(self.told)
        for arrival in self.arrivals:
            if arrival.number not in self.events:
                unsent.append(arrival.number)
                continue
            event, envelope = self.events[arrival.number]
            if arrival.destination not in event.destinations:
                elsewhere.append(f"{event.number} at {arrival.destination}")
            if arrival.digest != event.digest:
                other_bytes.append(event.number)
            if numbers.setdefault(arrival.identity, event.number) != event.number:
                anothers.append(f"{event.number} under {arrival.identity}")
            elif arrival.identity not in self.told and not envelope.unanswered and envelope.answered < math.inf:
                untold.append(f"{event.number} under {arrival.identity}")
        self.demand_none("delivered, and never sent", unsent)
        self.demand_none("delivered where no route leads", elsewhere)
        self.demand_none("delivered with other bytes", other_bytes)
        self.demand_none("delivered under the id of another event", anothers)
        self.demand_none("delivered under an id that no answer had", untold)

    def check_lost(self):
        """What was answered 200 has arrived everywhere, under the id that the answer gave it."""
        lost = []
        for envelope in self.envelopes:
            for event, identity in zip(envelope.events, envelope.identities):
                for name in event.destinations:
                    seen = self.seen[name].get(event.number)
                    if not seen or identity not in seen.taken:
                        lost.append(f"{event.number} ({identity}) at {name}")
        self.demand_none("answered 200, and lost", lost)

    def check_order(self):
        """Of two events of a key, where the one was answered before the other was posted, or stands before it in its envelope: the later
        one does not arrive before the earlier one was taken. What was once posted without an answer has no place that is known: disorder beside it is counted only."""
        disordered = []
        for name, order in self.orders.items():
            if order == NONE:
                continue
            keys = collections.defaultdict(list)
            for number in self.seen[name]:
                event, envelope = self.events[number]
                keys[event.chat if order == BY_CHAT else None].append((self.seen[name][number], event, envelope))
            for key, one in keys.items():
                for later, is_known in [*self.overtakers(one), *self.overtakers_within(one)]:
                    if is_known:
                        disordered.append(f"{later} at {name}, key {key}")
                    else:
                        self.beside_unanswered += 1
        self.demand_none("arrived before an earlier one of its key was taken", disordered)

    @staticmethod
    def overtakers(of_key):
        """From the last arrival to the first: `left` are those that were taken later than it came; the one of them that was answered first says it."""
        by_taken = sorted(of_key, key=lambda one: one[0].first_taken)
        answered = answered_known = math.inf
        for seen, event, envelope in sorted(of_key, key=lambda one: -one[0].first_at):
            while by_taken and by_taken[-1][0].first_taken > seen.first_at:
                left = by_taken.pop()[2]
                answered = min(answered, left.answered)
                if not left.unanswered:
                    answered_known = min(answered_known, left.answered)
            if answered < envelope.started:
                yield event.number, answered_known < envelope.started and not envelope.unanswered

    @staticmethod
    def overtakers_within(of_key):
        places = {event.number: seen for seen, event, _ in of_key}
        for envelope in {id(envelope): envelope for _, _, envelope in of_key}.values():
            first = [event.number for event in envelope.events if event.number in places]
            for one, other in zip(first, first[1:]):
                if places[one].first_taken > places[other].first_at:
                    yield other, not envelope.unanswered

    def check_repeats(self):
        """The same webhook-id twice is for faults alone; an event under two ids is one that was posted twice, since nobody had answered."""
        twice = [number for destination in self.seen.values() for number, seen in destination.items() if len(seen.taken) > 1]
        self.stored_twice = len(set(twice))
        self.demand_none("stored twice, though each POST was answered", [
            number for number in set(twice) if not self.events[number][1].unanswered])
        if self.repeats_outside > MOST_REPEATS * self.taken_outside:
            self.faults.append(
                f"{self.repeats_outside:,} of {self.taken_outside:,} deliveries outside of faults were repetitions: more than {MOST_REPEATS:.0%}")


def longest_gap(times, begin, end):
    """The longest time from `begin` to `end` in which none of these sorted times lies."""
    points = [begin, *times[bisect.bisect_left(times, begin):bisect.bisect_right(times, end)], end]
    return max(later - earlier for earlier, later in zip(points, points[1:]))
