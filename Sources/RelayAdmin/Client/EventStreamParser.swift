/// Reads server-sent events (HTML standard, 9.2.6) out of the pieces in which they come.
package struct EventStreamParser {
  package struct Message: Sendable, Equatable {
    /// `message`, where the stream names none.
    package var name: String
    package var data: [UInt8]

    package init(name: String, data: [UInt8]) {
      self.name = name
      self.data = data
    }

    /// The data on one line. (It is JSON, in which line ends are white space.)
    package var line: [UInt8] { data.map { $0 == 0x0A ? 0x20 : $0 } }
  }

  /// The id that a new stream goes on after; nil: none has come.
  package private(set) var lastID: String?
  /// How long the stream says to wait before the next one, in milliseconds; nil: it has not said.
  package private(set) var retryMilliseconds: Int?
  private var line: [UInt8] = []
  /// Of the message that is being read: it counts only once that is whole.
  private var id: String?
  private var name = ""
  private var data: [UInt8] = []
  private var hasData = false
  private var wasReturn = false

  package init() {}

  /// A line that does not end is cut off: no message of the relay's is so long.
  private static let maxLineBytes = 64 << 20

  /// Hands over each message that is now whole.
  ///
  /// - Returns: false: `take` wants no more.
  package mutating func read(_ piece: UnsafeRawBufferPointer, _ take: (Message) -> Bool) -> Bool {
    var rest = piece[...]
    while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
      let isSecondHalf = wasReturn && end == rest.startIndex && rest[end] == 0x0A
      wasReturn = rest[end] == 0x0D
      if !isSecondHalf {
        line.append(contentsOf: rest[..<end])
        let message = readLine()
        line.removeAll(keepingCapacity: true)
        if let message, !take(message) { return false }
      }
      rest = rest[(end + 1)...]
    }
    if !rest.isEmpty { wasReturn = false }
    if line.count + rest.count <= Self.maxLineBytes { line.append(contentsOf: rest) }
    return true
  }

  /// What was begun and did not end with the stream is nothing.
  package mutating func begin() {
    (line, id, name, data, hasData, wasReturn) = ([], lastID, "", [], false, false)
  }

  private mutating func readLine() -> Message? {
    if line.isEmpty { return message() }
    guard line[0] != UInt8(ascii: ":") else { return nil }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    var value = colon == line.endIndex ? [] : line[(colon + 1)...]
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    switch String(decoding: line[..<colon], as: UTF8.self) {
    case "data":
      if hasData { data.append(0x0A) }
      hasData = true
      data.append(contentsOf: value)
    case "event": name = String(decoding: value, as: UTF8.self)
    case "id": if !value.contains(0) { id = String(decoding: value, as: UTF8.self) }
    case "retry":
      if value.allSatisfy({ (48...57).contains($0) }),
        let number = Int(String(decoding: value, as: UTF8.self))
      {
        retryMilliseconds = number
      }
    // The standard: others are ignored.
    default: break
    }
    return nil
  }

  private mutating func message() -> Message? {
    defer { (name, data, hasData) = ("", [], false) }
    lastID = id
    return hasData ? Message(name: name.isEmpty ? "message" : name, data: data) : nil
  }
}
