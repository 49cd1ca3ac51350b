import RelayCore
import RelayDigest

/// Signs links to files, and knows its own again: HMAC-SHA-256 over what the link gives, so that no part of it can be another.
package struct AttachmentSigner: Sendable, Equatable {
  /// Of the key, in bytes.
  package static let keyBytes = 32

  private let key: SigningSecret

  /// - Parameter key: Of `keyBytes`.
  package init(key: SigningSecret) {
    self.key = key
  }

  /// The path and the query of a link: `/files/evt_…/0?until=1767225600&signature=…`.
  package func target(of link: AttachmentLink) -> String {
    "\(link.path)?\(Self.untilKey)\(link.until)&\(Self.signatureKey)\(signature(of: link))"
  }

  /// - Parameters:
  ///   - target: As it stands in a request. It is a link only in the one spelling that `target` gives.
  ///   - now: The wall clock's time.
  package func check(_ target: String, at now: Timestamp) -> AttachmentLinkCheck {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let (event, place) = Self.file(at: parts[0]) else { return .noLink }
    let items = parts.dropFirst().first?.split(separator: "&", omittingEmptySubsequences: false) ?? []
    guard items.count == 2, items[0].hasPrefix(Self.untilKey), items[1].hasPrefix(Self.signatureKey),
      let until = Int64(items[0].dropFirst(Self.untilKey.count))
    else { return .wrong }
    let link = AttachmentLink(event: event, place: place, until: until)
    // All of it at once: then another spelling of a part is another link.
    guard Array(target.utf8).equalsInConstantTime(Array(self.target(of: link).utf8)) else { return .wrong }
    return until > now.seconds ? .valid(link) : .ended
  }

  private static let untilKey = "until="
  static let signatureKey = "signature="

  private static func file(at path: Substring) -> (event: EventID, place: Int)? {
    guard path.hasPrefix(AttachmentLink.folder) else { return nil }
    let parts = path.dropFirst(AttachmentLink.folder.count).split(
      separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let event = EventID(String(parts[0])), event.description == parts[0],
      let place = Int(parts[1]), "\(place)" == parts[1], (0..<AttachmentFinder.maxLinks).contains(place)
    else { return nil }
    return (event, place)
  }

  /// 43 characters of base64url (RFC 4648, section 5), without padding.
  private func signature(of link: AttachmentLink) -> String {
    let text = "huggy-relay file\n\(link.event)\n\(link.place)\n\(link.until)"
    let code = SHA256.authenticationCode(key: key.revealKey, Array(text.utf8), [])
    let digits = Base64.text(code).utf8.compactMap { digit -> UInt8? in
      switch digit {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      case UInt8(ascii: "="): nil
      default: digit
      }
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
