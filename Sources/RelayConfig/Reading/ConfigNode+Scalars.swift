import RelayCore
import RelayText

extension ConfigNode {
  /// The text of a scalar. Reports a wrong kind, a missing value and a missing reference.
  ///
  /// - Parameters:
  ///   - words: words of the configuration's own that may stand here, such as `off`.
  ///   - form: for the schema, of what else may stand here.
  func scalar(_ expected: String, words: [String] = [], form: ScalarForm = .someText) -> ScalarText? {
    if let probe {
      probe.may(be: .scalar(form), expected)
      if !words.isEmpty, form != .words(words) { probe.may(be: .scalar(.words(words))) }
      return nil
    }
    guard case .scalar(let written, let isPlain) = node.content else {
      error("expected \(expected), found \(kind)\(inJSON(words))")
      return nil
    }
    guard !isNull else {
      error("expected \(expected), found \(kind); give a value or remove the key\(inJSON(words))")
      return nil
    }
    warnAboutBareVariable(in: written)
    switch reading.references.replaced(in: written) {
    case .success(let text):
      reading.variables.formUnion(text.variables)
      reading.note(text.files)
      reading.values[location.keyPath] = ValueReferences.Value(
        references: text.references, isWhole: text.isWhole)
      return ScalarText(
        value: text.value, references: text.references, defaulted: text.defaulted,
        isPlain: isPlain && text.references.isEmpty, isPlaceholder: text.isPlaceholder)
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
  ///   - words: words of the configuration's own that may stand here, such as `off`.
  ///   - form: for the schema, of what else may stand here.
  ///   - placeholder: stands for a reference that is not resolved.
  ///   - isCredential: it is to be known to two parties only: a default that stands in the file is warned of.
  func value<Value>(
    _ expected: String, words: [String] = [], form: ScalarForm = .someText, placeholder: Value,
    isCredential: Bool = false,
    parse: (String) throws(Fault) -> Value
  ) -> Value? {
    guard let scalar = scalar(expected, words: words, form: form) else { return nil }
    if scalar.isPlaceholder { return placeholder }
    do {
      let value = try parse(scalar.value)
      if isCredential { warnAboutDefault(of: scalar) }
      return value
    } catch {
      self.error(error.isWhole ? error.message : "\(shown(scalar)) \(error.message)\(inJSON(words))")
      return nil
    }
  }

  /// How the words of the configuration's own are written where a file is JSON: there, they stand in quotes.
  private func inJSON(_ words: [String]) -> String {
    guard reading.isJSON, !words.isEmpty else { return "" }
    return "; in JSON: \(words.map { "\"\($0)\"" }.joined(separator: ", "))"
  }

  /// Whether this is one certain word.
  func isKeyword(_ word: String) -> Bool { node.text == word }
}
