import RelayText

/// What a series file holds.
struct KeptSeries: Sendable, Equatable {
  var names: SeriesNames
  private var tenSeconds: [SeriesSample]
  private var fiveMinutes: [SeriesSample]

  init(names: SeriesNames, tenSeconds: [SeriesSample] = [], fiveMinutes: [SeriesSample] = []) {
    self.names = names
    self.tenSeconds = tenSeconds
    self.fiveMinutes = fiveMinutes
  }

  func samples(_ step: SeriesStep) -> [SeriesSample] { step == .tenSeconds ? tenSeconds : fiveMinutes }
}

/// How a series file is laid out: a head with the names, then a place for each sample of an hour and of a week, all of one size. Numbers
/// are little-endian.
///
/// | part | bytes |
/// | --- | --- |
/// | head | `HUGGYSER`, version (4), the head's own length (4), how many destinations (2) and sources (2), each name with its length before it (2), checksum (8) |
/// | a sample | its step's number (8), the store's bytes (8), 36 for each destination, 12 for each source, checksum (8) |
///
/// A sample that has never been written is all zeros. The checksum of a sample is of its place, too: one that was copied to another is none.
/// The head is never changed where it stands: other names make another file.
struct SeriesFormat: Sendable, Equatable {
  static let magic = Array("HUGGYSER".utf8)
  static let version: UInt32 = 1
  /// No file of ours is longer.
  static let maxBytes = 32 << 20

  let names: SeriesNames
  private let headLength: Int

  init(_ names: SeriesNames) {
    self.names = names
    headLength =
      28 + (names.destinations + names.sources).reduce(0) { $0 + 2 + $1.utf8.count }
  }

  var sampleLength: Int { 24 + names.destinations.count * 36 + names.sources.count * 12 }

  var fileLength: Int { headLength + SeriesStep.allCases.reduce(0) { $0 + $1.kept } * sampleLength }

  /// Where a sample stands in the file.
  func offset(of number: Int64, _ step: SeriesStep) -> Int {
    let before = step == .tenSeconds ? 0 : SeriesStep.tenSeconds.kept
    return headLength + (before + SeriesRing.place(of: number, step)) * sampleLength
  }

  // MARK: Writing

  /// A whole file.
  func bytes(_ kept: KeptSeries) -> [UInt8] {
    var bytes = head
    bytes.append(contentsOf: repeatElement(0, count: fileLength - headLength))
    for step in SeriesStep.allCases {
      for sample in kept.samples(step) {
        let offset = offset(of: sample.number, step)
        bytes.replaceSubrange(offset..<offset + sampleLength, with: self.bytes(sample, step))
      }
    }
    return bytes
  }

  private var head: [UInt8] {
    var bytes = Self.magic
    bytes.append(Self.version)
    bytes.append(UInt32(headLength))
    bytes.append(UInt16(names.destinations.count))
    bytes.append(UInt16(names.sources.count))
    for name in names.destinations + names.sources {
      bytes.append(UInt16(name.utf8.count))
      bytes.append(contentsOf: name.utf8)
    }
    bytes.append(Self.checksum(bytes[...], at: 0))
    return bytes
  }

  func bytes(_ sample: SeriesSample, _ step: SeriesStep) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(sampleLength)
    bytes.append(UInt64(bitPattern: sample.number))
    bytes.append(sample.storeBytes.map { UInt64(clamping: $0) } ?? .max)
    for one in sample.destinations {
      for number in [
        one.attempts, one.failed, one.delivered, one.pending, one.dead, one.inFlight, one.oldestPending,
        one.latencyMedian, one.latencyTail,
      ] { bytes.append(number) }
    }
    for one in sample.sources {
      for number in [one.accepted, one.events, one.refused] { bytes.append(number) }
    }
    bytes.append(Self.checksum(bytes[...], at: offset(of: sample.number, step)))
    return bytes
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>, at offset: Int) -> UInt64 {
    var hash = FNV1a.start
    var place: [UInt8] = []
    place.append(UInt64(offset))
    for byte in place { hash = FNV1a.add(byte, to: hash) }
    for byte in bytes { hash = FNV1a.add(byte, to: hash) }
    return hash
  }

  // MARK: Reading

  /// - Returns: nil: it is no file of ours, or its head is damaged. A sample that is damaged is left out.
  static func read(_ bytes: [UInt8]) -> KeptSeries? {
    guard let names = names(inHeadOf: bytes) else { return nil }
    let format = SeriesFormat(names)
    guard bytes.count == format.fileLength else { return nil }
    func samples(_ step: SeriesStep) -> [SeriesSample] {
      (0..<Int64(step.kept)).compactMap { format.sample(in: bytes, at: format.offset(of: $0, step), step) }
    }
    return KeptSeries(names: names, tenSeconds: samples(.tenSeconds), fiveMinutes: samples(.fiveMinutes))
  }

  private static func names(inHeadOf bytes: [UInt8]) -> SeriesNames? {
    var reader = ByteReader(bytes)
    guard bytes.starts(with: magic) else { return nil }
    reader.skip(magic.count)
    guard reader.read(UInt32.self) == version, let length = reader.read(UInt32.self),
      let destinations = reader.read(UInt16.self), let sources = reader.read(UInt16.self),
      Int(destinations) <= SeriesNames.maxDestinations, Int(sources) <= SeriesNames.maxSources
    else { return nil }
    var names: [String] = []
    for _ in 0..<Int(destinations) + Int(sources) {
      guard let count = reader.read(UInt16.self), let name = reader.text(Int(count)) else { return nil }
      names.append(name)
    }
    let end = reader.place
    guard Int(length) == end + 8, reader.read(UInt64.self) == checksum(bytes[..<end], at: 0) else {
      return nil
    }
    return SeriesNames(
      destinations: Array(names.prefix(Int(destinations))), sources: Array(names.dropFirst(Int(destinations)))
    )
  }

  private func sample(in bytes: [UInt8], at offset: Int, _ step: SeriesStep) -> SeriesSample? {
    let body = offset..<offset + sampleLength - 8
    var reader = ByteReader(bytes, at: offset)
    guard let number = reader.read(UInt64.self).map({ Int64(bitPattern: $0) }), number != 0,
      let stored = reader.read(UInt64.self), self.offset(of: number, step) == offset
    else { return nil }
    var sample = SeriesSample(
      number: number, destinations: [], sources: [], storeBytes: stored == .max ? nil : Int(clamping: stored))
    func next() -> UInt32 { reader.read(UInt32.self) ?? DestinationSample.unknown }
    for _ in names.destinations {
      sample.destinations.append(
        DestinationSample(
          attempts: next(), failed: next(), delivered: next(), pending: next(), dead: next(),
          inFlight: next(), oldestPending: next(), latencyMedian: next(), latencyTail: next()))
    }
    for _ in names.sources {
      sample.sources.append(SourceSample(accepted: next(), events: next(), refused: next()))
    }
    guard reader.read(UInt64.self) == Self.checksum(bytes[body], at: offset) else { return nil }
    return sample
  }
}

/// Takes numbers out of bytes, one after another.
private struct ByteReader {
  private let bytes: [UInt8]
  private(set) var place: Int

  init(_ bytes: [UInt8], at place: Int = 0) {
    self.bytes = bytes
    self.place = place
  }

  mutating func skip(_ count: Int) { place += count }

  /// nil: the bytes end before.
  mutating func read<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type) -> Number? {
    let width = Number.bitWidth / 8
    guard place + width <= bytes.count else { return nil }
    var number: Number = 0
    for index in 0..<width { number |= Number(bytes[place + index]) << Number(8 * index) }
    place += width
    return number
  }

  mutating func text(_ count: Int) -> String? {
    guard place + count <= bytes.count else { return nil }
    defer { place += count }
    return String(validating: bytes[place..<place + count], as: UTF8.self)
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ number: some FixedWidthInteger & UnsignedInteger) {
    for index in 0..<number.bitWidth / 8 { append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
  }
}
