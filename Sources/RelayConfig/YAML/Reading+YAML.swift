import Yams

extension Reading {
  /// The top of the file's tree, or nil if the text is not YAML, or not safe to compose.
  func root(of text: String) -> ConfigNode? {
    let start = Place(line: 1, column: 1, keyPath: "")
    guard text.utf8.count <= ConfigurationLoader.largestFile else {
      report("the file is larger than \(ConfigurationLoader.largestFile >> 10) KiB", at: start)
      return nil
    }
    let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    if let forbidden = YAMLCharacters.firstForbidden(in: text) {
      let place = Place(line: forbidden.line, column: forbidden.column, keyPath: "")
      report("the character \(forbidden.name) is not allowed here; remove it", at: place)
      return nil
    }
    isJSON = text.first { !$0.isWhitespace } == "{"
    let scan = YAMLScan(text)
    guard scan.findings.isEmpty else {
      for finding in scan.findings { report(finding.message, at: finding.place) }
      return nil
    }
    do {
      // The basic resolver takes every scalar for text, so that 1 and "1" are the same key. The encoding is
      // named, since the default one is looked up in the environment, and told on standard output.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      let node = try parser.singleRoot() ?? Node([(Node, Node)]())
      return ConfigNode(node, place: start, reading: self)
    } catch let error as YamlError {
      report(error, scan: scan)
    } catch {
      report("the YAML can't be read", at: start)
    }
    return nil
  }

  private func report(_ error: YamlError, scan: YAMLScan) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      report(
        YAMLWords.message(problem: problem, context: context, mark: mark),
        at: Place(line: mark.line, column: mark.column, keyPath: ""))
    case .duplicatedKeysInMapping(_, let context):
      report("this key stands twice; keep one of them", at: scan.secondPlace(ofKeyAt: context.mark))
    default:
      report("the YAML can't be read", at: Place(line: 1, column: 1, keyPath: ""))
    }
  }
}
