/// A number as it is spelled, compared without loss where both are whole: ids may pass 2^53.
struct Decimal {
  private let isNegative: Bool
  /// Without leading zeros; nil if the spelling has a fraction or an exponent.
  private let wholeDigits: Substring.UTF8View?
  private let value: Double

  /// Nil if the text is not a number by the grammar of JSON.
  init?(_ text: String) {
    guard Self.isNumber(text), let value = Double(text) else { return nil }
    self.value = value
    isNegative = text.hasPrefix("-")
    let digits = text.dropFirst(isNegative ? 1 : 0)
    let isWhole = digits.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    wholeDigits = isWhole ? digits.drop { $0 == "0" }.utf8 : nil
  }

  /// Negative, zero or positive, as this one is less than, equal to or greater than the other.
  func compared(to other: Decimal) -> Int {
    guard let mine = wholeDigits, let others = other.wholeDigits else {
      return value < other.value ? -1 : value > other.value ? 1 : 0
    }
    if mine.isEmpty && others.isEmpty { return 0 }
    if isNegative != other.isNegative { return isNegative ? -1 : 1 }
    let magnitude =
      mine.count != others.count
      ? mine.count - others.count
      : mine.lexicographicallyPrecedes(others) ? -1 : others.lexicographicallyPrecedes(mine) ? 1 : 0
    return isNegative ? -magnitude : magnitude
  }

  private static func isNumber(_ text: String) -> Bool {
    var rest = text.utf8[...]
    if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    let startsWithZero = rest.first == UInt8(ascii: "0")
    let whole = rest.popDigits()
    guard whole > 0, whole == 1 || !startsWithZero else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      guard rest.popDigits() > 0 else { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
      guard rest.popDigits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}

extension Substring.UTF8View {
  /// Removes the digits it begins with, and counts them.
  fileprivate mutating func popDigits() -> Int {
    var count = 0
    while let byte = first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      removeFirst()
      count += 1
    }
    return count
  }
}
