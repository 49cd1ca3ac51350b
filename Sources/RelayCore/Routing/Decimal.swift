/// A number as it is spelled, compared exactly: ids may pass 2^53, and 0.1 is no double.
///
/// It is never computed: two numbers are compared by the place of their first digit, then digit by digit. So a
/// comparison costs as much as the two texts are long, whatever their exponents say.
struct Decimal {
  private enum Sign: Int {
    case negative = -1
    case zero = 0
    case positive = 1
  }

  private let sign: Sign
  /// The digits from the first that is not 0: those before the point, then those after it.
  private let whole: Substring.UTF8View
  private let fraction: Substring.UTF8View
  /// Where the first of them stands: 3 for 123 and for 1.23e2, 0 for 0.5, -1 for 0.05. An exponent beyond what fits is
  /// held at its bounds: such numbers are told apart from all others, but not from one another.
  private let magnitude: Int

  /// Nil if the text is not a number by the grammar of JSON.
  init?(_ text: String) {
    var rest = text[...].utf8
    let isNegative = rest.pop("-")
    let whole = rest.popDigits()
    guard let first = whole.first, whole.count == 1 || first != UInt8(ascii: "0") else { return nil }
    var fraction = Substring().utf8
    if rest.pop(".") {
      fraction = rest.popDigits()
      guard !fraction.isEmpty else { return nil }
    }
    var exponent = 0
    if rest.pop("e") || rest.pop("E") {
      let isSmall = rest.pop("-")
      if !isSmall { _ = rest.pop("+") }
      let digits = rest.popDigits()
      guard !digits.isEmpty else { return nil }
      exponent = (isSmall ? -1 : 1) * Self.bounded(digits)
    }
    guard rest.isEmpty else { return nil }
    self.whole = whole.withoutLeadingZeros
    self.fraction = self.whole.isEmpty ? fraction.withoutLeadingZeros : fraction
    sign = self.whole.isEmpty && self.fraction.isEmpty ? .zero : isNegative ? .negative : .positive
    magnitude = exponent + (self.whole.isEmpty ? self.fraction.count - fraction.count : self.whole.count)
  }

  /// Negative, zero or positive, as this one is less than, equal to or greater than the other.
  func compared(to other: Decimal) -> Int {
    guard sign == other.sign else { return sign.rawValue - other.sign.rawValue }
    if sign == .zero { return 0 }
    let size = magnitude == other.magnitude ? comparedDigits(to: other) : magnitude < other.magnitude ? -1 : 1
    return sign == .negative ? -size : size
  }

  /// What is missing at the end is zeros.
  private func comparedDigits(to other: Decimal) -> Int {
    let mine = [whole, fraction].joined()
    let others = [other.whole, other.fraction].joined()
    var (left, right) = (mine.makeIterator(), others.makeIterator())
    while true {
      let (a, b) = (left.next(), right.next())
      if a == nil && b == nil { return 0 }
      let (digit, otherDigit) = (a ?? UInt8(ascii: "0"), b ?? UInt8(ascii: "0"))
      if digit != otherDigit { return digit < otherDigit ? -1 : 1 }
    }
  }

  private static func bounded(_ digits: Substring.UTF8View) -> Int {
    let digits = digits.withoutLeadingZeros
    guard digits.count <= 17 else { return 1_000_000_000_000_000_000 }
    return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }
}

extension Substring.UTF8View {
  fileprivate mutating func pop(_ character: Unicode.Scalar) -> Bool {
    guard first == UInt8(ascii: character) else { return false }
    removeFirst()
    return true
  }

  /// Removes the digits that it begins with.
  fileprivate mutating func popDigits() -> Substring.UTF8View {
    let digits = prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    self = self[digits.endIndex...]
    return digits
  }

  fileprivate var withoutLeadingZeros: Substring.UTF8View { drop { $0 == UInt8(ascii: "0") } }
}
