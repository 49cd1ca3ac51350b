import RelayCore
import RelayText

extension ConfigNode {
  private static let emptyList = "an empty list never matches; remove the key"

  /// One pattern or a list of them. Nil: something in it is wrong.
  func patterns(_ expected: String, ignoringCase: Bool = false) -> [ScalarPattern]? {
    guard let items = items("\(expected) or a list of them", emptyFault: Self.emptyList) else { return nil }
    let patterns = items.map { item in
      item.mayBeNull ? .null : item.pattern(expected, ignoringCase: ignoringCase)
    }
    return patterns.contains { $0 == nil } ? nil : patterns.compactMap { $0 }
  }

  /// The same, where null makes no sense.
  func texts(_ expected: String, ignoringCase: Bool = false) -> [WildcardPattern]? {
    guard let items = items("\(expected) or a list of them", emptyFault: Self.emptyList) else { return nil }
    let patterns = items.map { item -> WildcardPattern? in
      guard !item.isNull else {
        item.error("every event has one, so null never matches; remove it")
        return nil
      }
      guard case .text(let pattern) = item.pattern(expected, ignoringCase: ignoringCase) else { return nil }
      return pattern
    }
    return patterns.contains { $0 == nil } ? nil : patterns.compactMap { $0 }
  }

  /// Where each of valid patterns stands, and how messages may name it.
  func patternLocations() -> [(location: Location, shown: String)] {
    (items("a list", emptyFault: nil) ?? []).map { item in
      (item.location, item.scalar("a single value").map(item.shown) ?? "")
    }
  }

  private func pattern(_ expected: String, ignoringCase: Bool) -> ScalarPattern? {
    guard let text = comparedScalar(expected) else { return nil }
    return .text(WildcardPattern(text, ignoringCase: ignoringCase))
  }

  /// A scalar's source text, unless it is a boolean by accident. Stands for anything where it is not
  /// resolved.
  func comparedScalar(_ expected: String) -> String? {
    guard let scalar = scalar(expected, form: .text), !reportsAmbiguousBoolean(scalar) else { return nil }
    if scalar.isOddNumber {
      // It does what it says for a text such as a telephone number.
      warning(
        "\(scalar.value.printable) is compared as text, and no number in JSON is spelled so; write plain digits, or "
          + "\"\(scalar.value.printable)\" if the text is meant")
    }
    return scalar.isPlaceholder ? WildcardPattern.unresolved : scalar.value
  }
}

extension WildcardPattern {
  /// Stands for one that is not resolved (`check --no-env`): it matches nearly anything.
  static let unresolved = "?*"
}
