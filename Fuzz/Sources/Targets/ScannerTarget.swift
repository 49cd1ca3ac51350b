import RelayJSON

/// The envelope scanner and a parser by the letter of the grammar: they take the same documents, and find the same in them.
enum ScannerTarget {
  private static let paths = [
    ["a"], ["a", "b"], ["b"], ["id"], ["company", "id"], ["chat", "id"], ["chat", "channel", "source"], ["é"],
    [""],
    ["context", "SYSTEM.CHAT_ID"],
  ]
  private static let maxEvents = 50

  static func makeCheck() -> FuzzTargets.Check {
    let scanner = EnvelopeScanner(fields: FieldTree(paths: paths), maxEvents: maxEvents)
    return { input in
      let found: ScannedEnvelope
      let document = Array(input)
      let root = PlainJSON.parse(document)
      do throws(ScanError) {
        found = try scanner.scan(input)
      } catch {
        return check(error, root, document)
      }
      guard let root, case .object = root.content else { fatalError("taken, though it is no JSON object") }
      let expected = PlainEnvelope.of(root, paths: paths)
      requireSame(found.time, expected.time, "time")
      requireSame(found.token, expected.token, "token")
      requireSame(found.messagesToken, expected.messagesToken, "the token in messages")
      requireSame(found.validToken, expected.validToken, "validToken")
      requireSame(found.hasMessages, expected.hasMessages, "whether there are messages")
      requireSame(found.messagesKind, expected.messagesKind, "what messages is")
      requireSame(found.events, expected.events, "events")
      requireSame(found.rejected, expected.rejected, "rejected items")
      requireSame(found.fields, expected.fields, "fields")
      for event in found.events { checkSlice(event.body, document) }
    }
  }

  private static func check(_ error: ScanError, _ root: PlainJSON.Node?, _ document: [UInt8]) {
    require((0...document.count).contains(error.offset), "the error is at \(error.offset)")
    switch error.code {
    case .invalidJSON: require(root == nil, "refused, though it is JSON: \(error)")
    case .notAnObject:
      guard let root else { fatalError("no object, but no JSON either") }
      if case .object = root.content { fatalError("refused, though it is an object") }
    // Found on the way: what follows need not be JSON.
    case .tooManyEvents:
      guard let root else { return }
      let expected = PlainEnvelope.of(root, paths: [])
      require(expected.events.count + expected.rejected.count > maxEvents, "there are not too many events")
    }
  }

  /// An event's bytes are an object by themselves.
  private static func checkSlice(_ range: Range<Int>, _ document: [UInt8]) {
    guard let node = PlainJSON.parse(Array(document[range])), case .object = node.content else {
      fatalError("an event is no object: \(range)")
    }
    requireSame(node.value.range, 0..<range.count, "an event's bytes")
  }
}
