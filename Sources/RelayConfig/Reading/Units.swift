import RelayCore
import RelayText

/// How durations, sizes, rates and numbers are written.
enum Units {
  /// Stands for a size that is not resolved (`check --no-env`). Smaller than any that can be written.
  static let unresolvedSize = 1

  private static let rates: [(unit: String, interval: Duration)] = [
    ("/s", .seconds(1)), ("/m", .seconds(60)), ("/h", .seconds(3600)),
  ]

  static func duration(_ text: String) throws(Fault) -> Duration {
    guard let duration = Duration(text: text) else {
      throw Fault("is not a duration; write a whole number and its unit: 250ms, 5s, 10m, 24h or 7d")
    }
    return duration
  }

  static func size(_ text: String) throws(Fault) -> Int {
    let (digits, unit) = parts(of: text)
    guard let count = integer(String(digits)),
      let factor = SizeText.units.first(where: { $0.unit == unit })?.bytes
    else {
      throw Fault("is not a size; write a whole number and its unit: 64KiB, 5MiB or 10GiB")
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
    return overflow ? .max : bytes
  }

  static func rate(_ text: String) throws(Fault) -> Rate {
    let (digits, unit) = parts(of: text)
    guard let count = integer(String(digits)),
      let interval = rates.first(where: { $0.unit == unit })?.interval
    else { throw Fault("is not a rate; write a whole number and its time: 50/s, 600/m or 5000/h") }
    return Rate(count: count, per: interval)
  }

  /// Digits only.
  static func integer(_ text: String) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    // What does not fit is still a number, only too large.
    return Int(text) ?? .max
  }

  /// Digits, and at most one point between them.
  static func number(_ text: String) -> Double? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ integer(String($0)) != nil }) else { return nil }
    return Double(text)
  }

  private static func parts(of text: String) -> (digits: Substring, unit: Substring) {
    let digits = text.prefix { ("0"..."9").contains($0) }
    return (digits, text[digits.endIndex...])
  }

  static func text(_ number: Double) -> String {
    number == number.rounded() ? String(Int(number)) : String(number)
  }
}

extension Duration {
  /// Stands for one that is not resolved (`check --no-env`), so that it is compared with no other. Shorter
  /// than any that can be written.
  static let unresolved = Duration.nanoseconds(1)
}
