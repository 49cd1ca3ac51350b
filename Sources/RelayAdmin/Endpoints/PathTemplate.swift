import RelayText

/// A path of the API, in which `{names}` stand for a segment each: `/api/v1/destinations/{destination}/pause`.
struct PathTemplate: Sendable, Equatable {
  let text: String
  private let segments: [Segment]

  private enum Segment: Sendable, Equatable {
    case fixed(String)
    case name(String)
  }

  init(_ text: String) {
    self.text = text
    segments = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { part in
      part.hasPrefix("{") ? .name(String(part.dropFirst().dropLast())) : .fixed(String(part))
    }
  }

  /// In the order in which they stand there.
  var names: [String] {
    segments.compactMap { if case .name(let name) = $0 { name } else { nil } }
  }

  /// What is done there, for the audit: without the API's beginning and without names, such as `deliveries/retry`.
  var action: String {
    segments.compactMap { if case .fixed(let text) = $0, text != "api", text != "v1" { text } else { nil } }
      .joined(separator: "/")
  }

  /// - Parameter parts: The path's segments, decoded.
  /// - Returns: What stands at each name; nil: this is another path.
  func match(_ parts: [String]) -> [String: String]? {
    guard parts.count == segments.count else { return nil }
    var values: [String: String] = [:]
    for (segment, part) in zip(segments, parts) {
      switch segment {
      case .fixed(let text): if text != part { return nil }
      case .name(let name):
        if part.isEmpty { return nil }
        values[name] = part
      }
    }
    return values
  }

  /// What the names mean and what stands there, for the API's description.
  static let names: [String: (meaning: String, form: TextForm)] = [
    "destination": ("A destination's name.", .filled),
    "source": ("A source's name.", .filled),
    "replay": ("A replay's number.", .number),
    "erasure": ("An erasure's id, as the answer to its beginning has it.", .filled),
    "receiver": ("The name of one that `notify` tells.", .filled),
    "folder": ("A folder of the dashboard's files.", .filled),
    "file": ("A file's name.", .filled),
    "event": ("An event's id: `evt_` and a UUID, as the header `webhook-id` has it.", .eventID),
  ]
}
