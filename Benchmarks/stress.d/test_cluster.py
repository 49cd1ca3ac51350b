"""The checks of `Benchmarks/stress cluster` see what they are for: python3 -m unittest discover -s Benchmarks/stress.d"""
import contextlib, dataclasses, math, os, socket, sys, tempfile, threading, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench.d"))
from claims import AS_ONE, BY_CHAT, NONE, Arrival, Claims, Envelope, Event, Windows, longest_gap
from cluster_faults import Fault, plan
from cluster_load import DESTINATIONS, ORDERS, Writer
from cluster_parts import Ways
from cluster_report import NO_FAULT, SEVERAL, effects, moves, spells

TO = {"free": NONE, "chats": BY_CHAT, "line": AS_ONE}
ENVELOPES, CHATS = 60, 4


def history():
    """Envelopes of two events, of one chat in turn, each posted after the one before was answered; and what arrived of them, in order."""
    envelopes, arrivals = [], []
    for n in range(ENVELOPES):
        events = [Event(2 * n + k, n % CHATS, f"d{2 * n + k}", frozenset(TO)) for k in range(2)]
        envelopes.append(Envelope(events, started=n, answered=n + 0.4, identities=tuple(f"evt_{event.number}" for event in events)))
        for event in events:
            arrivals += [Arrival(n + 0.5 + event.number % 2 / 10, name, "node-1", f"evt_{event.number}", 1, event.number, event.digest, True) for name in TO]
    return envelopes, arrivals


def position(arrivals, number, name):
    return next(n for n, one in enumerate(arrivals) if (one.number, one.destination) == (number, name))


class ClaimsTests(unittest.TestCase):
    def setUp(self):
        self.envelopes, self.arrivals = history()

    def claims(self, windows=()):
        return Claims(self.envelopes, sorted(self.arrivals, key=lambda one: one.at), TO, Windows(windows))

    def assert_only(self, words, windows=()):
        faults = self.claims(windows).faults
        self.assertEqual(len(faults), 1, faults)
        self.assertIn(words, faults[0])

    def arrival(self, number, name):
        return self.arrivals[position(self.arrivals, number, name)]

    def swap(self, number, other, name):
        one, two = self.arrival(number, name), self.arrival(other, name)
        one.at, two.at = two.at, one.at

    def test_what_is_right_has_no_fault(self):
        claims = self.claims()
        self.assertEqual(claims.faults, [])
        self.assertEqual((claims.deliveries, claims.taken_by("line")), (ENVELOPES * 2 * len(TO), ENVELOPES * 2))
        self.assertEqual((claims.repeats_outside, claims.stored_twice, claims.beside_unanswered), (0, 0, 0))

    def test_a_dropped_delivery_is_lost(self):
        del self.arrivals[position(self.arrivals, 17, "free")]
        self.assert_only("answered 200, and lost: 1, among them 17 (evt_17) at free")

    def test_a_delivery_that_was_never_taken_is_lost(self):
        self.arrival(17, "free").is_taken = False
        self.assert_only("lost: 1")

    def test_what_had_no_answer_may_be_missing(self):
        last = self.envelopes[-1]
        last.answered, last.unanswered, last.identities = math.inf, 1, ()
        self.arrivals = [one for one in self.arrivals if one.number < 2 * ENVELOPES - 2]
        self.assertEqual(self.claims().faults, [])

    def test_what_nobody_sent_is_seen(self):
        self.arrivals.append(Arrival(99, "free", "node-1", "evt_999", 1, 999, "d999", True))
        self.assert_only("never sent: 1")

    def test_what_no_route_sends_there_is_seen(self):
        self.envelopes[3].events[0].destinations = frozenset(["chats", "line"])
        self.assert_only("where no route leads: 1, among them 6 at free")

    def test_other_bytes_are_seen(self):
        self.arrival(8, "line").digest = "other"
        self.assert_only("other bytes: 1, among them 8")

    def test_an_id_of_another_event_is_seen(self):
        self.arrivals.append(dataclasses.replace(self.arrival(8, "free"), identity="evt_9"))
        self.assertTrue(any("under the id of another event: 1" in fault for fault in self.claims().faults))

    def test_an_id_that_nobody_was_told_is_seen(self):
        self.arrivals.append(dataclasses.replace(self.arrival(8, "free"), identity="evt_new"))
        faults = self.claims().faults
        self.assertEqual(len(faults), 2, faults)
        self.assertIn("under an id that no answer had: 1", faults[0])
        self.assertIn("stored twice, though each POST was answered: 1", faults[1])

    def test_an_event_that_was_posted_twice_may_have_two_ids(self):
        self.envelopes[4].unanswered = 1
        self.arrivals.append(dataclasses.replace(self.arrival(8, "free"), identity="evt_new"))
        claims = self.claims()
        self.assertEqual((claims.faults, claims.stored_twice), ([], 1))

    def test_an_answer_with_too_few_ids_is_seen(self):
        self.envelopes[4].identities = ("evt_8",)
        self.assertTrue(any("another number of ids" in fault for fault in self.claims().faults))

    def test_the_same_id_for_two_events_is_seen(self):
        self.envelopes[4].identities = ("evt_8", "evt_8")
        self.assertTrue(any("ids that answers gave to several events: 1" in fault for fault in self.claims().faults))

    def test_two_of_a_chat_swapped_are_out_of_turn(self):
        self.swap(0, 8, "chats")
        self.assert_only("at chats, key 0")

    def test_two_of_an_envelope_swapped_are_out_of_turn(self):
        self.swap(8, 9, "chats")
        self.assert_only("before an earlier one of its key was taken: 1, among them 9 at chats, key 0")

    def test_those_of_other_chats_may_be_swapped(self):
        self.swap(0, 2, "chats")
        self.swap(1, 3, "chats")
        self.assertEqual(self.claims().faults, [])

    def test_two_swapped_are_out_of_turn_where_all_are_one_key(self):
        self.swap(1, 2, "line")
        self.assert_only("at line, key None")

    def test_without_order_nothing_is_out_of_turn(self):
        self.swap(0, 100, "free")
        self.assertEqual(self.claims().faults, [])

    def test_a_later_one_must_not_come_while_the_earlier_one_fails(self):
        failed = self.arrival(0, "chats")
        failed.is_taken = False
        self.arrivals.append(dataclasses.replace(failed, at=4.55, attempt=2, is_taken=True))  # the next of its chat comes at 4.5
        self.assert_only("among them 8 at chats, key 0")

    def test_a_repetition_that_fails_late_changes_no_order(self):
        self.arrivals.append(dataclasses.replace(self.arrival(0, "chats"), at=50, is_taken=False))
        self.assertEqual(self.claims().faults, [])

    def test_a_repetition_that_is_taken_late_changes_no_order(self):
        self.arrivals.append(dataclasses.replace(self.arrival(0, "chats"), at=50))
        self.assertEqual(self.claims().faults, [])

    def test_each_that_overtook_is_counted(self):
        self.arrival(0, "line").at = 2.55
        self.assert_only("before an earlier one of its key was taken: 4, among them 4 at line, key None, 3 at line, key None, 2 at line")

    def test_disorder_beside_a_post_without_answer_is_counted_only(self):
        self.envelopes[4].unanswered = 1
        self.swap(0, 8, "chats")
        self.swap(1, 9, "chats")
        claims = self.claims()
        self.assertEqual(claims.faults, [])
        self.assertGreater(claims.beside_unanswered, 0)

    def test_those_that_were_posted_at_the_same_time_have_no_order(self):
        self.envelopes[0].answered = 4.1  # the next of its chat was posted at 4
        self.swap(0, 8, "chats")
        self.swap(1, 9, "chats")
        self.assertEqual(self.claims().faults, [])

    def double(self, count, at):
        self.arrivals += [dataclasses.replace(self.arrival(number, "free"), at=at, attempt=2) for number in range(count)]

    def test_repetitions_are_for_faults(self):
        self.double(10, 70)
        self.assert_only("10 of 370 deliveries outside of faults were repetitions")

    def test_repetitions_in_a_fault_are_counted_only(self):
        self.double(10, 70)
        claims = self.claims([(69, 71)])
        self.assertEqual((claims.faults, claims.repeats_in_faults, claims.repeats_outside), ([], 10, 0))

    def test_a_few_repetitions_outside_of_faults_may_be(self):
        self.double(3, 70)
        self.assertEqual(self.claims().faults, [])


class WindowsTests(unittest.TestCase):
    def test_windows_that_meet_are_one(self):
        windows = Windows([(5, 7), (1, 3), (2, 4)])
        self.assertEqual((windows.begins, windows.ends), ([1, 5], [4, 7]))
        self.assertEqual([time in windows for time in (0.9, 1, 3.5, 4.5, 6, 7.1)], [False, True, True, False, True, False])
        self.assertEqual(windows.between(0, 10), [(0, 1), (4, 5), (7, 10)])

    def test_the_longest_gap_has_the_edges(self):
        self.assertEqual(longest_gap([1, 2, 5, 20], 0, 10), 5)
        self.assertEqual(longest_gap([1, 2], 0, 10), 8)
        self.assertEqual(longest_gap([], 3, 10), 7)


class ReportTests(unittest.TestCase):
    def test_faults_that_meet_are_one_spell_and_calm_stands_beside(self):
        faults = [Fault(0, "kill", 0, began=10, mended=11, recovered=12), Fault(0, "freeze", 1, began=40, mended=42, recovered=45),
                  Fault(0, "kill", 2, began=44, mended=46, recovered=47)]
        found = spells(faults, Windows([fault.window for fault in faults]), 0, 100)
        self.assertEqual(found, [
            ("kill", 10, 18, 1), (SEVERAL, 40, 53, 1), (NO_FAULT, 0, 9.5, None), (NO_FAULT, 18, 39.5, None), (NO_FAULT, 53, 100, None)])

    def test_effects_are_of_their_spell(self):
        arrivals = [Arrival(at, name, f"node-{1 + (at > 15)}", f"{name}{at}", 1, 0, "", True) for at in range(30) for name in ("a", "b") if name == "a" or not 10 < at < 16]
        arrivals.append(dataclasses.replace(arrivals[0], at=15))
        arrivals.sort(key=lambda one: one.at)
        found = effects([("kill", 9, 20, 0.5), (NO_FAULT, 20, 29, None)], arrivals)
        kill, usual = found["kill"], found[NO_FAULT]
        self.assertEqual((kill.nowhere, kill.somewhere, kill.ready, kill.repeats), ([1], [6], [0.5], 1))
        self.assertEqual((usual.nowhere, usual.somewhere, usual.ready, usual.repeats), ([1], [1], [], 0))
        self.assertEqual(moves(arrivals), {"a": 1, "b": 1})


class PlanTests(unittest.TestCase):
    def test_a_seed_is_a_plan(self):
        self.assertEqual(plan("7", 1200, 3, True), plan("7", 1200, 3, True))
        self.assertNotEqual(plan("7", 1200, 3, True), plan("8", 1200, 3, True))

    def test_all_kinds_come_and_the_database_is_restarted_three_times(self):
        faults = plan("7", 1200, 3, True)
        self.assertEqual({fault.kind for fault in faults}, {"kill", "freeze", "restart", "network", "database"})
        self.assertEqual(sorted(fault.how for fault in faults if fault.kind == "database"), ["fast", "fast", "immediate"])
        self.assertEqual({fault.node for fault in faults}, {0, 1, 2, None})
        self.assertTrue(any(fault.kind == "freeze" and fault.seconds > 6 for fault in faults))

    def test_one_relay_over_a_file_has_no_network(self):
        self.assertLessEqual({fault.kind for fault in plan("7", 1200, 1, False)}, {"kill", "freeze", "restart"})


class LoadTests(unittest.TestCase):
    def test_a_seed_writes_the_same_envelopes_and_no_two_senders_the_same_event(self):
        def written(seed, sender):
            writer = Writer(seed, sender, 0)
            return [writer.envelope() for _ in range(20)]
        self.assertEqual(written("7", 1), written("7", 1))
        one, other = ({event.number for _, envelope in written("7", sender) for event in envelope.events} for sender in (1, 2))
        self.assertFalse(one & other)

    def test_each_destination_gets_some(self):
        self.assertEqual(frozenset().union(*DESTINATIONS.values()), frozenset(ORDERS))


class Echo(threading.Thread):
    """What stands for the database: it sends back what it gets, and keeps it."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.listener, self.got, self.is_ended = socket.socket(socket.AF_UNIX), b"", threading.Event()
        self.arrived = threading.Condition()
        self.listener.bind(path)
        self.listener.listen()
        self.start()

    def run(self):
        with contextlib.suppress(OSError):  # stopped
            while True:
                threading.Thread(target=self.echo, args=[self.listener.accept()[0]], daemon=True).start()

    def echo(self, connection):
        with connection, contextlib.suppress(OSError):
            while bytes_ := connection.recv(65536):
                with self.arrived:
                    self.got += bytes_
                    self.arrived.notify_all()
                connection.sendall(bytes_)
        self.is_ended.set()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.join()
        self.listener.close()

    def has_got(self, bytes_):
        with self.arrived:
            return self.arrived.wait_for(lambda: self.got.endswith(bytes_), 10)


class WaysTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.echo = Echo(f"{folder.name}/socket")
        self.addCleanup(self.echo.stop)
        self.ways = Ways(f"{folder.name}/socket", 1)
        self.addCleanup(self.ways.stop)

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.ways.ports[0]), 10)
        self.addCleanup(connection.close)
        return connection

    def assert_echoed(self, connection, bytes_):
        connection.sendall(bytes_)
        got = b""
        while len(got) < len(bytes_):
            got += connection.recv(65536)
        self.assertEqual(got, bytes_)

    def test_what_passes_passes(self):
        self.assert_echoed(self.connect(), b"hello")
        self.assert_echoed(self.connect(), b"x" * 3_000_000)

    def test_a_stalled_way_holds_both_ways_and_goes_on(self):
        connection = self.connect()
        self.assert_echoed(connection, b"before")
        self.ways.set(0, "stall")
        connection.sendall(b"held")
        connection.settimeout(0.3)
        self.assertRaises(TimeoutError, connection.recv, 10)
        self.assertEqual(self.echo.got, b"before")
        self.ways.set(0, "pass")
        connection.settimeout(10)
        self.assertEqual(connection.recv(10), b"held")

    def test_a_muted_way_brings_what_is_asked_and_no_answer(self):
        connection = self.connect()
        self.assert_echoed(connection, b"before")
        self.ways.set(0, "mute")
        connection.sendall(b"asked")
        self.assertTrue(self.echo.has_got(b"asked"))
        connection.settimeout(0.3)
        self.assertRaises(TimeoutError, connection.recv, 10)
        self.ways.set(0, "cut")
        connection.settimeout(10)
        self.assertRaises(ConnectionResetError, connection.recv, 10)

    def test_a_cut_ends_both_sides_and_new_ones_pass(self):
        connection = self.connect()
        self.assert_echoed(connection, b"before")
        self.ways.set(0, "cut")
        self.assertRaises(ConnectionResetError, connection.recv, 10)
        self.assertTrue(self.echo.is_ended.wait(10))
        self.assert_echoed(self.connect(), b"after")

    def test_a_refusing_way_refuses_until_it_passes(self):
        connection = self.connect()
        self.assert_echoed(connection, b"before")
        self.ways.set(0, "refuse")
        self.assertRaises(ConnectionResetError, connection.recv, 10)
        self.assertRaises(ConnectionRefusedError, self.connect)
        self.ways.set(0, "pass")
        self.assert_echoed(self.connect(), b"after")


if __name__ == "__main__":
    unittest.main()
