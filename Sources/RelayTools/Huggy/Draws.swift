import RelaySystem

/// Chance and fresh ids: all that differs between two stories of one kind.
struct Draws: Sendable {
  /// Ids of a seed begin at (seed modulo this, plus 1) hundred millions: they stay below 2^53, which every
  /// reader of JSON holds exactly, and two seeds share none within the first hundred million.
  static let seedCount: UInt64 = 90_000_000

  private(set) var randomness: SplitMix64
  private var lastID: Int

  init(seed: UInt64) {
    randomness = SplitMix64(seed: seed)
    lastID = Int(seed % Self.seedCount + 1) * 100_000_000
  }

  /// An id that nothing else in this run has, of whatever kind.
  mutating func freshID() -> Int {
    lastID += 1
    return lastID
  }

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices.randomElement(using: &randomness)! }

  mutating func oneIn(_ count: Int) -> Bool { number(in: 0..<count) == 0 }

  mutating func number(in range: Range<Int>) -> Int { Int.random(in: range, using: &randomness) }

  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    elements.shuffled(using: &randomness)
  }
}
