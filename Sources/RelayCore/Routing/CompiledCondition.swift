import RelayJSON

/// A line of `where`, asked of the values noted at one slot.
struct CompiledCondition: Sendable {
  let slot: Int
  let test: FieldTest

  func holds(in event: EventView) -> Bool { holds(test, in: event) }

  /// The values as people read them.
  func seen(in event: EventView) -> String {
    let texts = event.values(at: slot).map { value in
      switch value.kind {
      case .object: "an object"
      case .array: "an array"
      case .string, .number, .true, .false, .null: event.text(of: value)
      }
    }
    return texts.isEmpty ? "absent" : texts.joined(separator: ", ")
  }

  private func holds(_ test: FieldTest, in event: EventView) -> Bool {
    switch test {
    case .not(let inner): !holds(inner, in: event)
    case .exists(let expected): exists(in: event) == expected
    case .equalsAny(let patterns) where patterns.contains(.null) && isAbsent(in: event): true
    case .equalsAny, .contains, .compare: anyValue(in: event, satisfies: [test])
    case .all(let tests): holdsAll(tests, in: event)
    }
  }

  /// Operators that look at a value must hold for the same one; `not` and `exists` speak of the field as a whole.
  private func holdsAll(_ tests: [FieldTest], in event: EventView) -> Bool {
    var ofOneValue: [FieldTest] = []
    for test in tests {
      switch test {
      case .contains, .compare, .equalsAny: ofOneValue.append(test)
      case .not, .exists, .all: if !holds(test, in: event) { return false }
      }
    }
    return ofOneValue.isEmpty || anyValue(in: event, satisfies: ofOneValue)
  }

  private func isAbsent(in event: EventView) -> Bool { event.values(at: slot).first { _ in true } == nil }

  private func exists(in event: EventView) -> Bool { event.values(at: slot).contains { $0.kind != .null } }

  private func anyValue(in event: EventView, satisfies tests: [FieldTest]) -> Bool {
    event.values(at: slot).contains { value in tests.allSatisfy { satisfies($0, value, in: event) } }
  }

  private func satisfies(_ test: FieldTest, _ value: JSONValue, in event: EventView) -> Bool {
    switch test {
    case .equalsAny(let patterns): patterns.contains { equals($0, value, in: event) }
    case .contains(let texts): texts.contains { contains($0, value, in: event) }
    case .compare(let comparison, let operand): compare(comparison, operand, value, in: event)
    case .not, .exists, .all: false
    }
  }

  private func equals(_ pattern: ScalarPattern, _ value: JSONValue, in event: EventView) -> Bool {
    switch (pattern, value.kind) {
    case (.null, .null): return true
    case (.null, _), (_, .null), (_, .object), (_, .array): return false
    case (.text(let pattern), _):
      return value.hasEscapes
        ? pattern.matches(event.text(of: value)) : pattern.matches(event.bytes(of: value))
    }
  }

  private func contains(_ text: String, _ value: JSONValue, in event: EventView) -> Bool {
    guard value.kind == .string || value.kind == .number else { return false }
    // By their bytes: to String a flag or a tinted thumb is one character, and its parts are not in it.
    return event.text(of: value).lowercased().utf8.firstRange(of: text.lowercased().utf8) != nil
  }

  private func compare(
    _ comparison: FieldTest.Comparison, _ operand: String, _ value: JSONValue, in event: EventView
  ) -> Bool {
    guard value.kind == .string || value.kind == .number else { return false }
    let text = event.text(of: value)
    if let seen = Decimal(text), let limit = Decimal(operand) { return comparison.holds(seen, limit) }
    // A number is no string: only two strings are compared by their bytes.
    guard value.kind == .string, Decimal(operand) == nil else { return false }
    return comparison.holds(Array(text.utf8), Array(operand.utf8))
  }
}

extension FieldTest.Comparison {
  fileprivate func holds(_ value: Decimal, _ limit: Decimal) -> Bool {
    let order = value.compared(to: limit)
    return switch self {
    case .greater: order > 0
    case .greaterOrEqual: order >= 0
    case .less: order < 0
    case .lessOrEqual: order <= 0
    }
  }

  fileprivate func holds(_ value: [UInt8], _ limit: [UInt8]) -> Bool {
    switch self {
    case .greater: limit.lexicographicallyPrecedes(value)
    case .greaterOrEqual: !value.lexicographicallyPrecedes(limit)
    case .less: value.lexicographicallyPrecedes(limit)
    case .lessOrEqual: !limit.lexicographicallyPrecedes(value)
    }
  }
}
