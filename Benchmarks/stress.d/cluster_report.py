"""What each kind of fault did."""
import bisect, collections, statistics

from claims import longest_gap
from report import table

SHORTEST_CALM = 5  # seconds without a fault that say what is usual
SEVERAL, NO_FAULT = "several at once", "no fault"


def spells(faults, windows, began, ended):
    """Each time in which something was broken: what it was, from when to when, and until when its nodes were ready again. Faults that met are one.

    Times without any stand beside them, so that one sees what is usual."""
    groups = []
    for fault in sorted((fault for fault in faults if fault.recovered), key=lambda fault: fault.began):
        if groups and fault.began < max(other.recovered for other in groups[-1]):
            groups[-1].append(fault)
        else:
            groups.append([fault])
    found = []
    for n, group in enumerate(groups):
        begin, recovered = group[0].began, max(fault.recovered for fault in group)
        next_begin = groups[n + 1][0].began if n + 1 < len(groups) else ended
        end = max(recovered, min(next_begin, max(fault.window[1] for fault in group)))
        found.append((group[0].label if len(group) == 1 else SEVERAL, begin, end, recovered - max(fault.mended for fault in group)))
    return found + [(NO_FAULT, begin, end, None) for begin, end in windows.between(began, ended) if end - begin >= SHORTEST_CALM]


class Effects:
    """Of a kind of spell, each time: seconds without a delivery anywhere, the longest of any destination, until the nodes were ready, repetitions."""

    def __init__(self):
        self.nowhere, self.somewhere, self.ready, self.repeats, self.seconds = [], [], [], 0, 0


def effects(spells, arrivals):
    everywhere, of_destination, seen, repeats = [], collections.defaultdict(list), set(), []
    for arrival in arrivals:
        if arrival.is_taken:
            everywhere.append(arrival.at)
            of_destination[arrival.destination].append(arrival.at)
            pair = arrival.identity, arrival.destination
            if pair in seen:
                repeats.append(arrival.at)
            seen.add(pair)
    found = collections.defaultdict(Effects)
    for label, begin, end, ready in spells:
        one = found[label]
        one.nowhere.append(longest_gap(everywhere, begin, end))
        one.somewhere.append(max((longest_gap(times, begin, end) for times in of_destination.values()), default=end - begin))
        one.ready += [] if ready is None else [ready]
        one.repeats += bisect.bisect_right(repeats, end) - bisect.bisect_left(repeats, begin)
        one.seconds += end - begin
    return found


def moves(arrivals):
    """How often each destination got something from another node than before."""
    last, found = {}, collections.Counter()
    for arrival in arrivals:
        found[arrival.destination] += last.setdefault(arrival.destination, arrival.node) != arrival.node
        last[arrival.destination] = arrival.node
    return found


def shown(values):
    return f"{statistics.median(values):.2f} / {max(values):.2f}" if values else "–"


def print_effects(found):
    rows = [[label, f"{len(one.nowhere)}", shown(one.ready), shown(one.nowhere), shown(one.somewhere), f"{one.repeats}"]
            for label, one in sorted(found.items(), key=lambda item: (item[0] in (NO_FAULT, SEVERAL), item[0]))]
    table("What broke (seconds: median / longest)", ["", "times", "ready again", "nothing delivered", "a destination got nothing", "repeated"], rows, [
        "Ready again: from its mending until all nodes that it met were ready. The others: from its beginning until it was settled, or the next began."])
