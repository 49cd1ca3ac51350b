import Foundation

/// Secrets whose values stand nowhere else, and every form in which one may be seen.
struct PlantedSecrets {
  /// What the search looks for: a form's bytes, and whose they are.
  private(set) var needles: [(name: String, bytes: [UInt8])] = []

  /// A text as tokens and passwords are: with what percent encoding, JSON and YAML write otherwise.
  mutating func text(_ name: String, plain: Bool = false) -> String {
    let core = Self.letters(count: 24)
    let value = plain ? core : "s/\(core)+e=1"
    add(core: core, of: name)
    return value
  }

  /// `whsec_…` or `whsk_…`, of a key that is searched for, too.
  mutating func signingSecret(_ name: String, prefix: String) -> String {
    let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
    let text = Data(key).base64EncodedString()
    add(text: text, of: name)
    add(bytes: key, of: name)
    return prefix + text
  }

  /// Each line of a PEM file that holds a private key.
  mutating func privateKey(_ name: String, file: String) throws {
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    for line in lines where !line.hasPrefix("-----") && line.count >= 20 { add(text: String(line), of: name) }
  }

  private mutating func add(core: String, of name: String) {
    // A part of it is a leak, too.
    for part in [core.prefix(12), core.suffix(12)] {
      add(needle: Array(part.utf8), of: name)
      for shift in 0..<3 { add(needle: Array(Self.base64(of: String(part), shift: shift).utf8), of: name) }
      add(needle: Array(Self.hexadecimal(Array(part.utf8)).utf8), of: name)
    }
  }

  private mutating func add(text: String, of name: String) {
    for part in [text.prefix(14), text.dropLast().suffix(14)] {
      add(needle: Array(part.utf8), of: name)
      let encoded = part.replacing("+", with: "%2B").replacing("/", with: "%2F").replacing("=", with: "%3D")
      add(needle: Array(encoded.utf8), of: name)
      add(needle: Array(part.replacing("+", with: "-").replacing("/", with: "_").utf8), of: name)
      add(needle: Array(part.replacing("/", with: #"\/"#).utf8), of: name)
    }
  }

  private mutating func add(bytes: [UInt8], of name: String) {
    for part in [bytes.prefix(10), bytes.suffix(10)] {
      add(needle: Array(part), of: name)
      let hexadecimal = Self.hexadecimal(Array(part))
      add(needle: Array(hexadecimal.utf8), of: name)
      add(needle: Array(hexadecimal.uppercased().utf8), of: name)
    }
  }

  private mutating func add(needle: [UInt8], of name: String) {
    if !needles.contains(where: { $0.bytes == needle }) { needles.append((name, needle)) }
  }

  private static func letters(count: Int) -> String {
    String((0..<count).map { _ in "abcdefghijkmnpqrstuvwxyz".randomElement()! })
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// What of a text's base64 does not depend on what stands around it, where `shift` bytes stand before it.
  private static func base64(of text: String, shift: Int) -> String {
    let whole = Data(Array(repeating: UInt8(ascii: "x"), count: shift) + Array(text.utf8))
    let bits = whole.base64EncodedString().prefix { $0 != "=" }
    return String(bits.dropFirst((shift * 8 + 5) / 6).dropLast(1))
  }
}

/// Everything that was printed or answered, by what did it.
struct Haul {
  private(set) var pieces: [(source: String, bytes: [UInt8])] = []

  mutating func add(_ source: String, _ text: String) { pieces.append((source, Array(text.utf8))) }
  mutating func add(_ source: String, _ bytes: [UInt8]) { pieces.append((source, bytes)) }

  /// Where a secret stands: whose it is, who showed it, and what stands before it.
  func leaks(of secrets: PlantedSecrets) -> [String] {
    pieces.flatMap { source, bytes in
      let data = Data(bytes)
      return secrets.needles.compactMap { name, needle in
        data.range(of: Data(needle)).map { found in
          let before = String(decoding: data[max(0, found.lowerBound - 80)..<found.lowerBound], as: UTF8.self)
          return "\(name) in \(source), after: …\(before)"
        }
      }
    }
  }
}
