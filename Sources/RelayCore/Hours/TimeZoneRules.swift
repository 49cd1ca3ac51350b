/// A time zone: which time its clocks show, at every moment there was and will be.
///
/// Read from a file of the system's zoneinfo (TZif, RFC 9636): a table of the changes that there were and are announced, and
/// a rule for all that comes after it (docs/decisions/0039-hours-of-a-zone.md).
package struct TimeZoneRules: Sendable, Equatable {
  /// Why a file is no time zone, as the rest of a sentence that begins with it: `is not a time zone's file`.
  package struct Fault: Error, Equatable {
    package var message: String
  }

  /// Files of zoneinfo have at most some 4 KiB.
  package static let largestFile = 64 << 10

  package static let utc = TimeZoneRules(unread: "UTC")

  /// Such as `America/Sao_Paulo`.
  package let name: String
  /// Seconds since 1970 at which the zone's clocks were, or will be, set; rising.
  private let changes: [Int64]
  /// Seconds that they are ahead of UTC, from each change on.
  private let offsets: [Int64]
  /// The same before the first change.
  private let firstOffset: Int64
  /// What holds after the last change; nil: as it left them.
  private let rule: DaylightRule?

  /// A zone whose file was not looked at: it is fit to be shown and compared, and counts as UTC.
  package init(unread name: String) {
    self.name = name
    (changes, offsets, firstOffset, rule) = ([], [], 0, nil)
  }

  /// A zone that has always had one rule, as POSIX writes it: `<-03>3`, `CET-1CEST,M3.5.0,M10.5.0/3`.
  package init(rule text: String) throws(Fault) {
    name = text
    rule = try DaylightRule(Array(text.utf8))
    (changes, offsets, firstOffset) = ([], [], 0)
  }

  /// - Parameter file: The bytes of its file.
  package init(name: String, file: [UInt8]) throws(Fault) {
    self.name = name
    var reader = Reader(bytes: file)
    let first = try reader.header()
    // The first block is for readers that know 32 bits only.
    if first.version >= 2 { try reader.skip(first.byteCount(timeBytes: 4)) }
    let counts = first.version >= 2 ? try reader.header() : first
    guard counts.leaps == 0 else { throw Fault(message: "counts leap seconds; name the zone without right/") }
    guard counts.types > 0 else { throw Reader.notAFile }
    let timeBytes = first.version >= 2 ? 8 : 4
    var changes: [Int64] = []
    for _ in 0..<counts.times { changes.append(try reader.integer(timeBytes)) }
    var types: [Int] = []
    for _ in 0..<counts.times { types.append(Int(try reader.byte())) }
    var typeOffsets: [Int64] = []
    for _ in 0..<counts.types {
      typeOffsets.append(try reader.integer(4))
      try reader.skip(2)
    }
    guard types.allSatisfy({ $0 < counts.types }), zip(changes, changes.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw Reader.notAFile }
    self.changes = changes
    offsets = types.map { typeOffsets[$0] }
    firstOffset = typeOffsets[0]
    guard first.version >= 2 else {
      rule = nil
      return
    }
    try reader.skip(counts.byteCount(timeBytes: 8) - counts.times * 9 - counts.types * 6)
    let text = try reader.footer()
    rule = text.isEmpty ? nil : try DaylightRule(text)
  }

  /// How far its clocks are ahead of UTC, in seconds.
  ///
  /// - Parameter moment: In seconds since 1970.
  package func offset(at moment: Int64) -> Int64 {
    var (low, high) = (0, changes.count)
    while low < high {
      let middle = (low + high) / 2
      if changes[middle] <= moment { low = middle + 1 } else { high = middle }
    }
    if low == changes.count, let rule { return rule.offset(at: moment) }
    return low == 0 ? firstOffset : offsets[low - 1]
  }

  /// When its clocks show a time: the first and the last such moment, which differ where clocks are set back over it. Where they
  /// are set forward over it, it is the moment of that.
  ///
  /// - Parameter local: What they show, in seconds since 1970 as if it were UTC.
  package func moments(showing local: Int64) -> ClosedRange<Int64> {
    // No zone is as far from UTC as a day, and none is set twice in two days.
    let (before, after) = (offset(at: local - 86_400), offset(at: local + 86_400))
    let early = min(local - before, local - after)
    let late = max(local - before, local - after)
    let moments = [early, late].filter { offset(at: $0) == local - $0 }
    if let first = moments.first, let last = moments.last { return first...last }
    var (low, high) = (early, late)
    while low < high {
      let middle = low + (high - low) / 2
      if offset(at: middle) == after { high = middle } else { low = middle + 1 }
    }
    return low...low
  }
}

extension TimeZoneRules {
  /// Whether a name can be one of zoneinfo's: it leads nowhere else than below that folder.
  package static func isName(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return name.utf8.count <= 64
      && parts.allSatisfy { part in
        part.utf8.first.map { Self.isLetter($0) } ?? false
          && part.utf8.allSatisfy {
            Self.isLetter($0) || (0x30...0x39).contains($0) || "_+-".utf8.contains($0)
          }
      }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}

/// Reads a TZif file's numbers, which are big-endian.
private struct Reader {
  static let notAFile = TimeZoneRules.Fault(message: "is not a time zone's file, or is cut off")

  struct Header {
    var version = 1
    var universals = 0
    var standards = 0
    var leaps = 0
    var times = 0
    var types = 0
    var characters = 0

    func byteCount(timeBytes: Int) -> Int {
      times * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + standards + universals
    }
  }

  private let bytes: [UInt8]
  private var place = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func header() throws(TimeZoneRules.Fault) -> Header {
    for expected in "TZif".utf8 where try byte() != expected { throw Self.notAFile }
    var header = Header()
    let version = try byte()
    header.version = version == 0 ? 1 : Int(version) - 0x30
    try skip(15)
    header.universals = try count()
    header.standards = try count()
    header.leaps = try count()
    header.times = try count()
    header.types = try count()
    header.characters = try count()
    return header
  }

  /// What stands between the last two line ends.
  mutating func footer() throws(TimeZoneRules.Fault) -> [UInt8] {
    guard try byte() == 0x0A, let end = bytes[place...].firstIndex(of: 0x0A) else { throw Self.notAFile }
    return Array(bytes[place..<end])
  }

  mutating func byte() throws(TimeZoneRules.Fault) -> UInt8 {
    guard place < bytes.count else { throw Self.notAFile }
    defer { place += 1 }
    return bytes[place]
  }

  mutating func skip(_ count: Int) throws(TimeZoneRules.Fault) {
    guard count >= 0, place + count <= bytes.count else { throw Self.notAFile }
    place += count
  }

  mutating func integer(_ size: Int) throws(TimeZoneRules.Fault) -> Int64 {
    guard place + size <= bytes.count else { throw Self.notAFile }
    var number: UInt64 = 0
    for byte in bytes[place..<place + size] { number = number << 8 | UInt64(byte) }
    place += size
    return size == 4 ? Int64(Int32(truncatingIfNeeded: number)) : Int64(bitPattern: number)
  }

  /// No file has room for more than it has bytes.
  private mutating func count() throws(TimeZoneRules.Fault) -> Int {
    let count = Int(try integer(4))
    guard (0...bytes.count).contains(count) else { throw Self.notAFile }
    return count
  }
}
