import RelayCore
import RelayText

/// Where the conditions of a match stand, in the order of the `Match`.
struct MatchLocations {
  /// And how messages may name each pattern.
  var events: [(location: Location, shown: String)] = []
  var channel: Location?
  var fields: [Location] = []
}

extension ConfigNode {
  /// `match`, or a block of `except`. Nil: something in it is wrong.
  func match(in context: RouteContext) -> (Match, MatchLocations)? {
    shared("match") { $0.readMatch(in: context) }
  }

  private func readMatch(in context: RouteContext) -> (Match, MatchLocations)? {
    guard !isNull else {
      error("expected conditions, found nothing; remove the key to match every event")
      return nil
    }
    guard var section = section("a mapping with source, event, company, channel and where") else {
      return nil
    }
    var (match, locations) = (Match(), MatchLocations())
    var isValid = true
    if let node = section.take("source") {
      match.sources = node.texts("a source's name")
      isValid = match.sources != nil && node.checkSources(match.sources ?? [], in: context) && isValid
    }
    if let node = section.take("event") {
      match.events = node.texts("an event type", ignoringCase: true)
      isValid = match.events != nil && isValid
      if let events = match.events {
        locations.events = node.patternLocations()
        node.warnAboutMisspeltTypes(events)
      }
    }
    if let node = section.take("company") {
      match.companies = node.patterns("a company's id")
      isValid = match.companies != nil && isValid
      if let companies = match.companies { node.warnAboutOddIDs(companies) }
    }
    if let node = section.take("channel") {
      match.channels = node.patterns("a channel", ignoringCase: true)
      locations.channel = node.location
      isValid = match.channels != nil && isValid
      if let channels = match.channels { node.warnAboutMisspeltChannels(channels) }
    }
    if let node = section.take("where") {
      let conditions = node.conditions()
      match.fields = conditions?.map(\.condition) ?? []
      locations.fields = conditions?.map(\.location) ?? []
      isValid = conditions != nil && isValid
    }
    section.finish()
    return isValid ? (match, locations) : nil
  }

  /// `except`: a block or a list of blocks, none of which may be empty.
  func exceptions(in context: RouteContext) -> [Match]? {
    let emptyFault = "an empty except excludes nothing; remove it"
    guard !isNull else {
      error(emptyFault)
      return nil
    }
    let expected = "a mapping with conditions, or a list of such mappings"
    probe?.mustNotBeEmpty()
    guard let blocks = items(expected, acceptsMapping: true, emptyFault: emptyFault) else { return nil }
    let matches = blocks.map { block -> Match? in
      block.probe?.mustNotBeEmpty()
      if block.isEmptyMapping || block.isNull {
        block.error("an empty block would exclude every event; remove it, or give it a condition")
        return nil
      }
      return block.match(in: context)?.0
    }
    return matches.contains { $0 == nil } ? nil : matches.compactMap { $0 }
  }

  private func checkSources(_ patterns: [WildcardPattern], in context: RouteContext) -> Bool {
    var isValid = true
    for (pattern, item) in zip(patterns, items("a source's name", emptyFault: nil) ?? []) {
      guard let name = pattern.literal, !context.sources.contains(name) else { continue }
      let hint = NearestName.hint(for: name, among: context.sources, called: "sources")
      if let scalar = item.scalar("a source's name") {
        item.error("\(item.shown(scalar)) is no source\(hint)")
      }
      isValid = false
    }
    return isValid
  }
}
