import Foundation

/// The write-ahead log as it lies on disk, read by hand.
enum WriteAheadLog {
  /// How many transactions it holds: frames that say how large the database is after them.
  static func commits(of database: String) throws -> Int {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: database + "-wal")))
    guard bytes.count > 32 else { return 0 }
    func word(_ place: Int) -> UInt32 { bytes[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) } }
    let frame = 24 + Int(word(8))
    let salts = (word(16), word(20))
    return stride(from: 32, through: bytes.count - frame, by: frame).prefix {
      (word($0 + 8), word($0 + 12)) == salts
    }.count { word($0 + 4) != 0 }
  }
}
