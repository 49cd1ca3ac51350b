/// What a receiver may refuse as a whole: the events of one type, company and channel.
package struct EventKind: Hashable, Sendable {
  package let type: String
  package let company: String?
  package let channel: String?

  /// So much of each text is looked at, in bytes of UTF-8: it is payload, of any length, and kinds are remembered. Two
  /// that differ only after it are one kind.
  static let maxTextBytes = 128

  package init(type: String, company: String? = nil, channel: String? = nil) {
    self.type = Self.cut(type)
    self.company = company.map(Self.cut)
    self.channel = channel.map(Self.cut)
  }

  init(_ event: Event) {
    self.init(type: event.type, company: event.company, channel: event.channel)
  }

  private static func cut(_ text: String) -> String {
    text.utf8.count <= maxTextBytes ? text : String(decoding: text.utf8.prefix(maxTextBytes), as: UTF8.self)
  }
}
