/// Validates an envelope and records where its events and their fields stand, in one pass over the bytes.
///
/// Accepted is what RFC 8259 calls JSON, in UTF-8, nested at most 1,024 deep: numbers of any size, lone surrogate
/// escapes and duplicate keys included; one byte order mark before it is skipped. Time is linear in the document. Memory is
/// 16 bytes for each noted value, 56 for each event and 24 for each open bracket, up to three times that while an
/// array grows; noted values are at most one for every two bytes and path that stands there.
///
/// A path walks through arrays: each element of an array stands for the array. So `tags` over
/// `{"tags":["a","b"]}` notes the array and then each element, and `items.id` over
/// `{"items":[{"id":1},{"id":2}]}` notes both ids. Of duplicate keys in one object the last counts, also for
/// all that stands below. Keys compare by the UTF-8 bytes of their decoded text.
package struct EnvelopeScanner: Sendable {
  private let tree: FieldTree
  private let maxEvents: Int

  /// - Parameters:
  ///   - fields: what to note of each event; paths are relative to the event's object.
  ///   - maxEvents: bound on events and rejected items together.
  package init(fields: FieldTree, maxEvents: Int = 10_000) {
    tree = fields
    self.maxEvents = maxEvents
  }

  /// - Returns: offsets into `document`.
  /// - Throws: `.invalidJSON`, `.notAnObject` or `.tooManyEvents`, with the offset.
  package func scan(_ document: [UInt8]) throws(ScanError) -> ScannedEnvelope {
    try document.withUnsafeBufferPointer { (bytes) throws(ScanError) in try scan(bytes) }
  }

  /// Scans bytes that stand elsewhere. They are not kept: the result holds offsets only.
  package func scan(_ document: UnsafeBufferPointer<UInt8>) throws(ScanError) -> ScannedEnvelope {
    guard document.count < UInt32.max else {
      throw ScanError(code: .invalidJSON, message: "a document of 4 GiB or more", offset: 0)
    }
    var scan = DocumentScan(document: document, tree: tree, maxEvents: maxEvents)
    return try scan.run()
  }
}

/// Why a document was refused. The message quotes nothing of the document.
package struct ScanError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Code: Sendable {
    /// Bad grammar, invalid UTF-8, nested too deep, or empty.
    case invalidJSON
    /// Well-formed, but no object.
    case notAnObject
    /// More events and rejected items than the scanner's limit. Found on the way: what follows was not looked at.
    case tooManyEvents
  }

  package var code: Code
  /// What was expected or found, in plain words.
  package var message: String
  /// Offset in bytes of the offending byte; the document's length where it ends too early; of invalid
  /// UTF-8, the first byte of the ill-formed sequence.
  package var offset: Int

  package init(code: Code, message: String, offset: Int) {
    self.code = code
    self.message = message
    self.offset = offset
  }

  package var description: String { "\(message) (at byte \(offset))" }
}
