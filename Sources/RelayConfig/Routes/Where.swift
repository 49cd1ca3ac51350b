import RelayCore
import RelayText

extension ConfigNode {
  /// `where`: each path with its test. Nil: something in it is wrong.
  func conditions() -> [(condition: FieldCondition, place: Place)]? {
    guard let section = section("a mapping of field paths to values") else { return nil }
    guard !section.entries.isEmpty else {
      error("an empty where tests nothing; remove the key")
      return nil
    }
    var conditions: [(condition: FieldCondition, place: Place)] = []
    for entry in section.entries {
      let test = entry.value.test()
      guard let path = FieldPath(entry.key) else {
        reading.report(
          "\(entry.key.quotedForMessage) is not a field path; join keys by dots, and quote a key that holds "
            + "one: 'context.\"SYSTEM.CHAT_ID\"'", at: entry.place)
        continue
      }
      if conditions.contains(where: { $0.condition.path == path }) {
        reading.report("this path stands twice; put its tests together", at: entry.place)
      }
      if let test, path.isID { entry.value.warnAboutOddIDs(test) }
      if let test { conditions.append((FieldCondition(path: path, test: test), entry.place)) }
    }
    return conditions.count == section.entries.count ? conditions : nil
  }

  /// A scalar, a list of scalars, or a mapping of operators.
  private func test() -> FieldTest? {
    guard isMapping else { return patterns("a value").map(FieldTest.equalsAny) }
    guard var section = section() else { return nil }
    guard !section.entries.isEmpty else {
      error("expected an operator, found none; write one of \(Self.operators.joined(separator: ", "))")
      return nil
    }
    let tests = section.entries.compactMap { $0.value.test(operator: $0.key) }
    for name in Self.operators { _ = section.entry(name) }
    section.finish(unknown: "operator")
    guard tests.count == section.entries.count else { return nil }
    return tests.count == 1 ? tests[0] : .all(tests)
  }

  private static let operators =
    ["not", "exists", "contains"] + FieldTest.Comparison.allCases.map(\.rawValue)

  private func test(operator name: String) -> FieldTest? {
    switch name {
    case "not": return test().map(FieldTest.not)
    case "exists": return bool().map(FieldTest.exists)
    case "contains": return containedTexts().map(FieldTest.contains)
    default:
      guard let comparison = FieldTest.Comparison(rawValue: name) else { return nil }
      guard !isSequence, !isMapping else {
        error("expected a number or text to compare with, found \(kind)")
        return nil
      }
      return operand().map { .compare(comparison, to: $0) }
    }
  }

  /// What has an order: not a boolean, and a number only as JSON spells it, or it would be compared as text.
  private func operand() -> String? {
    guard let scalar = scalar("a number or text to compare with"), !reportsAmbiguousBoolean(scalar) else {
      return nil
    }
    if scalar.isPlain, ["true", "false"].contains(scalar.value) {
      error(
        "\(scalar.value) is neither less nor greater than anything; write a number, or \"\(scalar.value)\" for the text"
      )
      return nil
    }
    if scalar.isOddNumber {
      error(
        "\(scalar.value.printable) is a number to some YAML readers and text to others; write it with plain digits "
          + "such as 1000 or 0.5, or \"\(scalar.value.printable)\" for the text")
      return nil
    }
    return scalar.isPlaceholder ? WildcardPattern.unresolved : scalar.value
  }

  private func containedTexts() -> [String]? {
    let emptyFault = "an empty list never matches; remove the key"
    guard let items = items("a text or a list of texts", emptyFault: emptyFault) else { return nil }
    let texts = items.map { $0.comparedText("a text to look for") }
    return texts.contains { $0 == nil } ? nil : texts.compactMap { $0 }
  }
}
