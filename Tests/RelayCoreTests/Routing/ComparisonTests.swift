import RelayCore
import Testing

/// `gt`, `gte`, `lt` and `lte`.
@Suite struct ComparisonTests {
  /// A value, and an operand that it is less than.
  static let ascending = [
    ("1", "2"), ("9", "10"), ("-2", "1"), ("-10", "-9"), ("-1", "0"), ("0", "1"),
    ("9007199254740992", "9007199254740993"), ("-9007199254740993", "-9007199254740992"),
    ("99999999999999999999999999999998", "99999999999999999999999999999999"),
    ("99999999999999999999", "100000000000000000000"), ("-100000000000000000000", "-99999999999999999999"),
    ("1.4", "1.5"), ("-1.5", "-1.4"), ("1", "1.5"), ("0.9", "1"), ("9.9", "1e1"), ("1e2", "101"),
    ("1e-2", "0.1"), ("-1e3", "-999"), ("1E+2", "1E3"), ("5", "1e400"), ("-1e400", "5"),
    ("0.1", "0.10000000000000000001"), ("9007199254740992.5", "9007199254740992.6"),
    ("123456789012345678901.5e1", "1234567890123456789015.1"), ("0.00000000000000000001", "1e-19"),
    ("1e-400", "2e-400"), ("-2e-400", "-1e-400"), ("0", "1e-400"), ("-1e-400", "0"), ("1e400", "2e400"),
    ("9.99e999999998", "1e999999999"), ("-1e999999999", "1e-999999999"), ("1e-999999999", "1e-999999998"),
    ("5", "1e99999999999999999999"), ("1e-99999999999999999999", "1e-400"), ("0.0000012", "1.3e-6"),
    (#""9""#, "10"), (#""-5""#, "3"), (#""9""#, "1e1"), (#""9007199254740992""#, "9007199254740993"),
    (#""2026-01-31 10:00""#, "2026-02-01"), (#""2026-02-01""#, "2026-02-01T00:00:00Z"),
    (#""abc""#, "abd"), (#""Z""#, "a"), (#""z""#, "é"), (#""""#, "a"), (#""a\u0062c""#, "abd"),
    (#""01""#, "a"),
  ]

  @Test(arguments: ascending)
  func aLesserValueIsLess(value: String, operand: String) throws {
    #expect(try holding(value, operand) == [.less, .lessOrEqual])
  }

  @Test(arguments: ascending)
  func aGreaterValueIsGreater(value: String, operand: String) throws {
    let isText = value.hasPrefix("\"")
    let bare = isText ? String(value.dropFirst().dropLast()) : value
    guard !bare.contains("\\") else { return }
    #expect(try holding(isText ? "\"\(operand)\"" : operand, bare) == [.greater, .greaterOrEqual])
  }

  @Test(arguments: [
    ("5", "5"), ("1.0", "1"), ("100", "1e2"), ("0", "-0"), ("-0.0", "0"), (#""5""#, "5.0"), ("0.5", "5e-1"),
    ("1e999999999", "10e999999998"), ("0e999999999", "0"), ("0.00e-5", "-0"),
    ("1e00000000000000000000001", "10"),
    ("0.000120", "12e-5"), ("1.5e400", "15E+399"), ("123.4500e1", "1234.5"),
    ("12345678901234567890", "12345678901234567890"), (#""abc""#, "abc"), (#""""#, ""), (#""a\nb""#, "a\nb"),
  ])
  func equalValuesAreNeitherGreaterNorLess(value: String, operand: String) throws {
    #expect(try holding(value, operand) == [.greaterOrEqual, .lessOrEqual])
  }

  @Test(arguments: [
    ("5", "abc"), ("5", ""), ("5", "2026-01-01"), (#""abc""#, "5"), (#""""#, "5"), (#""01""#, "5"),
    (#""+5""#, "5"), (#""5 ""#, "5"), (#"".5""#, "1"), (#""5.""#, "1"), (#""0x10""#, "1"), (#""1e""#, "1"),
    (#""inf""#, "1"), (#""nan""#, "1"), (#""-""#, "1"), ("true", "true"), ("false", "a"), ("null", "0"),
    ("{}", "0"), ("[]", "0"), (#"{"a":1}"#, "0"),
  ])
  func whatIsNeitherTwoNumbersNorTwoTextsIsFalse(value: String, operand: String) throws {
    #expect(try holding(value, operand).isEmpty)
  }

  @Test func aNumericTextIsTextBesideATextAndNoTextIsANumber() throws {
    #expect(try holding(#""10""#, "9 o'clock") == [.less, .lessOrEqual])
    #expect(try holding(#""9 o'clock""#, "10").isEmpty)
  }

  @Test func anAbsentFieldIsNeitherGreaterNorLess() throws {
    for comparison in FieldTest.Comparison.allCases {
      #expect(try !Posted("{}").passes(.compare(comparison, to: "0"), at: "f"))
    }
  }

  /// The comparisons that hold, in order of declaration.
  private func holding(_ value: String, _ operand: String) throws -> [FieldTest.Comparison] {
    try FieldTest.Comparison.allCases.filter {
      try Posted("{\"f\":\(value)}").passes(.compare($0, to: operand), at: "f")
    }
  }
}
