/// A place in a YAML text.
struct YAMLMark: Equatable {
  /// From 1.
  var line: Int
  /// From 1, in Unicode scalars.
  var column: Int

  static let start = YAMLMark(line: 1, column: 1)
}

/// A node of a YAML document, and where it begins.
///
/// A scalar is a text, whatever it looks like: 1 and "1" differ in nothing but how they are written.
struct YAMLNode {
  enum Content {
    /// - Parameter isPlain: It stands there without quotes, and is no block scalar.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    /// In the order of the text. No text is a key twice.
    case mapping([(key: YAMLNode, value: YAMLNode)])
  }

  var content: Content
  var mark = YAMLMark.start

  /// Its text, if it is a scalar.
  var text: String? { if case .scalar(let text, _) = content { text } else { nil } }

  /// The text that stands at a key, if it is a mapping with a scalar there.
  func text(ofValueAt key: String) -> String? {
    guard case .mapping(let pairs) = content else { return nil }
    return pairs.first { $0.key.text == key }?.value.text
  }
}
