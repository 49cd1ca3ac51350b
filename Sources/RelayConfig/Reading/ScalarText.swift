import RelayText

/// What a scalar says, once its references are replaced.
struct ScalarText {
  let value: String
  /// The references that it held, as `${NAME}` or `${file:PATH}`.
  let references: [String]
  /// Those of them whose defaults stand in for them.
  let defaulted: [String]
  /// Unquoted and without a reference, so that YAML may take it for something other than text.
  let isPlain: Bool
  /// It holds a reference that was not resolved (`check --no-env`): `value` means nothing.
  let isPlaceholder: Bool

  /// What YAML 1.1 takes for a boolean, though it reads like text, and which.
  var ambiguousBoolean: Bool? {
    guard isPlain else { return nil }
    for (spelling, meaning) in [("yes", true), ("on", true), ("no", false), ("off", false)] {
      if value == spelling || value == spelling.uppercased() || value == spelling.capitalizedFirst {
        return meaning
      }
    }
    switch value {
    case "True", "TRUE": return true
    case "False", "FALSE": return false
    default: return nil
    }
  }
}

extension ScalarText {
  /// Whether it is a number to some YAML readers, but none as JSON spells them: `1_000`, `0x10`, `010`, `+5`, `.5`,
  /// `1:30`, `.inf`. To others it is text.
  var isOddNumber: Bool {
    guard isPlain, value.wholeMatch(of: Self.jsonNumber) == nil else { return false }
    return value.wholeMatch(of: Self.yamlNumber) != nil
  }

  // A literal that holds nothing of its own: only Regex itself is not marked Sendable.
  private nonisolated(unsafe) static let jsonNumber =
    /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/
  /// YAML 1.1's integers and floats, and the octal ones of YAML 1.2.
  private nonisolated(unsafe) static let yamlNumber =
    /(?i)[-+]?(?:0b[01_]+|0x[0-9a-f_]+|0o[0-7_]+|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|\.[0-9_]+(?:e[-+]?[0-9]+)?|\.inf|\.nan)/
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

  var quotedForMessage: String { "'\(printable)'" }
}
