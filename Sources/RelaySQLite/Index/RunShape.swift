/// How many events runs cover. What the store holds depends on it: it never changes.
struct RunShape: Sendable, Equatable {
  /// A small run covers two to the power of so many events' rows.
  let smallBits: Int
  let largeBits: Int

  static let standard = RunShape(smallBits: 12, largeBits: 18)

  func bits(_ size: RunID.Size) -> Int {
    switch size {
    case .small: smallBits
    case .large: largeBits
    }
  }

  var smallRows: Int64 { 1 << Int64(smallBits) }
}

/// Names a run: which events' rows it covers. Small runs are made as events come; those of a large one's rows become one
/// when there are enough.
struct RunID: Hashable, Sendable {
  enum Size: Int64, Sendable {
    case small = 0
    case large = 1
  }

  let size: Size
  /// It covers the rows from this times its size.
  let number: Int64

  init(_ size: Size, _ number: Int64) {
    self.size = size
    self.number = number
  }

  /// The one that covers a row.
  init(_ size: Size, of row: Int64, _ shape: RunShape) {
    self.init(size, row >> Int64(shape.bits(size)))
  }

  /// As the store has it.
  init(rawValue: Int64) {
    self.init(Size(rawValue: rawValue & 1)!, rawValue >> 1)
  }

  var rawValue: Int64 { number << 1 | size.rawValue }

  func rows(_ shape: RunShape) -> Range<Int64> {
    let bits = Int64(shape.bits(size))
    return number << bits..<(number + 1) << bits
  }

  /// The numbers that its pages may have; the first is that of its contents.
  var pages: Range<Int64> { rawValue << 20..<(rawValue + 1) << 20 }

  /// The run that a page belongs to.
  init(ofPage page: Int64) {
    self.init(rawValue: page >> 20)
  }
}

/// Some of the events' rows of a range.
struct RowBits: Equatable {
  let rows: Range<Int64>
  private var words: [UInt64]

  init(_ rows: Range<Int64>) {
    self.rows = rows
    words = Array(repeating: 0, count: (rows.count + 63) / 64)
  }

  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  func contains(_ row: Int64) -> Bool {
    let (word, bit) = place(row)
    return words[word] >> bit & 1 == 1
  }

  mutating func insert(_ row: Int64) {
    let (word, bit) = place(row)
    words[word] |= 1 << bit
  }

  mutating func formIntersection(_ other: RowBits) {
    for word in words.indices { words[word] &= other.words[word] }
  }

  /// Those that lie in this part of their range.
  func restricted(to part: Range<Int64>) -> RowBits {
    var bits = RowBits(part)
    let within = part.clamped(to: rows)
    var from = within.lowerBound
    while let row = first(in: from..<within.upperBound) {
      bits.insert(row)
      from = row + 1
    }
    return bits
  }

  /// All of their range but these.
  func inverted() -> RowBits {
    var bits = RowBits(rows)
    for word in words.indices { bits.words[word] = ~words[word] }
    // Beyond the range there is none.
    let rest = rows.count % 64
    if rest > 0 { bits.words[bits.words.count - 1] &= 1 << UInt64(rest) - 1 }
    return bits
  }

  func count(in range: Range<Int64>) -> Int {
    var (count, row) = (0, range.lowerBound)
    while row < range.upperBound {
      let (word, bit) = place(row)
      let rest = min(64 - Int64(bit), range.upperBound - row)
      let mask: UInt64 = rest == 64 ? .max : (1 << UInt64(rest) - 1) << bit
      count += (words[word] & mask).nonzeroBitCount
      row += rest
    }
    return count
  }

  /// The lowest in this range.
  func first(in range: Range<Int64>) -> Int64? {
    guard !range.isEmpty else { return nil }
    var (word, bit) = place(range.lowerBound)
    while word < words.count {
      let found = (words[word] >> bit) << bit
      if found != 0 {
        let row = rows.lowerBound + Int64(word * 64 + found.trailingZeroBitCount)
        return row < range.upperBound ? row : nil
      }
      word += 1
      bit = 0
    }
    return nil
  }

  /// The highest in this range.
  func last(in range: Range<Int64>) -> Int64? {
    guard !range.isEmpty else { return nil }
    var (word, bit) = place(range.upperBound - 1)
    while word >= 0 {
      let found = (words[word] << (63 - bit)) >> (63 - bit)
      if found != 0 {
        let row = rows.lowerBound + Int64(word * 64 + 63 - found.leadingZeroBitCount)
        return row >= range.lowerBound ? row : nil
      }
      word -= 1
      bit = 63
    }
    return nil
  }

  private func place(_ row: Int64) -> (word: Int, bit: UInt64) {
    let offset = row - rows.lowerBound
    return (Int(offset >> 6), UInt64(offset & 63))
  }
}
