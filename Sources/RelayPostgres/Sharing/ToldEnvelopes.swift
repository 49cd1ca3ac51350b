import RelayCore

/// An envelope that another node has stored: all that tells one that comes again.
struct ToldEnvelope: Equatable {
  /// 32 bytes; what is shorter ends with zeros.
  var hash: [UInt8]
  /// How long ago it was received.
  var age: Duration
  /// With a time of no meaning: another node's clock shows another one.
  var envelope: KnownEnvelope

  /// As it is known to a node by whose steady clock it is `now`.
  func known(at now: Timestamp) -> KnownEnvelope {
    var known = envelope
    known.receivedAt = now.advanced(by: .zero - age)
    return known
  }
}

/// What a commit's news say of its envelopes, as one value: a byte that says how it is written, and then for each envelope, numbers with their
/// highest byte first,
///
///     hash         32
///     first id     16
///     source        4
///     age           8   when the commit was put together, in microseconds
///     accepted      4
///     is complete   1
///     unstored      4 + n   how many bytes, and the bytes
///     trace         1 + n   the same; none: the one that the first event makes
enum ToldEnvelopes {
  private static let format: UInt8 = 1
  private static let hashWidth = 32
  /// A commit of some ten thousand envelopes. What is more is read from the store.
  static let largest = 1 << 20

  /// - Parameter now: By the clock that the rows' times are of.
  /// - Returns: Empty: it is more than fits.
  static func packed(_ rows: [AppendStatements.EnvelopeRow], at now: Timestamp) -> [UInt8] {
    var bytes = [format]
    bytes.reserveCapacity(72 * rows.count + 1)
    for row in rows {
      let (known, trace) = (row.known, row.known.trace ?? [])
      guard bytes.count + known.unstored.count < largest, let traceWidth = UInt8(exactly: trace.count) else {
        return []
      }
      bytes += row.hash.prefix(hashWidth)
      bytes += repeatElement(0, count: max(0, hashWidth - row.hash.count))
      append(known.firstEventID.high, to: &bytes)
      append(known.firstEventID.low, to: &bytes)
      append(known.source, to: &bytes)
      append(known.receivedAt.duration(to: now).microseconds, to: &bytes)
      append(Int32(clamping: known.acceptedCount), to: &bytes)
      bytes.append(known.isComplete ? 1 : 0)
      append(Int32(clamping: known.unstored.count), to: &bytes)
      bytes += known.unstored
      bytes.append(traceWidth)
      bytes += trace
    }
    return bytes
  }

  /// - Parameter time: Since the commit.
  /// - Returns: nil: it says nothing that this release understands, or that there is more than fits.
  static func read(_ bytes: [UInt8], after time: Duration) -> [ToldEnvelope]? {
    guard bytes.first == format else { return nil }
    var rest = bytes.dropFirst()
    var envelopes: [ToldEnvelope] = []
    while !rest.isEmpty {
      guard let envelope = next(&rest, after: time) else { return nil }
      envelopes.append(envelope)
    }
    return envelopes
  }

  private static func next(_ rest: inout ArraySlice<UInt8>, after time: Duration) -> ToldEnvelope? {
    guard let hash = take(hashWidth, of: &rest), let high = number(UInt64.self, of: &rest),
      let low = number(UInt64.self, of: &rest), let source = number(Int32.self, of: &rest),
      let age = number(Int64.self, of: &rest), let accepted = number(Int32.self, of: &rest),
      let isComplete = number(UInt8.self, of: &rest), let unstoredWidth = number(Int32.self, of: &rest),
      let unstored = take(Int(unstoredWidth), of: &rest), let traceWidth = number(UInt8.self, of: &rest),
      let trace = take(Int(traceWidth), of: &rest)
    else { return nil }
    let envelope = KnownEnvelope(
      firstEventID: EventID(high: high, low: low), source: source, receivedAt: .epoch,
      acceptedCount: Int(accepted), isComplete: isComplete != 0, unstored: unstored,
      trace: trace.isEmpty ? nil : trace)
    return ToldEnvelope(hash: hash, age: .microseconds(age) + time, envelope: envelope)
  }

  private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
  }

  private static func number<Number: FixedWidthInteger>(
    _ type: Number.Type, of rest: inout ArraySlice<UInt8>
  ) -> Number? {
    take(MemoryLayout<Number>.size, of: &rest).map {
      $0.reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }
  }

  private static func take(_ count: Int, of rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    guard count >= 0, rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }
}
