import RelayJSON

/// Finds the links to files in an event: under its own keys `file`, `fileUrl` and `files`.
///
/// The value of such a key is a link, an object with a link under `url`, or an array of these. Keys compare by their bytes, so
/// one that is written with escapes is another key. A key that stands twice counts twice.
package enum AttachmentFinder {
  /// Of one event; what an event holds beyond is not found.
  package static let maxLinks = 32

  private static let keys = ["file", "fileUrl", "files"].map { Array($0.utf8) }
  private static let urlKey = Array("url".utf8)

  /// - Parameter body: An event's bytes: a JSON object.
  /// - Returns: In the order of the document. None where the bytes are no object.
  package static func links(in body: [UInt8]) -> [FoundLink] {
    // Most events are told by this alone.
    guard FileMark.stands(in: body) else { return [] }
    return body.withUnsafeBufferPointer { bytes in
      var links: [FoundLink] = []
      // What is no JSON has no links behind that place.
      try? find(in: bytes, &links)
      return links
    }
  }

  private static func find(in body: UnsafeBufferPointer<UInt8>, _ links: inout [FoundLink]) throws(ScanError)
  {
    // White space may stand before an event's brace, where a person wrote it.
    guard let start = body.firstIndex(where: { $0 > 0x20 }), body[start] == UInt8(ascii: "{") else { return }
    let object = JSONValue(kind: .object, range: start..<body.count)
    try each(of: object, in: body) { key, value throws(ScanError) in
      guard let key, keys.contains(where: { $0.elementsEqual(body[key.range]) }) else { return }
      try take(value, in: body, &links)
      guard value.kind == .array else { return }
      try each(of: value, in: body) { _, element throws(ScanError) in try take(element, in: body, &links) }
    }
  }

  /// Takes a link, or an object's.
  private static func take(
    _ value: JSONValue, in body: UnsafeBufferPointer<UInt8>, _ links: inout [FoundLink]
  ) throws(ScanError) {
    switch value.kind {
    case .string: add(value, in: body, &links)
    case .object:
      try each(of: value, in: body) { key, value throws(ScanError) in
        guard let key, value.kind == .string, urlKey.elementsEqual(body[key.range]) else { return }
        add(value, in: body, &links)
      }
    default: break
    }
  }

  private static func add(
    _ value: JSONValue, in body: UnsafeBufferPointer<UInt8>, _ links: inout [FoundLink]
  ) {
    guard links.count < maxLinks else { return }
    let text = value.text(in: body)
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[colon...].hasPrefix("://"),
      ["http", "https"].contains(text[..<colon].lowercased())
    else { return }
    links.append(FoundLink(range: value.range, url: text))
  }

  private static func each(
    of container: JSONValue, in body: UnsafeBufferPointer<UInt8>,
    _ visit: (_ key: JSONValue?, _ value: JSONValue) throws(ScanError) -> Void
  ) throws(ScanError) {
    var reader = ContainerReader(container, in: body)
    while let member = try reader.next() { try visit(member.key, member.value) }
  }
}
