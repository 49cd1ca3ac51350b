import RelayCore
import RelayJSON

/// Writes metrics in Prometheus' text format, version 0.0.4.
///
/// Samples follow the `begin` of their family. A family without samples is left out. Everything is written as bytes into one
/// buffer: with hundreds of destinations an answer has tens of thousands of lines, and a string made for each would cost ten
/// times as much.
struct TextExposition {
  enum Kind: String {
    case counter, gauge, histogram
  }

  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  typealias Labels = [(name: StaticString, value: String)]

  private(set) var bytes: [UInt8] = []
  private var family: [UInt8] = []
  /// What stands before the family's first sample; empty once it is written.
  private var header: [UInt8] = []
  /// What a histogram's buckets have in common, for one histogram after another.
  private var bucketStart: [UInt8] = []

  mutating func begin(_ name: String, _ kind: Kind, help: String) {
    family.removeAll(keepingCapacity: true)
    family.append(contentsOf: name.utf8)
    header.removeAll(keepingCapacity: true)
    header.append(contentsOf: "# HELP \(name) ".utf8)
    Self.appendEscaped(help, quotes: false, to: &header)
    header.append(contentsOf: "\n# TYPE \(name) \(kind.rawValue)\n".utf8)
  }

  mutating func sample(_ labels: Labels = [], _ value: Int) {
    line(labels) { JSONWriter.appendNumber(value, to: &$0) }
  }

  /// A time as Prometheus has it: seconds since 1970.
  mutating func sample(_ labels: Labels = [], _ time: Timestamp) {
    line(labels) { Self.appendSeconds(microseconds: max(0, Int(time.microseconds)), to: &$0) }
  }

  /// - Parameter duration: Less than nothing (a clock was set back) counts as nothing.
  mutating func sample(_ labels: Labels = [], seconds duration: Duration) {
    line(labels) { Self.appendSeconds(microseconds: max(0, Int(duration.microseconds)), to: &$0) }
  }

  mutating func sample(_ labels: Labels = [], text: String) {
    line(labels) { $0.append(contentsOf: text.utf8) }
  }

  mutating func sample(_ labels: Labels = [], _ histogram: Histogram) {
    let (scale, snapshot) = (histogram.scale, histogram.snapshot)
    bucketStart.removeAll(keepingCapacity: true)
    bucketStart += family
    Self.append("_bucket{", to: &bucketStart)
    Self.append(labels, to: &bucketStart)
    Self.append(labels.isEmpty ? "le=\"" : ",le=\"", to: &bucketStart)
    writeHeader()
    for (bound, count) in zip(scale.boundTexts, snapshot.cumulative) { bucket(bound, count) }
    bucket(Self.infinity, snapshot.count)
    line(labels, suffix: "_sum") { scale.append(snapshot.sum, to: &$0) }
    line(labels, suffix: "_count") { JSONWriter.appendNumber(snapshot.count, to: &$0) }
  }

  private mutating func writeHeader() {
    guard !header.isEmpty else { return }
    bytes += header
    header.removeAll(keepingCapacity: true)
  }

  private static let infinity = Array("+Inf".utf8)

  private mutating func bucket(_ bound: [UInt8], _ count: Int) {
    bytes += bucketStart
    bytes += bound
    Self.append("\"} ", to: &bytes)
    JSONWriter.appendNumber(count, to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func line(_ labels: Labels, suffix: StaticString = "", _ value: (inout [UInt8]) -> Void) {
    writeHeader()
    bytes += family
    Self.append(suffix, to: &bytes)
    if !labels.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      Self.append(labels, to: &bytes)
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
    value(&bytes)
    bytes.append(UInt8(ascii: "\n"))
  }

  private static func append(_ labels: Labels, to output: inout [UInt8]) {
    var isFirst = true
    for (name, value) in labels {
      if !isFirst { output.append(UInt8(ascii: ",")) }
      isFirst = false
      append(name, to: &output)
      append("=\"", to: &output)
      appendEscaped(value, quotes: true, to: &output)
      output.append(UInt8(ascii: "\""))
    }
  }

  private static func append(_ text: StaticString, to output: inout [UInt8]) {
    output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private static func appendEscaped(_ text: String, quotes: Bool, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { bytes in
      let isPlain = bytes.allSatisfy {
        $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\n") && !(quotes && $0 == UInt8(ascii: "\""))
      }
      if isPlain { return output.append(contentsOf: bytes) }
      for byte in bytes {
        switch byte {
        case UInt8(ascii: "\\"): append(#"\\"#, to: &output)
        case UInt8(ascii: "\n"): append(#"\n"#, to: &output)
        case UInt8(ascii: "\"") where quotes: append(#"\""#, to: &output)
        default: output.append(byte)
        }
      }
    }
  }

  /// Seconds with as many decimals as it takes: `0.0025`, `1`, `86400.000001`.
  ///
  /// - Parameter microseconds: Not negative.
  static func appendSeconds(microseconds: Int, to output: inout [UInt8]) {
    var (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    JSONWriter.appendNumber(whole, to: &output)
    guard rest > 0 else { return }
    output.append(UInt8(ascii: "."))
    var unit = 100_000
    while rest > 0 {
      output.append(UInt8(ascii: "0") + UInt8(rest / unit))
      rest %= unit
      unit /= 10
    }
  }
}
