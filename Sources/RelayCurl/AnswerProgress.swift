/// How far an answer has come, and whether more of it is read. The outcome stands when the final header has ended; what
/// follows is read only so that the connection can be kept.
struct AnswerProgress: Equatable {
  /// Why an answer is none.
  enum Refusal: Equatable {
    case headerTooLong
    /// 101, which nobody asked for: what follows would be no HTTP.
    case switchedProtocols

    var words: String {
      switch self {
      case .headerTooLong:
        "the answer's header is longer than \(AnswerProgress.maxHeaderBytes >> 10) KiB"
      case .switchedProtocols:
        "the answer is 101 Switching Protocols, and no other protocol was asked for"
      }
    }
  }

  /// All header lines together, those of interim answers (1xx) too.
  static let maxHeaderBytes = 256 << 10
  /// What follows the final header: data and trailers.
  static let maxRestBytes = 64 << 10
  /// How long it may take.
  static let maxRestTime = Duration.seconds(2)

  private(set) var isFinal = false
  /// Once it is final.
  private(set) var status = 0
  private(set) var refusal: Refusal?
  private(set) var headerBytes = 0
  private(set) var restBytes = 0

  /// A line of a header, or of the trailers.
  ///
  /// - Returns: Whether to read on.
  mutating func line(bytes: Int) -> Bool {
    if isFinal { return rest(bytes: bytes) }
    headerBytes += bytes
    guard headerBytes > Self.maxHeaderBytes else { return true }
    refusal = .headerTooLong
    return false
  }

  /// The empty line that ends a header.
  mutating func endOfHeader(bytes: Int, status: Int) -> Bool {
    guard !isFinal, line(bytes: bytes) else { return isFinal && rest(bytes: bytes) }
    switch status {
    case 101: refusal = .switchedProtocols
    case ..<200: return true
    default:
      isFinal = true
      self.status = status
    }
    return isFinal
  }

  /// What follows the final header.
  mutating func rest(bytes: Int) -> Bool {
    restBytes += bytes
    return restBytes <= Self.maxRestBytes
  }
}
