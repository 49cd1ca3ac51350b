import Yams

extension ConfigNode {
  /// The text of a scalar. Reports a wrong kind, a missing value and a missing reference.
  func scalar(_ expected: String) -> ScalarText? {
    guard case .scalar(let scalar) = node else {
      error("expected \(expected), found \(kind)")
      return nil
    }
    guard !isNull else {
      error("expected \(expected), found nothing; give a value or remove the key")
      return nil
    }
    switch reading.references.replaced(in: scalar.string) {
    case .success(let text):
      return ScalarText(
        value: text.value, references: text.references,
        isPlain: scalar.style == .plain && text.references.isEmpty, isPlaceholder: text.isPlaceholder)
    case .failure(let failure):
      failure.messages.forEach(error)
      return nil
    }
  }

  /// A scalar's value as messages may name it.
  func shown(_ scalar: ScalarText) -> String {
    if !scalar.references.isEmpty {
      return "the value of \(scalar.references.joined(separator: " and "))"
    }
    return isSecret ? "the value" : scalar.value.quotedForMessage
  }

  /// A scalar read as a value of some type.
  ///
  /// - Parameters:
  ///   - expected: what stands here, with its article.
  ///   - placeholder: stands for a reference that is not resolved.
  func value<Value>(
    _ expected: String, placeholder: Value, parse: (String) throws(Fault) -> Value
  ) -> Value? {
    guard let scalar = scalar(expected) else { return nil }
    if scalar.isPlaceholder { return placeholder }
    do {
      return try parse(scalar.value)
    } catch {
      self.error(error.isWhole ? error.message : "\(shown(scalar)) \(error.message)")
      return nil
    }
  }

  /// Whether this is one certain word.
  func isKeyword(_ word: String) -> Bool {
    guard case .scalar(let scalar) = node else { return false }
    return scalar.string == word
  }
}
