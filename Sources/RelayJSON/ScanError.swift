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
