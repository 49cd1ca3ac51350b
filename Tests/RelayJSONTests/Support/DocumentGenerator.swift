import RelayTestSupport

/// Makes random valid envelopes of few distinct keys, so that paths meet, duplicates and nested arrays abound.
struct DocumentGenerator {
  private var random: SplitMix64
  private static let spellings = [
    "a", "b", "c", "\\u0061", "\\u0062", "a.b", "id", "i\\u0064", "é", "\\u00E9", "", "longer_than_a_word",
    "a\\\"b",
  ]
  private static let scalars = [
    "null", "true", "false", "0", "-1.5e+3", "123456789012345678901234567890", "1E400", "\"\"", "\"x\"",
    "\"\\n\"",
    "\"olá, você 😀\"", "\"\\ud800\"", "\"a rather long string without anything special in it\"", "\"{[,]}\"",
  ]

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func envelope() -> String {
    let keys = ["time", "token", "validToken", "messages", "messages", "messages", "other", "\\u006dessages"]
    let members = (0..<random.below(6)).map { _ in
      let key = keys[random.below(keys.count)]
      let isMessages = key.hasSuffix("essages") && random.chance(90)
      return "\"\(key)\"\(gap()):\(gap())\(isMessages ? messages() : value(depth: 2))"
    }
    return gap() + braced(members) + gap()
  }

  private mutating func messages() -> String {
    if random.chance(10) { return random.chance(50) ? "[]" : value(depth: 2) }
    let types = ["createdChat", "receivedMessage", "token", "\\u0074oken", "t"]
    let members = (0..<random.below(4)).map { _ in
      let items = random.chance(80) ? array((0..<random.below(4)).map { _ in item() }) : item()
      return "\"\(types[random.below(types.count)])\"\(gap()):\(gap())\(items)"
    }
    return braced(members)
  }

  private mutating func item() -> String { random.chance(85) ? object(depth: 4) : value(depth: 2) }

  private mutating func value(depth: Int) -> String {
    if depth == 0 || random.chance(40) { return Self.scalars[random.below(Self.scalars.count)] }
    if random.chance(50) { return object(depth: depth - 1) }
    return array((0..<random.below(4)).map { _ in value(depth: depth - 1) })
  }

  private mutating func object(depth: Int) -> String {
    let members = (0..<random.below(7)).map { _ in
      // Mostly the first three keys: duplicates.
      let key = Self.spellings[random.chance(60) ? random.below(3) : random.below(Self.spellings.count)]
      return "\"\(key)\"\(gap()):\(gap())\(value(depth: depth))"
    }
    return braced(members)
  }

  private mutating func braced(_ members: [String]) -> String { "{" + joined(members) + "}" }

  private mutating func array(_ items: [String]) -> String { "[" + joined(items) + "]" }

  private mutating func joined(_ parts: [String]) -> String {
    gap() + parts.map { $0 + gap() }.joined(separator: "," + gap())
  }

  private mutating func gap() -> String {
    random.chance(60)
      ? "" : ["", " ", "\n        ", "\t\r\n", String(repeating: " ", count: 17)][random.below(5)]
  }
}
