import RelayDigest

/// The two places of the notices' file, written in turn: the one that is not being written is whole, whenever the process ends.
///
/// A slot: the mark, its number in the order of writing, the length of what it holds (each eight bytes, little-endian), SHA-256
/// over these and what follows, and what it holds.
enum NoticeSlots {
  /// Each, in bytes: room for as much as may be kept (`NoticeRules.maxOpen`, `NoticeQueue.maxWaiting`, `NoticeCounts.maxKept`,
  /// and 20 receivers).
  static let slotBytes = 512 << 10
  static let fileBytes = 2 * slotBytes
  static let headerBytes = 24 + SHA256.length
  private static let mark = Array("huggynt1".utf8)

  /// What is in the file, if anything that is whole.
  struct Found: Equatable {
    var number: UInt64
    var payload: [UInt8]
  }

  /// - Parameter slots: What each holds, as far as it could be read.
  static func newest(of slots: [[UInt8]]) -> Found? {
    slots.compactMap(read).max { $0.number < $1.number }
  }

  /// The file is somebody else's: no slot begins with the mark, or with as much of it as a crash may have left, and there is something
  /// in it.
  static func areForeign(_ slots: [[UInt8]], fileBytes: Int) -> Bool {
    let isOurs = slots.contains { slot in
      let head = slot.prefix(mark.count)
      let begun = zip(head, mark).prefix { $0 == $1 }.count
      return begun > 0 && head.dropFirst(begun).allSatisfy { $0 == 0 }
    }
    return !isOurs && (fileBytes > Self.fileBytes || slots.contains { $0.contains { $0 != 0 } })
  }

  /// Where the slot of this number begins.
  static func offset(of number: UInt64) -> Int { Int(number % 2) * slotBytes }

  /// nil: it does not fit.
  static func bytes(number: UInt64, _ payload: [UInt8]) -> [UInt8]? {
    guard headerBytes + payload.count <= slotBytes else { return nil }
    let head = mark + littleEndian(number) + littleEndian(UInt64(payload.count))
    return head + SHA256.hash(head + payload) + payload
  }

  private static func read(_ slot: [UInt8]) -> Found? {
    guard slot.count >= headerBytes, slot.starts(with: mark) else { return nil }
    let (number, length) = (integer(slot[8..<16]), integer(slot[16..<24]))
    guard length <= UInt64(slot.count - headerBytes) else { return nil }
    let payload = Array(slot[headerBytes..<headerBytes + Int(length)])
    guard SHA256.hash(slot[..<24] + payload) == Array(slot[24..<headerBytes]) else { return nil }
    return Found(number: number, payload: payload)
  }

  private static func littleEndian(_ value: UInt64) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
