/// What a run has: its first page. By this a term's page is found.
///
/// What the store holds depends on how it is written: that never changes but with a new `version`.
struct RunContents: Equatable {
  /// The values of a kind, in lower case where case does not count; nil: there are too many to be listed.
  typealias Names = [[UInt8]]?

  private static let version: UInt8 = 1

  /// The first term of each page after this one, rising.
  var pageStarts: [UInt64] = []
  /// For each small run's worth of rows, in order: the deliveries that came with its events lie in this range. What was routed
  /// anew, or replayed, may lie elsewhere.
  var deliveries: [Range<Int64>] = []
  /// In the order of `EventTerm.Kind.named`.
  var names: [Names] = []

  /// On which of the pages the term is, if anywhere; counted from 0.
  func page(of term: UInt64) -> Int? {
    var (low, high) = (0, pageStarts.count)
    while low < high {
      let middle = (low + high) / 2
      if pageStarts[middle] <= term { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : low - 1
  }

  func names(of kind: EventTerm.Kind) -> Names {
    EventTerm.Kind.named.firstIndex(of: kind).flatMap { names[$0] }
  }

  // MARK: As bytes

  var bytes: [UInt8] {
    var output: [UInt8] = [Self.version]
    output.append(varint: UInt64(pageStarts.count))
    for start in pageStarts { output.append(word: start) }
    output.append(varint: UInt64(deliveries.count))
    for range in deliveries {
      output.append(varint: UInt64(range.lowerBound))
      output.append(varint: UInt64(range.count))
    }
    for names in names {
      guard let names else {
        output.append(varint: 0)
        continue
      }
      output.append(varint: UInt64(names.count + 1))
      for name in names {
        output.append(varint: UInt64(name.count))
        output += name
      }
    }
    return output
  }

  init(
    pageStarts: [UInt64] = [], deliveries: [Range<Int64>] = [],
    names: [Names] = Array(repeating: [], count: EventTerm.Kind.named.count)
  ) {
    self.pageStarts = pageStarts
    self.deliveries = deliveries
    self.names = names
  }

  /// nil: it is none.
  init?(_ bytes: [UInt8]) {
    self.init(names: [])
    let isWhole = bytes.withUnsafeBufferPointer { buffer -> Bool in
      var input = ByteReader(buffer)
      return read(&input) && input.isAtEnd
    }
    guard isWhole else { return nil }
  }

  private mutating func read(_ input: inout ByteReader) -> Bool {
    guard input.byte() == Self.version, let pages = input.count() else { return false }
    for _ in 0..<pages {
      guard let start = input.word() else { return false }
      pageStarts.append(start)
    }
    guard let ranges = input.count() else { return false }
    for _ in 0..<ranges {
      guard let first = input.varint(), let count = input.varint(), first < 1 << 62, count < 1 << 62 else {
        return false
      }
      deliveries.append(Int64(first)..<Int64(first + count))
    }
    for _ in EventTerm.Kind.named {
      guard let count = input.count() else { return false }
      guard count > 0 else {
        names.append(nil)
        continue
      }
      var list: [[UInt8]] = []
      for _ in 1..<count {
        guard let length = input.count(), let name = input.bytes(length) else { return false }
        list.append(Array(name))
      }
      names.append(list)
    }
    return true
  }
}

/// A run as the store keeps it.
struct EncodedRun: Equatable, Sendable {
  let id: RunID
  /// The first is its contents; in each of the others terms rise, as they do from one to the next.
  let pages: [[UInt8]]
}

extension [UInt8] {
  /// Seven bits a byte, the lowest first.
  mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  /// Eight bytes, the lowest first.
  mutating func append(word: UInt64) {
    Swift.withUnsafeBytes(of: word.littleEndian) { append(contentsOf: $0) }
  }
}

/// Reads what runs are made of. Nil: it ends too early, or is none.
struct ByteReader {
  private let buffer: UnsafeBufferPointer<UInt8>
  private var at = 0

  init(_ buffer: UnsafeBufferPointer<UInt8>) {
    self.buffer = buffer
  }

  var isAtEnd: Bool { at == buffer.count }

  mutating func byte() -> UInt8? {
    guard at < buffer.count else { return nil }
    defer { at += 1 }
    return buffer[at]
  }

  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = byte() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  /// Of what follows, of which each takes a byte at least.
  mutating func count() -> Int? {
    guard let value = varint(), value <= UInt64(buffer.count) + 1 else { return nil }
    return Int(value)
  }

  mutating func word() -> UInt64? {
    guard at + 8 <= buffer.count else { return nil }
    defer { at += 8 }
    return UInt64(
      littleEndian: UnsafeRawBufferPointer(buffer).loadUnaligned(fromByteOffset: at, as: UInt64.self))
  }

  mutating func bytes(_ count: Int) -> UnsafeBufferPointer<UInt8>? {
    guard count >= 0, at + count <= buffer.count else { return nil }
    defer { at += count }
    return UnsafeBufferPointer(rebasing: buffer[at..<at + count])
  }
}
