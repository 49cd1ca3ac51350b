extension JSONValue {
  /// The string's text with its escapes decoded (a lone surrogate becomes U+FFFD); of any other kind, its
  /// spelling: a number's digits as they were sent, an object's whole text.
  ///
  /// - Parameter document: the document that this value was scanned from.
  package func text(in document: UnsafeBufferPointer<UInt8>) -> String {
    let slice = UnsafeBufferPointer(rebasing: document[range])
    guard hasEscapes else { return String(decoding: slice, as: UTF8.self) }
    var decoded: [UInt8] = []
    EscapedText.decode(slice, into: &decoded)
    return String(decoding: decoded, as: UTF8.self)
  }

  /// The same for a document in an array.
  package func text(in document: [UInt8]) -> String {
    document.withUnsafeBufferPointer { text(in: $0) }
  }
}
