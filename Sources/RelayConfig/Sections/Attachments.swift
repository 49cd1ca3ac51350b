import RelayCore
import RelayText

extension ConfigNode {
  /// `attachments` of a source.
  func attachmentPolicy() -> AttachmentPolicy? {
    guard
      var section = section(
        "a mapping with hosts, such as { hosts: [\"*.example-files.com\"] }; without the key nothing is fetched"
      )
    else { return nil }
    var policy = AttachmentPolicy(hosts: [])
    let hosts = section.take("hosts", isRequired: true)
    if let hosts {
      policy.hosts = hosts.fileHosts() ?? []
    } else {
      error(
        "hosts is missing: name the hosts that files are fetched from, and no others; there is no default")
    }
    policy.allow = section.take("allow")?.addressBlocks() ?? policy.allow
    policy.keep = section.take("keep")?.duration(.seconds(60) ... .longestText) ?? policy.keep
    let size = section.take("max_size")
    policy.maxBytes = size?.size(1 << 10...1 << 30) ?? policy.maxBytes
    let total = section.take("max_total")
    policy.maxTotalBytes = total?.size(1 << 20...1 << 50) ?? policy.maxTotalBytes
    section.finish()
    if policy.maxBytes > policy.maxTotalBytes, policy.maxTotalBytes != Units.unresolvedSize,
      let node = total ?? size
    {
      node.error("max_total is less than max_size: the largest files could never be kept; raise max_total")
    }
    return policy
  }

  /// Names, each perhaps with `*` in it.
  private func fileHosts() -> [String]? {
    let expected = "a host name such as files.example.com or \"*.example.com\", or a list of them"
    let emptyFault =
      "an empty list is no host: nothing would be fetched; remove attachments, or name the hosts"
    guard let items = items(expected, emptyFault: emptyFault) else { return nil }
    return items.compactMap { item in
      let host = item.value(
        expected, form: .pattern("^[0-9A-Za-z*_-][0-9A-Za-z.*_-]*$"), placeholder: "placeholder.invalid"
      ) { text throws(Fault) in
        guard !text.isEmpty, !text.hasPrefix("."), text.utf8.allSatisfy(\.isHostPatternByte) else {
          throw Fault(
            "is not a host name; write it without https://, port and path, such as \"*.example.com\"")
        }
        return text.asciiLowercased
      }
      if let host, host.allSatisfy({ $0 == "*" || $0 == "." }) {
        item.warning(
          "every host is asked that an event names: whoever can write an event says where the relay goes; "
            + "name the platform's own")
      }
      return host
    }
  }

  private func addressBlocks() -> [String] {
    let expected = "a range of addresses such as 10.1.0.0/16, or a list of them"
    guard let items = items(expected, emptyFault: nil) else { return [] }
    return items.compactMap { item in
      item.value(expected, form: .pattern("^[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?$"), placeholder: "192.0.2.1") {
        text throws(Fault) in
        guard AddressBlock(text) != nil else {
          throw Fault("is not a range of addresses; write it as 10.1.0.0/16, fd00::/8 or 127.0.0.1")
        }
        return text
      }
    }
  }

  /// `server.attachments_url`, without a slash at its end.
  func attachmentsURL() -> String? {
    value(
      "an address such as http://relay.internal:8082", form: .pattern(HTTPAddress.pattern),
      placeholder: "https://placeholder.invalid"
    ) { text throws(Fault) in
      try HTTPAddress.check(text)
      guard !HTTPAddress.hasCredentials(text) else {
        throw Fault("holds a user's name, which would stand in each link; remove it")
      }
      guard !text.contains(where: { "?#".contains($0) }) else {
        throw Fault("has a query or a fragment, and links have their own; write the address up to its path")
      }
      return String(text.reversed().drop { $0 == "/" }.reversed())
    }
  }

  /// `attachments` of a destination.
  func attachmentLinks() -> AttachmentLinks? {
    let words = AttachmentLinks.allCases.map(\.rawValue)
    let expected = words.joined(separator: " or ")
    return value(expected, words: words, form: .words(words), placeholder: .off) { text throws(Fault) in
      guard let links = AttachmentLinks(rawValue: text) else { throw Fault("is neither; write \(expected)") }
      return links
    }
  }
}

extension Reading {
  /// What has to fit together for links to lead somewhere.
  func checkAttachments(
    _ destinations: [ReadDestination], of configuration: Configuration, sources: ConfigNode?,
    server serverNode: ConfigNode?
  ) {
    let server = configuration.server
    let rewriting = destinations.filter { $0.destination?.attachments == .rewrite }
    let keeping = configuration.sources.filter { $0.attachments != nil }
    if case .postgres = configuration.store.location {
      let places =
        keeping.map { sources?.location(of: "attachments", ofSource: $0.name) }
        + rewriting.map { $0.attachmentsLocation ?? $0.location }
        + [server.attachments.flatMap { _ in serverNode?.location(ofValueAt: "attachments") }]
      return places.compactMap(\.self).forEach(refuseAttachments)
    }
    for read in rewriting {
      let location = read.attachmentsLocation ?? read.location
      if server.attachmentsURL == nil || server.attachments == nil {
        let missing = [
          server.attachments == nil ? "server.attachments (such as 127.0.0.1:8082)" : nil,
          server.attachmentsURL == nil ? "server.attachments_url (how this destination reaches it)" : nil,
        ]
        report(
          "its links would lead nowhere: set \(missing.compactMap(\.self).joined(separator: " and "))",
          at: location)
      }
      if keeping.isEmpty {
        report(
          "no source has attachments, so nothing is ever fetched: set sources.NAME.attachments.hosts",
          at: location)
      }
    }
    for source in keeping where rewriting.isEmpty {
      guard let location = sources?.location(of: "attachments", ofSource: source.name) else { continue }
      report(
        "files are fetched and kept, but no destination has `attachments: rewrite`: nobody is given their links",
        at: location, severity: .warning)
    }
  }
}

extension Reading {
  /// What is fetched stands in files of one machine, and the store may be another's tomorrow.
  private func refuseAttachments(at location: Location) {
    report(
      "files are kept beside a store that is a file itself, and this one is in PostgreSQL: remove attachments, or let "
        + "store.url be sqlite:PATH", at: location)
  }
}

extension ConfigNode {
  /// Of `sources`: where the value of a source's key stands.
  func location(of key: String, ofSource source: String) -> Location? {
    section(mayBeEmpty: true)?.entries.first { $0.key == source }?.value.location(ofValueAt: key)
  }
}

extension UInt8 {
  fileprivate var isHostPatternByte: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: ".*_-".utf8.contains(self)
    }
  }
}
