import RelayText

extension Configuration {
  /// Everything that it says, in the order in which routes.yaml is documented.
  package var tree: ConfigurationTree {
    var entries: [ConfigurationTree.Entry] = [
      .init("server", server.tree.marked(against: ServerSettings().tree)),
      .init("store", store.tree.marked(against: StoreSettings().tree)),
      .init("sources", .mapping(sources.map { .init($0.name, $0.marked) })),
      .init("destinations", .mapping(destinations.map { .init($0.name, $0.marked) })),
    ]
    let egressTree = egress.tree.marked(against: EgressPolicy().tree)
    entries.append(.init("egress", egressTree))
    if !notify.isEmpty { entries.append(.init("notify", .mapping(notify.map { .init($0.name, $0.marked) }))) }
    return .mapping(entries + [.init("routes", .named(routes.map { .init($0.name, $0.tree) }))])
  }
}

extension ServerSettings {
  var tree: ConfigurationTree {
    var entries: [ConfigurationTree.Entry] = [
      .init("listen", .word("\(listen)")), .init("admin", .word(admin.map { "\($0)" } ?? "off")),
    ]
    if let adminToken { entries.append(.init("admin_token", .secret(adminToken))) }
    if !adminTokens.isEmpty { entries.append(.init("admin_tokens", .list(adminTokens.map(\.tree)))) }
    entries += [
      .init("admin_hosts", .list(adminHosts.map { .text($0.contains(":") ? "[\($0)]" : $0) })),
      .init("attachments", .word(attachments.map { "\($0)" } ?? "off")),
      .init("trusted_proxies", .list(trustedProxies.blocks.map { .text("\($0)") })),
      .init("proxy_protocol", .bool(proxyProtocol)),
      .init("max_body", .word(SizeText.text(bytes: maxBodyBytes))),
      .init("max_inflight", .word(SizeText.text(bytes: maxInflightBytes))),
      .init("max_connections", .integer(maxConnections)),
      .init("max_connections_per_peer", maxConnectionsPerPeer.map { .integer($0) } ?? .word("unlimited")),
      .init("request_timeout", .word(requestTimeout.text)), .init("idle_timeout", .word(idleTimeout.text)),
      .init("drain", .word(drain.text)),
    ]
    if let tls { entries.append(.init("tls", tls.tree)) }
    if let adminTLS { entries.append(.init("admin_tls", adminTLS.tree)) }
    if let attachmentsURL { entries.append(.init("attachments_url", .text(attachmentsURL))) }
    return .mapping(entries)
  }
}

extension EgressPolicy {
  fileprivate var tree: ConfigurationTree {
    .mapping([
      .init("deny", .list(deny.map { .text("\($0)") })), .init("allow", .list(allow.map { .text("\($0)") })),
    ])
  }
}

extension ListenerTLS {
  fileprivate var tree: ConfigurationTree {
    .mapping(
      [.init("certificate", .text(certificate)), .init("key", .text(key))]
        + (clientAuthority.map { [.init("client_ca", .text($0))] } ?? []))
  }
}

extension AdminToken {
  fileprivate var tree: ConfigurationTree {
    .mapping([
      .init("name", .text(name)), .init("value", .secret(value)), .init("role", .word(role.rawValue)),
    ])
  }
}

extension StoreSettings {
  var tree: ConfigurationTree {
    .mapping([
      .init("url", location.tree), .init("keep", .word(keep.rawValue)),
      .init("retention", .word(retention.text)),
      .init("dead_retention", .word(deadRetention?.text ?? "unlimited")),
      .init("unrouted_retention", .word(unroutedRetention?.text ?? "unlimited")),
      .init("max_size", .word(SizeText.text(bytes: maxBytes))),
    ])
  }
}

extension StoreSettings.Location {
  fileprivate var tree: ConfigurationTree {
    switch self {
    case .sqlite(let path): .text("sqlite:\(path)")
    case .postgres(let address, ownFiles: _): .secret(address.url, shown: address.shown)
    }
  }
}

extension Source {
  fileprivate var marked: ConfigurationTree { tree.marked(against: Source(name: name).tree) }

  private var tree: ConfigurationTree {
    var entries: [ConfigurationTree.Entry] = [.init("path", .text(path))]
    if learnsToken { entries.append(.init("token", .word("learn"))) }
    if !tokens.isEmpty {
      // One that says more than its value stands in a list only.
      let isAlone = tokens.count == 1 && tokens[0].company == nil && tokens[0].until == nil
      entries.append(.init("token", isAlone ? tokens[0].tree : .list(tokens.map(\.tree))))
    }
    if let company { entries.append(.init("company", .text(company))) }
    if !allow.isEmpty { entries.append(.init("allow", .oneOrMore(allow.map { .text("\($0)") }))) }
    if let rate { entries.append(.init("rate", .word(rate.text))) }
    entries.append(.init("dedupe", .word(dedupe?.text ?? "off")))
    if let quietAfter { entries.append(.init("quiet_after", quietAfter.tree)) }
    if let attachments { entries.append(.init("attachments", attachments.tree)) }
    return .mapping(entries)
  }
}

extension AttachmentPolicy {
  fileprivate var tree: ConfigurationTree {
    .mapping([
      .init("hosts", .list(hosts.map { .text($0) })), .init("allow", .list(allow.map { .text($0) })),
      .init("keep", .word(keep.text)), .init("max_size", .word(SizeText.text(bytes: maxBytes))),
      .init("max_total", .word(SizeText.text(bytes: maxTotalBytes))),
    ])
  }
}

extension Source.Token {
  fileprivate var tree: ConfigurationTree {
    guard company != nil || until != nil else { return .secret(value) }
    var entries: [ConfigurationTree.Entry] = [.init("value", .secret(value))]
    if let company { entries.append(.init("company", .text(company))) }
    if let until { entries.append(.init("until", .word("\(until)"))) }
    return .mapping(entries)
  }
}

extension QuietRule {
  fileprivate var tree: ConfigurationTree {
    guard let hours else { return .word(limit.text) }
    let all = ServiceHours()
    var entries: [ConfigurationTree.Entry] = [.init("for", .word(limit.text))]
    if hours.weekdays != all.weekdays {
      entries.append(.init("weekdays", .oneOrMore(hours.weekdays.map { .word($0.word) })))
    }
    if hours.spans != all.spans {
      entries.append(.init("times", .oneOrMore(hours.spans.map { .text($0.text) })))
    }
    entries.append(.init("location", .text(hours.zone.name)))
    if !hours.daysOff.isEmpty {
      entries.append(.init("except", .oneOrMore(hours.daysOff.sorted().map { .text("\($0)") })))
    }
    // Who reads it again must find the hours, not a duration alone.
    if entries.count == 2 { entries.append(.init("times", .text(ServiceHours.Span.day.text))) }
    return .mapping(entries)
  }
}

extension Route {
  fileprivate var tree: ConfigurationTree {
    var entries: [ConfigurationTree.Entry] = []
    if match != Match() { entries.append(.init("match", match.tree)) }
    if !except.isEmpty { entries.append(.init("except", .oneOrMore(except.map(\.tree)))) }
    switch action {
    case .drop: entries.append(.init("drop", .bool(true)))
    case .deliver(let destinations):
      entries.append(.init("to", .oneOrMore(destinations.map { .text($0) })))
    }
    if stop { entries.append(.init("stop", .bool(true))) }
    return .mapping(entries)
  }
}

extension Match {
  fileprivate var tree: ConfigurationTree {
    var entries: [ConfigurationTree.Entry] = []
    if let sources { entries.append(.init("source", .oneOrMore(sources.map { .text($0.source) }))) }
    if let events { entries.append(.init("event", .oneOrMore(events.map { .text($0.source) }))) }
    if let companies { entries.append(.init("company", .oneOrMore(companies.map(\.tree)))) }
    if let channels { entries.append(.init("channel", .oneOrMore(channels.map(\.tree)))) }
    if !fields.isEmpty {
      entries.append(.init("where", .mapping(fields.map { .init($0.path.description, $0.test.tree) })))
    }
    return .mapping(entries)
  }
}

extension ScalarPattern {
  fileprivate var tree: ConfigurationTree {
    switch self {
    case .null: .null
    case .text(let pattern): .text(pattern.source)
    }
  }
}

extension FieldTest {
  fileprivate var tree: ConfigurationTree {
    switch self {
    case .equalsAny(let patterns): .oneOrMore(patterns.map(\.tree))
    case .not(let test): .mapping([.init("not", test.tree)])
    case .exists(let expected): .mapping([.init("exists", .bool(expected))])
    case .contains(let texts): .mapping([.init("contains", .oneOrMore(texts.map { .text($0) }))])
    case .compare(let comparison, let operand): .mapping([.init(comparison.rawValue, .text(operand))])
    case .all(let tests): .mapping(tests.flatMap { $0.tree.entries ?? [] })
    }
  }
}
