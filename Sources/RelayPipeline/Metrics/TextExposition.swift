import RelayCore

/// Writes metrics in Prometheus' text format, version 0.0.4.
///
/// Samples follow the `begin` of their family. A family without samples is left out.
struct TextExposition {
  enum Kind: String {
    case counter, gauge, histogram
  }

  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  typealias Labels = [(name: String, value: String)]

  private(set) var bytes: [UInt8] = []
  private var family = ""
  private var header = ""

  mutating func begin(_ name: String, _ kind: Kind, help: String) {
    family = name
    header = "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
  }

  mutating func sample(_ labels: Labels = [], _ value: Int) {
    sample(labels, text: String(value))
  }

  /// A time as Prometheus has it: seconds since 1970.
  mutating func sample(_ labels: Labels = [], _ time: Timestamp) {
    sample(labels, text: Self.seconds(microseconds: max(0, Int(time.microseconds))))
  }

  mutating func sample(_ labels: Labels = [], text: String) {
    line(suffix: "", labels, text)
  }

  mutating func sample(_ labels: Labels = [], _ histogram: Histogram) {
    let (scale, snapshot) = (histogram.scale, histogram.snapshot)
    for (bound, count) in zip(scale.bounds, snapshot.cumulative) {
      line(suffix: "_bucket", labels + [("le", scale.text(bound))], String(count))
    }
    line(suffix: "_bucket", labels + [("le", "+Inf")], String(snapshot.count))
    line(suffix: "_sum", labels, scale.text(snapshot.sum))
    line(suffix: "_count", labels, String(snapshot.count))
  }

  private mutating func line(suffix: String, _ labels: Labels, _ value: String) {
    var text = "\(header)\(family)\(suffix)"
    header = ""
    if !labels.isEmpty {
      let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
      text += "{\(pairs.joined(separator: ","))}"
    }
    bytes += Array("\(text) \(value)\n".utf8)
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += #"\\"#
      case "\n": escaped += #"\n"#
      case "\"" where quotes: escaped += #"\""#
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Seconds with as many decimals as it takes: `0.0025`, `1`, `86400.000001`.
  ///
  /// - Parameter microseconds: Not negative.
  static func seconds(microseconds: Int) -> String {
    let (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    guard rest > 0 else { return String(whole) }
    var digits = String(1_000_000 + rest).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}
