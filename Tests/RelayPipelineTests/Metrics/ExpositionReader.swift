/// Reads Prometheus' text format, strictly: each family has its HELP and TYPE before its samples, which stand
/// together, and no series stands twice.
struct ExpositionReader {
  struct Fault: Error {
    var line: String
    var reason: String
  }

  /// `counter`, `gauge` or `histogram`, by the family's name.
  private(set) var kinds: [String: String] = [:]
  /// The value of each series as it was written: `name{label="value"}`, unescaped.
  private(set) var values: [String: String] = [:]
  /// The series in their order.
  private(set) var series: [String] = []
  private var family = ""
  private var helped = ""

  init(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Fault(line: "", reason: "not UTF-8")
    }
    guard text.isEmpty || text.hasSuffix("\n") else {
      throw Fault(line: text, reason: "the last line has no end")
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      try read(String(line))
    }
  }

  private mutating func read(_ line: String) throws {
    let words = line.split(separator: " ", maxSplits: 3).map(String.init)
    if line.hasPrefix("# HELP ") {
      guard words.count == 4, kinds[words[2]] == nil else {
        throw Fault(line: line, reason: "no or a second help")
      }
      helped = words[2]
    } else if line.hasPrefix("# TYPE ") {
      guard words.count == 4, words[2] == helped, ["counter", "gauge", "histogram"].contains(words[3]) else {
        throw Fault(line: line, reason: "a type without its help, or an unknown one")
      }
      family = words[2]
      kinds[family] = words[3]
    } else {
      try readSample(line)
    }
  }

  private mutating func readSample(_ line: String) throws {
    var rest = line[...]
    let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    rest = rest.dropFirst(name.count)
    var labels: [String] = []
    if rest.first == "{" {
      repeat {
        rest = rest.dropFirst()
        labels.append(try label(in: &rest, of: line))
      } while rest.first == ","
      guard rest.first == "}" else { throw Fault(line: line, reason: "labels that do not end") }
      rest = rest.dropFirst()
    }
    let suffix = name.dropFirst(family.count)
    let suffixes = kinds[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
    guard name.hasPrefix(family), suffixes.contains(String(suffix)) else {
      throw Fault(line: line, reason: "not of the family \(family)")
    }
    guard rest.first == " ", Double(rest.dropFirst()) != nil else {
      throw Fault(line: line, reason: "no value")
    }
    let key = labels.isEmpty ? name : "\(name){\(labels.joined(separator: ","))}"
    guard values.updateValue(String(rest.dropFirst()), forKey: key) == nil else {
      throw Fault(line: line, reason: "a series that stands twice")
    }
    series.append(key)
  }

  private func label(in rest: inout Substring, of line: String) throws -> String {
    let name = rest.prefix { $0.isLetter || $0 == "_" }
    rest = rest.dropFirst(name.count)
    guard !name.isEmpty, rest.hasPrefix("=\"") else { throw Fault(line: line, reason: "no label") }
    var scalars = rest.unicodeScalars.dropFirst(2)
    var value = ""
    while let next = scalars.popFirst(), next != "\"" {
      guard next == "\\" else {
        value.unicodeScalars.append(next)
        continue
      }
      switch scalars.popFirst() {
      case "n": value += "\n"
      case "\\": value += "\\"
      case "\"": value += "\""
      default: throw Fault(line: line, reason: "an unknown escape")
      }
    }
    rest = Substring(scalars)
    return "\(name)=\"\(value)\""
  }
}
