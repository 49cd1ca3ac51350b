/// Makes a tree of a text's events. It goes down with each level: who composes a text has bounded how deep it is
/// nested (`YAMLScan`).
struct YAMLComposer {
  private let events: YAMLEvents

  /// The root of a text's only document; nil: it holds none.
  static func root(of text: String) throws(YAMLFailure) -> YAMLNode? {
    let composer = YAMLComposer(events: try YAMLEvents(text))
    _ = try composer.events.next()
    guard case .documentStart = try composer.events.next().kind else { return nil }
    let root = try composer.node(from: composer.events.next())
    _ = try composer.events.next()
    let end = try composer.events.next()
    guard case .streamEnd = end.kind else {
      throw .syntax(problem: "but found another document", mark: end.mark, began: nil)
    }
    return root
  }

  private func node(from event: YAMLEvent) throws(YAMLFailure) -> YAMLNode {
    guard !event.hasProperties else { throw .reference(mark: event.mark) }
    let content: YAMLNode.Content
    switch event.kind {
    case .scalar(let text, let isPlain): content = .scalar(text, isPlain: isPlain)
    case .sequenceStart: content = .sequence(try items())
    case .mappingStart: content = .mapping(try pairs())
    case .alias: throw .reference(mark: event.mark)
    case .streamStart, .documentStart, .documentEnd, .streamEnd, .sequenceEnd, .mappingEnd:
      // libyaml's grammar has a node here.
      throw .unreadable
    }
    return YAMLNode(content: content, mark: event.mark)
  }

  private func items() throws(YAMLFailure) -> [YAMLNode] {
    var items: [YAMLNode] = []
    while true {
      let event = try events.next()
      if case .sequenceEnd = event.kind { return items }
      items.append(try node(from: event))
    }
  }

  private func pairs() throws(YAMLFailure) -> [(key: YAMLNode, value: YAMLNode)] {
    var pairs: [(key: YAMLNode, value: YAMLNode)] = []
    var texts: Set<String> = []
    while true {
      let event = try events.next()
      if case .mappingEnd = event.kind { return pairs }
      let key = try node(from: event)
      if let text = key.text, !texts.insert(text).inserted { throw .duplicateKey(mark: key.mark) }
      pairs.append((key, try node(from: events.next())))
    }
  }
}
