import RelayCore

/// What a store holds beside what has arrived and people's acts: it is little, and is moved at once.
package struct MovedState: Sendable, Equatable {
  // Names, in the order in which they came to be.
  package var sources: [String]
  package var routes: [String]
  package var configurations: [String]
  /// With their books, in the order in which they came to be.
  package var destinations: [StoredDestination]
  /// By the sources' names.
  package var tokens: [String: LearnedToken]
  /// By kind, beginning and source.
  package var gaps: [Gap]
  /// Where the relay's own clock goes on; nil: no run has left it.
  package var clock: KeptClock?

  package init(
    sources: [String], routes: [String], configurations: [String], destinations: [StoredDestination],
    tokens: [String: LearnedToken], gaps: [Gap], clock: KeptClock?
  ) {
    self.sources = sources
    self.routes = routes
    self.configurations = configurations
    self.destinations = destinations
    self.tokens = tokens
    self.gaps = gaps
    self.clock = clock
  }

  /// What of it is another than in the other one, in words for people.
  package func differences(from other: MovedState) -> [String] {
    var found: [String] = []
    func compare<Value: Equatable>(_ what: String, _ value: KeyPath<MovedState, Value>) {
      if self[keyPath: value] != other[keyPath: value] { found.append(what) }
    }
    compare("names of sources", \.sources)
    compare("names of routes", \.routes)
    compare("hashes of configurations", \.configurations)
    compare("destinations and their books", \.destinations)
    compare("learned tokens", \.tokens)
    compare("gaps", \.gaps)
    compare("the clock", \.clock)
    return found
  }
}
