/// Turns a fuzzer's bytes into choices: where they have ended, the first choice is taken.
struct Choices {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: UnsafeBufferPointer<UInt8>) { rest = Array(bytes)[...] }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// From 0 to below the bound, which is at most 256.
  mutating func below(_ bound: Int) -> Int { Int(byte()) % bound }

  /// - Parameter percent: How many of a hundred bytes say yes; 0, which stands behind the end, says no.
  mutating func chance(_ percent: Int) -> Bool { Int(byte()) > 255 - percent * 255 / 100 }

  mutating func pick<Item>(_ items: [Item]) -> Item { items[below(items.count)] }

  /// So many bytes as the next one says, as text.
  mutating func text(atMost limit: Int = 24) -> String {
    let count = below(limit + 1)
    defer { rest = rest.dropFirst(count) }
    return String(decoding: rest.prefix(count), as: UTF8.self)
  }
}

/// The places where an input is cut into pieces: the same for the same input.
struct Cuts {
  private var state: UInt64

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    state = bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  private mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }

  /// Pieces that together are the bytes.
  mutating func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    guard bytes.count > 1 else { return [bytes[...]] }
    let places = Set((0...next(below: 8)).map { _ in 1 + next(below: bytes.count - 1) }).sorted()
    return zip([0] + places, places + [bytes.count]).map { bytes[$0..<$1] }
  }
}
