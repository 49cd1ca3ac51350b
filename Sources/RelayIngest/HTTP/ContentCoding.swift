/// What a `content-encoding` header says of the body.
enum ContentCoding: Equatable {
  case identity
  case gzip
  /// zlib's format (RFC 9110, 8.4.1.2), or bare deflate, as some senders understand it.
  case deflate
  /// Another one, or several one after another; cut to what may be shown.
  case unknown(String)

  /// As `accept-encoding` names them.
  static let accepted = "gzip, deflate"

  /// Further ones of IANA's register that senders use.
  static let registered: Set = ["br", "zstd", "compress", "x-compress", "dcb", "dcz", "aes128gcm", "exi"]

  /// The coding of a body with this header beside those before it.
  func followed(by value: String) -> ContentCoding {
    let names = value.split { $0 == "," || $0 == " " || $0 == "\t" }.map { $0.lowercased() }
    return names.reduce(self) { coding, name in
      switch name {
      case "identity": coding
      case "gzip" where coding == .identity, "x-gzip" where coding == .identity: .gzip
      case "deflate" where coding == .identity: .deflate
      default: .unknown(RequestPath.cut(value))
      }
    }
  }
}
