import RelayTestSupport

/// Good requests, with a few bytes of each changed.
struct RequestMutations {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  private static let headers = [
    "Host: relay", "User-Agent: Huggy/1.0 (+https://huggy.io; a=\"b\")", "Accept: */*", "x_note:",
    "X-A: b , c",
    "content-type: application/json", "Keep-Alive: timeout=5", "TE: trailers", "Cookie: a=b; c=d",
  ]
  private static let rare = [
    "Connection: close", "Transfer-Encoding: chunked", "Expect: 100-continue", "Upgrade: x",
    "Content-Length: 1",
  ]
  /// What a head's meaning hangs on.
  private static let telling = Array("\r\n :\t?#/0129-_,;=\u{0}\u{7F}%aZ\"(".utf8) + [0x80, 0xFF]

  mutating func next() -> [UInt8] {
    let body = String(repeating: "ab\r\n", count: random.below(4))
    var headers = (0..<random.below(4)).map { _ in random.pick(Self.headers) }
    headers.insert(
      "\(random.pick(["Content-Length", "content-length"])): \(body.utf8.count)",
      at: random.below(headers.count + 1))
    if random.chance(10) { headers.insert(random.pick(Self.rare), at: random.below(headers.count + 1)) }
    let path = random.pick(["/huggy", "/", "/a/b.c", "/%7Ex", "//relay/x"])
    var bytes = Array(
      (Requests.head(random.pick(["POST", "PUT"]), path, headers: headers) + body).utf8)
    let headCount = bytes.count - body.utf8.count
    for _ in 0..<random.below(3) { change(&bytes, at: random.below(headCount)) }
    return bytes + (random.chance(30) ? Array("POST / HTTP/1.1\r\n".utf8) : [])
  }

  private mutating func change(_ bytes: inout [UInt8], at place: Int) {
    let byte = random.chance(70) ? random.pick(Self.telling) : UInt8(random.below(256))
    switch random.below(4) {
    case 0: bytes.insert(byte, at: place)
    case 1: bytes.remove(at: place)
    default: bytes[place] = byte
    }
  }
}
