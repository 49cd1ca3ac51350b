extension Reading {
  /// The top of the file's tree, or nil if the text is not YAML, or not safe to compose.
  func root(of text: String) -> ConfigNode? {
    let start = Location(line: 1, column: 1, keyPath: "")
    guard text.utf8.count <= ConfigurationLoader.largestFile else {
      report("the file is larger than \(ConfigurationLoader.largestFile >> 10) KiB", at: start)
      return nil
    }
    let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    if let forbidden = YAMLCharacters.firstForbidden(in: text) {
      let location = Location(line: forbidden.line, column: forbidden.column, keyPath: "")
      report("the character \(forbidden.name) is not allowed here; remove it", at: location)
      return nil
    }
    isJSON = text.first { !$0.isWhitespace } == "{"
    let scan = YAMLScan(text)
    guard scan.findings.isEmpty else {
      for finding in scan.findings { report(finding.message, at: finding.location) }
      return nil
    }
    do {
      let node = try YAMLComposer.root(of: text) ?? YAMLNode(content: .mapping([]))
      return ConfigNode(node, location: start, reading: self)
    } catch {
      report(error, scan: scan)
    }
    return nil
  }

  private func report(_ failure: YAMLFailure, scan: YAMLScan) {
    switch failure {
    case .syntax(let problem, let mark, let began):
      report(
        YAMLWords.message(problem: problem, mark: mark, began: began),
        at: Location(line: mark.line, column: mark.column, keyPath: ""))
    case .duplicateKey(let mark):
      report("this key stands twice; keep one of them", at: scan.location(ofKeyAt: mark))
    case .reference(let mark):
      report(
        "YAML's aliases, anchors and tags are not allowed; quote a text that starts with *, & or !",
        at: Location(line: mark.line, column: mark.column, keyPath: ""))
    case .unreadable:
      report("the YAML can't be read", at: Location(line: 1, column: 1, keyPath: ""))
    }
  }
}

extension YAMLScan {
  /// Where a key stands, with its path if it is a block's.
  func location(ofKeyAt mark: YAMLMark) -> Location {
    keys.first { $0.line == mark.line && $0.column == mark.column }
      ?? Location(line: mark.line, column: mark.column, keyPath: "")
  }
}

/// The characters of YAML (1.1, section 5.1), without the line breaks that no editor shows: to the composer
/// they end lines, to a reader they don't.
enum YAMLCharacters {
  struct Forbidden: Equatable {
    var line: Int
    var column: Int
    /// As `U+0007`.
    var name: String
  }

  static func firstForbidden(in text: String) -> Forbidden? {
    var (line, column) = (1, 1)
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0A: (line, column) = (line + 1, 1)
      case 0x2028, 0x2029: return forbidden(scalar, line: line, column: column)
      case 0x09, 0x0D, 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...: column += 1
      default: return forbidden(scalar, line: line, column: column)
      }
    }
    return nil
  }

  private static func forbidden(_ scalar: UnicodeScalar, line: Int, column: Int) -> Forbidden {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
    return Forbidden(line: line, column: column, name: "U+\(zeros)\(digits)")
  }
}

/// libyaml's problems in plain words.
enum YAMLWords {
  /// - Parameters:
  ///   - mark: Where it was noticed.
  ///   - began: Where what was being read begins.
  static func message(problem: String, mark: YAMLMark, began: YAMLMark?) -> String {
    var message = words[problem] ?? "not YAML: \(problem)"
    if let began, began.line != mark.line, began != .start {
      message += " (what is being read began at line \(began.line))"
    }
    return message
  }

  private static let words = [
    "mapping values are not allowed in this context":
      "a ':' is not expected here; check the indentation, and quote a text that holds ': '",
    "found character that cannot start any token":
      "a value can't begin like this; indent with spaces, not tabs, and quote a text that begins with "
      + "@ ` or %",
    "found a tab character that violates indentation": "a tab can't indent; use spaces",
    "found a tab character where an indentation space is expected": "a tab can't indent; use spaces",
    "did not find expected key": "expected a key here; check the indentation, and that every quote is closed",
    "did not find expected '-' indicator": "expected a list item ('- …') here; check the indentation",
    "could not find expected ':'": "a key lacks its ':'",
    "did not find expected ',' or ']'":
      "a list in [ ] lacks a ',' or its ']'; quote texts that hold , [ ] { or }",
    "did not find expected ',' or '}'":
      "a mapping in { } lacks a ',' or its '}'; quote texts that hold , [ ] { or }",
    "did not find expected node content": "a value is missing here",
    "found unexpected end of stream": "a quote is not closed",
    "found unexpected document indicator": "a quote is not closed",
    "mapping keys are not allowed in this context":
      "a '?' key is not expected here; quote a text that starts with ?",
    "did not find expected comment or line break":
      "nothing may follow the | or > of a text over several lines",
    "found unknown escape character": "this is no escape; in double quotes write '\\\\' for a backslash",
    "block sequence entries are not allowed in this context":
      "a list item ('- …') is not expected here; put it on a line of its own",
    "block mapping keys are not allowed in this context": "a key is not expected here; check the indentation",
    "did not find expected <document start>": "nothing may follow here; a configuration is one mapping",
    "but found another document": "a configuration is one YAML document; remove '---' and what follows",
  ]
}
