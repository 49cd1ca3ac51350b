/// Why a document was refused. The message quotes nothing of the document.
public struct ScanError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// Bad grammar, invalid UTF-8, nested too deep, or empty.
    case invalidJSON
    /// Well-formed, but no object.
    case notAnObject
    /// More events and rejected items than the scanner's limit. Found on the way: what follows was not looked at.
    case tooManyEvents
  }

  public var code: Code
  /// What was expected or found, in plain words.
  public var message: String
  /// Offset in bytes of the offending byte; the document's length where it ends too early; of invalid
  /// UTF-8, the first byte of the ill-formed sequence.
  public var offset: Int

  public init(code: Code, message: String, offset: Int) {
    self.code = code
    self.message = message
    self.offset = offset
  }

  public var description: String { "\(message) (at byte \(offset))" }
}
