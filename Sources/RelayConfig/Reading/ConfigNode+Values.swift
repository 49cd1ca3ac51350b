import RelayCore
import RelayText

extension ConfigNode {
  func bool(placeholder: Bool = false) -> Bool? {
    value("true or false", form: .bool, placeholder: placeholder) { text throws(Fault) in
      switch text.lowercased() {
      case "true" where text == "true": return true
      case "false" where text == "false": return false
      case "true", "yes", "on": throw Fault("is not a boolean here; write true")
      case "false", "no", "off": throw Fault("is not a boolean here; write false")
      default: throw Fault("is not a boolean; write true or false")
      }
    }
  }

  func duration(_ range: ClosedRange<Duration> = .milliseconds(1) ... .longestText) -> Duration? {
    let form = ScalarForm.duration(mayBeZero: range.lowerBound == .zero)
    return value("a duration such as 5s", form: form, placeholder: .unresolved) { text throws(Fault) in
      try Self.duration(text, within: range)
    }
  }

  /// nil: a fault; .some(nil): unlimited.
  func durationOrUnlimited() -> Duration?? {
    value("a duration such as 90d, or unlimited", words: ["unlimited"], form: .duration(), placeholder: nil) {
      text throws(Fault) in
      if text == "unlimited" { return nil }
      return try Self.duration(text, within: .milliseconds(1) ... .longestText)
    }
  }

  private static func duration(
    _ text: String, within range: ClosedRange<Duration>
  ) throws(Fault) -> Duration {
    let duration = try Units.duration(text)
    guard duration >= range.lowerBound else {
      throw Fault("is too short; at least \(range.lowerBound.text)")
    }
    guard duration <= range.upperBound else {
      throw Fault("is too long; at most \(range.upperBound.text)")
    }
    return duration
  }

  func size(_ range: ClosedRange<Int>) -> Int? {
    value("a size such as 5MiB", form: .size, placeholder: Units.unresolvedSize) { text throws(Fault) in
      let size = try Units.size(text)
      guard size >= range.lowerBound else {
        throw Fault("is too small; at least \(SizeText.text(bytes: range.lowerBound))")
      }
      guard size <= range.upperBound else {
        throw Fault("is too large; at most \(SizeText.text(bytes: range.upperBound))")
      }
      return size
    }
  }

  func integer(_ range: ClosedRange<Int>) -> Int? {
    value("a whole number", form: .integer(range), placeholder: range.lowerBound) { text throws(Fault) in
      guard let number = Units.integer(text) else {
        throw Fault("is not a whole number; write one from \(range.lowerBound) to \(range.upperBound)")
      }
      guard range.contains(number) else {
        throw Fault("is out of range; from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
  }

  func number(_ range: ClosedRange<Double>) -> Double? {
    value("a number", form: .number(range), placeholder: range.lowerBound) { text throws(Fault) in
      guard let number = Units.number(text), range.contains(number) else {
        throw Fault("is not a number from \(Units.text(range.lowerBound)) to \(Units.text(range.upperBound))")
      }
      return number
    }
  }

  /// Text that is compared with what comes: not empty, on one line, and not a boolean by accident.
  func comparedText(_ expected: String) -> String? {
    guard let scalar = scalar(expected) else { return nil }
    guard !reportsAmbiguousBoolean(scalar) else { return nil }
    guard !scalar.isPlaceholder else { return "placeholder" }
    guard !scalar.value.isEmpty else {
      error("\(shown(scalar)) is empty; expected \(expected)")
      return nil
    }
    return scalar.value
  }

  /// Reports `yes`, `no`, `on`, `off` and their kin where a value is compared.
  func reportsAmbiguousBoolean(_ scalar: ScalarText) -> Bool {
    guard let meaning = scalar.ambiguousBoolean else { return false }
    error(
      "\(scalar.value) is a boolean to some YAML readers and text to others; "
        + "write \(meaning), or \"\(scalar.value)\" for the text")
    return true
  }
}
