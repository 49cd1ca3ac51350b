import RelayCore
import RelayTestSupport

/// Makes random events, and says of each which links to files it holds: known from the making, not by reading.
struct LinkedEventMaker {
  private var random: SplitMix64
  private var body: [UInt8] = []
  private var links: [FoundLink] = []

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func event() -> (body: [UInt8], links: [FoundLink]) {
    (body, links) = ([], [])
    braced(members: random.below(8)) { maker in
      let key = maker.random.pick([
        "id", "file", "fileUrl", "files", "filet", "a\\\"file", "chat", "url", "é",
      ])
      let holdsLinks = ["file", "fileUrl", "files"].contains(key)
      maker.write(key)
      maker.gap(":")
      maker.value(holdsLinks: holdsLinks)
    }
    return (body, Array(links.prefix(AttachmentFinder.maxLinks)))
  }

  /// - Parameter holdsLinks: A link that stands here counts.
  private mutating func value(holdsLinks: Bool) {
    switch random.below(3) {
    case 0: scalar(holdsLinks: holdsLinks)
    case 1: object(holdsLinks: holdsLinks)
    default:
      body.append(UInt8(ascii: "["))
      for index in 0..<random.below(5) {
        if index > 0 { gap(",") }
        if random.chance(50) { scalar(holdsLinks: holdsLinks) } else { object(holdsLinks: holdsLinks) }
      }
      body.append(UInt8(ascii: "]"))
    }
  }

  private mutating func scalar(holdsLinks: Bool) {
    switch random.below(3) {
    case 0: body += Array(random.pick(["null", "true", "-1.5e3", "[]", "{}"]).utf8)
    case 1: write(random.pick(["", "x", "file", #"\"file\":\"https://q/\""#, "ftp://a/b", "{[,]}"]))
    default: link(counts: holdsLinks)
    }
  }

  private mutating func object(holdsLinks: Bool) {
    braced(members: random.below(4)) { maker in
      let key = maker.random.pick(["url", "url", "file", "name"])
      maker.write(key)
      maker.gap(":")
      maker.scalar(holdsLinks: key == "url" && holdsLinks)
    }
  }

  private mutating func link(counts: Bool) {
    let path = "\(random.below(1_000))"
    let (spelled, decoded) = random.pick([
      ("https://a.b/\(path)", "https://a.b/\(path)"), ("http:\\/\\/a.b\\/\(path)", "http://a.b/\(path)"),
      ("\\u0068ttps://é/\(path)", "https://é/\(path)"), ("HttP://x?\(path)\\n", "HttP://x?\(path)\n"),
    ])
    let start = body.count + 1
    write(spelled)
    if counts { links.append(FoundLink(range: start..<start + spelled.utf8.count, url: decoded)) }
  }

  private mutating func write(_ spelled: String) { body += Array("\"\(spelled)\"".utf8) }

  private mutating func braced(members: Int, _ member: (inout LinkedEventMaker) -> Void) {
    body.append(UInt8(ascii: "{"))
    for index in 0..<members {
      if index > 0 { gap(",") }
      member(&self)
    }
    body.append(UInt8(ascii: "}"))
  }

  private mutating func gap(_ mark: String) {
    body += Array((random.pick(["", " ", "\n\t"]) + mark + random.pick(["", " "])).utf8)
  }
}
