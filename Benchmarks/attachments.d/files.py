"""The files that the events point to: what each is, how its origin behaves, and what must become of it.

All of it follows from a number, so that the origin, the sender and who checks need not tell each other.
"""
import dataclasses, hashlib, random

SMALLEST, LARGEST = 1_000, 20_000_000
BLOCK = random.Random(1).randbytes(1 << 20)
TWICE = memoryview(BLOCK + BLOCK)
ALLOWED_HOSTS = [f"cdn{n}.files.test" for n in range(4)]
INNER_HOST = "inner.files.test"  # an allowed name, but its address is not
OTHER_HOST = "files.elsewhere.test"  # an allowed address, but its name is not
ALLOWED_ADDRESS, INNER_ADDRESS = "127.0.0.1", "127.0.0.3"
MAX_SIZE = 20 << 20

# Of each: how many of 2,000, and whether the relay must have it.
MUST, MUST_NOT, UNTOUCHED, PREFIX = "fetched", "not fetched", "link untouched", "not fetched, or as long as was said"
KINDS = {
    "slow": (40, MUST, "in pieces, two seconds for all"),
    "breaks off once": (40, MUST, "the first time it ends in the middle"),
    "503 once": (20, MUST, "the first time it answers 503"),
    "redirected once": (40, MUST, "to another allowed host"),
    "redirected three times": (20, MUST, "among allowed hosts"),
    "redirected four times": (10, MUST_NOT, "among allowed hosts"),
    "redirected outside": (30, MUST_NOT, "to a host that is not allowed"),
    "redirected to loopback": (30, MUST_NOT, "to https://127.0.0.1"),
    "redirected to http": (20, MUST_NOT, "on an allowed host"),
    "redirected to an inner address": (20, MUST_NOT, "by a name that is allowed"),
    "inner address": (20, MUST_NOT, "by a name that is allowed"),
    "other host": (30, UNTOUCHED, "the event itself points to a host that is not allowed"),
    "says more than it sends": (20, MUST_NOT, "and closes"),
    "says less than it sends": (20, PREFIX, ""),
    "says that it is too large": (10, MUST_NOT, "30 MB"),
    "has no end": (6, MUST_NOT, "and says no length"),
    "404": (20, MUST_NOT, ""),
    "expired": (20, MUST_NOT, "before it was asked for: 403"),
    "silent": (2, MUST_NOT, "takes the request, and never answers"),
}


@dataclasses.dataclass
class File:
    number: int
    kind: str
    size: int  # bytes
    content: int  # those with the same one and size have the same bytes

    @property
    def wanted(self):
        return KINDS[self.kind][1] if self.kind in KINDS else MUST

    @property
    def host(self):
        special = {"inner address": INNER_HOST, "other host": OTHER_HOST}
        return special.get(self.kind, ALLOWED_HOSTS[self.number % len(ALLOWED_HOSTS)])

    def pieces(self, size=None):
        """Its bytes, in pieces of at most 1 MiB."""
        left = self.size if size is None else size
        head = b"file %d\n" % self.content
        yield head[:left]
        left -= len(head)
        start = self.content * 4099 % len(BLOCK)
        while left > 0:
            yield TWICE[start:start + min(left, len(BLOCK))]
            left -= len(BLOCK)

    def digest(self, size=None):
        digest = hashlib.sha256()
        for piece in self.pieces(size):
            digest.update(piece)
        return digest.hexdigest()


def sizes(count, total):
    """From SMALLEST to LARGEST, few of them large, as they are in chats; together about `total`."""
    def of(power):
        return [int(SMALLEST * (LARGEST / SMALLEST) ** (((n + 0.5) / count) ** power)) for n in range(count)]

    low, high = 0.05, 50.0
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if sum(of(middle)) > total else (low, middle)
    found = of(high)
    found[0], found[-1] = SMALLEST, LARGEST
    return found


def plan(count, total):
    """The kinds are spread evenly, and none has only large or only small files."""
    choose = random.Random(count)
    kinds = [kind for kind, (share, _, _) in KINDS.items() for _ in range(max(1, share * count // 2000))]
    kinds += ["plain"] * (count - len(kinds))
    choose.shuffle(kinds)
    lengths = sizes(count, total)
    choose.shuffle(lengths)
    files = [File(number, kind, length, number) for number, (kind, length) in enumerate(zip(kinds, lengths))]
    for first, second in zip(files[::20], files[1::20]):  # somebody sends the same file again
        if first.kind == second.kind == "plain":
            second.size, second.content = first.size, first.content
    return files
