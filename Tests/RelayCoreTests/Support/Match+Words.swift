import RelayCore

extension [WildcardPattern] {
  /// As the configuration reads event types (and sources, which heed case).
  static func words(_ texts: String..., ignoringCase: Bool = false) -> [WildcardPattern] {
    texts.map { WildcardPattern($0, ignoringCase: ignoringCase) }
  }
}

extension [ScalarPattern] {
  /// nil stands for null.
  static func words(_ texts: String?..., ignoringCase: Bool = false) -> [ScalarPattern] {
    texts.map { text in text.map { .text(WildcardPattern($0, ignoringCase: ignoringCase)) } ?? .null }
  }
}

extension Match {
  static func event(_ text: String) -> Match { Match(events: .words(text, ignoringCase: true)) }
  static func company(_ text: String?) -> Match { Match(companies: .words(text)) }
  static func channel(_ text: String?) -> Match { Match(channels: .words(text, ignoringCase: true)) }

  static func field(_ path: String, _ test: FieldTest) -> Match {
    Match(fields: [FieldCondition(path: FieldPath(path)!, test: test)])
  }
}

extension FieldTest {
  /// Equals any of them; nil stands for null.
  static func oneOf(_ texts: String?...) -> FieldTest {
    .equalsAny(texts.map { text in text.map { .text(WildcardPattern($0)) } ?? .null })
  }
}
