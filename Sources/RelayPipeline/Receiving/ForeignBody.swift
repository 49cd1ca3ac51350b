import RelayCore

/// A body that is not JSON and shows what it is instead. Judged by its bytes alone: senders often name a wrong content
/// type, or none.
enum ForeignBody: Equatable {
  case utf16
  case utf32
  /// `payload=…`, as web forms and some webhooks send it.
  case form
  case multipart
  /// Compressed, though no content coding says so.
  case gzip

  /// - Parameter body: Known not to be JSON.
  init?(_ body: [UInt8]) {
    if let wide = Self.wide(body) {
      self = wide
    } else if body.starts(with: [0x1F, 0x8B]) {
      self = .gzip
    } else if body.starts(with: "--".utf8), body.prefix(Self.lookedAtBytes).contains(UInt8(ascii: "\n")) {
      self = .multipart
    } else if Self.isForm(body) {
      self = .form
    } else {
      return nil
    }
  }

  /// - Parameter offset: Where the JSON went wrong.
  func refusal(offset: Int) -> Refusal {
    switch self {
    case .utf16: .unsupported("the body is UTF-16; JSON travels as UTF-8 (RFC 8259, 8.1): send that")
    case .utf32: .unsupported("the body is UTF-32; JSON travels as UTF-8 (RFC 8259, 8.1): send that")
    case .form:
      .unsupported("the body is a form; send the envelope itself as the body, as application/json")
    case .multipart:
      .unsupported("the body is multipart; send the envelope itself as the body, as application/json")
    case .gzip:
      Refusal(
        .invalidJSON,
        "the body is compressed with gzip, but no header says so: add content-encoding: gzip", offset: offset)
    }
  }

  /// A form's first name ends before that, and a multipart body's first boundary.
  private static let lookedAtBytes = 256

  /// Byte order marks, and the zeros that ASCII's characters have in wider units. UTF-8 has no zeros in JSON.
  private static func wide(_ body: [UInt8]) -> ForeignBody? {
    let start = Array(body.prefix(4))
    if start == [0, 0, 0xFE, 0xFF] || start == [0xFF, 0xFE, 0, 0] { return .utf32 }
    if start.starts(with: [0xFE, 0xFF]) || start.starts(with: [0xFF, 0xFE]) { return .utf16 }
    guard start.count == 4 else { return nil }
    return switch start.map({ $0 == 0 }) {
    case [true, true, true, false], [false, true, true, true]: .utf32
    case [true, false, true, false], [false, true, false, true]: .utf16
    default: nil
    }
  }

  /// A name of letters, digits and what else a form leaves or escapes, and then `=`; or JSON that was escaped as a whole.
  private static func isForm(_ body: [UInt8]) -> Bool {
    if body.starts(with: "%7B".utf8) || body.starts(with: "%7b".utf8) { return true }
    let name = body.prefix(lookedAtBytes).prefix { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "-_.~*+%[]".utf8.contains(byte)
      }
    }
    return !name.isEmpty && name.count < body.count && body[name.count] == UInt8(ascii: "=")
  }
}
