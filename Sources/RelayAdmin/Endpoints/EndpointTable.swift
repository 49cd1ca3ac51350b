import RelayText

/// All endpoints, and which of them a path is.
struct EndpointTable: Sendable {
  let endpoints: [Endpoint]

  /// Each area's, in the order of the API's description.
  static let relay = EndpointTable(
    [
      HealthEndpoints.all,
      StatusEndpoints.all,
      SeriesEndpoints.all,
      GapEndpoints.all,
      SearchEndpoints.all,
      ReplayEndpoints.all,
      EventEndpoints.all,
      DeliveryEndpoints.all,
      DestinationEndpoints.all,
      SourceEndpoints.all,
      NoticeEndpoints.all,
      StoreEndpoints.all,
      ExportEndpoints.all,
      ErasureEndpoints.all,
      RulesEndpoints.all,
      StreamEndpoints.all,
      AuditEndpoints.all,
      DescriptionEndpoints.all,
      SessionEndpoints.all,
      DashboardEndpoints.all,
    ].flatMap { $0 })

  init(_ endpoints: [Endpoint]) {
    self.endpoints = endpoints
  }

  /// What stands at a path: an endpoint for each of its methods.
  struct Place: Sendable {
    fileprivate(set) var endpoints: [Endpoint]
    /// What stands at the path's names.
    fileprivate(set) var names: [String: String]

    func endpoint(for method: String) -> Endpoint? { endpoints.first { $0.methods.contains(method) } }

    var methods: [String] { endpoints.flatMap(\.methods) }
  }

  /// - Parameter path: As it came, without its query.
  /// - Returns: nil: there is nothing.
  func place(at path: String) -> Place? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map { String($0).percentDecoded }
    guard parts.first == "" else { return nil }
    let segments = Array(parts.dropFirst())
    var place: Place?
    for endpoint in endpoints {
      // Two templates may fit, `{event}` and a fixed word: the one declared first counts.
      guard let names = endpoint.path.match(segments) else { continue }
      if place == nil { place = Place(endpoints: [], names: names) }
      if place?.endpoints.first.map({ $0.path == endpoint.path }) ?? true {
        place?.endpoints.append(endpoint)
      }
    }
    return place
  }
}
