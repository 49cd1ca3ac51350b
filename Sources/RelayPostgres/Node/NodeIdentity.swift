/// What a node tells of itself, for people who look at all of them.
package struct NodeIdentity: Sendable, Equatable {
  /// Such as the machine's name. It need not be unique.
  package var name: String
  package var version: String
  /// Of its configuration: all nodes should have the same.
  package var configurationHash: String

  package init(name: String, version: String, configurationHash: String) {
    self.name = name
    self.version = version
    self.configurationHash = configurationHash
  }
}
