extension ConfigNode {
  /// Warns of `$NAME`, which is plain text here, where it looks like a variable: it is all of the value, or the
  /// environment has one of that name.
  func warnAboutBareVariable(in text: String) {
    guard let name = text.bareVariables.first(where: { isLikelyVariable($0, in: text) }) else { return }
    // What follows a `$` may be part of a secret, unless a variable is called so.
    let isKnown = reading.references.environment[name] != nil
    let shown = isSecret && !isKnown ? "NAME" : String(name)
    warning("'$' and a name without braces is plain text here; write ${\(shown)} for the variable")
  }

  private func isLikelyVariable(_ name: String, in text: String) -> Bool {
    if reading.references.environment[name] != nil { return true }
    return text.count == name.count + 1 && name.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" }
  }

  /// Warns of a secret that anybody who has the file knows.
  func warnAboutDefault(of scalar: ScalarText) {
    guard let reference = scalar.defaulted.first, !scalar.value.isEmpty else { return }
    warning("this secret is the default of \(reference), which whoever sees the file knows; set the variable")
  }
}

extension String {
  /// What stands behind each `$` as a name, without braces.
  fileprivate var bareVariables: [String] {
    guard utf8.contains(UInt8(ascii: "$")) else { return [] }
    return matches(of: /\$([A-Za-z_][A-Za-z0-9_]*)/).compactMap { match in
      let isEscaped =
        match.range.lowerBound > startIndex && self[index(before: match.range.lowerBound)] == "$"
      return isEscaped ? nil : String(match.1)
    }
  }
}
