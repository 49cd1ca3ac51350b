/// A value in a document: what it is, and which bytes of the document it takes.
///
/// Holds offsets, not text: it means something only beside the document it was scanned from.
/// Offsets are kept in 32 bits (a scanned document is below 4 GiB), so that an array of a million
/// noted elements costs 16 bytes for each.
///
/// Public with its parts, so that other modules inline them (docs/decisions/0016-how-the-release-is-built.md).
public struct JSONValue: Sendable, Equatable {
  public var kind: JSONKind
  /// A string with at least one backslash: its text is not its bytes. False for any other kind.
  public var hasEscapes: Bool
  private var start: UInt32
  private var end: UInt32

  /// - Parameter range: offsets in bytes, below 4 GiB.
  public init(kind: JSONKind, range: Range<Int>, hasEscapes: Bool = false) {
    self.kind = kind
    self.hasEscapes = hasEscapes
    start = UInt32(range.lowerBound)
    end = UInt32(range.upperBound)
  }

  /// What the lexer found. The scanner refuses documents whose offsets do not fit.
  @inline(__always)
  init(kind: JSONKind, scanned start: Int, _ end: Int, hasEscapes: Bool = false) {
    self.kind = kind
    self.hasEscapes = hasEscapes
    self.start = UInt32(truncatingIfNeeded: start)
    self.end = UInt32(truncatingIfNeeded: end)
  }

  /// Offsets in bytes. Of a string, what stands between the quotes; of any other kind, its whole text.
  public var range: Range<Int> {
    get { Int(start)..<Int(end) }
    set {
      start = UInt32(newValue.lowerBound)
      end = UInt32(newValue.upperBound)
    }
  }

  /// The string's text with its escapes decoded (a lone surrogate becomes U+FFFD); of any other kind, its
  /// spelling: a number's digits as they were sent, an object's whole text.
  ///
  /// - Parameter document: the document that this value was scanned from.
  public func text(in document: UnsafeBufferPointer<UInt8>) -> String {
    let slice = UnsafeBufferPointer(rebasing: document[range])
    guard hasEscapes else { return String(decoding: slice, as: UTF8.self) }
    var decoded: [UInt8] = []
    EscapedText.decode(slice, into: &decoded)
    return String(decoding: decoded, as: UTF8.self)
  }

  /// The text in a document that stands in an array.
  public func text(in document: [UInt8]) -> String {
    document.withUnsafeBufferPointer { text(in: $0) }
  }
}

/// The seven things a JSON value can be.
public enum JSONKind: UInt8, Sendable {
  case null, `false`, `true`, number, string, object, array
}
