/// What a scalar says, once its references are replaced.
struct ScalarText {
  let value: String
  /// The references that it held, as `${NAME}` or `${file:PATH}`.
  let references: [String]
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

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

  var quotedForMessage: String { "'\(printable)'" }

  /// Short, and without anything that could upset a terminal.
  var printable: String {
    var text = ""
    for scalar in unicodeScalars.prefix(60) {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      text += isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return unicodeScalars.count > 60 ? text + "…" : text
  }
}
