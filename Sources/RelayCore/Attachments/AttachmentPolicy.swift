/// `attachments` of a source: which files that its events point to are fetched before their links expire, and for how long
/// they are kept.
package struct AttachmentPolicy: Sendable, Hashable {
  /// The hosts that are asked, and no others: names, each perhaps with `*` in it.
  package var hosts: [String]
  /// Addresses that are no Internet addresses (loopback, private, link-local), and are connected to all the same: in CIDR form.
  package var allow: [String] = []
  /// How long a file stays once no delivery of its event is pending or dead; signed links end with it.
  package var keep = Duration.seconds(7 * 86_400)
  /// Of one file.
  package var maxBytes = 20 << 20
  /// Of all files of the source.
  package var maxTotalBytes = 10 << 30
  /// What nothing of the relay connects to.
  package var egress = EgressPolicy()

  package init(hosts: [String]) { self.hosts = hosts }
}

/// `attachments` of a destination.
package enum AttachmentLinks: String, Hashable, Sendable, CaseIterable {
  /// They stand in the body as they came.
  case off
  /// They become signed links of the relay: the one place where an event's bytes change.
  case rewrite
}
