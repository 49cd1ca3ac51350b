import RelayCore
import RelayText

extension ConfigNode {
  /// As `FieldPath` reads it. A key holds no reference.
  private static let fieldPath =
    #"^(?![\s\S]*\$\{)(?:"[^"]+"|[^".][^.]*)(?:\.(?:"[^"]+"|[^".][^.]*))*$"#

  /// `where`: each path with its test. Nil: something in it is wrong.
  func conditions() -> [(condition: FieldCondition, location: Location)]? {
    guard let section = section("a mapping of field paths to values") else { return nil }
    let entries = section.namedEntries(Self.fieldPath)
    probe?.mustNotBeEmpty()
    guard !entries.isEmpty else {
      error("an empty where tests nothing; remove the key")
      return nil
    }
    var conditions: [(condition: FieldCondition, location: Location)] = []
    for entry in entries {
      let test = entry.value.test()
      guard let path = FieldPath(entry.key) else {
        reading.report(
          "\(entry.key.quotedForMessage) is not a field path; join keys by dots, and quote a key that holds "
            + "one: 'context.\"SYSTEM.CHAT_ID\"'", at: entry.location)
        continue
      }
      if conditions.contains(where: { $0.condition.path == path }) {
        reading.report("this path stands twice; put its tests together", at: entry.location)
      }
      if let test, path.isID { entry.value.warnAboutOddIDs(test) }
      if let test { conditions.append((FieldCondition(path: path, test: test), entry.location)) }
    }
    return conditions.count == entries.count ? conditions : nil
  }

  /// A scalar, a list of scalars, or a mapping of operators.
  private func test() -> FieldTest? {
    shared("test") {
      $0.ifMapping {
        $0.operators()
      } else: {
        $0.patterns("a value").map(FieldTest.equalsAny)
      }
    }
  }

  private func operators() -> FieldTest? {
    guard var section = section() else { return nil }
    probe?.mustNotBeEmpty()
    for known in WhereOperator.all {
      let entry = section.entry(known.name)
      if reading.isProbing { _ = entry?.value.test(known) }
    }
    guard !section.entries.isEmpty else {
      let names = WhereOperator.all.map(\.name).joined(separator: ", ")
      error("expected an operator, found none; write one of \(names)")
      return nil
    }
    let tests = section.entries.compactMap { entry in
      WhereOperator(name: entry.key).flatMap { entry.value.test($0) }
    }
    section.finish(unknown: "operator")
    guard tests.count == section.entries.count else { return nil }
    return tests.count == 1 ? tests[0] : .all(tests)
  }

  private func test(_ operator: WhereOperator) -> FieldTest? {
    switch `operator` {
    case .not: return test().map(FieldTest.not)
    case .exists: return bool().map(FieldTest.exists)
    case .contains: return containedTexts().map(FieldTest.contains)
    case .compare(let comparison):
      guard !isSequence, !isMapping else {
        error("expected a number or text to compare with, found \(kind)")
        return nil
      }
      return operand().map { .compare(comparison, to: $0) }
    }
  }

  /// What has an order: not a boolean, and a number only as JSON spells it, or it would be compared as text.
  private func operand() -> String? {
    guard let scalar = scalar("a number or text to compare with", form: .ordered),
      !reportsAmbiguousBoolean(scalar)
    else {
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

/// What may stand below a path of `where`, instead of a value.
private enum WhereOperator {
  case not
  case exists
  case contains
  case compare(FieldTest.Comparison)

  static let all: [WhereOperator] =
    [.not, .exists, .contains] + FieldTest.Comparison.allCases.map { .compare($0) }

  init?(name: String) {
    guard let known = Self.all.first(where: { $0.name == name }) else { return nil }
    self = known
  }

  /// As the file writes it.
  var name: String {
    switch self {
    case .not: "not"
    case .exists: "exists"
    case .contains: "contains"
    case .compare(let comparison): comparison.rawValue
    }
  }
}
