import RelayCore
import RelayPipeline

/// `GET /api/v1/nodes`.
package struct NodesAnswer: Answer {
  @Field(
    "Whether relays may share the store; false: it is this one's alone, and there is nothing else to tell.")
  package var shared: Bool
  @Field("The relays that share the store and live, in an order that is the same whichever is asked.")
  package var nodes: [NodeAnswer]
  @Field("Destinations that none of them serves yet: what is for these waits.") package var unserved: [String]
  @Field(
    "They have different configurations active: by which one an event is routed depends on which relay gets it."
  )
  package var configurationsDiffer: Bool

  var resultCount: Int? { nodes.count }
}

extension NodesAnswer {
  /// - Parameter nodes: nil: the store is this relay's alone.
  init(_ nodes: StoreNodes?) {
    self.init()
    shared = nodes != nil
    self.nodes = nodes?.nodes.map { NodeAnswer($0) } ?? []
    unserved = nodes?.unserved ?? []
    configurationsDiffer = nodes?.configurationsDiffer ?? false
  }
}

/// One of the relays that share a store.
package struct NodeAnswer: Record {
  @Field("What it is called, such as its machine; two may have the same name.") package var name: String
  @Field("Its version.") package var version: String
  @Field("Which configuration it has active.") package var configHash: String
  @Field("How many destinations it serves: it alone delivers to them.") package var lanes: Int
  @Field("Which, in order of their names.") package var destinations: [String]
  @Field("Its last sign of life, by the clock of the store's server.") package var lastSeenAt: Timestamp
  @Field("How long ago that was; while the server is away, as far as the relay that was asked knows.")
  package var lastSeenSeconds: Double
  @Field("It is the relay that was asked.") package var thisRelay: Bool
}

extension NodeAnswer {
  init(_ node: StoreNodes.Node) {
    self.init()
    name = node.name
    version = node.version
    configHash = node.configurationHash
    lanes = node.destinations.count
    destinations = node.destinations
    lastSeenAt = node.lastSeen
    lastSeenSeconds = node.age.apiSeconds
    thisRelay = node.isThis
  }
}
