/// Header lines in one piece of memory, as they go on the wire: each `name: value`, a line's end between two of them.
///
/// What is appended holds no line's end and no zero byte: payload text is percent-encoded before it comes here.
package struct HeaderLines: Sendable, Hashable {
  package private(set) var bytes: [UInt8] = []

  /// - Parameter capacity: In bytes, of what is to come.
  package init(reservingCapacity capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  /// Lines that every request begins with.
  ///
  /// - Parameter capacity: In bytes, of these and of what is to come.
  package init(startingWith start: HeaderLines, reservingCapacity capacity: Int) {
    bytes.reserveCapacity(capacity)
    bytes.append(contentsOf: start.bytes)
  }

  /// - Parameter writeValue: Appends the value's bytes.
  package mutating func append(_ name: StaticString, _ writeValue: (inout [UInt8]) -> Void) {
    endLine()
    bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    bytes.append(UInt8(ascii: ":"))
    bytes.append(UInt8(ascii: " "))
    writeValue(&bytes)
  }

  /// A whole line, without its end.
  package mutating func append(line: String) {
    endLine()
    bytes.append(contentsOf: line.utf8)
  }

  private mutating func endLine() {
    guard !bytes.isEmpty else { return }
    bytes.append(UInt8(ascii: "\r"))
    bytes.append(UInt8(ascii: "\n"))
  }

  /// For people and tests.
  package var lines: [String] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
  }
}

extension HeaderLines: ExpressibleByArrayLiteral {
  package init(arrayLiteral lines: String...) {
    self.init()
    for line in lines { append(line: line) }
  }
}
