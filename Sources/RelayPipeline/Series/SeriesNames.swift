/// Whose samples are kept, each at a place of its own in every sample.
///
/// Their number is bounded: of a configuration with more, those that it names first are taken. A destination that a reload has
/// removed keeps its place while there is room, so that what it did is still shown, and goes on when it comes back.
struct SeriesNames: Sendable, Equatable {
  static let maxDestinations = 256
  static let maxSources = 64

  private(set) var destinations: [String] = []
  private(set) var sources: [String] = []

  init() {}

  init(destinations: [String], sources: [String]) {
    self.destinations = Array(destinations.prefix(Self.maxDestinations))
    self.sources = Array(sources.prefix(Self.maxSources))
  }

  /// What is configured from now on, and then of these whatever is worth keeping.
  ///
  /// - Returns: These themselves, if they are the same in another order.
  func following(
    destinations configured: [String], sources configuredSources: [String],
    hasDestination: (Int) -> Bool, hasSource: (Int) -> Bool
  ) -> SeriesNames {
    let new = SeriesNames(
      destinations: configured + Self.kept(destinations, beside: configured, where: hasDestination),
      sources: configuredSources + Self.kept(sources, beside: configuredSources, where: hasSource))
    let isSame =
      Set(new.destinations) == Set(destinations) && Set(new.sources) == Set(sources)
    return isSame ? self : new
  }

  private static func kept(
    _ old: [String], beside configured: [String], where isWorthIt: (Int) -> Bool
  ) -> [String] {
    let configured = Set(configured)
    return old.indices.filter { !configured.contains(old[$0]) && isWorthIt($0) }.map { old[$0] }
  }

  /// Each one's place, by name.
  static func places(_ names: [String]) -> [String: Int] {
    Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }
}
